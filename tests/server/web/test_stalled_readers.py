"""Connections that read nothing, on real sockets: what they cost is bounded, and all of it is made up for."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path

import pytest
from tests.support.documents import Document
from tests.support.people import People
from tests.support.raw_socket import RawSocket
from tests.support.server import LiveServer

from fourhands_protocol import envelope, sync
from fourhands_protocol.entries import EDIT, edit_update

STALLED = 200
WINDOW = 4096
LINE = "x" * 16_383 + "\n"
LINES = 32  # half a MiB for each of them
MOST = 256 * 1024  # bytes that each may cost


def resident(server: LiveServer) -> int:
    """Bytes of memory that the server's process holds."""
    assert server.process is not None
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return 1024 * int(status.partition("VmRSS:")[2].split()[0])


def test_e20_two_hundred_stalled_readers_cost_a_bounded_amount(
    server: LiveServer, room: People, record_property: pytest.RecordProperty
) -> None:
    with ExitStack() as open_until_the_end:
        stalled = []
        for number in range(STALLED):
            seat, ours = (room.olga, room.ivy)[number % 2], number % 4 > 1
            one = RawSocket(server, seat, ours=ours, window=WINDOW)
            open_until_the_end.enter_context(one)
            one.hello().flush() if ours else one.probe()
            stalled.append(one)
        before = resident(server)
        writer = open_until_the_end.enter_context(RawSocket(server, room.ada))
        writer.probe()
        document = Document(4711)
        for _ in range(LINES):
            update = document.edit("main.py", 0, insert=LINE)
            writer.put(sync.update(update)).flush()
            while writer.receive() != sync.update(update):
                pass  # its echo: it is committed, and was sent to everybody
        cost = (resident(server) - before) / STALLED
        record_property("bytes of memory for each stalled reader", round(cost))
        print(f"{cost / 1024:.0f} KiB for each of {STALLED} stalled readers")
        assert cost < MOST
        for one in stalled[:4]:
            catch_up(one, document.text("main.py"))


def catch_up(one: RawSocket, text: str) -> None:
    """Read on, until the document is what it is for everybody."""
    document = Document(4712)
    pieces = 0
    while document.text("main.py") != text:
        frame = one.receive()
        for update in updates_of(frame):
            document.apply(update)
            pieces += 1
    assert pieces < LINES or one.ours, "in one piece, not each edit"


def updates_of(frame: bytes) -> list[bytes]:
    """What a frame says of the document, in either dialect."""
    if frame[0] == envelope.FRAME:
        match envelope.decode(frame):
            case envelope.Entries(entries):
                return [edit_update(entry.body) for entry in entries if entry.kind == EDIT]
            case envelope.State(update):
                return [update]
        return []
    match sync.decode(frame):
        case sync.Step2(update) | sync.Update(update):
            return [update]
    return []
