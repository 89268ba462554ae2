"""How often the log commits: at once while little happens, at intervals under load.

A commit costs some 0.15 ms of processor time whatever it holds. Alone that is the price of an answer in 0.3
ms; at hundreds of appends a second, one commit after the other would cost more than all the rest of the log.
"""

from __future__ import annotations

from typing import Final

INTERVAL: Final = 0.003
"""Seconds between the starts of two commits under load."""

BUSY: Final = 400
"""Appends a second from which it is load."""

_WINDOW: Final = 0.02
"""Seconds over which they are counted."""


class Pace:
    """Counts appends and says how long the next commit should wait. Times are seconds of any steady clock."""

    def __init__(self) -> None:
        self._since = 0.0
        self._calls = 0
        self._busy = False
        self._started = 0.0

    def wait(self, now: float) -> float:
        """Seconds from `now` to the start of the next commit."""
        return max(0.0, self._started + INTERVAL - now) if self._busy else 0.0

    def start(self, now: float, *, calls: int) -> None:
        """A commit of so many appends starts."""
        self._started = now
        self._calls += calls
        passed = now - self._since
        if passed >= _WINDOW:
            self._busy = self._calls >= BUSY * passed
            self._since, self._calls = now, 0
