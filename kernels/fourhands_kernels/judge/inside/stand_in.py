"""Stand-ins: what the tests hold of the candidate's code. Everything that is done to one goes to the desk."""

from collections.abc import Callable, Iterator
from typing import Any, Final

from .plain import Handle, Name

REVERSED: Final = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")


class Stand:
    """One object of the candidate's, or a name in a module of the candidate's."""

    _fourhands_desk: Any
    _fourhands_target: Any
    _fourhands_state: int
    __slots__ = ("__weakref__", "_fourhands_desk", "_fourhands_state", "_fourhands_target")

    def __init__(self, desk: Any, target: Handle | Name, state: int) -> None:
        object.__setattr__(self, "_fourhands_desk", desk)
        object.__setattr__(self, "_fourhands_target", target)
        object.__setattr__(self, "_fourhands_state", state)

    def __call__(self, /, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self._fourhands_desk.call(self, args, kwargs)

    def __getattr__(self, name: str) -> Any:
        return self._fourhands_desk.attribute(self, name)

    def __setattr__(self, name: str, value: Any) -> None:
        self._fourhands_desk.ask("setattr", self, name, value)

    def __delattr__(self, name: str) -> None:
        self._fourhands_desk.ask("delattr", self, name)

    def __eq__(self, other: object) -> bool:
        return bool(self._fourhands_desk.compare("eq", self, other))

    def __ne__(self, other: object) -> bool:
        return bool(self._fourhands_desk.compare("ne", self, other))

    def __lt__(self, other: Any) -> bool:
        return bool(self._fourhands_desk.compare("lt", self, other))

    def __le__(self, other: Any) -> bool:
        return bool(self._fourhands_desk.compare("le", self, other))

    def __gt__(self, other: Any) -> bool:
        return bool(self._fourhands_desk.compare("gt", self, other))

    def __ge__(self, other: Any) -> bool:
        return bool(self._fourhands_desk.compare("ge", self, other))

    def __hash__(self) -> int:
        return int(self._fourhands_desk.hashed(self))

    def __iter__(self) -> Iterator[Any]:
        return iter(self._fourhands_desk.iterate(self))

    def __enter__(self) -> Any:
        return self._fourhands_desk.ask("enter", self)

    def __exit__(self, kind: Any, error: Any, trace: Any) -> bool:
        name = next((k.__name__ for k in kind.__mro__ if k.__module__ == "builtins"), "") if kind else ""
        return bool(self._fourhands_desk.ask("leave", self, name, str(error)))

    def __await__(self) -> Iterator[Any]:
        return self._fourhands_desk.ask("await", self)  # type: ignore[no-any-return]
        yield

    def __instancecheck__(self, value: Any) -> bool:
        return bool(self._fourhands_desk.ask("isinstance", value, self))

    def __mro_entries__(self, bases: Any) -> Any:
        raise TypeError("a class of the candidate's cannot be derived from in the tests")

    def __reduce_ex__(self, protocol: Any) -> Any:
        raise TypeError("an object of the candidate's cannot be copied or pickled in the tests")

    def __deepcopy__(self, memo: Any) -> Any:
        return self.__reduce_ex__(4)

    def __repr__(self) -> str:
        return str(self._fourhands_desk.described(self))

    def __str__(self) -> str:
        return str(self._fourhands_desk.ask("str", self))

    def __format__(self, form: str) -> str:
        return str(self._fourhands_desk.ask("format", self, form))


def _forward(operation: str) -> Callable[..., Any]:
    def method(self: Stand, *args: Any) -> Any:
        return self._fourhands_desk.operate(operation, self, *args)

    return method


def _backward(operation: str) -> Callable[..., Any]:
    def method(self: Stand, other: Any) -> Any:
        return self._fourhands_desk.operate(operation, other, self)

    return method


_METHODS: Final = (
    *(
        "len",
        "next",
        "bool",
        "int",
        "float",
        "bytes",
        "abs",
        "round",
        "reversed",
        "index",
        "neg",
        "pos",
        "invert",
    ),
    *("getitem", "setitem", "delitem", "contains", "lshift", "rshift", "iadd", "isub", "imul", "ior", "iand"),
    *REVERSED,
)
for _name in _METHODS:
    _operation = _name + "_" if _name in ("and", "or") else _name
    setattr(Stand, f"__{_name}__", _forward(_operation))
    if _name in REVERSED:
        setattr(Stand, f"__r{_name}__", _backward(_operation))
