"""A process that has loaded smsmon, and forks the programs that `tests.support.warm` asks for."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sys
from collections.abc import Sequence
from importlib import import_module
from pkgutil import walk_packages

_NOT_LOADED = ("smsmon.__main__", "smsmon.console", "smsmon.simulator")
"""What no command loads, or few of them do."""


def load() -> None:
    """Load what commands are made of; what cannot be loaded, the program itself tells of."""
    import smsmon

    for found in walk_packages(smsmon.__path__, "smsmon."):
        if not found.name.startswith(_NOT_LOADED):
            with contextlib.suppress(ImportError):
                import_module(found.name)


def serve(asked: socket.socket) -> None:
    """Fork at each request; returns in what was forked to be the program."""
    asked.sendall(b".")
    while True:
        request, descriptors, *_ = socket.recv_fds(asked, 1, 4)
        _bury()
        if not request:
            os._exit(0)
        if not os.fork():
            asked.close()
            _become(descriptors[:3], socket.socket(fileno=descriptors[3]))
            return
        for descriptor in descriptors:
            os.close(descriptor)


def _bury() -> None:
    """Forget those that ended."""
    with contextlib.suppress(ChildProcessError):
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass


def _become(streams: Sequence[int], client: socket.socket) -> None:
    """Fork the program, in which this returns; tell the client its pid and how it ended."""
    with client:
        with client.makefile("rb") as lines:
            args, env = json.loads(lines.readline())
        if pid := os.fork():
            for stream in streams:
                os.close(stream)
            client.sendall(b"%d " % pid)
            status = os.waitpid(pid, 0)[1]
            client.sendall(b"%d" % os.waitstatus_to_exitcode(status))
            os._exit(0)
    for number, stream in enumerate(streams):
        os.dup2(stream, number)
        os.close(stream)
    os.environ.clear()
    os.environ.update(env)
    sys.argv[1:] = args


if __name__ == "__main__":
    sys.path[0] = os.getcwd()  # as with -m
    load()
    serve(socket.socket(fileno=int(sys.argv[1])))
    from smsmon.__main__ import main

    main()
