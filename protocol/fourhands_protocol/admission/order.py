"""The order of all text ever written in each file, deleted or not: the list that every Yjs replica builds.

Admission keeps it for one question: were the two neighbours that new text names ever side by side, for
somebody who knew what its author must have known? Only for such text does Yjs promise that all replicas
agree; any other would stand at one place for those who were here and at another for those who come later
(SPEC, A-12).

What stands between two neighbours is short as a rule, and walked through. Where it is not, a tree of the
file's runs answers without a walk; files in which that never happens have none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from ..errors import NotAdmitted
from .known import Known
from .past import Pasts
from .run import ITSELF, Run
from .tree import Tree
from .update import Id

# Runs between two neighbours that are walked through; more are left to the tree.
_WALK: Final = 16
# Runs that every engine must pass over, at some 75 ns each, in place of what counts as one step here.
_PASSED: Final = 32
_NOBODY: Final = -1


class Order:
    """The text of every file of a room, in order."""

    __slots__ = ("_beginnings", "_clients", "_trees")

    def __init__(self, clients: Mapping[int, Known]) -> None:
        """Begin with no text; `clients` are those whom the room knows, then and later."""
        self._clients = clients
        self._beginnings: dict[str, Run] = {}
        self._trees: dict[str, Tree] = {}

    def place(
        self,
        known: Known,
        clocks: tuple[int, int],
        origin: Id | None,
        right: Id | None,
        root: str,
        *,
        is_new: bool,
        pasts: Pasts | None = None,
    ) -> None:
        """Put text (its first clock and its end) between its neighbours, where Yjs would put it.

        `pasts` are those of its update, which may hold more. Raises NotAdmitted or TooMany; not for text that
        is not new, but comes from the log.
        """
        start, end = clocks
        # In this order: a cut leaves the earlier half the run that it was.
        goal = None if right is None else self._clients[right[0]].runs.begin_at(right[1])
        left = self._beginning(root) if origin is None else self._clients[origin[0]].runs.end_at(origin[1])
        if self._trees:
            self._tell(root, goal, left.after)
        if left.after is goal:
            if left.client == known.client and left.end == start and left.right == right:
                left.end = end
                return
            run = self._run(known.client, start, end, origin, right)
            run.depth = left.depth + left.end - left.start
            if pasts is not None:
                pasts.heed(run)
        else:
            run = self._run(known.client, start, end, origin, right)
            run.depth = left.depth + left.end - left.start
            gap = _walk(left, goal) or self._tree(root)
            if is_new:
                pasts = pasts or Pasts(self._clients)
                pasts.check(run, root, gap, left, goal)
            left = (
                self._resolve(run, left, gap) if isinstance(gap, list) else _find(run, left, goal, gap, pasts)
            )
        run.link_after(left)
        known.add_run(run)
        if self._trees:
            self._tell(root, run)

    def spans(self, root: str) -> Iterator[tuple[int, int, int]]:
        """List the ids of a file in order, as (client, first clock, end)."""
        run = self._beginning(root).after
        while run is not None:
            yield run.client, run.start, run.end
            run = run.after

    def _run(self, client: int, start: int, end: int, origin: Id | None, right: Id | None) -> Run:
        """Make a run that shares the numbers of clients with all others: one of its own takes 32 bytes."""
        if origin is not None:
            origin = ITSELF if origin == (client, start - 1) else (self._clients[origin[0]].client, origin[1])
        if right is not None:
            right = (self._clients[right[0]].client, right[1])
        return Run(client, start, end, origin, right)

    def _beginning(self, root: str) -> Run:
        if root not in self._beginnings:
            self._beginnings[root] = Run(_NOBODY, 0, 0, None, None)
        return self._beginnings[root]

    def _tree(self, root: str) -> Tree:
        tree = self._trees.get(root)
        if tree is None:
            tree = self._trees[root] = Tree(self._beginnings[root])
        return tree

    def _tell(self, root: str, *runs: Run | None) -> None:
        tree = self._trees.get(root)
        if tree is not None:
            tree.tell(*runs)

    def _resolve(self, new: Run, left: Run, gap: list[Run]) -> Run:
        """Find the run after which Yjs puts new text when others wrote at the same place at the same time."""
        seen: set[Run | None] = set()
        rivals: set[Run | None] = set()
        for run in gap:
            seen.add(run)
            rivals.add(run)
            if run.origin == new.origin:
                if run.client < new.client:
                    left = run
                    rivals.clear()
                elif run.right == new.right:
                    break
                continue
            parent = None if run.origin is None else self._clients[run.origin[0]].runs.at(run.origin[1])
            if parent not in seen:
                break
            if parent not in rivals:
                left = run
                rivals.clear()
        return left


def _walk(left: Run, goal: Run | None) -> list[Run]:
    """List the runs between two others, or none if they are too many.

    NotAdmitted if the end comes before the second of them.
    """
    gap: list[Run] = []
    run = left.after
    for _ in range(_WALK + 1):
        if run is goal:
            return gap
        if run is None:
            raise NotAdmitted("text between two texts that stand the other way round")
        gap.append(run)
        run = run.after
    return []


def _find(new: Run, left: Run, goal: Run | None, tree: Tree, pasts: Pasts | None) -> Run:
    """Find what `_resolve` finds, by the tree.

    Of what stands right of one origin, with all that descends from it, Yjs passes over the text of lower
    clients up to the first higher one that had the same right neighbour too. What a client wrote there later
    stands before what it wrote there earlier, and had another right neighbour.
    """
    kids = tree.kids.of(new.origin)
    if not kids:
        return left
    stop = goal if goal is not None and goal.origin == new.origin else None
    for client in sorted(client for client in kids if client > new.client):
        rival = _last_before(kids[client], stop, tree)
        if rival is not None and rival.right == new.right:
            stop = rival  # those of higher clients with this neighbour stand behind it
            break
    if pasts is not None:
        pasts.spend(tree.distance(left, stop or tree.last_of(left)) // _PASSED)
    best: Run | None = None
    for client, runs in kids.items():
        if client < new.client:
            lower = _last_before(runs, stop, tree)
            if lower is not None and (best is None or tree.is_before(best, lower)):
                best = lower
    return left if best is None else tree.last_of(best)


def _last_before(runs: Sequence[Run], goal: Run | None, tree: Tree) -> Run | None:
    """Find the last in the text of some runs that stand before another, given from the last to the first."""
    if goal is None or tree.is_before(runs[0], goal):
        return runs[0]
    if not tree.is_before(runs[-1], goal):
        return None
    low, high = 0, len(runs) - 1  # runs[low] does not stand before it, runs[high] does
    while high - low > 1:
        middle = (low + high) // 2
        if tree.is_before(runs[middle], goal):
            high = middle
        else:
            low = middle
    return runs[high]
