"""The socket class by itself, on a transport that does what the test says: ends that come in an odd order."""

from __future__ import annotations

import asyncio
from types import SimpleNamespace
from typing import Any

import pytest
from uvicorn.config import Config
from uvicorn.server import ServerState

from fourhands_protocol.errors import NoSuchRoom
from fourhands_server.web.socket import TURN, RoomSocket, room_socket

HANDSHAKE = (
    b"GET /yjs/room?token=t HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n"
)
RESERVED_OPCODE = b"\x83\x80\x00\x00\x00\x00"
HALF_A_FRAME = b"\x82\x85\x00\x00\x00\x00ab"


class StuckTransport(asyncio.Transport):
    """A network that takes nothing more: `close` waits for a flush that never comes."""

    def __init__(self) -> None:
        super().__init__()
        self.sent = b""
        self.closing = False
        self.aborted = False
        self.reading = True

    def pause_reading(self) -> None:
        self.reading = False

    def resume_reading(self) -> None:
        self.reading = True

    def write(self, data: Any) -> None:
        self.sent += data

    def close(self) -> None:
        self.closing = True

    def abort(self) -> None:
        self.closing = self.aborted = True

    def is_closing(self) -> bool:
        return self.closing

    def get_write_buffer_size(self) -> int:
        return len(self.sent)


class Host:
    """A room that notes what it is told."""

    def __init__(self) -> None:
        self.received: list[bytes] = []
        self.left: list[int] = []

    def open(self, seat: object, wire: object) -> None:
        pass

    def receive(self, seat: str, data: bytes) -> None:
        self.received.append(data)

    def closed(self, seat: str, code: int) -> None:
        self.left.append(code)


async def connected(host: Host | None, handshake: bytes = HANDSHAKE) -> tuple[RoomSocket, StuckTransport]:
    """A socket after its handshake, in the room if there is one."""

    async def enter(*_: object) -> Any:
        if host is None:
            raise NoSuchRoom("there is no such room")
        return host, SimpleNamespace(id="seat")

    transport = StuckTransport()
    made = room_socket(enter)(Config(app=None), ServerState(), {}, asyncio.get_running_loop())
    made.connection_made(transport)
    made.data_received(handshake)
    assert made._entering is not None
    await made._entering
    return made, transport


