"""What tests may import as `fourhands_tests`: a few words about the candidate's code."""

from collections.abc import Callable
from types import ModuleType
from typing import Any, Final

from .desk import Desk
from .line import Line
from .stand_in import Stand

NAME: Final = "fourhands_tests"


def library(desk: Desk, line: Line) -> ModuleType:
    """The module: `plain`, `trusted`, `types`, `printed`."""

    def plain(value: Any) -> Any:
        """The data that an object of the candidate's holds, taken once; plain data as it is."""
        found = desk.value(value)
        return desk.ask("plain", found) if type(found) is Stand else found

    def trusted(value: Any) -> Any:
        """An object whose own operators the test wants to see at work."""
        return desk.trust(desk.value(value))

    def types(*lines: str) -> None:
        """What `input()` of the candidate's code reads from now on."""
        line.ask("typed", "".join(f"{text}\n" for text in lines))

    def printed() -> str:
        """What the candidate's code has printed in this test."""
        return line.printed

    members: tuple[Callable[..., Any], ...] = (plain, trusted, types, printed)
    module = ModuleType(NAME, library.__doc__)
    for member in members:
        setattr(module, member.__name__, member)
    return module
