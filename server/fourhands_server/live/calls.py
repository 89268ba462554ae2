"""Who waits for a room by HTTP: each operation for its answer, and readers for the next change."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fourhands_server.core.effects import Origin, Settle
from fourhands_server.core.operations import Refused


class RoomFailed(Exception):
    """The log could not take an entry of this room; what was asked is not recorded."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class Calls:
    """The calls of one life of a room, which `boot` names; once that has failed, nobody waits any more."""

    def __init__(self, boot: str) -> None:
        self._producer = f"api/{boot}"
        self._count = 0
        self._answers: dict[int, asyncio.Future[int]] = {}
        self._readers: set[asyncio.Future[None]] = set()
        self._failed: str | None = None

    @property
    def open(self) -> bool:
        """Whether anybody waits."""
        return bool(self._answers or self._readers)

    @contextmanager
    def asked(self, person: str, role: str) -> Iterator[tuple[Origin, asyncio.Future[int]]]:
        """What is asked, and its answer; nothing of it stays behind, however it goes. Raises RoomFailed."""
        self._check()
        self._count += 1
        number = self._count
        self._answers[number] = answer = asyncio.get_running_loop().create_future()
        try:
            yield Origin(person, role, self._producer, number, call=number), answer
        finally:
            self._answers.pop(number, None)

    def settle(self, effect: Settle) -> None:
        """Answer an operation."""
        answer = self._answers.get(effect.call) if isinstance(effect.call, int) else None
        if answer is None or answer.done():
            return
        if effect.refused:
            answer.set_exception(Refused(effect.refused, effect.message))
        else:
            answer.set_result(effect.seq)

    async def changed(self) -> None:
        """Return at the next change; raises RoomFailed."""
        self._check()
        reader: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._readers.add(reader)
        try:
            await reader
        finally:
            self._readers.discard(reader)

    def wake(self) -> None:
        """Something has changed."""
        for reader in self._readers:
            if not reader.done():
                reader.set_result(None)

    def fail(self, reason: str) -> None:
        """The room is gone: tell whoever waits, and whoever comes."""
        self._failed = reason
        waiting: list[asyncio.Future[Any]] = [*self._answers.values(), *self._readers]
        for future in waiting:
            if not future.done():
                future.set_exception(RoomFailed(reason))

    def _check(self) -> None:
        if self._failed is not None:
            raise RoomFailed(self._failed)
