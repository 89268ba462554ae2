"""A set of clocks as disjoint ranges."""

from bisect import bisect_left, bisect_right


class Ranges:
    """Ranges in order, none touching another: starts[i] <= clock < ends[i]."""

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
