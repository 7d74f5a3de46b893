"""``python -m smsmon``: the same as the ``smsmon`` command."""

from smsmon.cli import main

if __name__ == "__main__":
    main()
