"""What a data folder holds on disk, read from a copy while its server is dead or alive."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from pathlib import Path

from tests.support.documents import Document

from fourhands_protocol import chain
from fourhands_protocol.entries import EDIT, Entry, edit_update
from fourhands_server.log.sqlite import SqliteLog


def entries_of(data: Path, room: str) -> list[Entry]:
    """The `room` stream as it is on disk, its numbers and its chain checked against the log's own head."""
    with tempfile.TemporaryDirectory() as folder:
        for file in data.glob("rooms.db*"):
            shutil.copy(file, folder)
        return asyncio.run(_read(Path(folder) / "rooms.db", room))


async def _read(file: Path, room: str) -> list[Entry]:
    log = await SqliteLog.open(file)
    try:
        entries = await log.read(room, limit=1_000_000, size=2**40)
        head = await log.head(room)
    finally:
        await log.aclose()
    assert [entry.seq for entry in entries] == list(range(1, head.seq + 1))
    link = bytes(32)
    for entry in entries:
        link = chain.link(link, entry)
    assert link == head.hash
    return entries


def text_of(entries: list[Entry], file: str = "main.py") -> str:
    """The text that the edits among these entries make."""
    document = Document(1)
    for entry in entries:
        if entry.kind == EDIT:
            document.apply(edit_update(entry.body))
    return str(document.text(file))


def check_acked(acked: set[str], entries: list[Entry]) -> None:
    """What was typed and acked is in the log; what was taken back and acked is not in the text."""
    written = b"".join(edit_update(entry.body) for entry in entries if entry.kind == EDIT)
    lost = [change for change in acked if change[0] == "+" and change[1:].encode() not in written]
    assert not lost, "acked, and not in the log"
    tokens = [token + ";" for token in text_of(entries).split(";")[:-1]]
    assert len(tokens) == len(set(tokens)), "something is there twice"
    assert not {change[1:] for change in acked if change[0] == "-"} & set(tokens), "it is there again"
