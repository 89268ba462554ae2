"""A run of ids that were written, and stand, one after the other; and the node of a tree that holds runs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from .update import Id

ITSELF: Final[Id] = (-1, -1)
"""In place of an origin: the id before the run's first, of the same client.

Most runs come of cuts, and a room has many: one that needs no such id of its own takes 90 bytes less.
"""

_FAR: Final = 2**62
_NONE: Final[Mapping[int, Sequence[Run]]] = {}


class Run:
    """Consecutive ids of one client, each written after the one before, all of them before `right`.

    `before` and `after` are the runs beside it in its file. `depth` counts the ids on the way to it from the
    beginning of the file, each the origin of the next. `parent` is its leaf, where the file has a tree.
    """

    __slots__ = ("_origin", "after", "before", "client", "depth", "end", "parent", "right", "start")

    def __init__(self, client: int, start: int, end: int, origin: Id | None, right: Id | None) -> None:
        """Make a run that stands nowhere yet."""
        self.client = client
        self.start = start
        self.end = end
        self._origin = origin
        self.right = right
        self.depth = 0
        self.before: Run | None = None
        self.after: Run | None = None
        self.parent: Node | None = None

    @property
    def origin(self) -> Id | None:
        """The id that its first one was written after."""
        return (self.client, self.start - 1) if self._origin is ITSELF else self._origin

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
        self.before = None
        if self.parent is not None:
            self.parent.remove(self)


class Kids:
    """The runs of a file by their origins. Most origins have one, which then stands for the whole list."""

    __slots__ = ("_runs",)

    def __init__(self) -> None:
        """Begin with none."""
        self._runs: dict[Id | None, Run | dict[int, list[Run]]] = {}

    def of(self, origin: Id | None) -> Mapping[int, Sequence[Run]]:
        """Give the runs with an origin per client, ascending in clock: that is backwards in the text."""
        found = self._runs.get(origin)
        if found is None:
            return _NONE
        return {found.client: [found]} if isinstance(found, Run) else found

    def add(self, run: Run) -> None:
        """Take in a run that came last of its client."""
        runs, origin = self._runs, run.origin
        found = runs.get(origin)
        if found is None:
            runs[origin] = run
            return
        if isinstance(found, Run):
            found = runs[origin] = {found.client: [found]}
        if run.client in found:
            found[run.client].append(run)
        else:
            found[run.client] = [run]

    def remove(self, run: Run) -> None:
        """Let go of a run that came last of its client."""
        found = self._runs[run.origin]
        if isinstance(found, Run):
            del self._runs[run.origin]
            return
        found[run.client].pop()
        if not found[run.client]:
            del found[run.client]
        if not found:
            del self._runs[run.origin]


class Node:
    """A stretch of runs, or of such nodes: its size, the least clock of each client, the least depth."""

    __slots__ = ("depth", "items", "kids", "least", "parent", "size")

    def __init__(self, items: Sequence[Run | Node], kids: Kids) -> None:
        """Take these in, in their order; the kids are those of the whole file."""
        self.items = list(items)
        self.kids = kids
        self.parent: Node | None = None
        self.least: dict[int, int] = {}
        self.depth = _FAR
        self.size: int = sum(item.size if isinstance(item, Node) else 1 for item in self.items)
        for item in self.items:
            item.parent = self
            self._count(item)

    def _count(self, item: Run | Node) -> bool:
        """Let the least be no more than that of an item, and tell whether it was."""
        changed = item.depth < self.depth
        if changed:
            self.depth = item.depth
        least = self.least
        if isinstance(item, Run):
            if item.start < least.get(item.client, _FAR):
                least[item.client] = item.start
                return True
            return changed
        for client, start in item.least.items():
            if start < least.get(client, _FAR):
                least[client] = start
                changed = True
        return changed

    def size_before(self, item: Run | Node) -> int:
        """Count the runs before an item that is here."""
        before = self.items[: self.items.index(item)]
        return sum(one.size if isinstance(one, Node) else 1 for one in before)

    def replace(self, old: Node, new: Node) -> None:
        """Let a node with nothing new in it stand for another."""
        self.items[self.items.index(old)] = new
        new.parent = self

    def insert_after(self, item: Run | Node, new: Sequence[Run | Node]) -> None:
        """Put items behind one that is here."""
        at = self.items.index(item) + 1
        self.items[at:at] = new
        for one in new:
            one.parent = self
            above: Node | None = self
            while above is not None and above._count(one):
                above = above.parent

    def remove(self, run: Run) -> None:
        """Take a run away that came last of its client."""
        self.kids.remove(run)
        self.items.remove(run)
        run.parent = None
        node: Node | None = self
        while node is not None:
            above = node.parent
            node.size -= 1
            if node.least.get(run.client) == run.start:
                del node.least[run.client]
            if node.depth == run.depth:
                node.depth = min((item.depth for item in node.items), default=_FAR)
            if not node.items and above is not None:
                above.items.remove(node)
            node = above
