"""The canonical subset of CBOR (RFC 8949) in which entries and envelopes are written (SPEC, C rules).

Integers of 64 bits, 64-bit floats, byte strings, text, arrays, maps with text keys, true, false and null.
Every value has exactly one encoding, and the decoder refuses every other.
"""

import struct
from collections.abc import Mapping
from math import isfinite
from typing import Any, Final

from .errors import MalformedFrame

MAX_DEPTH: Final = 32
_LEAST_INT, _MOST_INT = -(2**63), 2**63 - 1
_UINT, _NEGATIVE, _BYTES, _TEXT, _ARRAY, _MAP = range(6)
_FALSE, _TRUE, _NULL, _FLOAT = 0xF4, 0xF5, 0xF6, 0xFB
# Low five bits of a head byte → bytes of the argument that follows, and the least value it may have.
_WIDE: Final = {24: (1, 24), 25: (2, 0x100), 26: (4, 0x1_0000), 27: (8, 0x1_0000_0000)}

_SHORT_HEADS: Final = [bytes((first,)) for first in range(0x100)]


def encode(value: Any) -> bytes:
    """Write a value; TypeError or ValueError if the subset does not hold it."""
    out = bytearray()
    _write(out, value, 0)
    return bytes(out)


def head(major: int, argument: int) -> bytes:
    """Write the shortest head of an item: its major type and length (or its value, for integers)."""
    if argument < 24:
        return _SHORT_HEADS[major << 5 | argument]
    if argument < 0x100:
        return bytes((major << 5 | 24, argument))
    size, low = (2, 25) if argument < 0x1_0000 else (4, 26) if argument < 0x1_0000_0000 else (8, 27)
    return _SHORT_HEADS[major << 5 | low] + argument.to_bytes(size, "big")


def _write(out: bytearray, value: Any, depth: int) -> None:
    if depth > MAX_DEPTH:
        raise ValueError(f"nested deeper than {MAX_DEPTH}")
    if isinstance(value, str):
        data = value.encode()
        out += head(_TEXT, len(data))
        out += data
    elif isinstance(value, bool):
        out.append(_TRUE if value else _FALSE)
    elif isinstance(value, int):
        if not _LEAST_INT <= value <= _MOST_INT:
            raise ValueError("integer wider than 64 bits")
        out += head(_UINT, value) if value >= 0 else head(_NEGATIVE, -1 - value)
    elif isinstance(value, bytes):
        out += head(_BYTES, len(value))
        out += value
    elif isinstance(value, (list, tuple)):
        out += head(_ARRAY, len(value))
        for item in value:
            _write(out, item, depth + 1)
    elif value is None:
        out.append(_NULL)
    elif isinstance(value, float):
        if not isfinite(value):
            raise ValueError("neither NaN nor infinity can be written")
        out.append(_FLOAT)
        out += struct.pack(">d", value)
    elif isinstance(value, Mapping):
        _write_map(out, value, depth)
    else:
        raise TypeError(f"cannot be written as CBOR: {type(value).__name__}")


def _write_map(out: bytearray, value: Mapping[str, Any], depth: int) -> None:
    out += head(_MAP, len(value))
    keys = [(key.encode(), key) for key in value]
    keys.sort(key=lambda pair: (len(pair[0]), pair[0]))
    for data, key in keys:
        out += head(_TEXT, len(data))
        out += data
        _write(out, value[key], depth + 1)


def decode(data: bytes) -> Any:
    """Read the one value that the bytes hold; MalformedFrame unless they are its canonical encoding."""
    value, pos = _read(data, 0, 0)
    if pos != len(data):
        raise MalformedFrame("CBOR: bytes after the value")
    return value


def _read(data: bytes, pos: int, depth: int) -> tuple[Any, int]:
    if depth > MAX_DEPTH:
        raise MalformedFrame("CBOR: nested too deep")
    if pos >= len(data):
        raise MalformedFrame("CBOR: ends too early")
    first = data[pos]
    if first >= 0xE0:
        return _read_simple(data, pos, first)
    argument, pos = first & 0x1F, pos + 1
    if argument >= 24:
        argument, pos = _read_argument(data, pos, argument)
    major = first >> 5
    if major == _TEXT:
        return _read_text(data, pos, argument)
    if major == _UINT:
        return _in_range(argument), pos
    if major == _BYTES:
        end = _end(data, pos, argument)
        return data[pos:end], end
    if major == _ARRAY:
        return _read_array(data, pos, argument, depth)
    if major == _MAP:
        return _read_map(data, pos, argument, depth)
    if major == _NEGATIVE:
        return _in_range(-1 - argument), pos
    raise MalformedFrame("CBOR: tags are not allowed")


def _read_argument(data: bytes, pos: int, low: int) -> tuple[int, int]:
    if low not in _WIDE:
        raise MalformedFrame("CBOR: indefinite length or reserved head")
    size, least = _WIDE[low]
    end = _end(data, pos, size)
    argument = int.from_bytes(data[pos:end], "big")
    if argument < least:
        raise MalformedFrame("CBOR: not the shortest head")
    return argument, end


def _read_simple(data: bytes, pos: int, first: int) -> tuple[Any, int]:
    if first == _NULL:
        return None, pos + 1
    if first == _TRUE:
        return True, pos + 1
    if first == _FALSE:
        return False, pos + 1
    if first != _FLOAT:
        raise MalformedFrame("CBOR: simple value or float width not allowed")
    end = _end(data, pos + 1, 8)
    number: float = struct.unpack_from(">d", data, pos + 1)[0]
    if not isfinite(number):
        raise MalformedFrame("CBOR: neither NaN nor infinity is allowed")
    return number, end


def _read_text(data: bytes, pos: int, size: int) -> tuple[str, int]:
    end = _end(data, pos, size)
    try:
        return data[pos:end].decode(), end
    except UnicodeDecodeError:
        raise MalformedFrame("CBOR: text is not UTF-8") from None


def _read_array(data: bytes, pos: int, count: int, depth: int) -> tuple[list[Any], int]:
    _end(data, pos, count)  # each item takes a byte at least
    items = []
    for _ in range(count):
        item, pos = _read(data, pos, depth + 1)
        items.append(item)
    return items, pos


def _read_map(data: bytes, pos: int, count: int, depth: int) -> tuple[dict[str, Any], int]:
    _end(data, pos, 2 * count)
    found: dict[str, Any] = {}
    before = b""
    for _ in range(count):
        start = pos
        if start >= len(data) or data[start] >> 5 != _TEXT:
            raise MalformedFrame("CBOR: map keys must be text")
        key, pos = _read(data, start, depth + 1)
        encoded = data[start:pos]
        if encoded <= before:
            raise MalformedFrame("CBOR: map keys out of order or twice")
        before = encoded
        found[key], pos = _read(data, pos, depth + 1)
    return found, pos


def _end(data: bytes, pos: int, size: int) -> int:
    end = pos + size
    if end > len(data):
        raise MalformedFrame("CBOR: ends too early")
    return end


def _in_range(number: int) -> int:
    if not _LEAST_INT <= number <= _MOST_INT:
        raise MalformedFrame("CBOR: integer wider than 64 bits")
    return number
