"""Shapes: small tables that say which fields a CBOR map has, of which type and how large."""

from collections.abc import Mapping, Sized
from typing import Any, Final, NamedTuple, cast

from . import limits
from .errors import MalformedFrame, TooLarge
from .varint import MAX_UINT


class Field(NamedTuple):
    """One field: its type, its largest and least size (code points, bytes, items, or the number itself)."""

    type: type
    most: int
    least: int = 0
    choices: frozenset[str] = frozenset()
    required: bool = True


Shape = Mapping[str, Field]


def text(most: int, *, least: int = 0) -> Field:
    """Text of a number of code points."""
    return Field(str, most, least)


def one_of(*choices: str) -> Field:
    """One of these words."""
    return Field(str, limits.ID, 0, frozenset(choices))


def integer(*, least: int = 0, most: int = MAX_UINT) -> Field:
    """A whole number."""
    return Field(int, most, least)


def data(most: int, *, least: int = 0) -> Field:
    """A byte string."""
    return Field(bytes, most, least)


def array(most: int = limits.FRAME) -> Field:
    """An array of a number of items."""
    return Field(list, most)


def table(most: int = 1_000) -> Field:
    """A map of a number of keys."""
    return Field(dict, most)


def maybe(field: Field) -> Field:
    """Allow a field to be absent."""
    return field._replace(required=False)


ID: Final = text(limits.ID, least=1)
FLAG: Final = Field(bool, 1)


def check(name: str, shape: Shape, value: Any) -> dict[str, Any]:
    """Return the map if it has the shape; MalformedFrame or TooLarge, naming the field, if it has not."""
    if not isinstance(value, dict):
        raise MalformedFrame(f"{name}: not a map")
    for key, item in value.items():
        field = shape.get(key)
        if field is None:
            raise MalformedFrame(f"{name}: unknown field {key[:40]}")
        check_field(f"{name}: {key}", field, item)
    for key, field in shape.items():
        if field.required and key not in value:
            raise MalformedFrame(f"{name}: {key} is missing")
    return value


def check_field(name: str, field: Field, item: Any) -> None:
    """Raise MalformedFrame or TooLarge unless one value fits its field."""
    if type(item) is not field.type:
        raise MalformedFrame(f"{name} has the wrong type")
    size: int = item if isinstance(item, int) else len(cast("Sized", item))  # a bool is 0 or 1
    if size > field.most:
        raise TooLarge(f"{name} is larger than {field.most}")
    if size < field.least:
        raise MalformedFrame(f"{name} is smaller than {field.least}")
    if field.choices and item not in field.choices:
        raise MalformedFrame(f"{name} is none of the words allowed")
