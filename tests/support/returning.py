"""Coming back as a page does: again and again until the room lets it in, with what it knew before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress

from tests.support.wire import OurClient
from websockets.exceptions import WebSocketException

DEADLINE_S = 20.0


async def until(condition: Callable[[], object]) -> None:
    """Polls, so that nothing of the client under test needs to tell us."""
    while not condition():  # noqa: ASYNC110
        await asyncio.sleep(0.01)


async def try_to_connect(page: OurClient) -> bool:
    """One attempt; False where the server is not there or sends the page away."""
    # A link that still lives would be closed for the new one, and that close taken for the new one's end.
    await page.cut()
    before, welcome = len(page.closed), page.welcome
    connecting = asyncio.create_task(page.connect())
    try:
        await until(lambda: connecting.done() or len(page.closed) > before)
    finally:
        connecting.cancel()
        await asyncio.gather(connecting, return_exceptions=True)
        page.welcome = page.welcome or welcome
    if connecting.cancelled():
        return False
    with suppress(OSError, WebSocketException, TimeoutError):
        connecting.result()
        return len(page.closed) == before
    return False


async def come_back(page: OurClient) -> None:
    """Try until the page is in the room and all that it has typed is recorded or refused."""
    async with asyncio.timeout(DEADLINE_S):
        while not await try_to_connect(page) or page.pending:
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await until(lambda: not page.pending)
