"""Who holds which seat, and what the log says of it: taken, kept while its page is away, taken again, given
up (SPEC, E-16 and E-17).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from fourhands_protocol.close import may_retry
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Seat

KEPT = 19_000_000  # µs after its page was last heard; with the second between two looks, 20 s
NOTICED = 1_000_000  # µs of silence before a loss that are worth a word
LEAVES = (1000, 1001)  # what a page says that is closed, or goes to another address
GOES = 1001  # what a server says that stops; the log says RESTARTED, for the page did not leave
RESTARTED = 1012  # the standard's "service restart"; nobody is here to keep a seat then
REMEMBERED = 500  # pages that have left, of a room: one that comes back is known as the one from before


@dataclass(frozen=True, slots=True)
class Away:
    """A page without a connection: its seat, when it was last heard (µs), how its connection ended."""

    seat: str
    person: str
    heard_at: int
    code: int


class Seating:
    """The seats of one room, by the producers of their pages."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._lost: dict[str, Away] = {}
        self._left: dict[str, Away] = {}

    @property
    def keeps(self) -> bool:
        """Whether a seat is kept for a page that may come back."""
        return bool(self._lost)

    def take(self, seat: Seat, *, before: Seat | None, pending: tuple[int, int] | None) -> None:
        """A page is here: on the seat that it had, if that is still its own.

        `before` is an older connection of the same page, `pending` what HELLO says that it holds.
        """
        ledger, producer = self._ledger, seat.producer
        admitted = ledger.instance(producer).admitted
        holds = max(0, pending[1] - max(admitted, pending[0] - 1)) if pending is not None else 0
        kept, left = self._lost.pop(producer, None), self._left.pop(producer, None)
        if before is not None:
            before.succeeded = True
            kept = _away(before, 0)
        seat.recorded = True
        seat.merging = pending if holds else None
        if kept is not None:
            seat.name = kept.seat
            body = {"seat": seat.name, "away": max(0, ledger.now - kept.heard_at), "pending": holds}
            ledger.own("seat.back", body, actor=seat.person)
            return
        opened: dict[str, str | int] = {"seat": seat.name, "dialect": seat.dialect}
        if left is not None:
            opened |= {"again": left.seat, "away": max(0, ledger.now - left.heard_at)}
        if left is not None or holds:
            opened["pending"] = holds
        ledger.own("seat.opened", opened, actor=seat.person)

    def count(self, seat: Seat, pseq: int, *, logged: bool) -> None:
        """An edit of this seat's page was taken in: one of those that it made while it was away?"""
        if seat.merging is None:
            return
        first, last = seat.merging
        if logged and first <= pseq <= last:
            seat.merged += 1
        if pseq >= last:
            self._say_merged(seat)

    def end(self, seat: Seat, code: int) -> bool:
        """A connection has ended; is its seat kept, or taken by its page's next connection?"""
        self._say_merged(seat)
        if seat.succeeded or not seat.recorded:
            return seat.succeeded
        may_come = seat.dialect == "fourhands" and code not in (*LEAVES, RESTARTED) and may_retry(code)
        kept = may_come and self._ledger.ahead.ended_at is None
        body = {"seat": seat.name, "code": code}
        silent = self._ledger.now - seat.heard_at
        if kept and silent >= NOTICED:
            body["silent"] = silent
        self._ledger.own("seat.lost" if kept else "seat.closed", body, actor=seat.person)
        if kept:
            self._lost[seat.producer] = _away(seat, code)
        elif seat.dialect == "fourhands":
            self._remember(seat.producer, _away(seat, code))
        return kept

    def give_up(self, gone: Callable[[Away], bool]) -> list[str]:
        """Give up the seats that nobody came back to in time, and those of pages that are `gone`; which?"""
        now = self._ledger.now
        lost = [(p, away) for p, away in self._lost.items() if now - away.heard_at >= KEPT or gone(away)]
        for producer, away in lost:
            del self._lost[producer]
            self._remember(producer, away)
            body = {"seat": away.seat, "code": away.code}
            self._ledger.own("seat.closed", body, actor=away.person)
        return [away.seat for _, away in lost]

    def excuse(self, pause: int) -> None:
        """We have stood still for so many µs: nobody was silent meanwhile."""
        for pages in (self._lost, self._left):
            for producer, away in pages.items():
                pages[producer] = replace(away, heard_at=away.heard_at + pause)

    def _remember(self, producer: str, away: Away) -> None:
        self._left[producer] = away
        if len(self._left) > REMEMBERED:
            del self._left[next(iter(self._left))]

    def _say_merged(self, seat: Seat) -> None:
        if seat.merged:
            body = {"seat": seat.name, "edits": seat.merged}
            self._ledger.own("seat.merged", body, actor=seat.person)
        seat.merging, seat.merged = None, 0


def _away(seat: Seat, code: int) -> Away:
    return Away(seat.name, seat.person, seat.heard_at, code)
