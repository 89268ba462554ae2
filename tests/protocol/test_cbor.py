"""The canonical CBOR of entries and envelopes: one encoding for each value (C rules)."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourhands_protocol import cbor
from fourhands_protocol.errors import MalformedFrame
from tests.support.vectors import load, real

VECTORS = load("cbor")
WHOLE = st.integers(-(2**63), 2**63 - 1)
LEAVES = (
    st.none()
    | st.booleans()
    | WHOLE
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text()
    | st.binary()
)
VALUES = st.recursive(
    LEAVES, lambda inner: st.lists(inner, max_size=5) | st.dictionaries(st.text(), inner, max_size=5)
)


@pytest.mark.parametrize("case", VECTORS["values"], ids=lambda case: case["hex"][:24])
def test_C1_values_as_another_encoder_writes_them(case):
    value, data = real(case["value"]), bytes.fromhex(case["hex"])
    assert cbor.encode(value) == data
    assert cbor.decode(data) == value


@pytest.mark.parametrize("case", VECTORS["decode_only"], ids=lambda case: case["hex"])
def test_C4_floats_without_a_fraction_stay_floats(case):
    value = cbor.decode(bytes.fromhex(case["hex"]))
    assert isinstance(value, float)
    assert value == case["value"]


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_C2_every_other_encoding_is_refused(case):
    with pytest.raises(MalformedFrame):
        cbor.decode(bytes.fromhex(case["hex"]))


def test_C6_nesting_is_bounded_however_deep_it_goes():
    with pytest.raises(MalformedFrame, match="deep"):
        cbor.decode(b"\x81" * 1_000_000 + b"\x80")
    with pytest.raises(MalformedFrame, match="deep"):
        cbor.decode(b"\xa1\x61a" * 100_000 + b"\x80")


@given(VALUES)
def test_C1_every_value_comes_back(value):
    data = cbor.encode(value)
    again = cbor.decode(data)
    assert again == value
    assert cbor.encode(again) == data


def assert_canonical_or_refused(data: bytes) -> None:
    try:
        value = cbor.decode(data)
    except MalformedFrame:
        return
    assert cbor.encode(value) == data


@settings(max_examples=500)
@given(st.binary(max_size=40))
def test_C2_what_is_decoded_is_what_would_be_encoded(data):
    assert_canonical_or_refused(data)


@given(VALUES, st.data())
def test_C2_a_changed_byte_is_another_value_or_none(value, data):
    encoded = bytearray(cbor.encode(value))
    encoded[data.draw(st.integers(0, len(encoded) - 1))] ^= data.draw(st.integers(1, 255))
    assert_canonical_or_refused(bytes(encoded))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), 2**63, -(2**63) - 1, "\ud83d", {"\ud83d": 1}])
def test_C4_values_outside_the_subset_cannot_be_written(value):
    with pytest.raises(ValueError):  # noqa: PT011
        cbor.encode(value)


@pytest.mark.parametrize("value", [object(), {1, 2}, 1j])
def test_C1_other_types_cannot_be_written(value):
    with pytest.raises(TypeError):
        cbor.encode(value)


@pytest.mark.parametrize("size", [0, 23, 24, 255, 256, 65535, 65536])
def test_C3_heads_are_the_shortest(size):
    assert cbor.decode(cbor.encode(b"x" * size)) == b"x" * size
    assert cbor.head(2, size) == cbor.encode(b"x" * size)[: len(cbor.head(2, size))]
