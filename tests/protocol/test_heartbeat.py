"""The short way of a heartbeat: what it answers, the general codec reads and answers the same."""

from __future__ import annotations

from contextlib import suppress

from hypothesis import example, given
from hypothesis import strategies as st

from fourhands_protocol import envelope
from fourhands_protocol.errors import ProtocolError
from fourhands_protocol.heartbeat import is_pong, pong_to

NOW = 1_700_000_000_000_000
edges = [0, 23, 24, 255, 256, 65_535, 65_536, 2**32 - 1, 2**32, 2**53 - 1]


@given(st.sampled_from(edges) | st.integers(0, 2**53 - 1))
def test_every_ping_is_answered_as_the_codec_would(time: int) -> None:
    assert pong_to(envelope.encode(envelope.Ping(time)), NOW) == envelope.encode(envelope.Pong(time, NOW))


@given(st.sampled_from(edges), st.integers(0, 12), st.integers(0, 255), st.integers(-2, 2))
@example(0, 3, 0x18, 0)
def test_what_is_no_ping_is_not_answered(time: int, at: int, byte: int, longer: int) -> None:
    frame = bytearray(envelope.encode(envelope.Ping(time)))
    frame[at % len(frame)] = byte
    changed = bytes(frame[: len(frame) + longer]) if longer < 0 else bytes(frame) + bytes(longer)
    read = None
    with suppress(ProtocolError):
        read = envelope.decode(changed)
    answer = envelope.encode(envelope.Pong(read.time, NOW)) if isinstance(read, envelope.Ping) else None
    assert pong_to(changed, NOW) == answer


@given(
    st.sampled_from(edges),
    st.sampled_from(edges),
    st.integers(0, 20),
    st.integers(0, 255),
    st.integers(-2, 1),
)
@example(0, 5, 3, 0, 0)
def test_a_pong_is_what_the_codec_takes_for_one(t: int, now: int, at: int, byte: int, longer: int) -> None:
    whole = envelope.encode(envelope.Pong(t, now))
    assert is_pong(whole)
    frame = bytearray(whole)
    frame[at % len(frame)] = byte
    changed = bytes(frame[: len(frame) + longer]) if longer < 0 else bytes(frame) + bytes(longer)
    read = None
    with suppress(ProtocolError):
        read = envelope.decode(changed)
    assert is_pong(changed) == isinstance(read, envelope.Pong)


def test_a_number_in_a_longer_form_than_it_needs_is_left_to_the_codec() -> None:
    for longer in (b"\x18\x05", b"\x19\x00\x05", b"\x1a\x00\x00\x00\x05", b"\x1b" + bytes(7) + b"\x05"):
        assert pong_to(b"\x70\x07\x81" + longer, NOW) is None
