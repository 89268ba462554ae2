"""The frames of y-protocols (rules F-4 to F-8)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import sync
from fourhands_protocol.errors import MalformedFrame
from tests.support.vectors import load

VECTORS = load("sync")


def expected(case) -> sync.Frame:
    match case["type"]:
        case "step1":
            return sync.Step1(sync.encode_vector({int(c): n for c, n in case["vector"].items()}))
        case "step2":
            return sync.Step2(bytes.fromhex(case["update"]))
        case "update":
            return sync.Update(bytes.fromhex(case["update"]))
        case "awareness":
            return sync.AwarenessFrame(bytes.fromhex(case["payload"]))
        case "permission_denied":
            return sync.PermissionDenied(case["reason"])
    return sync.QueryAwareness()


def write(frame: sync.Frame) -> bytes:
    match frame:
        case sync.Step1(vector):
            return sync.step1(vector)
        case sync.Step2(update):
            return sync.step2(update)
        case sync.Update(update):
            return sync.update(update)
        case sync.AwarenessFrame(payload):
            return sync.awareness(payload)
        case sync.PermissionDenied(reason):
            return sync.permission_denied(reason)
        case sync.QueryAwareness():
            return b"\x03"


@pytest.mark.parametrize("case", VECTORS["frames"], ids=lambda case: case["name"])
def test_F5_frames_as_stock_clients_write_them(case):
    data = bytes.fromhex(case["hex"])
    assert sync.decode(data) == expected(case)
    assert write(sync.decode(data)) == data


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_F4_other_frames_are_refused(case):
    with pytest.raises(MalformedFrame):
        sync.decode(bytes.fromhex(case["hex"]))


@pytest.mark.parametrize(
    ("data", "meaning"),
    [
        ("00000100", sync.Step1(b"\x00")),
        ("0001020000", sync.Step2(b"\x00\x00")),
        ("00020b" + "0101010004010174016100", sync.Update(bytes.fromhex("0101010004010174016100"))),
        ("02000" + "26e6f", sync.PermissionDenied("no")),
        ("010100", sync.AwarenessFrame(b"\x00")),
    ],
)
def test_F5_golden_frames(data, meaning):
    assert sync.decode(bytes.fromhex(data)) == meaning


@given(st.binary(max_size=30))
def test_F4_what_is_read_is_what_would_be_written(data):
    try:
        frame = sync.decode(data)
    except MalformedFrame:
        return
    assert write(frame) == data


@given(st.dictionaries(st.integers(0, 2**32 - 1), st.integers(0, 2**53 - 1), max_size=20))
def test_F7_state_vectors_come_back(vector):
    assert sync.decode_vector(sync.encode_vector(vector)) == vector
