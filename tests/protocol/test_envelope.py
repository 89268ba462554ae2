"""Frame 112: every message as another encoder writes it, and nothing else (E rules)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import cbor, envelope, sync
from fourhands_protocol.entries import Entry, edit_body
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


@pytest.mark.parametrize("case", VECTORS["packed"], ids=lambda case: case["name"])
def test_E21_packed_entries_are_the_same_entries(case):
    assert envelope.decode(bytes.fromhex(case["hex"])) == envelope.decode(bytes.fromhex(case["entries"]))


NAMES = st.text(min_size=1, max_size=10)
ENTRIES = st.builds(
    Entry,
    NAMES,
    st.integers(1, 2**53 - 1),
    st.integers(0, 2**53 - 1),
    NAMES,
    NAMES,
    st.binary(min_size=1, max_size=80),
)


@given(st.lists(ENTRIES, max_size=20), st.integers(1, 30))
def test_E21_what_is_packed_comes_back_and_is_never_longer(entries, times):
    frame = envelope.encode(envelope.Entries(tuple(entries) * times))
    packed = envelope.pack(frame)
    assert len(packed) <= len(frame)
    assert envelope.decode(packed) == envelope.Entries(tuple(entries) * times)


def test_E21_200_keystrokes_take_a_third():
    typed = []
    for n in range(200):
        update = bytes((1, 1, 200 + n % 3, 1, n % 128, 1, 0x84, 200 + n % 3, 1, n % 97, 1, 97 + n % 26, 0))
        at = 1763886000000000 + 110_003 * n + n**3 % 9_001
        typed.append(Entry("room", 300 + n, at, f"p-{n % 3}", "edit", edit_body(update)))
    frame = envelope.encode(envelope.Entries(tuple(typed)))
    assert len(envelope.pack(frame)) < len(frame) / 3


def test_E21_what_is_too_much_for_one_frame_stays_as_it_is():
    entry = Entry("room", 7, 1763886000000000, "p-1", "run.outputs", cbor.encode({"text": "x" * 2**20}))
    frame = envelope.encode(envelope.Entries((entry,)))
    assert envelope.pack(frame) is frame


@given(st.binary(max_size=60), st.integers(0, 2**21))
def test_E21_packed_bytes_of_any_kind_are_read_or_refused(data, size):
    try:
        envelope.decode(b"\x70\x0c" + cbor.encode([size, data]))
    except ProtocolError:
        return


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
