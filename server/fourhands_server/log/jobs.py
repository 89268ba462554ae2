"""What the loop asks of the writer thread, and what it gets back."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple

from .counters import Counters
from .log import Intent


@dataclass(frozen=True, slots=True)
class Call:
    """One append, waiting; `size` in bytes counts towards what may wait."""

    intents: tuple[Intent, ...]
    now: int
    size: int
    answer: asyncio.Future[Any]  # of list[Appended]

    @property
    def room(self) -> str:
        """The room of all its intents."""
        return self.intents[0].room


@dataclass(frozen=True, slots=True)
class Question:
    """Something to be told of a room's counters as committed; `reopens` lets the room take appends again."""

    room: str
    ask: Callable[[Counters], object]
    answer: asyncio.Future[Any]
    reopens: bool = False


Job = Call | Question


class Outcome(NamedTuple):
    """What a job's future is to be given."""

    job: Job
    value: object
    error: Exception | None = None
