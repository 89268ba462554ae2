"""What a room knows of one Yjs client id: whose it is, how far it came, where its text stands."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from operator import itemgetter

from .ranges import Ranges
from .run import Run
from .runs import Runs


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
        # Its text as it stands among that of the others, by clock.
        self.runs = Runs()
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

    def add_run(self, run: Run) -> None:
        """Take in the run with the latest clocks."""
        self.runs.append(run)
        if run.origin is not None and run.origin[0] != self.client:
            self._learn(run.start, *run.origin)
        if run.right is not None and run.right[0] != self.client:
            self._learn(run.start, *run.right)

    def _learn(self, clock: int, other: int, reached: int) -> None:
        own, theirs = self.past.setdefault(other, ([], []))
        if not theirs or theirs[-1] < reached:
            own.append(clock)
            theirs.append(reached)

    def type_on(self, end: int, right: Known | None, right_clock: int) -> bool:
        """Lengthen what was written last up to `end`, if it stands right before the neighbour named now."""
        last = self.runs.last
        if last is None:
            return False
        after = last.after
        if right is None:
            stands = after is None and last.right is None
        else:
            stands = after is not None and after.client == right.client and after.start == right_clock
            stands = stands and last.right == (right.client, right_clock)
        if not stands or last.end != self.next:
            return False
        self.next = last.end = end
        return True

    def take_back(self) -> None:
        """Forget the runs beyond `next`: the update that brought them was refused after all."""
        runs = self.runs
        while runs.last is not None and runs.last.start >= self.next:
            runs.last.unlink()
            runs.pop()
        if runs.last is not None and runs.last.end > self.next:
            runs.last.end = self.next
        for own, theirs in self.past.values():
            del theirs[bisect_left(own, self.next) :]
            del own[bisect_left(own, self.next) :]
