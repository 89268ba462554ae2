"""What the tests may do to an object of the candidate's: a fixed list of operations, done beside it."""

import asyncio
import builtins
import dataclasses
import io
import itertools
import operator
import sys
from collections.abc import Callable, Mapping
from typing import Any, Final

from .plain import VALUES, Unplain

_BINARY: Final = (
    *("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and_", "or_", "xor"),
    *("lshift", "rshift", "eq", "ne", "lt", "le", "gt", "ge", "contains", "getitem", "setitem", "delitem"),
    *("neg", "pos", "invert", "index", "iadd", "isub", "imul", "ior", "iand", "ixor"),
)
_BUILTIN: Final = (
    *("len", "iter", "next", "bool", "str", "repr", "int", "float", "abs", "round", "reversed", "dir"),
    *("isinstance", "format", "hash", "bytes", "getattr", "setattr", "delattr"),
)


def call(function: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Any:
    """Call it."""
    return function(*args, **kwargs)


def value(found: Any) -> Any:
    """What a name stands for."""
    return found


def plain(found: Any) -> Any:
    """The data that an object holds, once and for all; Unplain where it holds none that we know of."""
    if dataclasses.is_dataclass(found) and not isinstance(found, type):
        return dataclasses.asdict(found)
    if type(found).__module__.split(".")[0] == "pandas" and hasattr(found, "to_dict"):
        return found.to_dict("list") if type(found).__name__ == "DataFrame" else found.to_dict()
    if isinstance(found, Mapping):
        return {key: found[key] for key in itertools.islice(found, VALUES)}
    if hasattr(type(found), "__iter__"):
        return list(itertools.islice(found, VALUES))
    if hasattr(type(found), "__index__"):
        return operator.index(found)
    raise Unplain(f"an object of {type(found).__name__} is no list, no mapping, no dataclass and no number")


def enter(manager: Any) -> Any:
    """Enter a context."""
    return type(manager).__enter__(manager)


def leave(manager: Any, name: str, text: str) -> Any:
    """Leave a context, with the exception that ended it where there was one."""
    if not name:
        return type(manager).__exit__(manager, None, None, None)
    kind = getattr(builtins, name, Exception)
    return type(manager).__exit__(manager, kind, kind(text), None)


def wait(awaitable: Any) -> Any:
    """Run a coroutine to its end."""

    async def waited() -> Any:
        return await awaitable

    return asyncio.run(waited())


def typed(text: str) -> None:
    """What `input()` and sys.stdin read from now on."""
    sys.stdin = io.StringIO(text)


OPERATIONS: Final[dict[str, Callable[..., Any]]] = {
    **{name: getattr(operator, name) for name in _BINARY},
    **{name: getattr(builtins, name) for name in _BUILTIN},
    "call": call,
    "value": value,
    "plain": plain,
    "enter": enter,
    "leave": leave,
    "await": wait,
    "typed": typed,
}
