"""The figures of a run: by row, contestant and figure one value a round; and which goals they meet."""

from __future__ import annotations

import json
import os
import platform
import statistics
import subprocess
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from tests.bench.figures import Goal, Metric, Row, Size
from tests.bench.intervals import Ratio, ratio

BASE = "y-websocket-server"  # what ratios are to


@dataclass(frozen=True, slots=True)
class Verdict:
    """A goal, what was reached, and whether that is enough."""

    goal: Goal
    words: str
    reached: str
    met: bool


@dataclass(slots=True)
class Results:
    """All figures of one run."""

    size: Size
    figures: dict[str, dict[str, dict[str, list[float]]]] = field(default_factory=dict)
    machine: dict[str, Any] = field(default_factory=dict)

    def add(self, row: str, contestant: str, values: dict[str, float]) -> None:
        """The figures of one round."""
        kept = self.figures.setdefault(row, {}).setdefault(contestant, {})
        for name, value in values.items():
            kept.setdefault(name, []).append(value)

    def of(self, row: str, contestant: str, metric: str) -> list[float]:
        """One figure, by round."""
        return self.figures.get(row, {}).get(contestant, {}).get(metric, [])

    def median(self, row: str, contestant: str, metric: str) -> float | None:
        values = self.of(row, contestant, metric)
        return statistics.median(values) if values else None

    def ratio(self, row: str, contestant: str, metric: str, base: str = BASE) -> Ratio | None:
        """To another contestant's figure in the same rounds."""
        if contestant == base:
            return None
        return ratio(self.of(row, contestant, metric), self.of(row, base, metric))

    def verdicts(self, row: Row, metric: Metric, contestant: str) -> list[Verdict]:
        """The goals that this contestant has here."""
        found = []
        for goal in metric.goals:
            if goal.contestant != contestant:
                continue
            sign = "≥" if metric.more_is_better else "≤"
            reached: float | None
            if goal.versus is None:
                reached = self.median(row.key, contestant, metric.key)
                words = f"{sign} {number(goal.limit)}{metric.unit and ' ' + metric.unit}"
            else:
                against = self.ratio(row.key, contestant, metric.key, goal.versus)
                reached = against.value if against else None
                words = f"{sign} {goal.limit:g} × {goal.versus}"
            if reached is not None:
                met = reached >= goal.limit if metric.more_is_better else reached <= goal.limit
                found.append(Verdict(goal, words, number(reached), met))
        return found

    def write(self, path: Path, rows: Sequence[Row]) -> None:
        """Everything as JSON."""
        goals = {
            f"{row.key}.{metric.key}": [
                {"contestant": name, "goal": verdict.words, "reached": verdict.reached, "met": verdict.met}
                for name in self.figures.get(row.key, {})
                for verdict in self.verdicts(row, metric, name)
            ]
            for row in rows
            if row.key in self.figures
            for metric in row.metrics
            if metric.goals
        }
        content = {
            "size": asdict(self.size),
            "machine": self.machine,
            "figures": self.figures,
            "goals": goals,
        }
        path.write_text(json.dumps(content, indent=1) + "\n")


def machine() -> dict[str, Any]:
    """Where and on what a run was made."""
    commit = subprocess.run(["git", "rev-parse", "--short", "HEAD"], capture_output=True, text=True)
    return {
        "cores": os.cpu_count(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "commit": commit.stdout.strip(),
        "load_before": os.getloadavg()[0],
    }


def number(value: float) -> str:
    """A figure as a person reads it: three digits that count."""
    if value != value:
        return "none"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    if abs(value) >= 100 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.1f}" if abs(value) >= 10 else f"{value:.2f}"
