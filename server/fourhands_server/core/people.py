"""Who takes part in a room, which seats they hold, and whether anybody sits there."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(slots=True)
class Person:
    """A participant; `seats` are those held at this seq, `lost` the ones among them whose connection is away.

    `since`: µs, when they last came or went.
    """

    id: str
    name: str
    role: str
    colour: int
    invite: str
    since: int
    seats: frozenset[str] = frozenset()
    lost: frozenset[str] = frozenset()
    removed: bool = False

    @property
    def online(self) -> bool:
        """Whether any of their connections is there."""
        return len(self.lost) < len(self.seats)

    def take(self, seat: str, at: int) -> None:
        """They sit there now, at first or again."""
        before = self.online
        self.seats |= {seat}
        self.lost = self.lost - {seat} or frozenset()  # of the empty ones there is one
        self._note(before, at)

    def lose(self, seat: str, at: int) -> None:
        """The seat is kept; nobody has sat there since `at`."""
        before = self.online
        self.lost |= {seat}
        self._note(before, at)

    def leave(self, seat: str, at: int) -> None:
        """The seat is gone."""
        before = self.online
        self.seats -= {seat}
        self.lost = self.lost - {seat} or frozenset()
        self._note(before, at)

    def _note(self, before: bool, at: int) -> None:
        if self.online != before:
            self.since = at
