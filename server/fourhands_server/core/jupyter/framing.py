"""Jupyter's messages as bytes of a WebSocket: `v1.kernel.websocket.jupyter.org`, and JSON where nobody asked
for that.

v1      a count of offsets, the offsets (all little-endian, 8 bytes, from the beginning of the frame), then
        channel, header, parent header, metadata, content and buffers, each up to the next offset.
json    one text frame, an object of these; with buffers a binary frame: a count and offsets (big-endian,
        4 bytes), the same object, the buffers.

What a front end sends is read whole and judged here; MalformedFrame where it is no message. Buffers and
metadata are passed over: nothing that the room takes has any. NaN, numbers that overflow, halves of surrogate
pairs and nesting deeper than the parser follows are no JSON to it.
"""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Final, Literal, TypeVar

import msgspec

from fourhands_protocol.errors import MalformedFrame
from fourhands_server.core.seat import Framing

V1: Final = "v1.kernel.websocket.jupyter.org"
VERSION: Final = "5.3"  # of the messages
PARTS: Final = 5  # channel, header, parent header, metadata, content
MOST_PARTS: Final = 64  # with buffers; a message that the room takes has none

Channel = Literal["shell", "control", "stdin", "iopub"]
_Id = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
_Text = Annotated[str, msgspec.Meta(max_length=200)]
T = TypeVar("T")


class Header(msgspec.Struct, frozen=True):
    """Who sent a message and what it is; `msg_id` is unlike any other of the session."""

    msg_id: _Id
    msg_type: _Id
    session: _Text = ""
    username: _Text = ""
    date: _Text | None = None
    version: _Text = VERSION


class Request(msgspec.Struct, frozen=True):
    """What a front end sent."""

    channel: Channel
    header: Header
    content: dict[str, Any]


class _Whole(msgspec.Struct):
    """The same as one JSON object; what else stands in it is not looked at."""

    header: Header
    content: dict[str, Any]
    channel: Channel = "shell"


class Message:
    """What front ends are told; each framing of it is written once, for all who get it."""

    def __init__(self, channel: Channel, header: Header, parent: Header | None, content: Any) -> None:
        self.channel = channel
        self.header = header
        self.parent = parent
        self.content = content

    def frame(self, framing: Framing) -> bytes:
        """The bytes of one WebSocket message."""
        return self._v1 if framing == "v1" else self._json

    @cached_property
    def _v1(self) -> bytes:
        parts = [
            self.channel.encode(),
            msgspec.json.encode(self.header),
            msgspec.json.encode(self.parent or {}),
            b"{}",
            msgspec.json.encode(self.content),
        ]
        offsets = [8 * (len(parts) + 2)]
        for part in parts:
            offsets.append(offsets[-1] + len(part))
        return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)

    @cached_property
    def _json(self) -> bytes:
        whole = {
            "channel": self.channel,
            "header": self.header,
            "parent_header": self.parent or {},
            "metadata": {},
            "content": self.content,
            "buffers": [],
            "msg_id": self.header.msg_id,
            "msg_type": self.header.msg_type,
        }
        return msgspec.json.encode(whole)


def date(at: int) -> str:
    """A time of the log (µs) as messages write it."""
    return datetime.fromtimestamp(at // 1_000_000, UTC).replace(microsecond=at % 1_000_000).isoformat()


def read(frame: bytes, framing: Framing) -> Request:
    """What a front end sent; raises MalformedFrame."""
    if framing == "v1":
        parts = _parts(frame)
        try:
            channel = parts[0].decode()
        except UnicodeDecodeError:
            raise MalformedFrame("the name of the channel is not text") from None
        return Request(
            convert(channel, Channel, "channel"),
            decode(parts[1], Header, "header"),
            decode(parts[4], dict[str, Any], "content"),
        )
    whole = decode(_object(frame), _Whole, "message")
    return Request(whole.channel, whole.header, whole.content)


def decode(data: bytes, shape: type[T], name: str) -> T:
    """A piece of JSON that has this shape; raises MalformedFrame."""
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise MalformedFrame(f"{name}: {error}") from None


def convert(value: Any, shape: Any, name: str) -> Any:
    """A value that has this shape; raises MalformedFrame."""
    try:
        return msgspec.convert(value, shape)
    except msgspec.MsgspecError as error:
        raise MalformedFrame(f"{name}: {error}") from None


def _parts(frame: bytes) -> list[bytes]:
    """The parts of a v1 frame."""
    count = int.from_bytes(frame[:8], "little")
    if not PARTS < count <= MOST_PARTS or len(frame) < 8 * (count + 1):
        raise MalformedFrame("the offsets of the frame are too few, too many or cut off")
    offsets = struct.unpack_from(f"<{count}Q", frame, 8)
    _check(offsets, 8 * (count + 1), len(frame))
    return [frame[start:stop] for start, stop in pairwise(offsets)]


def _object(frame: bytes) -> bytes:
    """The JSON object of a frame of the old way; no JSON begins with a zero byte, but a count does."""
    if frame[:1] != b"\x00":
        return frame
    count = int.from_bytes(frame[:4], "big")
    if not 0 < count <= MOST_PARTS or len(frame) < 4 * (count + 1):
        raise MalformedFrame("the offsets of the frame are too few, too many or cut off")
    offsets = (*struct.unpack_from(f">{count}I", frame, 4), len(frame))
    _check(offsets, 4 * (count + 1), len(frame))
    return frame[offsets[0] : offsets[1]]


def _check(offsets: tuple[int, ...], first: int, end: int) -> None:
    """Raise MalformedFrame unless the offsets rise, from behind the head up to the end of the frame."""
    rising = all(one <= other for one, other in pairwise(offsets))
    if offsets[0] < first or offsets[-1] != end or not rising:
        raise MalformedFrame("the offsets of the frame lead out of it")
