"""How a room ends: edits stop at once, runs and tests get a moment, then comes the last entry of all."""

from __future__ import annotations

from fourhands_server.core.effects import Origin
from fourhands_server.core.judging import Judging
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.runs import Runs

GRACE = 3_000_000  # µs that a run, or tests, get to finish


class Ending:
    """The end of one room, from the wish to the entry; ending twice is ending once."""

    def __init__(self, ledger: Ledger, runs: Runs, judging: Judging) -> None:
        self._ledger = ledger
        self._runs = runs
        self._judging = judging
        self._by = ""
        self._deadline: int | None = None
        self._asked: list[Origin] = []

    @property
    def begun(self) -> bool:
        """Whether somebody has ended the room, though a run may still have its moment."""
        return self._deadline is not None or self._ledger.ahead.ended_at is not None

    @property
    def waits(self) -> bool:
        """Whether the end is still to be written."""
        return self._deadline is not None and self._ledger.ahead.ended_at is None

    def begin(self, origin: Origin) -> None:
        """Somebody ends the room; they are answered once the end is in the log."""
        self._ledger.await_entry(origin)
        if self._ledger.state.ended_at is not None:
            self._ledger.settle(origin, self._ledger.state.head)
            return
        self._asked.append(origin)
        if not self.begun:
            self._by, self._deadline = origin.person, self._ledger.now + GRACE
            self._runs.abort_waiting()
        self.advance()

    def advance(self) -> None:
        """Write the end where nothing runs any more or the grace is over."""
        ahead = self._ledger.ahead
        if self._deadline is None or ahead.ended_at is not None:
            return
        quiet = ahead.active_run() is None and not ahead.asked.unfinished
        if quiet or self._ledger.now >= self._deadline:
            self._runs.abandon()
            self._judging.abandon()
            self._ledger.own("room.ended", {}, actor=self._by)

    def committed(self) -> list[Origin]:
        """The end is in the log; returns whoever is settled by that."""
        asked, self._asked = self._asked, []
        for origin in asked:
            self._ledger.settle(origin, self._ledger.state.head)
        return asked
