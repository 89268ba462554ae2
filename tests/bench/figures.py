"""What is measured: rows of figures, the goal of each, and how large a run is."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.bench.contestants import Contestant


@dataclass(frozen=True, slots=True)
class Size:
    """How large a run is. Figures of runs of different sizes do not compare."""

    name: str
    rounds: int
    rooms: int  # of 4 people each
    warm_s: float
    measured_s: float
    document: int  # edits of the large document
    joins: int  # of it, of each kind
    idle_rooms: int  # of 2 people each
    viewers: int
    killed_s: float  # typing before the kill


FULL = Size("full", 3, 600, 2.0, 5.0, 100_000, 20, 4_900, 50, 4.5)
SHORT = Size("short", 1, 100, 0.5, 1.0, 5_000, 5, 250, 50, 1.0)


@dataclass(frozen=True, slots=True)
class Goal:
    """What ours must reach: a figure, or a ratio to a peer's figure of the same rounds."""

    limit: float
    versus: str | None = None
    contestant: str = "fourhands"


@dataclass(frozen=True, slots=True)
class Metric:
    """One figure of a row."""

    key: str
    words: str
    unit: str
    more_is_better: bool = False
    goals: tuple[Goal, ...] = ()


Measure = Callable[[type[Contestant], Path, Size], dict[str, float]]


@dataclass(frozen=True, slots=True)
class Block:
    """Figures that stand together in the table."""

    title: str
    metrics: tuple[Metric, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """What is measured in one go, with one start of each contestant that it is for."""

    key: str
    blocks: tuple[Block, ...]
    measure: Measure
    contestants: Sequence[type[Contestant]]
    rounds: int | None = None  # where fewer than the run's are enough

    @property
    def metrics(self) -> list[Metric]:
        return [metric for block in self.blocks for metric in block.metrics]


def chosen_size(short: bool, **changes: int | float | None) -> Size:
    """The size of this run: `BENCH=short` or the option, with what else was asked for."""
    size = SHORT if short or os.environ.get("BENCH") == "short" else FULL
    asked = {name: value for name, value in changes.items() if value is not None}
    return dataclasses.replace(size, **asked) if asked else size
