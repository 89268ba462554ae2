"""Questions about a room's document, as they wait for an answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from fourhands_protocol import cbor

from .engine import Refused
from .pipe import NUMBER, Field, Operation, Status


@dataclass(slots=True)
class Question:
    """One question; its answer's field is read by `read`."""

    room: str
    operation: Operation
    fields: tuple[Field, ...]
    read: Callable[[Field], object]
    answer: asyncio.Future[Any]
    deaths: int = 0
    """How often the engine failed over this very question."""

    def settle(self, status: Status, fields: list[Field]) -> bool:
        """Give the answer if the worker gave one."""
        if status == Status.REFUSED:
            self.fail(Refused((fields[0] or b"").decode()))
        elif status == Status.DONE and not self.answer.done():
            self.answer.set_result(self.read(fields[0]))
        return status in (Status.DONE, Status.REFUSED)

    def fail(self, error: Exception) -> None:
        """Answer with an error, if anybody still waits."""
        if not self.answer.done():
            self.answer.set_exception(error)


def text(root: str, at: int | None) -> tuple[Operation, tuple[Field, ...]]:
    """Ask for a root's text, when the document is not past the seq `at`."""
    return Operation.TEXT, (root.encode(), None if at is None else NUMBER.pack(at))


def texts(roots: Sequence[str], at: int | None) -> tuple[Operation, tuple[Field, ...]]:
    """Ask for the texts of several roots at once, when the document is not past the seq `at`."""
    joined = "\0".join(roots).encode()  # no name holds a control character
    return Operation.TEXTS, (joined, None if at is None else NUMBER.pack(at))


def replace(root: str, wanted: str, client: int) -> tuple[Operation, tuple[Field, ...]]:
    """Ask for the update that makes a root's text the wanted one."""
    return Operation.REPLACE, (root.encode(), wanted.encode(), NUMBER.pack(client))


def read_text(field: Field) -> str:
    """A text answered."""
    return (field or b"").decode()


def read_texts(field: Field) -> list[str]:
    """Several texts answered, in the order of their roots."""
    return [text.decode() for text in cbor.decode(field or b"")]


def read_bytes(field: Field) -> bytes:
    """An update or a vector answered."""
    return field or b""


def read_any(field: Field) -> bytes | None:
    """An update, or that there is none to make."""
    return field
