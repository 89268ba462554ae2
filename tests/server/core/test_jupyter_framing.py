"""Jupyter's messages as bytes: whole and exact both ways, and nothing that a front end sends is more than
refused.
"""

from __future__ import annotations

import json
import struct
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.front_ends import told

from fourhands_protocol.errors import MalformedFrame
from fourhands_server.core.jupyter.framing import Header, Message, date, read
from fourhands_server.core.seat import Framing

FRAMINGS: tuple[Framing, ...] = ("v1", "json")
HEADER = {"msg_id": "m", "msg_type": "execute_request", "session": "s"}
names = st.text(min_size=1, max_size=30)
scalars = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text() | st.floats(-1e9, 1e9)
values = st.recursive(
    scalars, lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8
)
messages = st.builds(
    lambda channel, header, content: Message(channel, header, None, content),
    st.sampled_from(["shell", "control", "stdin", "iopub"]),
    st.builds(Header, names, names, st.text(max_size=30), st.text(max_size=30), st.none() | names),
    st.dictionaries(st.text(), values),
)


def v1(*parts: bytes) -> bytes:
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def legacy(whole: bytes, *buffers: bytes) -> bytes:
    parts = (whole, *buffers)
    offsets = [4 * (len(parts) + 1)]
    for part in parts[:-1]:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f">{len(parts) + 1}I", len(parts), *offsets) + b"".join(parts)


@pytest.mark.parametrize("framing", FRAMINGS)
@settings(max_examples=40, deadline=None)
@given(message=messages)
def test_what_is_written_is_read(framing: Framing, message: Message) -> None:
    frame = message.frame(framing)
    found = read(frame, framing)
    assert (found.channel, found.header) == (message.channel, message.header)
    assert found.content == message.content
    seen = told(frame)
    assert seen["channel"] == message.channel
    assert seen["header"]["msg_id"] == message.header.msg_id


@pytest.mark.parametrize("framing", FRAMINGS)
@settings(max_examples=40, deadline=None)
@given(frame=st.binary(max_size=300))
def test_any_bytes_are_a_message_or_refused(framing: Framing, frame: bytes) -> None:
    with suppress(MalformedFrame):
        read(frame, framing)


@settings(max_examples=40, deadline=None)
@given(message=messages, at=st.integers(0, 10_000), put=st.binary(min_size=1, max_size=9))
def test_a_damaged_frame_is_a_message_or_refused(message: Message, at: int, put: bytes) -> None:
    for framing in FRAMINGS:
        frame = bytearray(message.frame(framing))
        start = at % len(frame)
        frame[start : start + len(put)] = put
        with suppress(MalformedFrame):
            read(bytes(frame), framing)


def test_buffers_and_metadata_are_passed_over() -> None:
    header, content = json.dumps(HEADER).encode(), b'{"code": "1"}'
    found = read(v1(b"shell", header, b"{}", b'{"a": [1]}', content, b"buffer", b"\xff\x00"), "v1")
    assert found.content == {"code": "1"}
    whole = json.dumps({"header": HEADER, "content": {"code": "1"}, "metadata": {}, "buffers": []}).encode()
    assert read(legacy(whole, b"buffer", b"\xff\x00"), "json").content == {"code": "1"}
    assert read(legacy(whole), "json").channel == "shell"


def test_fields_that_nobody_asks_for_are_no_mistake() -> None:
    header = json.dumps({**HEADER, "date": None, "subshell_id": None, "version": "5.4"}).encode()
    assert read(v1(b"control", header, b"{}", b"{}", b"{}"), "v1").header.version == "5.4"


BAD_JSON = {
    "nan": b'{"a": NaN}',
    "infinite": b'{"a": 1e400}',
    "deep": b'{"a": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "half a pair": b'{"a": "\\ud800"}',
    "no object": b"[1]",
    "cut off": b'{"a": ',
    "no text": b"\xff\xfe",
    "nothing": b"",
}


@pytest.mark.parametrize("content", BAD_JSON.values(), ids=BAD_JSON.keys())
def test_what_is_no_json_is_refused(content: bytes) -> None:
    header = json.dumps(HEADER).encode()
    with pytest.raises(MalformedFrame):
        read(v1(b"shell", header, b"{}", b"{}", content), "v1")
    with pytest.raises(MalformedFrame):
        read(b'{"channel": "shell", "header": ' + header + b', "content": ' + content + b"}", "json")


@pytest.mark.parametrize(
    "header",
    [
        {},
        {"msg_id": "", "msg_type": "x"},
        {"msg_id": 1, "msg_type": "x"},
        {"msg_id": "x" * 201, "msg_type": "x"},
        {"msg_id": "x", "msg_type": "x" * 201},
        {"msg_id": "x", "msg_type": "y", "session": ["s"]},
    ],
)
def test_a_header_that_is_none_is_refused(header: object) -> None:
    with pytest.raises(MalformedFrame):
        read(v1(b"shell", json.dumps(header).encode(), b"{}", b"{}", b"{}"), "v1")
    with pytest.raises(MalformedFrame):
        read(json.dumps({"channel": "shell", "header": header, "content": {}}).encode(), "json")


GOOD = v1(b"shell", json.dumps(HEADER).encode(), b"{}", b"{}", b"{}")


@pytest.mark.parametrize(
    "frame",
    [
        struct.pack("<Q", 2**64 - 1) + GOOD[8:],  # more offsets than there are bytes
        struct.pack("<Q", 5) + GOOD[8:],  # too few
        struct.pack("<Q", 65) + bytes(8 * 65),  # too many
        GOOD[:8] + struct.pack("<Q", 8) + GOOD[16:],  # a part that begins in the head
        GOOD[:16] + struct.pack("<Q", 2**63) + GOOD[24:],  # one that ends beyond the frame
        GOOD[:24] + struct.pack("<Q", 56) + GOOD[32:],  # one that ends before it begins
        GOOD + b"more",
        GOOD[:-1],
        v1(b"iopub?", json.dumps(HEADER).encode(), b"{}", b"{}", b"{}"),
        v1(b"\xff", json.dumps(HEADER).encode(), b"{}", b"{}", b"{}"),
    ],
)
def test_offsets_that_lead_nowhere_are_refused(frame: bytes) -> None:
    assert read(GOOD, "v1").header.msg_id == "m"
    with pytest.raises(MalformedFrame):
        read(frame, "v1")


def test_times_keep_their_microseconds() -> None:
    assert date(1_700_000_000_000_123) == "2023-11-14T22:13:20.000123+00:00"
