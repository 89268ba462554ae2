"""ZeroMQ's wire: understood by libzmq, and bounded whatever the other side sends."""

import asyncio
import struct
from collections.abc import AsyncIterator, Callable
from pathlib import Path

import pytest
import zmq
import zmq.asyncio

from fourhands_kernels import zmtp
from fourhands_kernels.channel import Channel
from fourhands_kernels.zmtp import Broken, Frames, Reader

HELLO = zmtp.greeting("DEALER", b"")
READY = b"\x04\x06\x05READY"
MIB = 1024 * 1024


def heard(*data: bytes) -> list[Frames]:
    reader, found = Reader(), []
    for piece in data:
        reader.feed(piece)
        while (message := reader.next()) is not None:
            found.append(message)
    return found


def test_messages_come_whole_however_the_bytes_are_cut() -> None:
    messages = [[b"a"], [b"", b"b" * 300, b"c"], [b"d" * 70_000]]
    data = HELLO + b"".join(map(zmtp.message, messages))
    assert heard(data) == messages
    assert heard(*[data[i : i + 1] for i in range(len(data))]) == messages


@pytest.mark.parametrize(
    "data",
    [
        b"GET / HTTP/1.1\r\n\r\n",
        b"\xff" + bytes(8) + b"\x7f\x01" + bytes(53),
        HELLO[:12] + b"CURVE".ljust(20, b"\0") + bytes(32),
        HELLO[:64] + b"\x00\x01x",
        HELLO + b"\x08\x00",
        HELLO + b"\x02" + struct.pack("!Q", 2**63),
        HELLO + b"\x06" + struct.pack("!Q", 5000),
        HELLO + b"\x05\x01x",
        HELLO + b"\x01\x00" * (zmtp.FRAMES + 1),
        HELLO + (b"\x03" + struct.pack("!Q", MIB) + bytes(MIB)) * 5,
    ],
    ids=["http", "old", "mechanism", "early", "flags", "huge", "command", "more", "frames", "parts"],
)
def test_what_is_no_message_or_too_large_a_one_breaks_the_link(data: bytes) -> None:
    with pytest.raises(Broken):
        heard(data)


def test_a_message_without_an_end_is_never_held() -> None:
    reader = Reader()
    reader.feed(HELLO)
    for _ in range(3):
        reader.feed(b"\x03" + struct.pack("!Q", MIB) + bytes(MIB))
        assert reader.next() is None
        assert sum(map(len, reader.left)) <= zmtp.MESSAGE
    reader.feed(b"\x03" + struct.pack("!Q", MIB))
    with pytest.raises(Broken):  # before a byte of it is waited for
        reader.next()


# With libzmq on the other side


class Peer:
    """A socket of libzmq that a channel talks to."""

    def __init__(self, folder: Path) -> None:
        self.context = zmq.asyncio.Context()
        self.folder = folder
        self.got: asyncio.Queue[Frames] = asyncio.Queue()
        self.channels: list[Channel] = []

    def bind(self, kind: int, name: str) -> zmq.asyncio.Socket:
        socket = self.context.socket(kind)
        socket.setsockopt(zmq.LINGER, 0)
        socket.bind(f"ipc://{self.folder / name}")
        return socket

    def channel(self, kind: zmtp.Kind, name: str, take: Callable[[Frames], float] | None = None) -> Channel:
        channel = Channel(kind, f"ipc://{self.folder / name}", identity=b"me")
        channel.listen(take or self.take)
        self.channels.append(channel)
        return channel

    def take(self, frames: Frames) -> float:
        self.got.put_nowait(frames)
        return 0


@pytest.fixture
async def peer(tmp_path: Path) -> AsyncIterator[Peer]:
    peer = Peer(tmp_path)
    yield peer
    for channel in peer.channels:
        channel.close()
    peer.context.destroy(linger=0)
    await asyncio.sleep(0)


async def test_a_router_answers_us_by_our_name(peer: Peer) -> None:
    channel = peer.channel("DEALER", "r")  # before anybody listens
    channel.send([b"first", b"y" * 1000])
    router = peer.bind(zmq.ROUTER, "r")
    assert await router.recv_multipart() == [b"me", b"first", b"y" * 1000]
    await router.send_multipart([b"me", b"answer"])
    assert await peer.got.get() == [b"answer"]


async def test_a_publisher_is_told_that_we_want_everything(peer: Peer) -> None:
    publisher = peer.bind(zmq.XPUB, "p")
    peer.channel("SUB", "p")
    assert await publisher.recv_multipart() == [b"\x01"]
    for number in range(100):
        await publisher.send_multipart([b"t", b"%d" % number, b"z" * 3000 * number])
    assert [(await peer.got.get())[1] for _ in range(100)] == [b"%d" % number for number in range(100)]


async def test_who_pauses_gets_the_rest_later_and_in_order(peer: Peer) -> None:
    publisher = peer.bind(zmq.XPUB, "p")

    def take(frames: Frames) -> float:
        peer.got.put_nowait(frames)
        return 0.001

    peer.channel("SUB", "p", take)
    await publisher.recv_multipart()
    for number in range(50):
        await publisher.send_multipart([b"%d" % number])
    assert [(await peer.got.get())[0] for _ in range(50)] == [b"%d" % number for number in range(50)]


async def test_a_link_that_was_broken_comes_back(peer: Peer) -> None:
    publisher = peer.bind(zmq.XPUB, "p")
    publisher.setsockopt(zmq.XPUB_VERBOSE, 1)
    peer.channel("SUB", "p")
    assert await publisher.recv_multipart() == [b"\x01"]
    for _ in range(6):
        await publisher.send(bytes(MIB), zmq.SNDMORE)
    await publisher.send(b"the end")
    assert sum(map(len, await peer.got.get())) > MIB  # what was lost is told, for its size
    while (await publisher.recv_multipart()) != [b"\x01"]:
        pass
    await publisher.send_multipart([b"again"])
    assert await peer.got.get() == [b"again"]
