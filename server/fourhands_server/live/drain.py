"""Going away in good order: everybody is told when to be back, what is under way is settled, then the
connections are closed, those that cannot be told one after the other.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from contextlib import suppress
from typing import Final

from fourhands_server.live.calls import RoomFailed
from fourhands_server.live.host import RoomHost

RETURNS: Final = 250  # pages a second that a server takes back which has just started
FIRST_MS: Final = 300  # before which nobody needs to look whether it has
SPREAD_MS: Final = 500  # that the return of a few is spread over
MOST_MS: Final = 15_000  # as long as a page waits that was told nothing
SETTLE_S: Final = 3.0  # that appends and acks under way may take, and closing those who cannot be told
STEP: Final = 10  # of these are closed together


async def drain(hosts: Collection[RoomHost]) -> None:
    """Send everybody away; what is left after that is the socket server's to close."""
    hosts = [host for host in hosts if host.failed is None]
    spread = max(SPREAD_MS, 1_000 * sum(len(host.pages) for host in hosts) // RETURNS)
    most = min(spread, MOST_MS - FIRST_MS)
    for host in hosts:
        for seat in host.pages:
            host.go_away(seat, FIRST_MS + random.randrange(most))
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            await asyncio.gather(*(_settled(host) for host in hosts))
    for host in hosts:
        host.send_away(host.pages)
    with suppress(TimeoutError):
        async with asyncio.timeout(SETTLE_S):
            await _close_others(hosts)


async def _settled(host: RoomHost) -> None:
    with suppress(RoomFailed):
        await host.settled()


async def _close_others(hosts: Collection[RoomHost]) -> None:
    """Stock clients come back by themselves, all after the same time: so they are closed a few at a time."""
    others = [(host, seat) for host in hosts for seat in host.room.seats]
    random.shuffle(others)
    for start in range(0, len(others), STEP):
        for host, seat in others[start : start + STEP]:
            host.send_away([seat])
        if start + STEP < len(others):
            await asyncio.sleep(STEP / RETURNS)
