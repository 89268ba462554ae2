"""Pages of one room's log for its seats, with what a newcomer is told of a long log kept at hand.

A story leaves out what most of such a log is, and to find the rest takes a look at every entry. What was
found stays true, for a log only grows: the next newcomer costs nothing but what is told.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass, field
from operator import attrgetter

from fourhands_protocol.entries import Entry
from fourhands_protocol.roles import ROOM
from fourhands_server.core.delivery import STORY_WITHOUT
from fourhands_server.core.effects import AskEntries
from fourhands_server.live import pages
from fourhands_server.log.log import Appended, RoomLog

# Entries that a read has passed over, some 0.3 ms of it. Most rooms have fewer, and keep nothing.
WORTH = 1_000
KEPT_BYTES = 2**16  # of memory; what comes after these is looked for each time
ENTRY_BYTES = 300  # of memory that an entry takes beside its body


@dataclass(slots=True)
class _Kept:
    """All entries after seq `begin` up to seq `reached`, but those of some kinds.

    `later` are those that were logged while some before them are being read.
    """

    without: frozenset[str]
    begin: int
    reached: int
    entries: list[Entry] = field(default_factory=list)
    size: int = 0
    reads: int = 0
    later: list[Entry] = field(default_factory=list)

    def take(self, entries: Iterable[Entry], reached: int) -> None:
        """Go on to `reached`."""
        for entry in entries:
            self.entries.append(entry)
            self.size += ENTRY_BYTES + len(entry.body)
        self.reached = reached

    def follow(self, entry: Entry) -> None:
        """Take an entry that was just logged, or will be once those before it are there."""
        if self.size >= KEPT_BYTES:
            return
        if entry.seq == self.reached + 1:
            self.take(() if entry.kind in self.without else (entry,), entry.seq)
        elif self.reads:
            self.later.append(entry)


class Story:
    """The pages of one room."""

    def __init__(self, log: RoomLog, room: str) -> None:
        self._log = log
        self._room = room
        self._kept: dict[frozenset[str], _Kept] = {}

    def __bool__(self) -> bool:
        """Whether it is worth while to be told what is logged."""
        return bool(self._kept)

    def follow(self, logged: Iterable[Appended]) -> None:
        """Keep up with the log, so that who comes next need not wait for a read."""
        for kept in self._kept.values():
            for entry, _ in logged:
                if entry.stream == ROOM:
                    kept.follow(entry)

    async def page(self, ask: AskEntries) -> tuple[list[Entry], int]:
        """A page of what is asked for, and the seq up to which that is all of it."""
        if ask.stream != ROOM or not ask.without >= STORY_WITHOUT:
            return await self._read(ask, ask.after)
        there = self._kept.get(ask.without)
        goes_on = there is not None and there.begin <= ask.after <= there.reached
        kept = there if there is not None and goes_on else _Kept(ask.without, ask.after, ask.after)
        known = _cut(kept.entries, ask.after, ask.upto)
        if known and not pages.is_last(known):
            return known, known[-1].seq
        if ask.upto <= kept.reached:
            return known, ask.upto
        before = kept.reached
        kept.reads += 1
        try:
            fresh, reached = await self._read(ask, before)
        finally:
            kept.reads -= 1
        if kept.reached == before and kept.size < KEPT_BYTES:  # nobody else has read on meanwhile
            kept.take(fresh, reached)
            if reached - before - len(fresh) >= WORTH and (there is None or there.size < KEPT_BYTES):
                self._kept[ask.without] = kept
        later, kept.later = kept.later, []
        for entry in later:
            kept.follow(entry)
        return known + fresh, reached

    async def _read(self, ask: AskEntries, after: int) -> tuple[list[Entry], int]:
        page = await pages.read_page(
            self._log, self._room, after=after, upto=ask.upto, without=ask.without, stream=ask.stream
        )
        return page, ask.upto if pages.is_last(page) else page[-1].seq


def _cut(entries: list[Entry], after: int, upto: int) -> list[Entry]:
    """Those after one seq and up to another, a page of them at most."""
    seq = attrgetter("seq")
    begin, end = bisect_right(entries, after, key=seq), bisect_right(entries, upto, key=seq)
    found = entries[begin : min(end, begin + pages.PAGE)]
    size = 0
    for place, entry in enumerate(found):
        size += len(entry.body)
        if size >= pages.PAGE_BYTES:
            return found[: place + 1]
    return found
