"""Which outputs a room keeps at hand: those of its latest runs, up to a bound; all others only the log has.

What is kept depends on the entries and on nothing else, so that a replay of the log keeps the same.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from fourhands_protocol import outputs

KEPT = 4 * 2**20  # bytes of entries: a newcomer is told these, in 20 s at 200 KB/s; one run may leave 16 MB


@dataclass(slots=True)
class Printed:
    """What one run has printed: `size` bytes of entries from seq `first` to seq `last`.

    `outputs` is their fold, as long as it is kept.
    """

    first: int = 0
    last: int = 0
    size: int = 0
    kept: bool = True
    outputs: list[outputs.Output] = field(default_factory=list)


@dataclass(slots=True)
class OutputsKept:
    """The outputs at hand: `size` bytes of entries, all of them after seq `past`.

    One seq tells what is kept from what is not. Runs print one after the other, so nearly nothing is lost by
    that: only a run that failed beside another, which may go with it.
    """

    past: int = 0
    size: int = 0
    runs: list[Printed] = field(default_factory=list)  # in the order of `first`

    def take(self, printed: Printed, seq: int, size: int, items: Iterable[outputs.Output]) -> None:
        """Fold one entry of a run, of `size` bytes."""
        if not printed.first:
            printed.first = seq
            self.runs.append(printed)
        printed.last = seq
        printed.size += size
        if printed.kept:
            self.size += size
            for item in items:
                printed.outputs = outputs.fold(printed.outputs, item)
        else:
            self._leave(seq)
        while self.size > KEPT:
            self._leave(self.runs[0].last)

    def _leave(self, seq: int) -> None:
        """Keep nothing up to `seq`, nor runs of which only a part would be kept."""
        self.past = max(self.past, seq)
        while self.runs and self.runs[0].first <= self.past:
            left = self.runs.pop(0)
            self.past = max(self.past, left.last)
            self.size -= left.size
            left.kept, left.outputs = False, []
