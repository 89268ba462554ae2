"""Who points where: the awareness states of a room, each bound to its participant and its seat."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fourhands_protocol import awareness, limits
from fourhands_protocol.awareness import State
from fourhands_protocol.errors import ProtocolError

CURSOR_INTERVAL = 100_000  # µs: a person's cursor is recorded at most 10 times a second
SHOWN = 16  # states of a person: pages that are open at once; for one more the oldest goes
MOST_CLOCK = 2**32  # an honest client is there after centuries; above it there is room for ours to rise


@dataclass(slots=True)
class Shown:
    """The state of one Yjs client as the others see it; `clock` is the one we told them."""

    client: int
    seat: str
    person: str
    heard: int
    clock: int
    state: str | None


@dataclass(frozen=True, slots=True)
class Cursor:
    """A cursor in absolute UTF-16 offsets, as the client itself computed them."""

    client: int
    file: str
    anchor: int
    head: int


@dataclass(slots=True)
class Trail:
    """What was recorded last of a person's cursor, and what waits for its turn."""

    at: int = 0
    last: Cursor | None = None
    waiting: Cursor | None = None


@dataclass(slots=True)
class Presence:
    """All states of a room. Clocks are ours: they always rise, also for a client that came back."""

    claim: Callable[[int, str], None]
    shown: dict[int, Shown] = field(default_factory=dict)
    trails: dict[str, Trail] = field(default_factory=dict)

    def offer(
        self,
        states: list[State],
        *,
        seat: str,
        person: str,
        user: Mapping[str, Any],
        returns: bool = False,
    ) -> list[State]:
        """Take the sender's own states, drop all others without a word; returns what the others get.

        Stock clients re-send everybody's states, so a foreign id here is no offence. What a new connection
        says first, of one client alone (`returns`), it says of itself: that client has come back.
        """
        told: list[State] = []
        for offered in states:
            before = self.shown.get(offered.client)
            taken = self._take(offered, seat, person, user, returns)
            if taken is None:
                continue
            if before is None or before.state is None:
                told += self._make_room(person, offered.client)
            told.append(taken)
        return told

    def renew(self, client: int, clock: int, *, seat: str) -> bool:
        """A client says once more what it said last, so that nobody need be told (W-7); False where it is not
        shown, or has said so before.
        """
        shown = self.shown.get(client)
        if shown is None or shown.seat != seat or shown.state is None or clock <= shown.heard:
            return False
        shown.heard = clock
        return True

    def leave(self, seat: str, *, but: int = -1) -> list[State]:
        """The seat is gone: its states become null at the next clock, except that of the client `but`."""
        mine = [s for s in self.shown.values() if s.seat == seat and s.client != but]
        return [self._withdraw(s) for s in mine if s.state is not None]

    def everyone_but(self, seat: str) -> list[State]:
        """The states that a newcomer must be told, each at a new clock.

        A client that was here before forgot the states with its old connection, but not their clocks: at
        the same ones it would not believe them.
        """
        others = [s for s in self.shown.values() if s.state is not None and s.seat != seat]
        for shown in others:
            shown.clock += 1
        return [State(s.client, s.clock, s.state) for s in others]

    def seat_of(self, client: int) -> str | None:
        """The seat that shows a client just now."""
        shown = self.shown.get(client)
        return None if shown is None or shown.state is None else shown.seat

    def of(self, clients: Iterable[int]) -> list[State]:
        """The states of some clients as the others were shown them, those that have gone among them."""
        found = [self.shown[client] for client in clients if client in self.shown]
        return [State(s.client, s.clock, s.state) for s in found]

    def _take(
        self, offered: State, seat: str, person: str, user: Mapping[str, Any], returns: bool
    ) -> State | None:
        shown = self.shown.get(offered.client)
        if shown is not None and shown.seat not in ("", seat):
            # Another seat speaks for this id. A client of the same person may have come back before its old
            # connection is known to be dead; nobody re-sends a clock that was told to nobody.
            same = shown.person == person and offered.text is not None
            if not same or not (returns or offered.clock > shown.clock):
                return None
        if shown is not None and shown.seat == seat and offered.clock <= shown.heard:
            return None
        if offered.clock > MOST_CLOCK:
            return None
        state = _rewrite(offered.text, user)
        if state is None and (offered.text is not None or shown is None):
            return None  # unreadable, or the end of something that never was
        try:
            self.claim(offered.client, person)
        except ProtocolError:
            return None
        # y-protocols takes a client's first clock for 0, at which it believes nothing.
        clock = max(1, offered.clock) if shown is None else max(shown.clock + 1, offered.clock)
        self.shown[offered.client] = Shown(offered.client, seat, person, offered.clock, clock, state)
        return State(offered.client, clock, state)

    def _make_room(self, person: str, newest: int) -> list[State]:
        """Whoever shows more than `SHOWN` states shows the oldest no more; of those that are gone, as many
        are remembered as a person has ids.
        """
        mine = [s for s in self.shown.values() if s.person == person and s.client != newest]
        crowded = [s for s in mine if s.state is not None][: 1 - SHOWN]
        gone = [s for s in mine if s.state is None]
        for forgotten in gone[: max(0, len(gone) - limits.CLIENT_IDS)]:
            del self.shown[forgotten.client]
        return [self._withdraw(shown) for shown in crowded]

    def _withdraw(self, shown: Shown) -> State:
        shown.clock, shown.state, shown.seat = shown.clock + 1, None, ""
        return State(shown.client, shown.clock, None)

    def move(self, person: str, cursor: Cursor, now: int) -> Cursor | None:
        """The cursor to record now, or None where it is unchanged or must wait its turn."""
        trail = self.trails.setdefault(person, Trail())
        trail.waiting = cursor if cursor != trail.last else None
        return self.due(person, now)

    @property
    def waits(self) -> bool:
        """Whether a cursor waits for its turn."""
        return any(trail.waiting is not None for trail in self.trails.values())

    def due(self, person: str, now: int) -> Cursor | None:
        """A cursor of `person` whose turn has come."""
        trail = self.trails[person]
        if trail.waiting is None or now - trail.at < CURSOR_INTERVAL:
            return None
        trail.at, trail.last, trail.waiting = now, trail.waiting, None
        return trail.last


def cursor_of(told: State) -> Cursor | None:
    """The absolute cursor in a state (`at: {file, anchor, head}`), if it has a well-formed one."""
    if told.text is None or '"at":' not in told.text:  # as `write_state` writes it; stock clients have none
        return None
    at = awareness.read_state(told.text).get("at")
    match at:
        case {"file": str(file), "anchor": anchor, "head": head} if _is_offset(anchor) and _is_offset(head):
            return Cursor(told.client, file, anchor, head)
    return None


def _is_offset(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**31  # JSON's true is an int to Python, and to no entry


def _rewrite(text: str | None, user: Mapping[str, Any]) -> str | None:
    """The state with `user` as the token says it; None where it is null or no JSON object."""
    if text is None:
        return None
    try:
        return awareness.write_state({**awareness.read_state(text), "user": dict(user)})
    except (ProtocolError, ValueError):
        return None
