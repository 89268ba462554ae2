"""The short path for common frames: it hands on what the parser would, whatever comes and however cut."""

from __future__ import annotations

import asyncio
import base64
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from websockets.frames import Frame, Opcode

from fourhands_server.core.seat import Seat
from fourhands_server.web.frames import BINARY, TEXT, frame_size, header, message
from fourhands_server.web.socket import TURN, RoomSocket, room_socket

REQUEST = (
    b"GET /yjs/room?token=t HTTP/1.1\r\nHost: here\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    b"Sec-WebSocket-Key: " + base64.b64encode(bytes(16)) + b"\r\nSec-WebSocket-Version: 13\r\n\r\n"
)

payloads = st.binary(max_size=10) | st.sampled_from([bytes(125), bytes(126), bytes(200), bytes(70_000)])
honest = st.builds(
    lambda opcode, data, fin: Frame(opcode, data, fin).serialize(mask=True),
    st.sampled_from([Opcode.BINARY] * 4 + [Opcode.CONT]),
    payloads,
    st.sampled_from([True, True, True, False]),
) | st.builds(
    lambda opcode, data: Frame(opcode, data).serialize(mask=True),
    st.sampled_from([Opcode.PING, Opcode.PONG]),
    st.binary(max_size=10),
)
others = st.sampled_from(
    [
        Frame(Opcode.CLOSE, b"\x03\xe8").serialize(mask=True),
        b"\x82\x03abc",  # not masked
        b"\x82\xfe\x00\x03\x00\x00\x00\x00abc",  # a size longer than it need be
        b"\x82\xff\x00\x00\x00\x00\x00\x00\x00\x03\x00\x00\x00\x00abc",
        b"\x82\xff\x00\x00\x00\x00\xff\xff\xff\xff\x00\x00\x00\x00",  # more than may come
        b"\xc2\x81\x00\x00\x00\x00a",  # a reserved bit
        b"\x83\x80\x00\x00\x00\x00",  # an opcode that nobody knows
    ]
)
streams = st.lists(st.one_of(honest, honest, honest, others), max_size=12).map(b"".join)


class Recorder:
    """A transport and a place, and what reached them."""

    def __init__(self) -> None:
        self.heard: list[bytes] = []
        self.written = b""
        self.is_closed = False
        self.reads = True

    def pause_reading(self) -> None:
        self.reads = False

    def resume_reading(self) -> None:
        self.reads = True

    def write(self, data: bytes) -> None:
        self.written += data

    def close(self) -> None:
        self.is_closed = True

    abort = close

    def is_closing(self) -> bool:
        return self.is_closed

    def get_write_buffer_size(self) -> int:
        return 0

    def open(self, seat: Seat, wire: object) -> None:
        self.wire = wire

    def closed(self, seat_id: str, code: int) -> None:
        self.heard.append(b"closed %d" % code)

    def receive(self, seat_id: str, frame: bytes) -> None:
        self.heard.append(frame)
        if frame == b"go":
            self.wire.close(4400, "no more")  # type: ignore[attr-defined]


async def _connected(recorder: Recorder) -> RoomSocket:
    async def enter(visit: object) -> tuple[Any, Seat]:
        return recorder, Seat("s", "ada", "candidate", "stock", 0)

    socket = room_socket(enter)(None, SimpleNamespace(connections=set()), {})  # type: ignore[arg-type]
    socket.connection_made(recorder)  # type: ignore[arg-type]
    socket.data_received(REQUEST)
    await asyncio.sleep(0)
    assert recorder.written.startswith(b"HTTP/1.1 101")
    recorder.written = b""
    return socket


def _hear(stream: bytes, cuts: list[int], *, short: bool) -> tuple[list[bytes], bytes, bool]:
    async def hear() -> tuple[list[bytes], bytes, bool]:
        recorder = Recorder()
        socket = await _connected(recorder)
        assert socket._framed
        socket._framed = short
        bounds = [0, *sorted(cut % (len(stream) + 1) for cut in cuts), len(stream)]
        for start, end in pairwise(bounds):
            if start < end and not recorder.is_closed:
                socket.data_received(stream[start:end])
                for _ in range((end - start) // TURN + 1):
                    await asyncio.sleep(0)
                assert recorder.reads or recorder.is_closed
        socket.connection_lost(None)
        return recorder.heard, recorder.written, recorder.is_closed

    return asyncio.run(hear())


@given(streams, st.lists(st.integers(0, 100_000), max_size=6))
def test_the_short_path_agrees_with_the_parser(stream: bytes, cuts: list[int]) -> None:
    assert _hear(stream, cuts, short=True) == _hear(stream, cuts, short=False)


def test_after_a_close_nothing_is_heard() -> None:
    frames = [Frame(Opcode.BINARY, data).serialize(mask=True) for data in (b"one", b"go", b"two")]
    heard, _, _ = _hear(b"".join(frames), [], short=True)
    assert heard[:2] == [b"one", b"go"]
    assert b"two" not in heard


@given(
    st.binary(min_size=1, max_size=300) | st.sampled_from([bytes(70_000)]), st.sampled_from([TEXT, BINARY])
)
def test_a_message_is_put_together_once_for_all_who_get_it(payload: bytes, kind: int) -> None:
    assert message(kind, payload) == header(kind, len(payload)) + payload
    assert message(kind, payload) == header(kind, len(payload)) + payload
    assert frame_size(message(kind, payload), 0) == len(message(kind, payload))
