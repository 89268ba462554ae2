"""The backup transport: what the room socket does, over plain HTTP."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from typing import Any, cast

import httpx
import pytest
from tests.support.http_link import HttpClient, HttpLink
from tests.support.people import People
from tests.support.wire import OurClient

from fourhands_protocol import cbor, envelope
from fourhands_protocol.varint import write_bytes
from fourhands_server.core.seat import Seat
from fourhands_server.web import backup
from fourhands_server.web.backup import TURN, EventWire, Link
from fourhands_server.web.problem import Problem


async def test_both_transports_meet_in_one_room(room: People) -> None:
    async with HttpClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.type(0, "x = 😀\n")
        await ivy.sees("x = 😀\n")
        ivy.type(0, "y", delete=1)
        await ada.sees("y = 😀\n")
        await ada.settled()
        ada.point(1, {"at": {"file": "main.py", "anchor": 1, "head": 1}})
        await ivy.until(lambda: ada.client_id in ivy.peers)
    assert room.host.text() == "y = 😀\n"


async def test_what_was_typed_while_away_arrives_once(room: People) -> None:
    async with HttpClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        expected = ""
        for number in range(5):
            ada.type(len(expected), f"{number} on its way\n")
            await ada.cut()
            expected += f"{number} on its way\n"
            ada.type(len(expected), f"{number} offline\n")
            expected += f"{number} offline\n"
            ada.op("chat", text=f"{number}")
            assert (await ada.connect()).mode == "resumed"
            await ada.settled()
        await ivy.sees(expected)
        await ivy.until(lambda: len([e for e in ivy.entries if e.kind == "chat"]) == 5)
    assert room.host.text() == expected


async def test_a_page_that_changes_its_transport_supersedes_itself(room: People) -> None:
    async with OurClient(room.server, room.ada) as first, HttpClient(room.server, room.ada) as http:
        again = HttpClient(room.server, room.ada)
        again.instance = first.instance
        await again.connect()
        assert (await first.is_closed())[0] == 4303
        back = OurClient(room.server, room.ada)
        back.instance = again.instance
        await back.connect()
        assert (await again.is_closed())[0] == 4303
        assert not http.closed, "another page of the same person keeps its link"
        await back.leave()
        await again.leave()


async def test_a_batch_that_comes_again_is_taken_once(room: People) -> None:
    async with HttpClient(room.server, room.ada) as ada:
        link = ada.http_link
        assert link is not None
        chat = envelope.encode(envelope.Op(1, "chat", cbor.encode({"text": "once"})))
        for _ in range(2):
            assert (await link.post(write_bytes(chat), number=link.batches + 1)).status_code == 204
        link.batches += 1
        late = await link.post(write_bytes(chat), number=link.batches + 2)
        assert (late.status_code, late.json()["type"]) == (409, "/problems/batch-missing")
        await ada.until(lambda: [e for e in ada.entries if e.kind == "chat"])
        ada.op("chat", text="never sent, for its number was used")
        await ada.settled()
    assert len([e for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "chat"]) == 1


async def test_refusals_say_what_a_socket_would_have_been_closed_with(room: People) -> None:
    url = f"{room.server.url}/api/rooms/{room.ada.room}/frames"
    async with httpx.AsyncClient() as http:
        bad = await http.get(url, headers={"Authorization": "Bearer nonsense"})
        assert (bad.status_code, bad.headers["Fourhands-Close"]) == (401, "4401")
        none = await http.get(url)
        assert (none.status_code, none.headers.get("Fourhands-Close", "4401")) == (401, "4401")
        lost = await http.post(f"{url}/nowhere/1", headers=room.ada.headers)
        assert (lost.status_code, lost.json()["type"]) == (410, "/problems/link-closed")


async def test_a_link_is_its_owner_s_alone(room: People) -> None:
    async with HttpClient(room.server, room.ada) as ada:
        assert ada.http_link is not None
        other = HttpLink(room.server, room.ivy)
        other.name = ada.http_link.name
        assert (await other.post(b"", number=1)).status_code == 410
        assert (await other.http.delete(f"{other.url}/{other.name}")).status_code == 410
        await other.let_go()
        ada.type(0, "still here")
        await ada.settled()


async def test_a_malformed_batch_costs_the_link(room: People) -> None:
    async with HttpClient(room.server, room.ada) as ada:
        assert ada.http_link is not None
        await ada.http_link.post(b"\x05ab")
        assert (await ada.is_closed())[0] == 4400
        assert (await ada.http_link.post(b"")).status_code == 410


async def test_a_reader_that_takes_nothing_holds_nobody_up(room: People) -> None:
    head = f"GET /api/rooms/{room.ada.room}/frames HTTP/1.1\r\nHost: x\r\n"
    with socket.socket() as stalled:
        stalled.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        stalled.connect(("127.0.0.1", room.server.port))
        stalled.sendall(f"{head}Authorization: Bearer {room.ada.token}\r\n\r\n".encode())
        assert stalled.recv(15) == b"HTTP/1.1 200 OK"
        async with OurClient(room.server, room.ivy) as ivy:
            for _ in range(40):
                ivy.op("chat", text="c" * 4000)
                ivy.type(0, "t" * 60_000, delete=60_000 if ivy.text() else 0)
            await ivy.settled()


class Taking:
    """A place that notes what comes, and a request whose body comes as it is told."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.pieces: asyncio.Queue[bytes] = asyncio.Queue()
        seat = Seat("a-seat", "ada", "candidate", "fourhands", 0)
        self.link = Link("a-room", seat, cast(Any, self), lambda: None)

    def receive(self, seat: str, frame: bytes) -> None:
        self.frames.append(frame)

    def closed(self, seat: str, code: int) -> None:
        pass

    async def stream(self) -> AsyncIterator[bytes]:
        while piece := await self.pieces.get():
            yield piece

    def post(self, number: int) -> asyncio.Task[None]:
        return asyncio.create_task(self.link.receive(number, cast(Any, self)))


