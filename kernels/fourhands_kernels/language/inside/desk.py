"""The first code inside: limits itself, gives its sign, then answers the host's questions one by one.

Its one argument is the number of a descriptor that holds the settings as JSON:

    {report, cwd, limits: {name: number}, link, prefix, ty, ruff, parent?}

`link` is a socket to the host with frames of JSON behind a length of four bytes: a question (as in
`editor_help`; `files` are changes) comes in, what was found goes out.
"""

import contextlib
import json
import os
import socket
import struct
import sys
from typing import Any

import boot  # type: ignore[import-not-found, unused-ignore]
from lsp import Server  # type: ignore[import-not-found, unused-ignore]
from tidy import formatted, linted  # type: ignore[import-not-found, unused-ignore]

LENGTH = struct.Struct("!I")


class Desk:
    """The files that the host has told of, and the server that knows them."""

    def __init__(self, settings: dict[str, Any]) -> None:
        self._folder = os.path.realpath(settings["cwd"])
        self._ruff = settings["ruff"]
        self._settings = settings
        self._server: Server | None = None

    def answer(self, question: dict[str, Any]) -> Any:
        """What is found; whatever goes wrong ends us, and the host begins anew."""
        changed = [(path, self._put(path, text)) for path, text in question["files"].items()]
        if self._server is not None and changed:
            self._server.changed(changed)
        what, path, text = question["what"], question["path"], question["text"]
        if what == "format":
            return formatted(self._ruff, path, text)
        if what == "lint":
            return linted(self._ruff, path, text)
        if self._server is None:
            self._server = Server(self._settings["ty"], self._folder, self._settings["prefix"])
        return self._server.ask(what, path, text, question["line"], question["character"])

    def _put(self, path: str, text: str | None) -> int:
        """Write or remove a file; returns what happened, in the protocol's numbers."""
        place = os.path.join(self._folder, path)
        if text is None:
            with contextlib.suppress(OSError):
                os.unlink(place)
            return 3
        known = os.path.exists(place)
        with contextlib.suppress(OSError):  # a folder is in its way, or all is full: then it is not known
            os.makedirs(os.path.dirname(place), exist_ok=True)
            with open(place, "w", encoding="utf-8", newline="") as file:
                file.write(text)
        return 2 if known else 1


def exactly(link: socket.socket, size: int) -> bytes:
    """So many bytes; ends us where the host has gone."""
    data = bytearray()
    while len(data) < size:
        piece = link.recv(min(size - len(data), 1 << 20))
        if not piece:
            os._exit(0)
        data += piece
    return bytes(data)


def main() -> None:
    """Answer until the host goes."""
    with open(int(sys.argv[1]), encoding="utf-8") as file:
        settings = json.load(file)
    if "parent" in settings:
        boot.die_with(settings["parent"])
    boot.lead()
    boot.report(settings["report"], settings["cwd"])
    boot.limit(settings["limits"])
    os.set_inheritable(settings["link"], False)
    desk = Desk(settings)
    with socket.socket(fileno=settings["link"]) as link:
        while True:
            (size,) = LENGTH.unpack(exactly(link, LENGTH.size))
            answer = json.dumps(desk.answer(json.loads(exactly(link, size)))).encode()
            link.sendall(LENGTH.pack(len(answer)) + answer)
