"""What a room knows of one Yjs client id: whose it is, how far it came, where its text stands."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from operator import itemgetter

from .ranges import Ranges
from .update import Id


class Run:
    """Consecutive ids of one client, each written after the one before, all of them before `right`.

    `before` and `after` are the runs beside it in its file.
    """

    __slots__ = ("after", "before", "end", "known", "origin", "right", "start")

    def __init__(self, known: Known, start: int, end: int, origin: Id | None, right: Id | None) -> None:
        """Make a run that stands nowhere yet."""
        self.known = known
        self.start = start
        self.end = end
        self.origin = origin
        self.right = right
        self.before: Run | None = None
        self.after: Run | None = None

    def link_after(self, left: Run) -> None:
        """Stand right after another run."""
        self.before, self.after = left, left.after
        if left.after is not None:
            left.after.before = self
        left.after = self

    def unlink(self) -> None:
        """Stand nowhere any more."""
        assert self.before is not None, "only the beginning of a file has nothing before it"
        self.before.after = self.after
        if self.after is not None:
            self.after.before = self.before


class Known:
    """One client id in one room. Clocks count UTF-16 units of text from 0; `next` is the first unused one."""

    __slots__ = (
        "client",
        "deleted",
        "middles",
        "next",
        "older_roots",
        "past",
        "person",
        "root",
        "root_since",
        "runs",
        "starts",
    )

    def __init__(self, client: int) -> None:
        """Begin with an id that nobody has used."""
        self.client = client
        self.person: str | None = None
        self.next = 0
        # The latest clocks, from `root_since` on, stand in `root` (None: none, they were collected); where
        # older ones stand says the list: (first clock, root), ascending. Most ids write in one file only.
        self.root: str | None = None
        self.root_since = 0
        self.older_roots: list[tuple[int, str | None]] = []
        # Clocks of the second halves of surrogate pairs, ascending.
        self.middles = array("I")
        self.deleted = Ranges()
        # Its text as it stands among that of the others, by clock, and the first clock of each run.
        self.runs: list[Run] = []
        self.starts: list[int] = []
        # What its author had read of others: client → (own clocks, last clock of theirs by then), ascending.
        self.past: dict[int, tuple[list[int], list[int]]] = {}

    def root_at(self, clock: int) -> str | None:
        """Name the root in which a known clock stands."""
        if clock >= self.root_since:
            return self.root
        older = self.older_roots
        return older[bisect_right(older, clock, key=itemgetter(0)) - 1][1]

    def is_middle(self, clock: int) -> bool:
        """Tell whether a cut before this clock would part a surrogate pair."""
        middles = self.middles
        if not middles:
            return False
        index = bisect_left(middles, clock)
        return index < len(middles) and middles[index] == clock

    def grow(self, end: int, root: str | None) -> None:
        """Take in the clocks up to `end`, all of which stand in one root."""
        if root != self.root:
            if self.next:
                self.older_roots.append((self.root_since, self.root))
            self.root = root
            self.root_since = self.next
        self.next = end

    def run_at(self, clock: int) -> Run:
        """Find the run that holds a clock."""
        return self.runs[bisect_right(self.starts, clock) - 1]

    def run_from(self, clock: int) -> Run:
        """Find the run that begins with a clock, if need be by a cut."""
        run = self.run_at(clock)
        return run if run.start == clock else self._cut(run, clock)

    def run_to(self, clock: int) -> Run:
        """Find the run that ends with a clock, if need be by a cut."""
        run = self.run_at(clock)
        if run.end != clock + 1:
            self._cut(run, clock + 1)
        return run

    def _cut(self, run: Run, clock: int) -> Run:
        rest = Run(self, clock, run.end, (self.client, clock - 1), run.right)
        run.end = clock
        rest.link_after(run)
        index = bisect_right(self.starts, clock)
        self.runs.insert(index, rest)
        self.starts.insert(index, clock)
        return rest

    def add_run(self, run: Run) -> None:
        """Take in the run with the latest clocks."""
        self.runs.append(run)
        self.starts.append(run.start)
        for neighbour in (run.origin, run.right):
            if neighbour is not None and neighbour[0] != self.client:
                self._learn(run.start, *neighbour)

    def _learn(self, clock: int, other: int, reached: int) -> None:
        own, theirs = self.past.setdefault(other, ([], []))
        if not theirs or theirs[-1] < reached:
            own.append(clock)
            theirs.append(reached)

    def known_at(self, clock: int) -> Iterator[tuple[int, int]]:
        """List what whoever wrote `clock` had read by then, as (client, last clock)."""
        for other, (own, theirs) in self.past.items():
            index = bisect_right(own, clock)
            if index:
                yield other, theirs[index - 1]

    def type_on(self, end: int, right: Known | None, right_clock: int) -> bool:
        """Lengthen what was written last up to `end`, if it stands right before the neighbour named now."""
        if not self.runs:
            return False
        last = self.runs[-1]
        after = last.after
        if right is None:
            stands = after is None and last.right is None
        else:
            stands = after is not None and after.known is right and after.start == right_clock
            stands = stands and last.right == (right.client, right_clock)
        if not stands or last.end != self.next:
            return False
        self.next = last.end = end
        return True

    def take_back(self) -> None:
        """Forget the runs beyond `next`: the update that brought them was refused after all."""
        runs = self.runs
        while runs and runs[-1].start >= self.next:
            runs.pop().unlink()
            self.starts.pop()
        if runs and runs[-1].end > self.next:
            runs[-1].end = self.next
        for own, theirs in self.past.values():
            del theirs[bisect_left(own, self.next) :]
            del own[bisect_left(own, self.next) :]
