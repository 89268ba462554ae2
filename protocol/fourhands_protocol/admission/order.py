"""The order of all text ever written in each file, deleted or not: the list that every Yjs replica builds.

Admission keeps it for one question: were the two neighbours that new text names ever side by side, for
somebody who knew what its author must have known? Only for such text does Yjs promise that all replicas
agree; any other would stand at one place for those who were here and at another for those who come later
(SPEC, A-12).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final

from .. import limits
from ..errors import NotAdmitted, TooMany
from .known import Known, Run
from .update import Id

_NOBODY: Final = Known(-1)


class Order:
    """The text of every file of a room, in order."""

    __slots__ = ("_beginnings", "_clients")

    def __init__(self, clients: Mapping[int, Known]) -> None:
        """Begin with no text; `clients` are those whom the room knows, then and later."""
        self._clients = clients
        self._beginnings: dict[str, Run] = {}

    def place(
        self,
        known: Known,
        clocks: tuple[int, int],
        origin: Id | None,
        right: Id | None,
        root: str,
        *,
        is_new: bool,
    ) -> None:
        """Put text (its first clock and its end) between its neighbours, where Yjs would put it.

        Raises NotAdmitted or TooMany; not for text that is not new, but comes from the log.
        """
        start, end = clocks
        # In this order: a cut leaves the earlier half the run that it was.
        goal = None if right is None else self._clients[right[0]].run_from(right[1])
        left = self._beginning(root) if origin is None else self._clients[origin[0]].run_to(origin[1])
        gap = _between(left, goal)
        if gap:
            if is_new:
                self._check_gap(gap, known, start, origin, right)
            left = self._resolve(gap, left, known, origin, right)
        elif left.known is known and left.end == start and left.right == right:
            left.end = end
            return
        run = Run(known, start, end, origin, right)
        run.link_after(left)
        known.add_run(run)

    def spans(self, root: str) -> Iterator[tuple[int, int, int]]:
        """List the ids of a file in order, as (client, first clock, end)."""
        run = self._beginning(root).after
        while run is not None:
            yield run.known.client, run.start, run.end
            run = run.after

    def _beginning(self, root: str) -> Run:
        if root not in self._beginnings:
            self._beginnings[root] = Run(_NOBODY, 0, 0, None, None)
        return self._beginnings[root]

    def _check_gap(
        self, gap: list[Run], known: Known, start: int, origin: Id | None, right: Id | None
    ) -> None:
        """Refuse text whose author must have known something that stands between its neighbours."""
        if len(gap) > limits.GAP:
            raise TooMany("too much was written at the place of this text meanwhile")
        past = {known.client: start - 1}
        for neighbour in (origin, right):
            if neighbour is not None:
                past[neighbour[0]] = max(neighbour[1], past.get(neighbour[0], -1))
        self._add_past(past)
        if any(run.start <= past.get(run.known.client, -1) for run in gap):
            raise NotAdmitted("text between two texts that never were side by side")

    def _add_past(self, past: dict[int, int]) -> None:
        """Add to some clocks (client → last clock) everything that their authors knew when writing them."""
        todo = list(past)
        while todo:
            client = todo.pop()
            for other, clock in self._clients[client].known_at(past[client]):
                if clock > past.get(other, -1):
                    past[other] = clock
                    todo.append(other)

    def _resolve(self, gap: list[Run], left: Run, known: Known, origin: Id | None, right: Id | None) -> Run:
        """Find the run after which Yjs puts text when others wrote at the same place at the same time."""
        seen: set[Run | None] = set()
        rivals: set[Run | None] = set()
        for run in gap:
            seen.add(run)
            rivals.add(run)
            if run.origin == origin:
                if run.known.client < known.client:
                    left = run
                    rivals.clear()
                elif run.right == right:
                    break
                continue
            parent = None if run.origin is None else self._clients[run.origin[0]].run_at(run.origin[1])
            if parent not in seen:
                break
            if parent not in rivals:
                left = run
                rivals.clear()
        return left


def _between(left: Run, goal: Run | None) -> list[Run]:
    """List the runs between two others; NotAdmitted if the second does not come after the first."""
    gap: list[Run] = []
    run = left.after
    while run is not goal:
        if run is None:
            raise NotAdmitted("text between two texts that stand the other way round")
        gap.append(run)
        run = run.after
    return gap
