"""Awareness payloads: who is here and where, one JSON state a client (SPEC, W rules)."""

import json
from collections.abc import Iterable
from math import isfinite
from typing import Any, Final, NamedTuple

from . import limits
from .errors import MalformedFrame, TooLarge, TooMany
from .sync import MAX_CLIENT, WIDE_CLIENT
from .varint import Reader, write_text, write_uint

MAX_DEPTH: Final = 32


class State(NamedTuple):
    """What one client says of itself: JSON text, or None when it has gone."""

    client: int
    clock: int
    text: str | None


def decode(payload: bytes) -> list[State]:
    """Read an awareness payload; the JSON in it stays text (see `read_state`)."""
    reader = Reader(payload)
    count = reader.read_count(least_bytes=3)
    if count > limits.AWARENESS_STATES:
        raise TooMany(f"more than {limits.AWARENESS_STATES} awareness states in a frame")
    states = [_read(reader) for _ in range(count)]
    reader.expect_end()
    return states


def _read(reader: Reader) -> State:
    client = reader.read_uint()
    if client > MAX_CLIENT:
        raise MalformedFrame(WIDE_CLIENT)
    clock = reader.read_uint()
    before = reader.left
    text = reader.read_text()
    if before - reader.left > limits.AWARENESS_STATE:
        raise TooLarge(f"awareness state larger than {limits.AWARENESS_STATE // limits.KIB} KiB")
    return State(client, clock, None if text == "null" else text)


def encode(states: Iterable[State]) -> bytes:
    """Write an awareness payload."""
    parts = [
        write_uint(client) + write_uint(clock) + write_text("null" if text is None else text)
        for client, clock, text in states
    ]
    return write_uint(len(parts)) + b"".join(parts)


def read_state(text: str) -> dict[str, Any]:
    """Read the JSON of a state: an object that `JSON.parse` in every browser reads too."""
    try:
        state = json.loads(text, parse_constant=_refuse_constant, parse_float=_finite)
    except (ValueError, RecursionError):
        raise MalformedFrame("awareness state is not JSON") from None
    if not isinstance(state, dict):
        raise MalformedFrame("awareness state is not a JSON object")
    if text.count("{") + text.count("[") > MAX_DEPTH and _is_deep(state):
        raise MalformedFrame("awareness state is nested too deep")
    if "\\u" in text and _has_half_pair(state):
        raise MalformedFrame("awareness state holds half of a surrogate pair")
    return state


def write_state(state: dict[str, Any]) -> str:
    """Write a state as compact JSON."""
    return json.dumps(state, ensure_ascii=False, allow_nan=False, separators=(",", ":"))


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _finite(digits: str) -> float:
    number = float(digits)
    if not isfinite(number):
        raise ValueError(digits)
    return number


def _has_half_pair(state: dict[str, Any]) -> bool:
    """Only an escape can bring one, and no frame could carry it on."""
    try:
        write_state(state).encode()
    except UnicodeEncodeError:
        return True
    return False


def _is_deep(value: Any) -> bool:
    """Look level by level: how deep Python itself may recurse differs from version to version."""
    level = [value]
    for _ in range(MAX_DEPTH):
        level = [item for one in level for item in _items(one)]
    return any(isinstance(one, (dict, list)) for one in level)


def _items(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()
