"""The journal of one room: events numbered without holes, held until a server has committed them, within a
bound.

Pure: it knows neither sockets nor clocks. Small events always go in; outputs are refused when too much is
held already, and the run says how much that was.
"""

import secrets
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from fourhands_protocol import cbor

from .kernel import EventKind, JudgementStatus, RunStatus

MIB = 1024 * 1024
HELD: Final = 32 * MIB  # bytes per room that nobody has acknowledged
HELD_BY_ALL: Final = 256 * MIB  # bytes in all rooms of a host
RUNS: Final = 1_000  # runs that a journal remembers, so that none is run twice


@dataclass(frozen=True, slots=True)
class Held:
    """One event, written."""

    n: int
    kind: EventKind
    body: bytes


@dataclass(slots=True)
class Store:
    """What all journals of a host hold together, in bytes."""

    size: int = 0


@dataclass(slots=True)
class Journal:
    """One room's events and runs."""

    store: Store = field(default_factory=Store)
    id: str = field(default_factory=lambda: secrets.token_hex(8))
    last: int = 0
    runs: dict[str, RunStatus] = field(default_factory=dict)
    judgements: dict[str, JudgementStatus] = field(default_factory=dict)
    _held: deque[Held] = field(default_factory=deque)
    _size: int = 0

    @property
    def size(self) -> int:
        """Bytes held."""
        return self._size

    @property
    def full(self) -> bool:
        """Whether outputs are refused."""
        return self._size > HELD or self.store.size > HELD_BY_ALL

    def append(self, kind: EventKind, body: Mapping[str, Any]) -> None:
        """Number an event and hold it."""
        self.last += 1
        held = Held(self.last, kind, cbor.encode(body))
        self._held.append(held)
        self._grow(len(held.body))

    def after(self, n: int) -> Iterator[Held]:
        """The events held after `n`, in order."""
        if self._held and n >= self._held[0].n:
            for index in range(n + 1 - self._held[0].n, len(self._held)):
                yield self._held[index]
        else:
            yield from tuple(self._held)

    def next_after(self, n: int) -> Held | None:
        """The first event held after `n`."""
        if not self._held or n >= self.last:
            return None
        return self._held[max(0, n + 1 - self._held[0].n)]

    def forget(self, upto: int) -> None:
        """Let go of what is committed."""
        while self._held and self._held[0].n <= upto:
            self._grow(-len(self._held.popleft().body))

    def close(self) -> None:
        """Let go of everything."""
        self.forget(self.last)

    def remember(self, run: str, status: RunStatus) -> None:
        """Note where a run stands; the oldest is forgotten beyond a thousand."""
        self.runs[run] = status
        if len(self.runs) > RUNS:
            del self.runs[next(iter(self.runs))]

    def remember_judgement(self, judgement: str, status: JudgementStatus) -> None:
        """Note where a judgement stands, likewise."""
        self.judgements[judgement] = status
        if len(self.judgements) > RUNS:
            del self.judgements[next(iter(self.judgements))]

    def _grow(self, size: int) -> None:
        self._size += size
        self.store.size += size
