"""Pages of one room's log for its seats, with what a newcomer is told of a long log kept at hand.

A story leaves out what most of such a log is, and to find the rest takes a look at every entry. What was
found stays true, for a log only grows: the next newcomer costs a look at what has come since.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from operator import attrgetter

from fourhands_protocol.entries import Entry
from fourhands_protocol.roles import ROOM
from fourhands_server.core.delivery import STORY_WITHOUT
from fourhands_server.core.effects import AskEntries
from fourhands_server.live import pages
from fourhands_server.log.log import RoomLog

WORTH = (
    1_000  # entries that a read has passed over: some 0.3 ms of it; most rooms have fewer, and keep nothing
)
KEPT_BYTES = 2**20  # of bodies; what comes after these is looked for each time


@dataclass(slots=True)
class _Kept:
    """All entries after seq `begin` up to seq `reached`, without those of some kinds."""

    begin: int
    reached: int
    entries: list[Entry] = field(default_factory=list)
    size: int = 0


class Story:
    """The pages of one room."""

    def __init__(self, log: RoomLog, room: str) -> None:
        self._log = log
        self._room = room
        self._kept: dict[frozenset[str], _Kept] = {}

    async def page(self, ask: AskEntries) -> tuple[list[Entry], int]:
        """A page of what is asked for, and the seq up to which that is all of it."""
        if ask.stream != ROOM or not ask.without >= STORY_WITHOUT:
            return await self._read(ask, ask.after)
        there = self._kept.get(ask.without)
        goes_on = there is not None and there.begin <= ask.after <= there.reached
        kept = there if there is not None and goes_on else _Kept(ask.after, ask.after)
        known = _cut(kept.entries, ask.after, ask.upto)
        if known and not pages.is_last(known):
            return known, known[-1].seq
        if ask.upto <= kept.reached:
            return known, ask.upto
        before = kept.reached
        fresh, reached = await self._read(ask, before)
        if kept.reached == before and kept.size < KEPT_BYTES:  # nobody else has read on meanwhile
            kept.entries += fresh
            kept.size += sum(len(entry.body) for entry in fresh)
            kept.reached = reached
            if reached - before - len(fresh) >= WORTH and (there is None or there.size < KEPT_BYTES):
                self._kept[ask.without] = kept
        return known + fresh, reached

    async def _read(self, ask: AskEntries, after: int) -> tuple[list[Entry], int]:
        page = await pages.read_page(
            self._log, self._room, after=after, upto=ask.upto, without=ask.without, stream=ask.stream
        )
        return page, ask.upto if pages.is_last(page) else page[-1].seq


def _cut(entries: list[Entry], after: int, upto: int) -> list[Entry]:
    """Those after one seq and up to another, a page of them at most."""
    seq = attrgetter("seq")
    found = entries[bisect_right(entries, after, key=seq) : bisect_right(entries, upto, key=seq)][
        : pages.PAGE
    ]
    size = 0
    for place, entry in enumerate(found):
        size += len(entry.body)
        if size >= pages.PAGE_BYTES:
            return found[: place + 1]
    return found
