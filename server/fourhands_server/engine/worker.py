"""The process that holds the live documents: `python -m fourhands_server.engine.worker`.

It answers requests (see `pipe`) until its pipe ends, and may end at any time: bytes that abort the engine's
native code end this process alone.
"""

from __future__ import annotations

import os
import resource
import signal
import socket
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from io import BufferedReader
from typing import Final

from fourhands_protocol import cbor

from .choose import new_engine
from .engine import Engine, Refused
from .pipe import HEADER, NUMBER, Edit, Field, Operation, Status, decode_edits, decode_fields, encode

MOST_MEMORY: Final = 4 * 2**30
"""Bytes of data; an update that asks for more ends this process rather than others."""

ANSWERS_WAITING: Final = 2**20
"""Bytes that the pipe shall take at once: a large document, without a switch of processes for every part."""

Answer = tuple[Status, list[Field]]


@dataclass(slots=True)
class _Document:
    engine: Engine
    seq: int = 0


class Worker:
    """The documents by their numbers, and an answer to every request."""

    def __init__(self, make: Callable[[], Engine] = new_engine) -> None:
        self._make = make
        self._documents: dict[int, _Document] = {}

    def answer(self, operation: int, fields: list[Field]) -> Answer:
        """Do what a request asks."""
        if operation == Operation.APPLY:
            return self._apply(_bytes(fields[0]))
        number = _number(fields[0])
        if operation == Operation.OPEN:
            self._documents[number] = _Document(self._make())
            return Status.DONE, []
        if operation == Operation.DROP:
            self._documents.pop(number, None)
            return Status.DONE, []
        document = self._documents.get(number)
        if document is None:
            return Status.ABSENT, []
        try:
            return _ask(document, Operation(operation), fields[1:])
        except Refused as error:
            return Status.REFUSED, [str(error).encode()]
        except BaseException as error:  # a panic of the engine is no Exception
            del self._documents[number]
            return Status.BROKEN, [repr(error).encode()]

    def _apply(self, edits: bytes) -> Answer:
        broken: list[Field] = []
        for edit in decode_edits(edits):
            document = self._documents.get(edit.document)
            if document is not None and not _applied(document, edit):
                del self._documents[edit.document]
                broken.append(NUMBER.pack(edit.document))
        return Status.DONE, broken


def _applied(document: _Document, edit: Edit) -> bool:
    """Integrate an edit that is not there yet. A logged edit that cannot be is as bad as a panic."""
    if edit.seq <= document.seq:
        return True
    try:
        document.engine.apply(edit.update)
    except BaseException:
        return False
    document.seq = edit.seq
    return True


def _ask(document: _Document, operation: Operation, fields: list[Field]) -> Answer:
    engine = document.engine
    match operation, fields:
        case Operation.TEXT, [root, at]:
            if at is not None and document.seq > _number(at):
                return Status.AHEAD, []
            return Status.DONE, [engine.text(_bytes(root).decode()).encode()]
        case Operation.TEXTS, [roots, at]:
            if at is not None and document.seq > _number(at):
                return Status.AHEAD, []
            names = _bytes(roots).decode().split("\0")
            return Status.DONE, [cbor.encode([engine.text(name).encode() for name in names])]
        case Operation.DIFF, [vector]:
            return Status.DONE, [engine.diff(vector)]
        case Operation.VECTOR, []:
            return Status.DONE, [engine.vector()]
        case Operation.REPLACE, [root, text, client]:
            wanted = _bytes(text).decode()
            return Status.DONE, [engine.replace(_bytes(root).decode(), wanted, _number(client))]
        case _:
            raise AssertionError(f"{operation!r} with {len(fields)} fields: the two ends of the pipe differ")


def _bytes(field: Field) -> bytes:
    if field is None:
        raise AssertionError("a field is missing: the two ends of the pipe differ")
    return field


def _number(field: Field) -> int:
    return int(NUMBER.unpack(_bytes(field))[0])


def serve(requests: BufferedReader, answers: int) -> None:
    """Answer every request until the pipe ends."""
    worker = Worker()
    memory = _Memory()
    new_engine()  # its native code is loaded before anybody counts how long an answer takes
    _write(answers, encode(0, Status.READY, [memory.used()]))
    while len(header := requests.read(HEADER.size)) == HEADER.size:
        size, number, operation = HEADER.unpack(header)
        payload = requests.read(size)
        if len(payload) < size:
            break
        status, fields = worker.answer(operation, decode_fields(payload))
        _write(answers, encode(number, status, [memory.used(), *fields]))


def _write(fd: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(fd, view) :]


def _widen(answers: int) -> None:
    """The pipe is a socket under uvloop and on Linux; any other stays as it is."""
    with suppress(OSError), socket.socket(fileno=os.dup(answers)) as pipe:
        pipe.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, ANSWERS_WAITING)


class _Memory:
    """Resident memory of this process."""

    def __init__(self) -> None:
        try:
            self._statm = os.open("/proc/self/statm", os.O_RDONLY)
        except OSError:
            self._statm = -1

    def used(self) -> bytes:
        if self._statm < 0:  # not Linux: the peak, in KiB or (macOS) bytes, is the best there is
            return NUMBER.pack(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
        pages = int(os.pread(self._statm, 100, 0).split()[1])
        return NUMBER.pack(pages * resource.getpagesize())


def main() -> None:
    """Serve on the standard pipes; whatever else is printed goes to stderr."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the server, which ends the pipe
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))  # a core dump would hold the rooms' texts
    _, hard = resource.getrlimit(resource.RLIMIT_DATA)
    most = MOST_MEMORY if hard == resource.RLIM_INFINITY else min(MOST_MEMORY, hard)
    resource.setrlimit(resource.RLIMIT_DATA, (most, most))
    requests, answers = os.fdopen(os.dup(0), "rb"), os.dup(1)
    os.dup2(2, 1)
    _widen(answers)
    with suppress(BrokenPipeError):  # the server has gone without waiting for its answers
        serve(requests, answers)


if __name__ == "__main__":
    main()
