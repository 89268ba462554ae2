"""Tagged plain data: how values cross between the tests and the candidate's code, so that what arrives is
built of Python's own types and nothing that arrives is executed.

A value is one tag byte and what belongs to it; lengths and whole numbers are LEB128 varints. Changeable
containers (list, dict, set, bytearray, deque, array) are numbered in the order in which both sides meet them;
a second mention is a reference to the number, so that aliases and cycles arrive as what they are. What is no
plain data is named: a `Handle` (an object on the candidate's side), a `Name` (something in a module of the
candidate's) or a `Callback` (a function on the tests' side).
"""

import collections
import sys
from collections.abc import Iterable
from typing import Any, Final, NamedTuple

from . import tags

DEPTH: Final = 100  # containers within containers
VALUES: Final = 250_000  # in one message: a test's data, not a data set
SIZE: Final = 8 * 1024 * 1024  # bytes of one message
BITS: Final = 100_000  # of the parts of a fraction, which is brought to its lowest terms
TEXT: Final = 200  # characters of a name

# Arrays of these kinds are sent as they are.
NUMBERS: Final = frozenset(
    [
        *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
        *("float16", "float32", "float64", "complex64", "complex128"),
    ]
)
ITERABLES: Final[dict[type, int]] = {
    list: tags.LIST,
    set: tags.SET,
    dict: tags.DICT,
    collections.Counter: tags.COUNTER,
    collections.OrderedDict: tags.ORDERED,
}


class Unplain(Exception):
    """A value that cannot be sent, and why."""


class Malformed(Exception):
    """Bytes that are no value."""


class Handle(NamedTuple):
    """An object that stays on the candidate's side; `label` is its type's name."""

    number: int
    label: str


class Name(NamedTuple):
    """What a module of the candidate's calls by this name, with dots between attributes."""

    module: str
    path: str


class Callback(NamedTuple):
    """A function on the tests' side."""

    number: int
    name: str


class Content(NamedTuple):
    """What is in a container now, apart from which container it is."""

    container: Any


class Record(tuple[Any, ...]):
    """A named tuple: equal to the tuple of its items, which can also be had by name."""

    _fields: tuple[str, ...] = ()

    def __getattr__(self, name: str) -> Any:
        """The item of that name."""
        if name in self._fields:
            return self[self._fields.index(name)]
        raise AttributeError(name)


def record(fields: Iterable[str], items: Iterable[Any]) -> Record:
    """Make a record."""
    made = Record(items)
    made._fields = tuple(fields)
    return made


def is_container(value: object) -> bool:
    """Whether a value can be changed in place and is numbered."""
    return type(value) in ITERABLES or type(value) in (bytearray, collections.deque) or is_array(value)


def is_array(value: Any) -> bool:
    """Whether a value is an array of numbers of numpy's."""
    numpy = sys.modules.get("numpy")
    return (
        numpy is not None and type(value) is getattr(numpy, "ndarray", None) and value.dtype.name in NUMBERS
    )


def snapshot(container: Any) -> Any:
    """What `changed` compares with later; costs one shallow copy."""
    if isinstance(container, dict):
        return list(container.items())
    return bytes(container) if isinstance(container, bytearray) else container.copy()


def changed(container: Any, before: Any) -> bool:
    """Whether a container holds other things than it did."""
    if isinstance(container, (bytearray, set)):
        return bool(container != before)
    if is_array(container):
        return bool(container.tobytes() != before.tobytes())
    if isinstance(container, dict):
        pairs = zip(container.items(), before, strict=False)
        return len(container) != len(before) or any(a is not c or b is not d for (a, b), (c, d) in pairs)
    return len(container) != len(before) or any(a is not b for a, b in zip(container, before, strict=False))


def restore(container: Any, content: Any) -> None:
    """Give a container of the tests' the content it got over there; Malformed where that is of another
    kind.
    """
    if type(container) is not type(content):
        raise Malformed("a container changed its kind")
    if is_array(container):
        if container.shape != content.shape or container.dtype != content.dtype:
            raise Malformed("an array changed its shape")
        container[...] = content
        return
    container.clear()
    if isinstance(container, (set, dict)):
        container.update(content)
    else:
        container.extend(content)
