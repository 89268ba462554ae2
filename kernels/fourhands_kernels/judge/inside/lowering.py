"""Turns the candidate's near-plain values into plain ones: what derives from a builtin type is sent as the
builtin it holds, so that the tests compare Python's own values and never ask the candidate's `__eq__`.
"""

import sys
from collections.abc import Callable
from typing import Any, Final

from .plain import record


def _named_tuple(value: Any) -> Any:
    fields = getattr(value, "_fields", None)
    items = tuple(tuple.__iter__(value))
    fits = isinstance(fields, tuple) and len(fields) == len(items) and all(type(n) is str for n in fields)
    return record(fields, items) if fits and fields is not None else items


_BASES: Final[dict[type, Callable[[Any], Any]]] = {
    str: str.__str__,
    int: int.__pos__,
    float: float.__pos__,
    complex: complex.__pos__,
    bytes: lambda value: bytes.__getitem__(value, slice(None)),
    bytearray: lambda value: bytearray.__getitem__(value, slice(None)),
    tuple: _named_tuple,
    list: lambda value: list(list.__iter__(value)),
    dict: lambda value: dict(dict.items(value)),
    set: lambda value: set(set.__iter__(value)),
    frozenset: lambda value: frozenset(frozenset.__iter__(value)),
}
_VIEWS: Final[tuple[type, ...]] = (type({}.keys()), type({}.values()), type({}.items()))


def lowered(value: Any) -> tuple[bool, Any]:
    """Whether a value holds plain data, and that data."""
    kind = type(value)
    for base, lower in _BASES.items():
        if issubclass(kind, base):
            return True, lower(value)
    if kind in _VIEWS:
        return True, list(value)
    numpy = sys.modules.get("numpy")
    if numpy is not None and issubclass(kind, (numpy.generic, numpy.ndarray)):
        plain = numpy.asarray(value)
        return True, plain if kind is not numpy.ndarray and plain.ndim else value.tolist()
    return False, None
