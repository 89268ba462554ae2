"""Plain data comes back as what it was, and bytes of strangers are data or refused."""

import collections
import contextlib
import datetime
import decimal
import fractions
import math
import time
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_kernels.judge.inside.plain import (
    Content,
    Malformed,
    Record,
    Unplain,
    changed,
    record,
    restore,
    snapshot,
)
from fourhands_kernels.judge.inside.reading import Decoder, decode
from fourhands_kernels.judge.inside.writing import Encoder, encode

hashable = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.binary() | st.floats(allow_nan=False),
    lambda inner: st.tuples(inner, inner) | st.frozensets(inner, max_size=4),
    max_leaves=6,
)
plain = st.recursive(
    hashable
    | st.complex_numbers(allow_nan=False)
    | st.decimals(allow_nan=False)
    | st.fractions()
    | st.datetimes()
    | st.dates()
    | st.times()
    | st.timedeltas()
    | st.binary().map(bytearray)
    | st.sets(hashable, max_size=5),
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(hashable, inner, max_size=5)
        | st.tuples(inner, inner)
        | st.lists(inner, max_size=3).map(collections.deque)
        | st.lists(st.tuples(hashable, inner), max_size=3).map(collections.OrderedDict)
    ),
    max_leaves=20,
)


def shape(value: Any) -> Any:
    """Equal only where types are the same all the way down."""
    if isinstance(value, dict):
        return type(value), [(shape(key), shape(item)) for key, item in value.items()]
    if isinstance(value, (list, tuple, collections.deque)):
        return type(value), [shape(item) for item in value]
    if isinstance(value, float):
        return float, math.copysign(1, value), value
    return type(value), value


@given(plain)
def test_what_is_sent_arrives(value: Any) -> None:
    assert shape(decode(encode(value))) == shape(value)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_value_or_malformed(data: bytes) -> None:
    with contextlib.suppress(Malformed):
        decode(data)


@given(plain, st.data())
def test_a_message_that_was_tampered_with_is_a_value_or_malformed(value: Any, data: st.DataObject) -> None:
    message = bytearray(encode(value))
    for _ in range(data.draw(st.integers(1, 3))):
        message[data.draw(st.integers(0, len(message) - 1))] = data.draw(st.integers(0, 255))
    with contextlib.suppress(Malformed):
        decode(bytes(message))


def test_floats_that_are_no_numbers_arrive() -> None:
    assert math.isnan(decode(encode(math.nan)))
    assert decode(encode([math.inf, -math.inf])) == [math.inf, -math.inf]


def test_aliases_and_cycles_arrive_as_what_they_are() -> None:
    row = [0]
    ring: list[Any] = [row, row]
    ring.append(ring)
    found = decode(encode(ring))
    assert found[0] is found[1]
    assert found[2] is found


def test_a_named_tuple_is_a_tuple_whose_items_have_names() -> None:
    found = decode(encode(record(("x", "y"), (1, 2))))
    assert type(found) is Record
    assert found == (1, 2)
    assert (found.x, found.y) == (1, 2)


@pytest.mark.parametrize("value", [object(), type, print, Exception("x")])
def test_nothing_else_is_sent(value: Any) -> None:
    with pytest.raises(Unplain):
        encode(value)


def test_depth_and_number_have_limits() -> None:
    deep: list[Any] = []
    for _ in range(1_000):
        deep = [deep]
    with pytest.raises(Unplain, match="deeper"):
        encode(deep)
    with pytest.raises(Unplain, match="values"):
        encode(list(range(300_000)))
    with pytest.raises(Unplain, match="MiB"):
        encode("x" * 9_000_000)
    with pytest.raises(Malformed):
        decode(b"l\x01" * 5_000 + b"N")


def test_a_set_of_equal_hashes_does_not_take_for_ever() -> None:
    items = encode([number * (2**61 - 1) for number in range(100_000)])
    hostile = b"S" + items[1:]
    with pytest.raises(Malformed, match="too long"):
        Decoder(hostile, until=time.monotonic() + 0.2).whole()


@pytest.mark.parametrize(
    "value",
    [
        fractions.Fraction(1, 3),
        decimal.Decimal("-0E+7"),
        datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC),
        range(1, 9, 2),
        collections.Counter("abca"),
        10**500,
        "half a pair: \ud800",
    ],
)
def test_the_rarer_kinds(value: Any) -> None:
    assert shape(decode(encode(value))) == shape(value)


@given(st.lists(st.integers(), max_size=6), st.lists(st.integers(), max_size=6))
def test_content_goes_back_into_the_container_that_it_came_from(before: list[int], after: list[int]) -> None:
    ours, theirs = [before, {"key": before}], None
    sent = Encoder()
    sent.write(ours)
    received = Decoder(bytes(sent.out))
    theirs = received.whole()
    snapshots = [snapshot(container) for container in received.containers]
    theirs[0][:] = after
    assert theirs[1]["key"] is theirs[0]
    answer = Encoder(known=received.containers)
    pairs = zip(received.containers, snapshots, strict=True)
    answer.write([(n, Content(c)) for n, (c, was) in enumerate(pairs) if changed(c, was)])
    for place, content in Decoder(bytes(answer.out), known=sent.containers).whole():
        restore(sent.containers[place], content.container)
    assert ours == [after, {"key": after}]
    assert ours[0] is before


def test_a_container_goes_back_only_as_what_it_was() -> None:
    with pytest.raises(Malformed):
        restore([1], {1: 2})