async def comes(socket: RoomSocket, data: bytes) -> None:
    """So much comes at once, and everybody has their turn until it is taken in."""
    socket.data_received(data)
    for _ in range(len(data) // TURN + 1):
        await asyncio.sleep(0)


def looks_after(socket: RoomSocket, seconds: float) -> None:
    """So much later its turn has come."""
    socket.rounds.now += seconds
    socket.look()


@pytest.mark.parametrize("bytes_", [RESERVED_OPCODE, HALF_A_FRAME], ids=["bad", "half"])
async def test_a_room_may_close_a_connection_that_has_failed_by_itself(bytes_: bytes) -> None:
    """The peer broke the WebSocket protocol and reads no more; only then does the room find it too slow."""
    host = Host()
    socket, transport = await connected(host)
    socket.data_received(bytes_)
    socket.eof_received()
    socket.write([b"frame"])
    socket.close(4301, "this client reads too slowly")
    socket.close(4301, "and again")
    socket.shutdown()
    socket.connection_lost(None)
    assert len(host.left) == 1
    assert transport.closing


async def test_a_connection_that_has_failed_by_itself_does_not_stay_for_ever() -> None:
    socket, transport = await connected(Host())
    socket.data_received(RESERVED_OPCODE)
    socket.look()
    assert transport.aborted
    socket.connection_lost(None)


async def test_a_shutdown_in_the_middle_of_a_handshake_ends_the_connection() -> None:
    transport = StuckTransport()

    async def enter(*_: object) -> Any:
        raise AssertionError("nobody enters")

    socket = room_socket(enter)(Config(app=None), ServerState(), {}, asyncio.get_running_loop())
    socket.connection_made(transport)
    socket.data_received(HANDSHAKE[:50])
    socket.shutdown()
    socket.connection_lost(None)
    assert transport.closing


async def test_nothing_is_delivered_after_a_close() -> None:
    host = Host()
    socket, _ = await connected(host)
    socket.data_received(b"\x82\x81\x00\x00\x00\x00a")
    socket.close(4400, "no more")
    socket.data_received(b"\x82\x81\x00\x00\x00\x00b")
    assert host.received == [b"a"]
    socket.connection_lost(None)


async def test_frames_that_come_before_the_refusal_are_dropped() -> None:
    socket, transport = await connected(None)
    socket.data_received(b"\x82\x81\x00\x00\x00\x00a")
    assert b"there is no such room" in transport.sent
    socket.connection_lost(None)


def pings(count: int) -> bytes:
    return (b"\x89\xfd\x00\x00\x00\x00" + b"p" * 125) * count


async def test_whoever_pings_and_reads_nothing_is_read_no_more() -> None:
    """Pongs go around the bound of the outbox: one observer took 400 MB in 15 seconds."""
    socket, transport = await connected(Host())
    socket.pause_writing()
    for _ in range(100):
        if transport.reading:
            await comes(socket, pings(500))
    assert not transport.reading
    assert len(transport.sent) < 200_000
    socket.resume_writing()
    assert transport.reading
    socket.connection_lost(None)


async def test_a_peer_that_reads_may_ping_as_often_as_it_likes() -> None:
    socket, transport = await connected(Host())
    for _ in range(20):
        await comes(socket, pings(100))
        transport.sent = b""
    assert transport.reading
    socket.connection_lost(None)


@pytest.mark.parametrize("pong", [b"\x8a\x80\x00\x00\x00\x00", b"\x8a\x81\x00\x00\x00\x00x"])
async def test_a_pong_that_answers_no_ping_is_no_sign_of_life(pong: bytes) -> None:
    """Whoever reads nothing cannot know what to answer."""
    socket, transport = await connected(Host())
    transport.sent = b""
    looks_after(socket, 10)
    assert transport.sent[:2] == b"\x89\x08"
    socket.data_received(pong)
    looks_after(socket, 8)
    assert transport.aborted
    socket.connection_lost(None)


async def test_a_pong_to_the_ping_keeps_the_connection() -> None:
    socket, transport = await connected(Host())
    for _ in range(3):
        transport.sent = b""
        looks_after(socket, 10)
        assert transport.sent[:2] == b"\x89\x08"
        socket.data_received(b"\x8a\x88\x00\x00\x00\x00" + transport.sent[2:])
        looks_after(socket, 8)
    assert not transport.aborted
    socket.connection_lost(None)


async def test_a_peer_that_is_silent_is_asked_with_what_is_written_to_it_next() -> None:
    socket, transport = await connected(Host())
    transport.sent = b""
    socket.write([b"abc"])
    assert transport.sent == b"\x82\x03abc"
    transport.sent = b""
    socket.rounds.now += 8
    socket.write([b"abc"])
    assert transport.sent[:7] == b"\x82\x03abc\x89\x08"
    transport.sent = b""
    socket.write([b"abc"])
    assert transport.sent == b"\x82\x03abc"
    looks_after(socket, 8)
    assert transport.aborted
    socket.connection_lost(None)


async def test_what_a_peer_says_to_its_room_is_a_sign_of_life_as_well() -> None:
    socket, transport = await connected(Host())
    transport.sent = b""
    for _ in range(5):
        looks_after(socket, 5)
        socket.data_received(b"\x82\x81\x00\x00\x00\x00x")
    assert not transport.sent
    socket.connection_lost(None)


@pytest.mark.parametrize(("offer", "seconds"), [(b"", 10), (b"fourhands.v1, bearer.t", 29)])
async def test_who_has_no_heartbeat_of_its_own_is_asked_so_often_that_19_seconds_find_it_out(
    offer: bytes, seconds: int
) -> None:
    header = b"Sec-WebSocket-Protocol: " + offer + b"\r\n" if offer else b""
    handshake = HANDSHAKE.replace(b"\r\n\r\n", b"\r\n" + header + b"\r\n")
    socket, _ = await connected(Host(), handshake)
    due = socket.rounds.due_in(socket)
    assert due is not None
    assert seconds <= due <= seconds + 1
    socket.connection_lost(None)


async def test_a_long_answer_on_a_slow_link_is_life_as_long_as_it_moves() -> None:
    """The ping stands behind a document in the queue."""
    socket, transport = await connected(Host())
    socket.write([bytes(10_000)])
    for _ in range(5):
        looks_after(socket, 10)
        assert not transport.aborted
        transport.sent = transport.sent[1_000:]
    looks_after(socket, 10)
    looks_after(socket, 10)
    assert transport.aborted
    socket.connection_lost(None)


async def test_what_comes_before_the_room_is_loaded_has_a_bound_in_bytes() -> None:
    async def enter(*_: object) -> Any:
        await asyncio.Event().wait()

    transport = StuckTransport()
    socket = room_socket(enter)(Config(app=None), ServerState(), {}, asyncio.get_running_loop())
    socket.connection_made(transport)
    socket.data_received(HANDSHAKE)
    big = b"\x82\xff" + (400_000).to_bytes(8, "big") + bytes(4) + bytes(400_000)
    for _ in range(3):
        await comes(socket, big)
    assert b"too much came" in transport.sent
    socket.connection_lost(None)


async def test_fragments_without_bytes_leave_nothing_in_memory() -> None:
    host = Host()
    socket, _ = await connected(host)
    await comes(socket, b"\x02\x81\x00\x00\x00\x00a" + b"\x00\x80\x00\x00\x00\x00" * 10_000)
    assert len(socket._parts) == 1
    socket.data_received(b"\x80\x81\x00\x00\x00\x00b")
    assert host.received == [b"ab"]
    socket.connection_lost(None)


async def test_of_much_that_comes_at_once_others_have_their_turn_in_between() -> None:
    host = Host()
    socket, transport = await connected(host)
    frame = b"\x82\x81\x00\x00\x00\x00a"
    count = 10 * TURN // len(frame)
    socket.data_received(frame * count + HALF_A_FRAME)
    most = taken = len(host.received)
    assert not transport.reading
    for _ in range(12):
        await asyncio.sleep(0)
        most, taken = max(most, len(host.received) - taken), len(host.received)
    assert transport.reading
    assert taken == count
    assert most <= 1 + TURN // len(frame)
    socket.data_received(b"cde")
    assert host.received[-1] == b"abcde"


async def test_what_waits_for_its_turn_goes_with_its_connection() -> None:
    host = Host()
    socket, transport = await connected(host)
    socket.data_received(b"\x82\x81\x00\x00\x00\x00a" * TURN)
    taken = len(host.received)
    transport.abort()
    socket.connection_lost(None)
    await asyncio.sleep(0)
    assert (len(host.received), host.left) == (taken, [1006])
