"""Reading a stream of the log in pages, so that a long room never sits in memory twice."""

from __future__ import annotations

from collections.abc import AsyncIterator

from fourhands_protocol.entries import Entry
from fourhands_server.log.log import ROOM, RoomLog

PAGE = 1000
PAGE_BYTES = 2**20  # of bodies; what a reader holds besides what it makes of them


async def read_page(
    log: RoomLog,
    room: str,
    *,
    after: int = 0,
    upto: int | None = None,
    without: frozenset[str] = frozenset(),
    only: frozenset[str] | None = None,
    stream: str = ROOM,
) -> list[Entry]:
    """One page of a stream."""
    return await log.read(
        room, stream, after=after, upto=upto, limit=PAGE, size=PAGE_BYTES, without=without, only=only
    )


def is_last(page: list[Entry]) -> bool:
    """Whether nothing that was asked for comes after this page."""
    return len(page) < PAGE and sum(len(entry.body) for entry in page) < PAGE_BYTES


async def pages(
    log: RoomLog,
    room: str,
    *,
    after: int = 0,
    upto: int | None = None,
    only: frozenset[str] | None = None,
    stream: str = ROOM,
) -> AsyncIterator[list[Entry]]:
    """Pages of a stream, in order."""
    while True:
        page = await read_page(log, room, after=after, upto=upto, only=only, stream=stream)
        if page:
            yield page
        if is_last(page):
            return
        after = page[-1].seq
