"""Edits that come as whole texts (PUT of a file): the engine finds the smallest change, the room admits
it.
"""

from __future__ import annotations

from collections.abc import Callable

from fourhands_protocol import entries, limits
from fourhands_protocol.errors import TooLarge
from fourhands_server.engine.documents import Documents
from fourhands_server.live.host import RoomHost

ClientOf = Callable[[str, str], int]  # (room, person) → the Yjs client id of edits made here for that person
TEXT_LIMIT = limits.UPDATE - 1024  # bytes; the update around a text is a little larger than the text


async def put_file(
    host: RoomHost, documents: Documents, client: ClientOf, *, person: str, role: str, path: str, text: str
) -> tuple[int, bool]:
    """Create the file or replace its text; returns the seq of the last entry and whether the file is new.

    Raises TooLarge, Refused, ProtocolError or RoomFailed. One at a time per room: two replacements made from
    the same state under one client id would contradict each other.
    """
    if len(text.encode()) > TEXT_LIMIT:
        raise TooLarge(f"a text of {len(text.encode())} bytes; {TEXT_LIMIT} are allowed")
    async with host.edit_lock:
        file, created = host.state.path_owner(path), False
        seq = host.state.head
        if file is None or file.path != path:
            seq = await host.call(person, role, "file.create", {"path": path})
            file, created = host.state.path_owner(path), True
        assert file is not None, "a file that was just created is there"
        update = await documents.replace(host.id, file.id, text, client(host.id, person))
        if update is not None:
            seq = await host.edit(person, role, update, entries.edit_body(update))
        return seq, created
