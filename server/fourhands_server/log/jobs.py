"""What the loop asks of the writer thread, and what it gets back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .counters import Counters
from .log import Intent, Told


class Call(NamedTuple):
    """One append to a room, waiting; `size` in bytes counts towards what may wait."""

    room: str
    intents: tuple[Intent, ...]
    now: int
    size: int
    told: Told


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be told of a room's counters as committed; `reopens` lets the room take appends again.

    With `forgets` there is nothing to tell: the counters are not kept at hand any more.
    """

    room: str
    ask: Callable[[Counters], object]
    answer: asyncio.Future[Any]
    reopens: bool = False
    forgets: bool = False


Job = Call | Question


Outcome = tuple[Job, Any, Exception | None]
"""A job, what it has come to, and why to nothing."""
