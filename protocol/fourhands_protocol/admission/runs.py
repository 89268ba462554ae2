"""The runs of one client by their clocks."""

from __future__ import annotations

from bisect import bisect_right
from typing import Final

from .run import ITSELF, Run

# Runs in one block: an insertion moves no more than twice so many, however many there are in all.
_BLOCK: Final = 512


class Runs:
    """Runs in the order of their clocks, in blocks, of which most clients need one."""

    __slots__ = ("_firsts", "_runs", "_starts", "last")

    def __init__(self) -> None:
        """Begin with none."""
        self.last: Run | None = None
        self._runs: list[list[Run]] = [[]]
        self._starts: list[list[int]] = [[]]
        # The first clock of each block; nothing lies before the first block.
        self._firsts: list[int] = [0]

    def at(self, clock: int) -> Run:
        """Find the run that holds a clock."""
        block = bisect_right(self._firsts, clock) - 1 if len(self._firsts) > 1 else 0
        return self._runs[block][bisect_right(self._starts[block], clock) - 1]

    def begin_at(self, clock: int) -> Run:
        """Find the run that begins with a clock, if need be by a cut."""
        block = bisect_right(self._firsts, clock) - 1 if len(self._firsts) > 1 else 0
        run = self._runs[block][bisect_right(self._starts[block], clock) - 1]
        return run if run.start == clock else self._cut(run, clock)

    def end_at(self, clock: int) -> Run:
        """Find the run that ends with a clock, if need be by a cut."""
        block = bisect_right(self._firsts, clock) - 1 if len(self._firsts) > 1 else 0
        run = self._runs[block][bisect_right(self._starts[block], clock) - 1]
        if run.end != clock + 1:
            self._cut(run, clock + 1)
        return run

    def append(self, run: Run) -> None:
        """Take in the run with the latest clocks."""
        self.last = run
        if len(self._runs[-1]) >= _BLOCK:
            self._runs.append([run])
            self._starts.append([run.start])
            self._firsts.append(run.start)
        else:
            self._runs[-1].append(run)
            self._starts[-1].append(run.start)

    def pop(self) -> None:
        """Forget the run with the latest clocks."""
        self._runs[-1].pop()
        self._starts[-1].pop()
        if not self._runs[-1] and len(self._firsts) > 1:
            del self._runs[-1], self._starts[-1], self._firsts[-1]
        self.last = self._runs[-1][-1] if self._runs[-1] else None

    def _cut(self, run: Run, clock: int) -> Run:
        rest = Run(run.client, clock, run.end, ITSELF, run.right)
        rest.depth = run.depth + clock - run.start
        run.end = clock
        rest.link_after(run)
        if self.last is run:
            self.last = rest
        block = bisect_right(self._firsts, clock) - 1 if len(self._firsts) > 1 else 0
        runs, starts = self._runs[block], self._starts[block]
        index = bisect_right(starts, clock)
        runs.insert(index, rest)
        starts.insert(index, clock)
        if len(runs) > 2 * _BLOCK:
            self._runs[block : block + 1] = [runs[:_BLOCK], runs[_BLOCK:]]
            self._starts[block : block + 1] = [starts[:_BLOCK], starts[_BLOCK:]]
            self._firsts.insert(block + 1, starts[_BLOCK])
        return rest
