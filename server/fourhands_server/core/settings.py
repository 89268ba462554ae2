"""The settings of a room: checked when a room is made, read with their defaults ever after."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from typing import Any

TIME_LIMIT_S = 120  # of a run, unless the room says otherwise
LONGEST_RUN_S = 3600
ENVIRONMENT = "default"  # what its code runs on
_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")


class BadSetting(Exception):
    """A setting that no room can have; the text names it and says what it may be."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a room's settings come to: what it was made with, and the defaults for the rest."""

    time_limit_s: int = TIME_LIMIT_S
    environment: str = ENVIRONMENT
    completion: bool = True
    hover: bool = True
    signatures: bool = True
    diagnostics: bool = True
    formatting: bool = True

    @classmethod
    def of(cls, stored: Mapping[str, Any]) -> Settings:
        """Those of a room in the log; what this version does not know or allow is passed over."""
        found = cls()
        for name, value in stored.items():
            with suppress(BadSetting):
                found = replace(found, **checked({name: value}))
        return found


def checked(wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The settings to keep for a new room; None stands for the default.

    Raises BadSetting for a value that cannot be and for an unknown name: a misspelt one is noticed.
    """
    for name in sorted(wanted):
        if name not in _KNOWN:
            raise BadSetting(f"There is no setting {name[:40]!r}.")
    return {name: _KNOWN[name](value) for name, value in wanted.items() if value is not None}


def _time_limit(value: Any) -> int:
    if type(value) is not int or not 1 <= value <= LONGEST_RUN_S:
        raise BadSetting(f"time_limit_s is a whole number of seconds from 1 to {LONGEST_RUN_S}.")
    return value


def _environment(value: Any) -> str:
    """A name; whether there is such an environment is for the kernel host to say."""
    if not isinstance(value, str) or not _NAME.fullmatch(value):
        raise BadSetting("environment is the name of one: GET /api/environments has them.")
    return value


def _switch(name: str) -> Callable[[Any], bool]:
    def check(value: Any) -> bool:
        if not isinstance(value, bool):
            raise BadSetting(f"{name} is true or false.")
        return value

    return check


EDITOR_HELP = (
    "completion",
    "hover",
    "signatures",
    "diagnostics",
    "formatting",
)  # some interviews want none
_KNOWN: Mapping[str, Callable[[Any], Any]] = {
    "environment": _environment,
    "time_limit_s": _time_limit,
    **{name: _switch(name) for name in EDITOR_HELP},
}
