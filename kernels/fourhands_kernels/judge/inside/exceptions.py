"""Exceptions of the candidate's code, raised again among the tests: builtin ones as themselves, others as a
class of that name below the nearest builtin one.
"""

import builtins
from typing import Any, Final, cast

from .plain import TEXT, Malformed

_NEVER: Final = (KeyboardInterrupt, GeneratorExit)  # they would end more than one test


class _Kind(type):
    """A class of exceptions; what derives from what is known by number."""

    ancestors: frozenset[int] = frozenset()
    number: int = -1

    def __subclasscheck__(cls, other: type) -> bool:
        """Whether the candidate's class derives from this one."""
        return cls.number in getattr(other, "ancestors", ()) or super().__subclasscheck__(other)

    def __instancecheck__(cls, value: Any) -> bool:
        """Whether it is an exception of this class."""
        return cls.__subclasscheck__(type(value))


class Exceptions:
    """The classes seen in one state of the candidate's program."""

    def __init__(self) -> None:
        self._kinds: dict[int, type[BaseException]] = {}

    def kind(self, own: Any, builtin: Any) -> type[BaseException]:
        """The class for a line of the candidate's classes, the nearest first, below a builtin one."""
        if type(builtin) is not str or type(own) is not list:
            raise Malformed("no class of exceptions")
        base: Any = getattr(builtins, builtin, None)
        if not (isinstance(base, type) and issubclass(base, BaseException)) or base in _NEVER:
            base = Exception
        numbers = []
        for pair in own:
            if type(pair) is not tuple or list(map(type, pair)) != [int, str]:
                raise Malformed("no class of exceptions")
            numbers.append(pair[0])
        if not own:
            return cast("type[BaseException]", base)
        number, name = own[0]
        if number not in self._kinds:
            members = {"ancestors": frozenset(numbers), "number": number, "__module__": "candidate"}
            made: Any = _Kind(name[:TEXT] or "Exception", (base,), members)
            self._kinds[number] = made
        return self._kinds[number]

    def number(self, kind: type) -> int | None:
        """Which of the candidate's classes this one stands for."""
        known = getattr(kind, "number", None)
        return known if known in self._kinds and self._kinds[known] is kind else None

    def made(self, own: Any, builtin: Any, said: Any, args: Any, where: Any) -> BaseException:
        """The exception itself, with a note of where in the candidate's code it came up."""
        if type(said) is not str or type(where) is not str or type(args) not in (tuple, type(None)):
            raise Malformed("no exception")
        kind = self.kind(own, builtin)
        try:
            error = kind(*args) if args is not None else kind(said)
        except Exception:  # a builtin one that wants other arguments
            error = Exception(f"{kind.__name__}: {said}")
        if where:
            error.add_note(f"({where[:TEXT]})")
        return error
