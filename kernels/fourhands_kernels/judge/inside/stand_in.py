"""Stand-ins: what the tests hold of the candidate's code. Calls, attributes and operators of a stand-in are
carried out on the candidate's side; plain data comes back as Python's own values.

A comparison of two objects of the candidate's is the candidate's own `__eq__` at work, which is what such a
test wants to see. A comparison with plain data could be forged by it and is refused: `plain(x)` takes the
data out first.
"""

import builtins
import types
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from .line import Line
from .plain import Callback, Handle, Malformed, Name, Record, Unplain, record

_ITEMS: Final = 100_000  # that one loop takes from an iterator: endless ones end here
_REVERSED: Final = ("add", "sub", "mul", "truediv", "floordiv", "mod", "pow", "matmul", "and", "or", "xor")


class Stand:
    """One object of the candidate's, or a name in a module of the candidate's."""

    _fourhands_desk: "Desk"
    _fourhands_target: Any
    _fourhands_state: int
    __slots__ = ("__weakref__", "_fourhands_desk", "_fourhands_state", "_fourhands_target")

    def __init__(self, desk: "Desk", target: Handle | Name, state: int) -> None:
        object.__setattr__(self, "_fourhands_desk", desk)
        object.__setattr__(self, "_fourhands_target", target)
        object.__setattr__(self, "_fourhands_state", state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call it."""
        return self._fourhands_desk.ask("call", self, *args, **kwargs)

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
    *_REVERSED,
)
for _name in _METHODS:
    _operation = _name + "_" if _name in ("and", "or") else _name
    setattr(Stand, f"__{_name}__", _forward(_operation))
    if _name in _REVERSED:
        setattr(Stand, f"__r{_name}__", _backward(_operation))


class Desk:
    """Knows every stand-in, and asks over the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._held: weakref.WeakValueDictionary[tuple[int, int], Stand] = weakref.WeakValueDictionary()
        line.lower, line.lift = self._lower, self._lift

    def named(self, module: str, name: str) -> Any:
        """What a module calls so: asked at once inside a test, and only when used where tests are
        collected.
        """
        stand = Stand(self, Name(module, name), 0)
        return stand if self._line.collecting else self.value(stand)

    def value(self, stand: Any) -> Any:
        """What a name stands for now: plain data or an object."""
        if type(stand) is Stand and type(stand._fourhands_target) is Name:
            return self.ask("value", stand)
        return stand

    def ask(self, operation: str, *args: Any, **kwargs: Any) -> Any:
        """Ask, after the modules that are named have been imported."""
        for value in args:
            if type(value) is Stand and type(value._fourhands_target) is Name:
                self._line.imported(value._fourhands_target.module)
        return self._line.ask(operation, *args, **kwargs)

    def operate(self, operation: str, *args: Any) -> Any:
        """An operator: on the tests' side where a name turns out to be plain data."""
        values = [self.value(value) for value in args]
        if any(type(value) is Stand for value in values):
            return self._line.ask(operation, *values)
        from .operations import OPERATIONS

        return OPERATIONS[operation](*values)

    def compare(self, operation: str, stand: Stand, other: Any) -> Any:
        """A comparison: of two objects over there, of plain data here, of one with the other not at all."""
        mine, other = self.value(stand), self.value(other)
        if type(mine) is not Stand:
            return self.operate(operation, mine, other)
        if type(other) is Stand:
            return self._line.ask(operation, mine, other)
        if other is None and operation in ("eq", "ne"):
            return operation == "ne"
        label = mine._fourhands_target.label
        raise self._line.fail(
            f"an object of the candidate's type {label} was compared with plain data: it could "
            "call itself equal to anything. Where the test wants its data: plain(x), list(x), an attribute"
        )

    def attribute(self, stand: Stand, name: str) -> Any:
        """An attribute; none of Python's own names, which tools look for everywhere."""
        target = stand._fourhands_target
        if self._line.collecting or self._line.fault is not None:
            if name.startswith("_") or type(target) is not Name:
                raise AttributeError(name)
            return Stand(self, Name(target.module, f"{target.path}.{name}"), 0)
        return self.ask("getattr", stand, name)

    def iterate(self, stand: Stand) -> Iterator[Any]:
        """Each item when it is wanted."""
        found = self.value(stand)
        if type(found) is not Stand:
            yield from found
            return
        iterator = self._line.ask("iter", found)
        if type(iterator) is not Stand:
            yield from iterator
            return
        for _ in range(_ITEMS):
            try:
                item = self._line.ask("next", iterator)
            except StopIteration:
                return
            yield item
        raise self._line.fail(f"an iterator gave more than {_ITEMS:,} items")

    def described(self, stand: Stand) -> str:
        """Its `repr`; its type's name alone where nobody can be asked."""
        target = stand._fourhands_target
        if self._line.collecting or self._line.fault is not None:
            return f"<{target.path if type(target) is Name else target.label} of the candidate's>"
        return str(self.ask("repr", stand))

    def hashed(self, stand: Stand) -> int:
        """Its hash over there; a name's, and a lost one's, is that of the stand-in."""
        if type(stand._fourhands_target) is Name or self._line.fault is not None:
            return object.__hash__(stand)
        return int(self.ask("hash", stand))

    def exception(self, kind: Any) -> Any:
        """For `pytest.raises`: the class that stands for the candidate's class of exceptions."""
        found = self.value(kind)
        if type(found) is not Stand:
            return kind
        names = self._line.ask("call", Name("builtins", "getattr"), found, "__mro__", ())
        own, builtin = [], "Exception"
        for entry in names:
            name = self._line.ask("getattr", entry, "__name__")
            if self._line.ask("getattr", entry, "__module__") == "builtins":
                builtin = name
                break
            own.append((entry._fourhands_target.number, name))
        return self._line.exceptions.kind(own, builtin)

    # What stands for what

    def _lift(self, found: Handle | Name | Callback) -> Any:
        match found:
            case Handle(number):
                key = (self._line.state, number)
                stand = self._held.get(key)
                if stand is None:
                    stand = self._held[key] = Stand(self, found, self._line.state)
                return stand
            case Callback(number) if 0 <= number < len(self._line.functions):
                return self._line.functions[number]
        raise Malformed("a name that means nothing")

    def _lower(self, value: Any) -> Any:
        if type(value) is Stand:
            if type(value._fourhands_target) is Handle and value._fourhands_state != self._line.state:
                raise Unplain("an object of an earlier test; make it in the test that uses it")
            return value._fourhands_target
        kind = type(value)
        if issubclass(kind, tuple) and hasattr(kind, "_fields"):
            return value if kind is Record else record(kind._fields, value)
        if isinstance(value, type):
            number = self._line.exceptions.number(value)
            if number is not None:
                return Handle(number, "")
        if _is_builtin(value):
            return Name("builtins", value.__qualname__)
        if isinstance(value, Iterator):
            return self._function(value.__next__, "<iterator>")
        if callable(value):
            return self._function(value, getattr(value, "__name__", kind.__name__))
        raise Unplain(f"{kind.__name__} is neither plain data nor a function")

    def _function(self, function: Any, name: str) -> Callback:
        functions: Sequence[Any] = self._line.functions
        for number, known in enumerate(functions):
            if known is function:
                return Callback(number, name)
        self._line.functions.append(function)
        return Callback(len(self._line.functions) - 1, name)


def _is_builtin(value: Any) -> bool:
    if isinstance(value, type):
        return value.__module__ == "builtins" and getattr(builtins, value.__qualname__, None) is value
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is builtins
    return isinstance(value, types.MethodDescriptorType) and value.__objclass__.__module__ == "builtins"
