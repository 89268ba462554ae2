"""What the log alone says of runs and tests, for whoever asks: the room keeps only where it stands."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

from fourhands_protocol import cbor, outputs
from fourhands_protocol.entries import RUN_OUTPUTS, TESTS_DETAIL, TESTS_RECORD, TESTS_RESULT
from fourhands_protocol.roles import INTERVIEWERS, ROOM
from fourhands_server.core.room import Room
from fourhands_server.live.pages import pages
from fourhands_server.log.log import RoomLog


class Told:
    """Reads what was told of one room; every method may raise a LogError."""

    def __init__(self, room: Room, log: RoomLog) -> None:
        self._room = room
        self._log = log
        self._reading = asyncio.Semaphore(1)

    async def outputs(self, run: str) -> list[outputs.Output]:
        """What a run has printed: at hand for the latest runs, read from the log for older ones."""
        printed = self._room.state.runs[run].printed
        if printed.kept:
            return printed.outputs
        items: list[outputs.Output] = []
        async for body in self._bodies(ROOM, printed.first, printed.last, RUN_OUTPUTS):
            if body["run"] == run:
                items += body["items"]
        return outputs.fold_all(items)

    async def results(self, judgement: str) -> list[dict[str, Any]]:
        """What everybody was told of each test of a judgement: bodies of `tests.result`."""
        found = self._room.state.asked.judgements[judgement]
        bodies = self._bodies(ROOM, found.first, found.last, TESTS_RESULT)
        return [body async for body in bodies if body["judgement"] == judgement]

    async def records(self, judgement: str) -> tuple[list[dict[str, Any]], list[str]]:
        """What interviewers alone may know of a judgement: bodies of `tests.record`, and words about it."""
        told = self._room.private.judgements.get(judgement)
        records: list[dict[str, Any]] = []
        words: list[str] = []
        if told is not None:
            kinds = (TESTS_RECORD, TESTS_DETAIL)
            async for body in self._bodies(INTERVIEWERS, told.first, told.last, *kinds):
                if body["judgement"] == judgement:
                    if "text" in body:
                        words.append(body["text"])
                    else:
                        records.append(body)
        return records, words

    async def _bodies(self, stream: str, first: int, last: int, *kinds: str) -> AsyncIterator[dict[str, Any]]:
        """Bodies of some kinds from seq `first` to `last`; 0 is nowhere."""
        if not first:
            return
        async with self._reading:  # one at a time: each may be 16 MB
            only = frozenset(kinds)
            room = self._room.room
            async for page in pages(self._log, room, after=first - 1, upto=last, only=only, stream=stream):
                for entry in page:
                    yield cbor.decode(entry.body)