async def test_b3_a_batch_of_many_frames_lets_others_have_their_turn() -> None:
    taking = Taking()
    frames = 10 * TURN
    for piece in (b"\x01a" * frames, b""):
        taking.pieces.put_nowait(piece)
    posted, most = taking.post(1), 0
    while not posted.done():
        before = len(taking.frames)
        await asyncio.sleep(0)
        most = max(most, len(taking.frames) - before)
    assert len(taking.frames) == frames
    assert most <= TURN


async def test_b3_a_batch_that_is_slow_to_come_makes_room_for_the_next_that_is_sent() -> None:
    taking, later = Taking(), Taking()
    slow = taking.post(1)
    await asyncio.sleep(0)
    later.link = taking.link
    for piece in (b"\x01b", b""):
        later.pieces.put_nowait(piece)
    await later.post(1)
    with pytest.raises(Problem) as dropped:
        await slow
    assert dropped.value.status == 409
    assert taking.frames == [b"b"], "it went to the place of the link"


async def test_b3_nothing_is_read_for_a_link_that_has_ended() -> None:
    taking = Taking()
    slow, waiting = taking.post(1), taking.post(2)
    await asyncio.sleep(0)
    taking.link.leave(1006)
    for posted in (slow, waiting):
        with pytest.raises(Problem) as closed:
            await posted
        assert closed.value.status == 410


async def test_a_link_whose_reader_takes_nothing_is_cut_off_after_its_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(backup, "CLOSE_S", 0)
    cut: list[str] = []
    over = asyncio.Event()

    def cut_off() -> None:
        cut.append("stalled")
        over.set()

    stalled = EventWire("stalled", cut_off, lambda: None)
    taken = EventWire("taken", lambda: cut.append("taken"), lambda: None)
    for wire in (stalled, taken):
        wire.close(4301, "this client reads too slowly")
    assert [event async for event in taken.events()][-1].startswith(b"event: close")
    taken.lost()
    async with asyncio.timeout(20):
        await over.wait()
    assert cut == ["stalled"]
