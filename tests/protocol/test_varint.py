"""lib0 primitives: the bytes that lib0 writes, and no others (rules F-1 to F-3)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol.errors import MalformedFrame
from fourhands_protocol.varint import MAX_UINT, Reader, write_bytes, write_text, write_uint
from tests.support.vectors import load

VECTORS = load("lib0")


def read_uint(data: bytes) -> int:
    reader = Reader(data)
    value = reader.read_uint()
    reader.expect_end()
    return value


@pytest.mark.parametrize("case", VECTORS["uint"], ids=lambda case: str(case["value"]))
def test_F1_numbers_as_lib0_writes_them(case):
    data = bytes.fromhex(case["hex"])
    assert write_uint(case["value"]) == data
    assert read_uint(data) == case["value"]


@pytest.mark.parametrize("case", VECTORS["refused_uint"], ids=lambda case: case["why"])
def test_F1_other_numbers_are_refused(case):
    with pytest.raises(MalformedFrame):
        read_uint(bytes.fromhex(case["hex"]))


@pytest.mark.parametrize("case", VECTORS["text"], ids=lambda case: ascii(case["value"])[:20])
def test_F2_text_as_lib0_writes_it(case):
    data = bytes.fromhex(case["hex"])
    assert write_text(case["value"]) == data
    assert Reader(data).read_text() == case["value"]


@pytest.mark.parametrize("case", VECTORS["refused_text"], ids=lambda case: case["why"])
def test_F2_other_text_is_refused(case):
    with pytest.raises(MalformedFrame):
        Reader(bytes.fromhex(case["hex"])).read_text()


@pytest.mark.parametrize("case", VECTORS["bytes"], ids=lambda case: case["hex"][:8])
def test_F2_byte_strings_as_lib0_writes_them(case):
    data, value = bytes.fromhex(case["hex"]), bytes.fromhex(case["value"])
    assert write_bytes(value) == data
    assert Reader(data).read_bytes() == value


@given(st.integers(0, MAX_UINT))
def test_F1_every_number_comes_back(number):
    assert read_uint(write_uint(number)) == number


@given(st.binary(max_size=12))
def test_F1_what_is_read_is_what_would_be_written(data):
    reader = Reader(data)
    try:
        number = reader.read_uint()
    except MalformedFrame:
        return
    assert write_uint(number) == data[: reader.pos]


@pytest.mark.parametrize("number", [-1, MAX_UINT + 1])
def test_F1_no_other_number_can_be_written(number):
    with pytest.raises(ValueError, match="53 bits"):
        write_uint(number)


def test_F3_a_count_is_never_more_than_can_be_there():
    with pytest.raises(MalformedFrame):
        Reader(write_uint(3) + b"\x00" * 5).read_count(least_bytes=2)
    assert Reader(write_uint(3) + b"\x00" * 6).read_count(least_bytes=2) == 3
