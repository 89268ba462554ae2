"""Sends one room's events over one link: in order, from where the other side stands, never far ahead of what
it has committed.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from .journal import Held, Journal

AHEAD: Final = 8 * 1024 * 1024  # bytes sent and not acknowledged

TOGETHER: Final = 64 * 1024  # bytes of events in one write: each write wakes the other side

Deliver = Callable[[str, str, Sequence[Held]], Awaitable[None]]


class Feed:
    """A task that follows the journal; `wake` is the journal's `changed`."""

    def __init__(self, room: str, journal: Journal, *, after: int, deliver: Deliver) -> None:
        self._room = room
        self._journal = journal
        self._at = after
        self._deliver = deliver
        self._ahead: deque[tuple[int, int]] = deque()
        self._bytes = 0
        self._changed = asyncio.Event()
        self._task = asyncio.create_task(self._follow())

    def wake(self) -> None:
        """Something may be sent."""
        self._changed.set()

    def acknowledge(self, n: int) -> None:
        """All up to `n` is committed over there."""
        while self._ahead and self._ahead[0][0] <= n:
            self._bytes -= self._ahead.popleft()[1]
        self._journal.forget(min(n, self._at))
        self.wake()

    def stop(self) -> None:
        """Send no more."""
        self._task.cancel()

    async def _follow(self) -> None:
        while True:
            if events := self._take():
                await self._deliver(self._room, self._journal.id, events)
            else:
                self._changed.clear()
                await self._changed.wait()

    def _take(self) -> list[Held]:
        """What may be sent now, and goes into one write."""
        events: list[Held] = []
        size = 0
        while size < TOGETHER and self._bytes <= AHEAD and (held := self._journal.next_after(self._at)):
            events.append(held)
            size += len(held.body)
            self._at = held.n
            self._ahead.append((held.n, len(held.body)))
            self._bytes += len(held.body)
        return events
