"""How a room ends: edits stop at once, a run gets a moment, then comes the last entry; nothing follows it."""

from __future__ import annotations

from collections.abc import Hashable

from fourhands_server.core.effects import Settle
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.runs import Runs

GRACE = 3_000_000  # µs that a run gets to finish


class Ending:
    """The end of one room, from the wish to the entry; ending twice is ending once."""

    def __init__(self, ledger: Ledger, runs: Runs) -> None:
        self._ledger = ledger
        self._runs = runs
        self._by = ""
        self._deadline: int | None = None
        self._calls: list[Hashable] = []

    @property
    def begun(self) -> bool:
        """Whether somebody has ended the room, though a run may still have its moment."""
        return self._deadline is not None or self._ledger.ahead.ended_at is not None

    def begin(self, by: str, call: Hashable | None) -> None:
        """Somebody ends the room; `call` is answered once the end is in the log."""
        if self._ledger.state.ended_at is not None:
            if call is not None:
                self._ledger.effects.append(Settle(call, self._ledger.state.head))
            return
        if call is not None:
            self._calls.append(call)
        if not self.begun:
            self._by, self._deadline = by, self._ledger.now + GRACE
            self._runs.abort_waiting()
        self.advance()

    def advance(self) -> None:
        """Write the end where nothing runs any more or the grace is over."""
        ahead = self._ledger.ahead
        if self._deadline is None or ahead.ended_at is not None:
            return
        if ahead.active_run() is None or self._ledger.now >= self._deadline:
            self._runs.abandon()
            self._ledger.own("room.ended", {}, actor=self._by)

    def committed(self) -> None:
        """The end is in the log: whoever waited for it is told."""
        for call in self._calls:
            self._ledger.effects.append(Settle(call, self._ledger.state.head))
        self._calls.clear()
