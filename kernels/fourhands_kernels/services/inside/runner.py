"""The first code inside a service's sandbox: limits itself, gives its sign, then becomes the service.

Its one argument is the number of a descriptor that holds a JSON configuration:

    {report, cwd, limits: {name: number}, link, listener, source, parent?: pid}

`link` is a SOCK_SEQPACKET socket on which the host is told {"ready": true}, {"broken": text} where the
program does not begin (or cannot go on), {"fault": text} where a request fails. `listener` is the listening
socket, which belongs to the network of the room's kernel; this sandbox has no network of its own.
"""

import contextlib
import json
import linecache
import os
import socket
import sys
import threading
import types
from typing import Any

import boot  # type: ignore[import-not-found, unused-ignore]
from serving import Server, told  # type: ignore[import-not-found, unused-ignore]

NAME = "service.py"
TEXT = 8_000  # characters of one message
TEXTS = 100  # different faults that are told; a program that fails may do so a thousand times a second


class Link:
    """Tells the host; each fault once, and no more than it would read."""

    def __init__(self, fd: int) -> None:
        self._socket = socket.socket(fileno=fd)
        self._told: set[int] = set()
        self._lock = threading.Lock()

    def tell(self, kind: str, text: Any) -> None:
        """Say it."""
        with self._lock, contextlib.suppress(OSError):
            if kind == "fault":
                if hash(text) in self._told or len(self._told) >= TEXTS:
                    return
                self._told.add(hash(text))
            shown = text[:TEXT] if isinstance(text, str) else text
            self._socket.send(json.dumps({kind: shown}).encode())


def load(source: str) -> Any:
    """The app of a source; raises whatever the source raises, TypeError where it has none."""
    linecache.cache[NAME] = (len(source), None, source.splitlines(keepends=True), NAME)
    module = types.ModuleType("service")
    module.__file__ = NAME
    sys.modules["service"] = module
    exec(compile(source, NAME, "exec"), module.__dict__)
    app = getattr(module, "app", None)
    if not callable(app):
        raise TypeError("the service has no callable `app(environ, start_response)`")
    return app


def main() -> None:
    """Be the service."""
    configuration = boot.read_configuration(int(sys.argv[1]))
    if "parent" in configuration:
        boot.die_with(configuration["parent"])
    boot.lead()
    boot.report(configuration["report"], configuration["cwd"])
    boot.limit(configuration["limits"])
    for name in ("link", "listener"):
        os.set_inheritable(configuration[name], False)
    link = Link(configuration["link"])
    try:
        app = load(configuration["source"])
    except BaseException as error:
        link.tell("broken", told(error))
        sys.exit(1)
    server = Server(socket.socket(fileno=configuration["listener"]), app, link.tell)
    link.tell("ready", True)
    server.run()
