"""Where one room's log ends: the counters from which its next entry gets seq, time and hash."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace

from fourhands_protocol.chain import GENESIS, link
from fourhands_protocol.entries import Entry

from .errors import Fenced
from .log import ROOM, Head, Intent

_EMPTY = (0, 0)


@dataclass(slots=True)
class Counters:
    """A room's counters. Numbering an intent moves them on; whoever numbers must store or throw them away."""

    ends: dict[str, tuple[int, int]] = field(default_factory=dict)
    """Last seq and time of each stream."""
    pseqs: dict[str, int] = field(default_factory=dict)
    """Highest pseq of each producer."""
    at: int = 0
    hash: bytes = GENESIS
    fence: int = 0

    def seen(self, intent: Intent) -> bool:
        """Whether the producer has used this number or a later one already."""
        return intent.pseq <= self.pseqs.get(intent.producer, 0)

    def check_fence(self, intent: Intent) -> None:
        """Refuse an owner that has been replaced."""
        if intent.fence < self.fence:
            raise Fenced(intent.room, fence=intent.fence, highest=self.fence)

    def number(self, intent: Intent, *, now: int) -> Entry:
        """Make the entry of an intent that has not been seen."""
        at = max(now, self.at)
        seq = self.ends.get(intent.stream, _EMPTY)[0] + 1
        entry = Entry(intent.stream, seq, at, intent.actor, intent.kind, intent.body)
        if intent.stream == ROOM:
            self.hash = link(self.hash, entry)
        self.at = at
        self.ends[intent.stream] = (seq, at)
        self.pseqs[intent.producer] = intent.pseq
        self.fence = intent.fence
        return entry

    def catch_up(self, entries: Iterable[Entry]) -> None:
        """Move the hash over stored entries of the room stream that follow it."""
        for entry in entries:
            self.hash = link(self.hash, entry)

    def head(self, stream: str, incarnation: str) -> Head:
        """Where the stream stands."""
        seq, at = self.ends.get(stream, _EMPTY)
        return Head(seq, at, self.hash if stream == ROOM else b"", incarnation)

    def room_seq(self) -> int:
        """The last seq of the room stream."""
        return self.ends.get(ROOM, _EMPTY)[0]

    def copy(self) -> Counters:
        """A copy to go back to when a call of several intents fails half way."""
        return replace(self, ends=dict(self.ends), pseqs=dict(self.pseqs))

    def restore(self, before: Counters) -> None:
        """Go back to a copy."""
        self.ends, self.pseqs = before.ends, before.pseqs
        self.at, self.hash, self.fence = before.at, before.hash, before.fence
