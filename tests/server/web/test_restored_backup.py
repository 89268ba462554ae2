"""A real server whose database is put back from a backup: its clients heal what that lacks."""

from __future__ import annotations

import shutil
import sqlite3
from base64 import b64decode
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from tests.support.documents import Document
from tests.support.people import People
from tests.support.server import LiveServer
from tests.support.stock_clients import StockClients
from tests.support.wire import OurClient


@pytest.fixture
def own_server(tmp_path: Path) -> Iterator[LiveServer]:
    with LiveServer(tmp_path / "data") as live:
        yield live


def back_up(server: LiveServer) -> Path:
    """A copy of the database as the server's backup would take it, while it runs."""
    copy = server.data.parent / "backup.db"
    with closing(sqlite3.connect(server.data / "rooms.db")) as live, closing(sqlite3.connect(copy)) as kept:
        live.backup(kept)
    return copy


def put_back(server: LiveServer, backup: Path) -> None:
    """In place: the same file, and so the same inode, holds the older copy."""
    for name in ("rooms.db-wal", "rooms.db-shm"):
        (server.data / name).unlink(missing_ok=True)
    shutil.copyfile(backup, server.data / "rooms.db")


def replayed(room: People) -> str:
    """The text that the log says, entry by entry."""
    document = Document(99)
    for entry in room.server.timeline(room.ivy):
        if entry["kind"] == "edit":
            document.apply(b64decode(entry["body"]["update"]))
    return document.text("main.py")


async def test_own_and_stock_clients_heal_a_restored_database(
    own_server: LiveServer, stock: StockClients
) -> None:
    server = own_server
    room = People(server)
    ada, ivy = OurClient(server, room.ada), OurClient(server, room.ivy)
    olga = stock.client(server, room.olga).connect()
    bob = stock.client(server, room.join("candidate", "Bob")).connect()
    cyd = stock.client(server, room.join("candidate", "Cyd"), version="hp4").connect()
    await ada.connect()
    await ivy.connect()
    ada.type(0, "kept by the backup\n")
    await ada.settled()
    backup = back_up(server)
    ada.type(0, "lost by ada\n")
    await ada.settled()
    bob.sees("lost by ada\nkept by the backup\n")
    bob.insert(0, "lost by bob\n")
    cyd.sees("lost by bob\nlost by ada\nkept by the backup\n")
    cyd.insert(0, "lost by cyd\n")
    text = "lost by cyd\nlost by bob\nlost by ada\nkept by the backup\n"
    for client in (ada, ivy):
        await client.sees(text)
    olga.sees(text)
    server.kill()
    await ada.cut()
    await ivy.cut()
    ada.type(0, "typed while it was down\n")
    text = "typed while it was down\n" + text
    put_back(server, backup)
    server.start()
    for client in (ada, ivy):
        assert (await client.connect()).mode == "resync"
    await ada.settled()
    for client in (ada, ivy):
        await client.sees(text)
    for other in (bob, cyd, olga):
        other.sees(text)
    assert room.host.text() == replayed(room) == text
    edits = [e for e in server.timeline(room.ivy) if e["kind"] == "edit"]
    relayed = [edit["actor"] for edit in edits if edit["body"].get("relayed")]
    assert relayed
    typists = (room.ada, room.ivy, bob.seat, cyd.seat)
    assert set(relayed) <= {seat.participant for seat in typists}
    cyd.until(unsynced=0)
    ivy.type(0, "and on\n")
    bob.sees("and on\n" + text)
    assert ada.refused == ivy.refused == []
    for client in (ada, ivy):
        await client.leave()
