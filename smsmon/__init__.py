"""smsmon, an operations console for SMS delivery. The map of its code is in ``CONTRIBUTING.md``."""

__version__ = "0.1.0"
