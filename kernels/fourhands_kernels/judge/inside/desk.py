"""The desk of all stand-ins: what is done to one is carried out on the candidate's side, and plain data comes
back as Python's own values.

An object may answer anything, so what it is asked must not give away what the test expects. A comparison with
plain data is refused. A comparison with an object that the test made is the candidate's own `__eq__` at work,
which is what such a test wants to see. So are `x in box`, `box[n]`, `len(box)` and arithmetic where the test
itself made the object, by calling what has a class's name (`Box(…)`, `Box.of(…)`), or named it
(`Colour.RED`); where a function returned it in place of a list, say, they are refused, and it can be gone
through once. `plain(x)` takes the data out, `trusted(x)` says that the object's operators are what is tested.
"""

import builtins
import time
import types
import weakref
from collections.abc import Iterator, Mapping, Sequence
from types import MappingProxyType
from typing import Any, Final

from .faults import Fault
from .line import Line
from .operations import OPERATIONS
from .plain import Callback, Handle, Malformed, Name, Record, Unplain, record
from .stand_in import REVERSED, Stand

# Endless iterators end here: so many items, or so many times what one call may take.
_ITEMS: Final = 100_000
_LOOP: Final = 3
# They would give away what the test expects, or could be answered differently each time.
_OF_CONTAINERS: Final = frozenset(("contains", "getitem", "reversed"))
_ARITHMETIC: Final = frozenset(
    [
        *REVERSED,
        "and_",
        "or_",
        *("lshift", "rshift", "iadd", "isub", "imul", "ior", "iand", "neg", "pos", "abs"),
    ]
)


class Desk:
    """Knows every stand-in, and asks over the line."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._held: weakref.WeakValueDictionary[tuple[int, int], Stand] = weakref.WeakValueDictionary()
        self._made: set[tuple[int, int]] = set()  # objects that the tests made
        self._makers: set[tuple[int, int]] = set()  # what makes them
        self._exhausted: set[tuple[int, int]] = set()
        line.lower, line.lift = self._lower, self._lift

    def named(self, module: str, name: str) -> Any:
        """What a module calls so: asked at once inside a test, and only when used where tests are
        collected.
        """
        stand = Stand(self, Name(module, name), 0)
        return stand if self._line.collecting else self._maker(self.value(stand), name)

    def value(self, stand: Any) -> Any:
        """What a name stands for now: plain data or an object."""
        if type(stand) is Stand and type(stand._fourhands_target) is Name:
            return self.ask("value", stand)
        return stand

    def ask(self, operation: str, *args: Any, kwargs: Mapping[str, Any] = MappingProxyType({})) -> Any:
        """Ask, after the modules that are named have been imported."""
        for value in (*args, *kwargs.values()):
            if type(value) is Stand and type(value._fourhands_target) is Name:
                self._line.imported(value._fourhands_target.module)
        return self._line.ask(operation, *args, kwargs=kwargs)

    def call(self, stand: Stand, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it; remember what was made."""
        found = self.ask("call", stand, *args, kwargs=kwargs)
        target = stand._fourhands_target
        makes = _is_class_name(target.path) if type(target) is Name else _key(stand) in self._makers
        return self.trust(found) if makes else found

    def trust(self, found: Any) -> Any:
        """From now on the object's own operators are what is tested."""
        if type(found) is Stand and type(found._fourhands_target) is Handle:
            self._made.add(_key(found))
        return found

    def operate(self, operation: str, *args: Any) -> Any:
        """An operator: on the tests' side where a name turns out to be plain data."""
        values = [self.value(value) for value in args]
        stands = [value for value in values if type(value) is Stand]
        if not stands:
            return OPERATIONS[operation](*values)
        strange = next((stand for stand in stands if _key(stand) not in self._made), None)
        if strange is not None and operation == "len":  # `list(x)` asks as well, and minds no TypeError
            raise TypeError("only an object that the test made has a length here; plain(x) gives its data")
        if strange is not None and operation in _OF_CONTAINERS:
            raise self._refused(strange, f"was asked for {operation!r}, as a list would be")
        found = self._line.ask(operation, *values)
        if strange is not None and len(stands) < len(values) and operation in _ARITHMETIC:
            if type(found) is not Stand:
                raise self._refused(strange, "was calculated with")
            return found
        return self.trust(found) if operation in _ARITHMETIC else found

    def compare(self, operation: str, stand: Stand, other: Any) -> Any:
        """A comparison: of two objects over there where the test made or named one of them, of plain data
        here, of one with the other not at all.
        """
        mine, other = self.value(stand), self.value(other)
        if type(mine) is not Stand:
            return self.operate(operation, mine, other)
        if type(other) is Stand:
            if other is not mine and not {_key(mine), _key(other)} & self._made:
                raise self._refused(mine, "was compared with another of which the test knows no more")
            return self._line.ask(operation, mine, other)
        if other is None and operation in ("eq", "ne"):
            return operation == "ne"
        raise self._refused(mine, "was compared with plain data")

    def attribute(self, stand: Stand, name: str) -> Any:
        """An attribute; none of Python's own names, which tools look for everywhere."""
        target = stand._fourhands_target
        if self._line.collecting or self._line.fault is not None:
            if name.startswith("_") or type(target) is not Name:
                raise AttributeError(name)
            return Stand(self, Name(target.module, f"{target.path}.{name}"), 0)
        found = self.ask("getattr", stand, name)
        makes = _is_class_name(target.path) if type(target) is Name else _key(stand) in self._makers
        return self.trust(self._maker(found, "Made")) if makes else found

    def iterate(self, stand: Stand) -> Iterator[Any]:
        """Each item when it is wanted."""
        found = self.value(stand)
        if type(found) is not Stand:
            yield from found
            return
        if _key(found) in self._exhausted:
            return
        iterator = self._line.ask("iter", found)
        if type(iterator) is not Stand:
            iterator = found
        if iterator is not found and _key(found) not in self._made:
            raise self._refused(found, "was gone through, as a list would be")
        waited = 0.0
        for _ in range(_ITEMS):
            began = time.monotonic()
            try:
                item = self._line.ask("next", iterator)
            except StopIteration:
                self._exhausted.add(_key(iterator))
                return
            waited += time.monotonic() - began
            if waited > _LOOP * self._line.per_call:
                break
            yield item
        raise self._line.fail("an iterator came to no end")

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

    def _maker(self, found: Any, name: str) -> Any:
        if _is_class_name(name) and type(found) is Stand and type(found._fourhands_target) is Handle:
            self._makers.add(_key(found))
        return found

    def _refused(self, stand: Stand, what: str) -> Fault:
        label = stand._fourhands_target.label
        return self._line.fail(
            f"an object of the candidate's type {label} {what}: it could answer anything. Where the test "
            "wants data, plain(x) or an attribute gives it; where it tests the object's operators, trusted(x)"
        )

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


def _key(stand: Stand) -> tuple[int, int]:
    return stand._fourhands_state, stand._fourhands_target.number


def _is_class_name(name: str) -> bool:
    """Whether one of its parts begins with a capital, as names of classes do."""
    return any(part[:1].isupper() for part in name.split("."))


def _is_builtin(value: Any) -> bool:
    if isinstance(value, type):
        return value.__module__ == "builtins" and getattr(builtins, value.__qualname__, None) is value
    if isinstance(value, types.BuiltinFunctionType):
        return value.__self__ is builtins
    return isinstance(value, types.MethodDescriptorType) and value.__objclass__.__module__ == "builtins"
