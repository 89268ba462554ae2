"""A set of clocks as disjoint ranges."""

from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import chain
from typing import Final

# Ranges in one block: an insertion moves no more than so many, however many there are in all.
_BLOCK: Final = 512


class Ranges:
    """Ranges in order, none touching another: start <= clock < end. In blocks, of which most need one."""

    __slots__ = ("_ends", "_firsts", "_starts")

    def __init__(self) -> None:
        """Begin with none."""
        self._starts: list[list[int]] = [[]]
        self._ends: list[list[int]] = [[]]
        # The first start of each block; nothing lies before the first block.
        self._firsts: list[int] = [0]

    def __iter__(self) -> Iterator[tuple[int, int]]:
        """List the ranges in order."""
        return zip(chain.from_iterable(self._starts), chain.from_iterable(self._ends), strict=True)

    def add(self, start: int, end: int) -> int:
        """Add start <= clock < end and count the clocks that were not there yet."""
        block = self._block(start, end) if len(self._firsts) > 1 else 0
        starts, ends = self._starts[block], self._ends[block]
        first = bisect_left(ends, start)  # of the ranges that touch the new one
        after = bisect_right(starts, end, first)
        if first == after:
            starts.insert(first, start)
            ends.insert(first, end)
            if len(starts) > 2 * _BLOCK:
                self._split(block)
            return end - start
        if after - first == 1 and starts[first] <= start and end <= ends[first]:
            return 0
        there = sum(min(ends[i], end) - max(starts[i], start) for i in range(first, after))
        starts[first:after] = [min(start, starts[first])]
        ends[first:after] = [max(end, ends[after - 1])]
        if len(starts) > 2 * _BLOCK:
            self._split(block)
        return end - start - there

    def covers(self, start: int, end: int) -> bool:
        """Tell whether all of start <= clock < end are there."""
        block = bisect_right(self._firsts, start) - 1
        index = bisect_left(self._ends[block], end)
        return index < len(self._starts[block]) and self._starts[block][index] <= start

    def _block(self, start: int, end: int) -> int:
        """Find the block for a range; where it touches several, they become one first."""
        block = bisect_right(self._firsts, start) - 1
        after = bisect_right(self._firsts, end, block)
        if after - block > 1:
            for lists in (self._starts, self._ends):
                lists[block:after] = [list(chain.from_iterable(lists[block:after]))]
            del self._firsts[block + 1 : after]
        return block

    def _split(self, block: int) -> None:
        for lists in (self._starts, self._ends):
            whole = lists[block]
            lists[block : block + 1] = [whole[i : i + _BLOCK] for i in range(0, len(whole), _BLOCK)]
        self._firsts = [0, *(starts[0] for starts in self._starts[1:])]
