"""What the authors of an update must have known: what they named, what the authors of that knew, and on."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping

from .. import limits
from ..errors import NotAdmitted, TooMany
from .known import Known
from .run import Node, Run
from .tree import Tree
from .update import Id


class _View:
    """What one client of an update must have known up to now."""

    __slots__ = ("clean", "client", "clocks")

    def __init__(self, client: int) -> None:
        self.client = client
        # Client → last clock.
        self.clocks: dict[int, int] = {}
        # Neighbours (and their file) between which text stands, but none that was known.
        self.clean: set[tuple[Id | None, Id | None, str]] = set()


class Pasts:
    """The pasts of the clients of one update, each worked out where it is asked for.

    It counts its steps (a piece or a client looked at), and ends an update that would take too many.
    """

    __slots__ = ("_clients", "_most", "_views", "steps")

    def __init__(self, clients: Mapping[int, Known], *, most: int = limits.STEPS) -> None:
        """Begin to judge one update in a room of these clients, in so many steps at most."""
        self._clients = clients
        self._most = most
        self._views: dict[int, _View] = {}
        self.steps = 0

    def spend(self, steps: int) -> None:
        """Count steps; TooMany beyond what the update may take."""
        self.steps += steps
        if self.steps > self._most:
            raise TooMany("too much was written meanwhile at the places of this edit")

    def heed(self, new: Run) -> None:
        """Hear of a new run, the neighbours of which its author must have known."""
        if self._views:
            view = self._views.get(new.client)
            if view is not None:
                self._learn(view, new.origin)
                self._learn(view, new.right)

    def check(self, new: Run, root: str, gap: list[Run] | Tree, left: Run, goal: Run | None) -> None:
        """Refuse a new run whose author must have known something that stands between its neighbours.

        `gap` lists what stands there, or is the tree that knows it. Raises NotAdmitted or TooMany.
        """
        view = self._view(new)
        place = (new.origin, new.right, root)
        if place in view.clean:
            view.clean.remove(place)
        elif isinstance(gap, list):
            self._check_few(view, gap)
        else:
            for pieces in gap.stretch(left, goal):
                self._check_many(view, pieces)
        # Each half of the gap is no worse than the whole was.
        view.clean.add((new.origin, (new.client, new.start), root))
        view.clean.add(((new.client, new.end - 1), new.right, root))

    def _view(self, new: Run) -> _View:
        view = self._views.get(new.client)
        if view is None:
            view = self._views[new.client] = _View(new.client)
            if new.start:
                self._learn_all(view, new.client, new.start - 1)
        else:
            view.clocks[new.client] = new.start - 1
        self._learn(view, new.origin)
        self._learn(view, new.right)
        return view

    def _learn(self, view: _View, neighbour: Id | None) -> None:
        if neighbour is not None:
            client, clock = neighbour
            if client != view.client and clock > view.clocks.get(client, -1):
                self._learn_all(view, client, clock)

    def _learn_all(self, view: _View, client: int, clock: int) -> None:
        """Add an id to a view, and everything that its author knew when writing it."""
        view.clean.clear()
        clocks = view.clocks
        clocks[client] = clock
        todo = [client]
        while todo:
            client = todo.pop()
            past = self._clients[client].past
            self.spend(1 + len(past))
            for other, (own, theirs) in past.items():
                index = bisect_right(own, clocks[client])
                if index and theirs[index - 1] > clocks.get(other, -1):
                    clocks[other] = theirs[index - 1]
                    todo.append(other)

    def _check_few(self, view: _View, gap: list[Run]) -> None:
        self.spend(len(gap))
        clocks = view.clocks
        for run in gap:
            if run.start <= clocks.get(run.client, -1):
                raise _never_neighbours()

    def _check_many(self, view: _View, pieces: list[Run | Node]) -> None:
        last_known = view.clocks.get
        steps = 0
        for piece in pieces:
            if isinstance(piece, Run):
                steps += 1
                if piece.start <= last_known(piece.client, -1):
                    raise _never_neighbours()
            else:
                steps += len(piece.least)
                for client, start in piece.least.items():
                    if start <= last_known(client, -1):
                        raise _never_neighbours()
        self.spend(steps)


def _never_neighbours() -> NotAdmitted:
    return NotAdmitted("text between two texts that never were side by side")
