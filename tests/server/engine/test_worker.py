"""The worker process by itself: what it answers, and when it ends."""

from __future__ import annotations

import signal
import subprocess
import sys
from collections.abc import Iterator

import pytest
from tests.server.engine.edits import Edits

from fourhands_server.engine.pipe import (
    HEADER,
    NUMBER,
    Edit,
    Field,
    Operation,
    Status,
    decode_fields,
    encode,
    encode_edits,
)

DOCUMENT = NUMBER.pack(1)


class Child:
    """A worker with its pipes."""

    def __init__(self) -> None:
        command = [sys.executable, "-m", "fourhands_server.engine.worker"]
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        assert self.answer() == (0, Status.READY, [])

    def send(self, data: bytes) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def answer(self) -> tuple[int, Status, list[Field]]:
        assert self.process.stdout is not None
        size, number, status = HEADER.unpack(self.process.stdout.read(HEADER.size))
        memory, *fields = decode_fields(self.process.stdout.read(size))
        assert memory is not None
        assert 2**20 < NUMBER.unpack(memory)[0] < 2**30
        return number, Status(status), fields

    def ask(self, operation: Operation, *fields: Field) -> tuple[Status, list[Field]]:
        self.send(encode(7, operation, fields))
        number, status, answered = self.answer()
        assert number == 7
        return status, answered

    def close(self) -> int:
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()
        return self.process.wait(timeout=20)


@pytest.fixture
def child() -> Iterator[Child]:
    child = Child()
    yield child
    assert child.close() == 0


def test_a_document_from_open_to_drop(child: Child) -> None:
    edits = Edits()
    batch = [Edit(1, *edits.type("r1", text)) for text in ("héllo ", "wörld")]
    root = b"main.py"
    assert child.ask(Operation.TEXT, DOCUMENT, root, None) == (Status.ABSENT, [])
    assert child.ask(Operation.OPEN, DOCUMENT) == (Status.DONE, [])
    assert child.ask(Operation.APPLY, encode_edits([*batch, *batch])) == (Status.DONE, [])
    assert child.ask(Operation.TEXT, DOCUMENT, root, None) == (Status.DONE, ["héllo wörld".encode()])
    assert child.ask(Operation.TEXT, DOCUMENT, root, NUMBER.pack(batch[-1].seq)) == (
        Status.DONE,
        ["héllo wörld".encode()],
    )
    assert child.ask(Operation.TEXT, DOCUMENT, root, NUMBER.pack(batch[0].seq)) == (Status.AHEAD, [])
    assert child.ask(Operation.DIFF, DOCUMENT, b"\x01")[0] == Status.REFUSED
    assert child.ask(Operation.REPLACE, DOCUMENT, root, "héllo wörld".encode(), NUMBER.pack(9)) == (
        Status.DONE,
        [None],
    )
    assert child.ask(Operation.DROP, DOCUMENT) == (Status.DONE, [])
    assert child.ask(Operation.VECTOR, DOCUMENT) == (Status.ABSENT, [])


def test_an_edit_that_cannot_be_applied_breaks_its_document_alone(child: Child) -> None:
    edits = Edits()
    for number in (1, 2):
        child.ask(Operation.OPEN, NUMBER.pack(number))
    batch = [Edit(1, 1, b"\x01"), Edit(2, *edits.type("r1", "fine")), Edit(3, 1, b"unknown")]
    assert child.ask(Operation.APPLY, encode_edits(batch)) == (Status.DONE, [DOCUMENT])
    assert child.ask(Operation.VECTOR, DOCUMENT) == (Status.ABSENT, [])
    assert child.ask(Operation.TEXT, NUMBER.pack(2), b"main.py", None) == (Status.DONE, [b"fine"])


def test_ctrl_c_is_for_the_server(child: Child) -> None:
    child.process.send_signal(signal.SIGINT)
    assert child.ask(Operation.OPEN, DOCUMENT) == (Status.DONE, [])


def test_it_ends_with_its_pipe_even_in_the_middle_of_a_request(child: Child) -> None:
    child.send(encode(7, Operation.APPLY, [bytes(1000)])[:500])


def test_it_ends_when_nobody_reads_its_answers(child: Child) -> None:
    assert child.process.stdout is not None
    child.process.stdout.close()
    child.send(encode(7, Operation.OPEN, [DOCUMENT]))
