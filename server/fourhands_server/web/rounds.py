"""The one timer of all sockets of a server: once a second it looks at those whose time has come."""

from __future__ import annotations

import asyncio
import logging
from typing import Protocol

from fourhands_server.live.wheel import Wheel

_log = logging.getLogger(__name__)

TURN_S = 1.0


class Watched(Protocol):
    """What is looked at."""

    def look(self) -> None:
        """The time has come."""
        ...

    def __hash__(self) -> int: ...


class Rounds:
    """Runs as long as there is anything to look at. `now` is in seconds, as of the last turn."""

    def __init__(self) -> None:
        self.now = 0.0
        self._wheel: Wheel[Watched] = Wheel(TURN_S)
        self._timer: asyncio.TimerHandle | None = None

    def put(self, one: Watched, seconds: float) -> None:
        """Look at it once, so many seconds from the last turn on."""
        if self._timer is None:
            loop = asyncio.get_running_loop()
            self.now = loop.time()
            self._timer = loop.call_later(TURN_S, self._turn, loop)
        self._wheel.put(one, self.now + seconds)

    def drop(self, one: Watched) -> None:
        """It is to be looked at no more."""
        self._wheel.drop(one)

    def due_in(self, one: Watched) -> float | None:
        """Seconds from the last turn on until it is looked at; None where it is not."""
        at = self._wheel.at(one)
        return None if at is None else at - self.now

    def _turn(self, loop: asyncio.AbstractEventLoop) -> None:
        self.now = loop.time()
        self._timer = loop.call_later(TURN_S, self._turn, loop)
        for one in self._wheel.turn(self.now):
            try:
                one.look()
            except Exception:  # the others are to be looked at all the same
                _log.exception("a socket could not be looked at")
        if not self._wheel:
            self._timer.cancel()
            self._timer = None
