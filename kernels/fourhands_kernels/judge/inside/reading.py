"""Reads tagged plain data from whoever sent it: what is wrong with it is Malformed and nothing else."""

import collections
import datetime
import decimal
import fractions
import importlib
import struct
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from . import tags
from .plain import (
    BITS,
    DEPTH,
    NUMBERS,
    TEXT,
    VALUES,
    Callback,
    Content,
    Handle,
    Malformed,
    Name,
    Record,
    record,
)

_LOOK: Final = 256  # values between two looks at the clock: equal hashes make a set slow to build
_VARINT: Final = 5  # bytes
_MAPS: Final = {tags.DICT: dict, tags.COUNTER: collections.Counter, tags.ORDERED: collections.OrderedDict}
_MOMENTS: Final[dict[int, Any]] = {
    tags.DATE: datetime.date,
    tags.TIME: datetime.time,
    tags.MOMENT: datetime.datetime,
}
_REFERRED: Final = {tags.HANDLE: Handle, tags.NAME: Name, tags.CALLBACK: Callback}


class Decoder:
    """Reads one message; everything that is wrong with it is Malformed.

    `known` are the containers that it may mention, `lift` makes something of a Handle, a Name or a Callback,
    `until` (of time.monotonic) is when it must be done.
    """

    def __init__(
        self,
        data: bytes,
        *,
        known: Sequence[Any] = (),
        lift: Callable[[Any], Any] | None = None,
        until: float | None = None,
    ) -> None:
        self.containers: list[Any] = list(known)
        self._data = data
        self._pos = 0
        self._lift = lift
        self._until = until
        self._count = 0
        self._bare = False  # the next container is but the content of one, and has no number

    def whole(self) -> Any:
        """The one value that the bytes hold."""
        try:
            value = self._read(0)
        except (ValueError, TypeError, ArithmeticError, struct.error, MemoryError, RecursionError) as error:
            raise Malformed(f"not a value: {error}") from None
        if self._pos != len(self._data):
            raise Malformed("bytes after the value")
        return value

    def _read(self, depth: int) -> Any:
        self._count += 1
        if depth > DEPTH + 1 or self._count > VALUES:
            raise Malformed("too deep or too much")
        if not self._count % _LOOK:
            self._look()
        tag = self._take(1)[0]
        reader = _READERS.get(tag)
        if reader is None:
            raise Malformed(f"no such tag: {tag}")
        return reader(self, tag, depth)

    def _look(self) -> None:
        if self._until is not None and time.monotonic() > self._until:
            raise Malformed("it took too long to read")

    def _take(self, size: int) -> bytes:
        end = self._pos + size
        if end > len(self._data):
            raise Malformed("it ends too early")
        piece = self._data[self._pos : end]
        self._pos = end
        return piece

    def _length(self) -> int:
        number = 0
        for shift in range(0, 7 * _VARINT, 7):
            byte = self._take(1)[0]
            number |= (byte & 0x7F) << shift
            if byte < 0x80:
                return number
        raise Malformed("a length without an end")

    def _items(self, depth: int) -> Iterator[Any]:
        for _ in range(self._within(self._length())):
            yield self._read(depth + 1)

    def _within(self, count: int) -> int:
        if count > len(self._data) - self._pos:  # each takes a byte at least
            raise Malformed("it ends too early")
        return count

    def _parts(self, depth: int, *kinds: type) -> list[Any]:
        parts = list(self._items(depth))
        if [type(part) for part in parts] != list(kinds):
            raise Malformed("parts of other kinds")
        return parts

    def _numbered(self, container: Any) -> Any:
        if self._bare:
            self._bare = False
        else:
            self.containers.append(container)
        return container

    # One reader a kind of value

    def _constant(self, tag: int, depth: int) -> Any:
        return {tags.NONE: None, tags.TRUE: True, tags.FALSE: False}[tag]

    def _number(self, tag: int, depth: int) -> Any:
        if tag == tags.INT:
            return int.from_bytes(self._take(self._length()), "big", signed=True)
        if tag == tags.FLOAT:
            return struct.unpack(">d", self._take(8))[0]
        return complex(*struct.unpack(">dd", self._take(16)))

    def _bytes(self, tag: int, depth: int) -> Any:
        piece = self._take(self._length())
        if tag == tags.STR:
            return piece.decode("utf-8", "surrogatepass")
        return piece if tag == tags.BYTES else self._numbered(bytearray(piece))

    def _list(self, tag: int, depth: int) -> list[Any]:
        made: list[Any] = self._numbered([])
        made.extend(self._items(depth))
        return made

    def _set(self, tag: int, depth: int) -> set[Any]:
        made: set[Any] = self._numbered(set())
        for number, item in enumerate(self._items(depth)):
            made.add(item)
            if not number % _LOOK:
                self._look()
        return made

    def _map(self, tag: int, depth: int) -> Any:
        made: Any = self._numbered(_MAPS[tag]())
        for _ in range(self._within(2 * self._length()) // 2):
            key = self._read(depth + 1)
            made[key] = self._read(depth + 1)
        return made

    def _deque(self, tag: int, depth: int) -> Any:
        most = self._length()
        made: Any = self._numbered(collections.deque(maxlen=most - 1 if most else None))
        made.extend(self._items(depth))
        return made

    def _frozen(self, tag: int, depth: int) -> Any:
        return (tuple if tag == tags.TUPLE else frozenset)(self._items(depth))

    def _record(self, tag: int, depth: int) -> Record:
        fields, items = list(self._items(depth)), list(self._items(depth))
        if len(fields) != len(items) or not all(type(name) is str for name in fields):
            raise Malformed("a record whose fields do not fit")
        return record(fields, items)

    def _array(self, tag: int, depth: int) -> Any:
        kind = self._take(self._length()).decode()
        shape = tuple(self._items(depth))
        data = self._take(self._length())
        if kind not in NUMBERS or len(shape) > DEPTH or not all(type(n) is int and n >= 0 for n in shape):
            raise Malformed("no array")
        try:
            numpy: Any = importlib.import_module("numpy")
        except ImportError:
            raise Malformed("an array, and no numpy to hold it") from None
        flat: Any = numpy.frombuffer(data, dtype=numpy.dtype(kind).newbyteorder("<"))
        # A byte that is neither 0 nor 1 would be a truth that is equal to none.
        made = flat.view("u1") != 0 if kind == "bool" else flat.astype(kind)
        return self._numbered(made.reshape(shape))

    def _referred(self, tag: int, depth: int) -> Any:
        number = self._length()
        if number >= len(self.containers):
            raise Malformed("a mention of what was never there")
        return self.containers[number]

    def _content(self, tag: int, depth: int) -> Content:
        if self._data[self._pos : self._pos + 1] not in _CHANGEABLE:
            raise Malformed("the content of what is no container")
        self._bare = True
        return Content(self._read(depth))

    def _named(self, tag: int, depth: int) -> Any:
        first, second = self._read(depth + 1), self._read(depth + 1)
        if type(first) is not (str if tag == tags.NAME else int) or type(second) is not str:
            raise Malformed("parts of other kinds")
        found = _REFERRED[tag](first, second[:TEXT])
        return found if self._lift is None else self._lift(found)

    def _exact(self, tag: int, depth: int) -> Any:
        if tag == tags.DECIMAL:
            return decimal.Decimal(*self._parts(depth, str))
        if tag == tags.FRACTION:
            parts = self._parts(depth, int, int)
            if max(part.bit_length() for part in parts) > BITS:
                raise Malformed("a fraction that is too long")
            return fractions.Fraction(*parts)
        if tag == tags.RANGE:
            return range(*self._parts(depth, int, int, int))
        if tag == tags.SPAN:
            days, seconds, micros = self._parts(depth, int, int, int)
            return datetime.timedelta(days, seconds, micros)
        return _MOMENTS[tag].fromisoformat(*self._parts(depth, str))


_READERS: Final[dict[int, Callable[[Decoder, int, int], Any]]] = {
    **dict.fromkeys(b"NTF", Decoder._constant),
    **dict.fromkeys(b"ifc", Decoder._number),
    **dict.fromkeys(b"sba", Decoder._bytes),
    **dict.fromkeys(b"dCO", Decoder._map),
    **dict.fromkeys(b"tz", Decoder._frozen),
    **dict.fromkeys(b"hnk", Decoder._named),
    **dict.fromkeys(b"mxr1234", Decoder._exact),
    tags.LIST: Decoder._list,
    tags.SET: Decoder._set,
    tags.DEQUE: Decoder._deque,
    tags.RECORD: Decoder._record,
    tags.ARRAY: Decoder._array,
    tags.REFERENCE: Decoder._referred,
    tags.CONTENT: Decoder._content,
}
_CHANGEABLE: Final = tuple(bytes((tag,)) for tag in b"ldSaqCOA")


def decode(data: bytes) -> Any:
    """Read one value."""
    return Decoder(data).whole()
