"""Where documents come from: the edits of a room's log, in pages."""

from __future__ import annotations

from fourhands_protocol.entries import EDIT, edit_update
from fourhands_server.engine.documents import Source
from fourhands_server.log.log import RoomLog

PAGE = 1000


def edits_of(log: RoomLog) -> Source:
    """The committed edits of a room as (seq, update), at most a page at a time."""

    async def source(room: str, after: int, upto: int | None) -> list[tuple[int, bytes]]:
        entries = await log.read(room, after=after, upto=upto, limit=PAGE, only=frozenset({EDIT}))
        return [(entry.seq, edit_update(entry.body)) for entry in entries]

    return source
