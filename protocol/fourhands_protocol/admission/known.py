"""What a room knows of one Yjs client id: whose it is, how far it came, where its text stands."""

from array import array
from bisect import bisect_left, bisect_right
from operator import itemgetter


class Known:
    """One client id in one room. Clocks count UTF-16 units of text from 0; `next` is the first unused one."""

    __slots__ = ("deleted", "middles", "next", "older_roots", "person", "root", "root_since")

    def __init__(self) -> None:
        """Begin with an id that nobody has used."""
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


class Ranges:
    """A set of clocks as disjoint ranges, in order."""

    __slots__ = ("ends", "starts")

    def __init__(self) -> None:
        """Begin with none."""
        self.starts: list[int] = []
        self.ends: list[int] = []

    def add(self, start: int, end: int) -> int:
        """Add start <= clock < end and count the clocks that were not there yet."""
        starts, ends = self.starts, self.ends
        first = bisect_left(ends, start)  # of the ranges that touch the new one
        after = bisect_right(starts, end, first)
        if first == after:
            starts.insert(first, start)
            ends.insert(first, end)
            return end - start
        if after - first == 1 and starts[first] <= start and end <= ends[first]:
            return 0
        there = sum(min(ends[i], end) - max(starts[i], start) for i in range(first, after))
        starts[first:after] = [min(start, starts[first])]
        ends[first:after] = [max(end, ends[after - 1])]
        return end - start - there

    def covers(self, start: int, end: int) -> bool:
        """Tell whether all of start <= clock < end are there."""
        index = bisect_left(self.ends, end)
        return index < len(self.starts) and self.starts[index] <= start
