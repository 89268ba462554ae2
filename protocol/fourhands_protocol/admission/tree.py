"""The runs of a long file as a tree, for questions about stretches of it that are too long for a walk."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from ..errors import NotAdmitted
from .run import Kids, Node, Run

# Pieces in a node: at most so many, and half as many after it was parted.
_MOST: Final = 32
# Runs that may wait to be put in.
_WAITING: Final = 256


class Tree:
    """The runs of one file. It is told of new runs and takes them in when it is asked next."""

    __slots__ = ("_lobby", "kids")

    def __init__(self, beginning: Run) -> None:
        """Take in the beginning of a file and all that stands behind it."""
        runs = [beginning]
        while runs[-1].after is not None:
            runs.append(runs[-1].after)
        self.kids = Kids()
        for run in reversed(runs[1:]):  # so that those of a client come in the order of their clocks
            self.kids.add(run)
        nodes = self._nodes(runs)
        while len(nodes) > 1:
            nodes = self._nodes(nodes)
        # The parent of those that wait.
        self._lobby = Node([], self.kids)

    def tell(self, *runs: Run | None) -> None:
        """Hear of runs that are perhaps not here yet."""
        lobby = self._lobby
        for run in runs:
            if run is not None and run.parent is None:
                run.parent = lobby
                lobby.items.append(run)
                self.kids.add(run)
        if len(lobby.items) > _WAITING:
            self.settle()

    def settle(self) -> None:
        """Take in what waits; without that only the kids are up to date."""
        if not self._lobby.items:
            return
        waiting, self._lobby.items = self._lobby.items, []
        for run in waiting:
            if run.parent is self._lobby:
                assert isinstance(run, Run), "no others are told of"
                self._add_with_neighbours(run)

    def stretch(self, left: Run, goal: Run | None) -> Iterator[list[Run | Node]]:
        """List what stands between two runs (no second: up to the end), as few pieces, in no order.

        NotAdmitted where the second does not stand behind the first.
        """
        self.settle()
        a: Run | Node = left
        b: Run | Node | None = goal
        while a.parent is not None:
            above, items = a.parent, a.parent.items
            if b is None:
                yield items[items.index(a) + 1 :]
            elif above is b.parent:
                start, end = items.index(a), items.index(b)
                if start >= end:
                    raise NotAdmitted("text between two texts that stand the other way round")
                yield items[start + 1 : end]
                return
            else:
                assert b.parent is not None, "all leaves are equally far from the root"
                yield items[items.index(a) + 1 :]
                yield b.parent.items[: b.parent.items.index(b)]
                b = b.parent
            a = above

    def last_of(self, run: Run) -> Run:
        """Find the last run of those that descend from a run by their origins, or that run itself."""
        self.settle()
        item: Run | Node = run
        while item.parent is not None:
            items = item.parent.items
            for other in items[items.index(item) + 1 :]:
                if other.depth <= run.depth:
                    found = _first_up_to(other, run.depth)
                    assert found.before is not None, "it stands behind the run"
                    return found.before
            item = item.parent
        while isinstance(item, Node):
            item = item.items[-1]
        return item

    def is_before(self, a: Run | Node, b: Run | Node) -> bool:
        """Tell whether one run stands before another."""
        self.settle()
        while a.parent is not b.parent:
            assert a.parent is not None, "all leaves are equally far from the root"
            assert b.parent is not None, "all leaves are equally far from the root"
            a, b = a.parent, b.parent
        assert a.parent is not None, "both are in one tree"
        return a.parent.items.index(a) < a.parent.items.index(b)

    def distance(self, a: Run | Node, b: Run | Node) -> int:
        """Count the steps from one run to another that stands behind it."""
        self.settle()
        steps = 0
        while a is not b:
            assert a.parent is not None, "all leaves are equally far from the root"
            assert b.parent is not None, "all leaves are equally far from the root"
            steps += b.parent.size_before(b) - a.parent.size_before(a)
            a, b = a.parent, b.parent
        return steps

    def _add_with_neighbours(self, run: Run) -> None:
        """Put in a run, and all beside it that wait too."""
        lobby = self._lobby
        while run.before is not None and run.before.parent is lobby:
            run = run.before
        assert run.before is not None, "the beginning does not wait"
        left, new = run.before, [run]
        while run.after is not None and run.after.parent is lobby:
            run = run.after
            new.append(run)
        assert left.parent is not None, "all are here, or wait"
        left.parent.insert_after(left, new)
        node: Node | None = left.parent
        while node is not None:
            node.size += len(new)
            node = node.parent
        self._part(left.parent)

    def _part(self, node: Node) -> None:
        """Part a node that holds too much, and those above it."""
        while len(node.items) > _MOST:
            first, *rest = self._nodes(node.items)
            above = node.parent
            if above is None:
                above = Node([first, *rest], self.kids)
            else:
                above.replace(node, first)
                above.insert_after(first, rest)
            node = above

    def _nodes(self, items: Sequence[Run | Node]) -> list[Node]:
        size = _MOST // 2
        return [Node(items[start : start + size], self.kids) for start in range(0, len(items), size)]


def _first_up_to(item: Run | Node, depth: int) -> Run:
    while isinstance(item, Node):
        item = next(one for one in item.items if one.depth <= depth)
    return item
