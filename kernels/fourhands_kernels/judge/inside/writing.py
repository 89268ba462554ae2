"""Writes values as tagged plain data."""

import collections
import datetime
import decimal
import fractions
import struct
from collections.abc import Callable, Sequence
from typing import Any, Final

from . import tags
from .plain import (
    BITS,
    DEPTH,
    ITERABLES,
    SIZE,
    VALUES,
    Callback,
    Content,
    Handle,
    Name,
    Record,
    Unplain,
    is_container,
)


class Encoder:
    """Writes one message; `known` containers are only mentioned, `lower` turns what is no plain data into
    what stands for it (Unplain where nothing does).
    """

    def __init__(self, *, known: Sequence[Any] = (), lower: Callable[[Any], Any] | None = None) -> None:
        self.out = bytearray()
        self.containers: list[Any] = list(known)  # also keeps them alive: their addresses are keys here
        self._numbers = {id(container): number for number, container in enumerate(known)}
        self._lower = lower
        self._count = 0

    def write(self, value: Any, depth: int = 0) -> None:
        """Write a value; Unplain where it cannot be."""
        self._count += 1
        if depth > DEPTH:
            raise Unplain(f"data nested deeper than {DEPTH} levels")
        if self._count > VALUES or len(self.out) > SIZE:
            raise Unplain(f"more than {VALUES:,} values or {SIZE // 2**20} MiB of data")
        if not self._write_simple(value) and not self._write_container(value, depth):
            self._write_other(value, depth)

    def _write_simple(self, value: Any) -> bool:
        kind = type(value)
        if value is None:
            self.out.append(tags.NONE)
        elif kind is bool:
            self.out.append(tags.TRUE if value else tags.FALSE)
        elif kind is int:
            self._bytes(tags.INT, value.to_bytes(value.bit_length() // 8 + 1, "big", signed=True))
        elif kind is str:
            self._bytes(tags.STR, value.encode("utf-8", "surrogatepass"))
        elif kind is float:
            self.out.append(tags.FLOAT)
            self.out += struct.pack(">d", value)
        elif kind is bytes:
            self._bytes(tags.BYTES, value)
        elif kind is complex:
            self.out.append(tags.COMPLEX)
            self.out += struct.pack(">dd", value.real, value.imag)
        else:
            return False
        return True

    def _write_container(self, value: Any, depth: int) -> bool:
        if not is_container(value):
            return False
        number = self._numbers.get(id(value))
        if number is not None:
            self._varint(tags.REFERENCE, number)
        else:
            self._numbers[id(value)] = len(self.containers)
            self.containers.append(value)
            self._write_content(value, depth)
        return True

    def _write_content(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind is bytearray:
            self._bytes(tags.BYTEARRAY, bytes(value))
        elif kind is collections.deque:
            self._varint(tags.DEQUE, 0 if value.maxlen is None else value.maxlen + 1)
            self._items(None, list(value), depth)
        elif isinstance(value, dict):
            self._varint(ITERABLES[kind], len(value))
            for key, item in list(value.items()):
                self.write(key, depth + 1)
                self.write(item, depth + 1)
        elif kind in ITERABLES:
            self._items(ITERABLES[kind], list(value), depth)
        else:
            self._write_array(value, depth)

    def _write_array(self, value: Any, depth: int) -> None:
        self.out.append(tags.ARRAY)
        self._text(value.dtype.name)
        self._items(None, list(map(int, value.shape)), depth)
        self._bytes(None, value.astype(value.dtype.newbyteorder("<")).tobytes())

    def _write_other(self, value: Any, depth: int) -> None:
        kind = type(value)
        if kind in (tuple, frozenset):
            self._items(tags.TUPLE if kind is tuple else tags.FROZEN, value, depth)
        elif kind is Record:
            self.out.append(tags.RECORD)
            self._items(None, list(value._fields), depth)
            self._items(None, list(value), depth)
        elif kind is Content:
            self.out.append(tags.CONTENT)
            self._write_content(value.container, depth)
        elif kind in _REFERRED:
            self.out.append(_REFERRED[kind])
            for part in value:
                self.write(part, depth + 1)
        elif kind in _WRITTEN:
            tag, parts = _WRITTEN[kind]
            self.out.append(tag)
            self._items(None, parts(value), depth)
        elif self._lower is None:
            raise Unplain(f"{kind.__name__} is no plain data")
        else:
            self.write(self._lower(value), depth + 1)

    def _items(self, tag: int | None, items: Sequence[Any] | frozenset[Any], depth: int) -> None:
        self._varint(tag, len(items))
        for item in items:
            self.write(item, depth + 1)

    def _text(self, text: str) -> None:
        self._bytes(None, text.encode())

    def _bytes(self, tag: int | None, data: bytes) -> None:
        self._varint(tag, len(data))
        if len(data) > SIZE:
            raise Unplain(f"more than {SIZE // 2**20} MiB of data")
        self.out += data

    def _varint(self, tag: int | None, number: int) -> None:
        if tag is not None:
            self.out.append(tag)
        while number > 0x7F:
            self.out.append(number & 0x7F | 0x80)
            number >>= 7
        self.out.append(number)


def _fraction(value: fractions.Fraction) -> list[Any]:
    if max(value.numerator.bit_length(), value.denominator.bit_length()) > BITS:
        raise Unplain(f"a fraction of more than {BITS:,} bits")
    return [value.numerator, value.denominator]


_REFERRED: Final[dict[type, int]] = {Handle: tags.HANDLE, Name: tags.NAME, Callback: tags.CALLBACK}
_WRITTEN: Final[dict[type, tuple[int, Callable[[Any], list[Any]]]]] = {
    decimal.Decimal: (tags.DECIMAL, lambda value: [str(value)]),
    fractions.Fraction: (tags.FRACTION, _fraction),
    range: (tags.RANGE, lambda value: [value.start, value.stop, value.step]),
    datetime.date: (tags.DATE, lambda value: [value.isoformat()]),
    datetime.time: (tags.TIME, lambda value: [value.isoformat()]),
    datetime.datetime: (tags.MOMENT, lambda value: [value.isoformat()]),
    datetime.timedelta: (tags.SPAN, lambda value: [value.days, value.seconds, value.microseconds]),
}


def encode(value: Any) -> bytes:
    """Write one value of plain data alone."""
    encoder = Encoder()
    encoder.write(value)
    return bytes(encoder.out)
