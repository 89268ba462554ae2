"""Frame 112: every message as another encoder writes it, and nothing else (E rules)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import cbor, envelope, sync
from fourhands_protocol.entries import Entry
from fourhands_protocol.errors import MalformedFrame, ProtocolError, TooLarge
from tests.support.vectors import load, real

VECTORS = load("envelope")
TYPES = {
    "HELLO": envelope.Hello,
    "WELCOME": envelope.Welcome,
    "ENTRY": envelope.Entries,
    "ACK": envelope.Ack,
    "OP": envelope.Op,
    "REFUSED": envelope.Refused,
    "PING": envelope.Ping,
    "PONG": envelope.Pong,
    "TOKEN": (envelope.Token, envelope.TokenRequest),
    "STATE": envelope.State,
    "GOAWAY": envelope.GoAway,
}


@pytest.mark.parametrize("case", VECTORS["frames"], ids=lambda case: case["name"])
def test_E1_messages_as_another_encoder_writes_them(case):
    data = bytes.fromhex(case["hex"])
    message = envelope.decode(data)
    assert isinstance(message, TYPES[case["name"]])
    assert envelope.encode(message) == data
    assert data[:2] == bytes((112, case["type"]))
    assert cbor.decode(data[2:]) == real(case["value"])


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_E2_other_frames_are_refused(case):
    with pytest.raises(ProtocolError):
        envelope.decode(bytes.fromhex(case["hex"]))


def test_E1_entries_keep_their_bodies_byte_for_byte():
    entry = Entry("room", 7, 1763886000000000, "p-1", "chat", b"\xa1\x64text\x62hi")
    assert envelope.decode(envelope.encode(envelope.Entries((entry,)))) == envelope.Entries((entry,))


@pytest.mark.parametrize("case", VECTORS["bodies"], ids=lambda case: str(case["bytes"]))
def test_K5_the_largest_entry(case):
    body = cbor.encode({"text": "x" * (case["bytes"] - 11)})
    assert len(body) == case["bytes"]
    entry = Entry("room", 7, 1763886000000000, "p-1", "run.outputs", body)
    frame = envelope.encode(envelope.Entries((entry,)))
    if case["taken"]:
        assert envelope.decode(frame) == envelope.Entries((entry,))
    else:
        with pytest.raises(TooLarge):
            envelope.decode(frame)


def test_E1_a_stock_client_never_takes_it_for_one_of_its_own():
    with pytest.raises(MalformedFrame):
        sync.decode(envelope.encode(envelope.Ping(1)))


@given(st.integers(1, 2**53 - 1), st.text(min_size=1, max_size=40), st.binary(min_size=1, max_size=300))
def test_E5_ops_come_back(pseq, kind, body):
    op = envelope.Op(pseq, kind, body)
    assert envelope.decode(envelope.encode(op)) == op


@given(st.sampled_from(range(12)), st.binary(max_size=60))
def test_E2_nothing_but_a_protocol_error_comes_of_any_bytes(kind, payload):
    try:
        message = envelope.decode(bytes((112, kind)) + payload)
    except ProtocolError:
        return
    assert envelope.encode(message) == bytes((112, kind)) + payload
