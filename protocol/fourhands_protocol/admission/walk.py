"""The causal walk through an update: every struct after what it builds on, whatever the order of bytes."""

from collections.abc import Container

from .. import limits
from ..errors import CausalGap, NotAdmitted, ProtocolError
from .growth import Growth
from .known import Known
from .order import Order
from .past import Pasts
from .update import GC, Deletion, Struct, Update


class Walk:
    """One update being followed against the clients a room knows and the roots it allows (None: any)."""

    __slots__ = ("_clients", "_roots", "growths", "taken")

    def __init__(self, update: Update, clients: dict[int, Known], roots: Container[str] | None) -> None:
        """Lay each client's part of the update beside what is known of that client."""
        self._clients = clients
        self._roots = roots
        self.growths: dict[int, Growth] = {}
        # New text in causal order: whose, from which clock on, the struct that holds it, in which root.
        self.taken: list[tuple[Known, int, Struct, str]] = []
        for section in update.sections.values():
            known = clients.get(section.client) or Known(section.client)
            if section.start > known.next:
                raise CausalGap("an edit is missing before this one")
            if section.start < known.next and known.is_middle(section.start):
                raise NotAdmitted("an update may not part a surrogate pair")
            self.growths[section.client] = Growth(section, known)

    def follow(self) -> None:
        """Take every struct of every client; CausalGap or NotAdmitted where one cannot be taken."""
        alone = len(self.growths) == 1
        for growth in self.growths.values():
            structs = growth.section.structs
            while growth.index < len(structs):
                struct = structs[growth.index]
                if alone or self._needed(struct) is None:
                    self._take(growth, struct)
                else:
                    self._follow(growth)

    def _follow(self, first: Growth) -> None:
        """Take one struct of the first client, and before it whatever it builds on."""
        waiting = [first]
        while waiting:
            growth = waiting[-1]
            struct = growth.section.structs[growth.index]
            needed = self._needed(struct)
            if needed is None:
                self._take(growth, struct)
                growth.waits = False
                waiting.pop()
            elif needed.waits:
                raise NotAdmitted("texts that each stand next to the other")
            else:
                growth.waits = True
                waiting.append(needed)

    def _take(self, growth: Growth, struct: Struct) -> None:
        root = self._root_of(struct)
        start = growth.next
        growth.take(struct, root)
        if root is not None and growth.next > start:
            self.taken.append((growth.known, start, struct, root))

    def _needed(self, struct: Struct) -> Growth | None:
        """Name the client of this update whose next struct must be taken before this one."""
        for neighbour in (struct.origin, struct.right):
            if neighbour is not None:
                growth = self.growths.get(neighbour[0])
                if growth is not None and growth.next <= neighbour[1] < growth.section.end:
                    return growth
        return None

    def _root_of(self, struct: Struct) -> str | None:
        _, _, _, origin, right, root, _ = struct
        if origin is not None:
            root = self._root_beside(origin[0], origin[1], cut=origin[1] + 1)
            if right is not None and self._root_beside(right[0], right[1], cut=right[1]) != root:
                raise NotAdmitted("text between two texts that are not in one file")
        elif right is not None:
            root = self._root_beside(right[0], right[1], cut=right[1])
        elif root is not None and self._roots is not None and root not in self._roots:
            raise NotAdmitted(f"no such file: {root[:60]}")
        if root is None and struct.kind != GC:
            raise NotAdmitted("text next to what is in no file")
        return root

    def _root_beside(self, client: int, clock: int, *, cut: int) -> str | None:
        side: Growth | Known | None = self._clients.get(client)
        if side is None or clock >= side.next:
            side = self.growths.get(client)
            if side is None or clock >= side.next:
                raise CausalGap("an edit is missing before this one")
        if side.is_middle(cut):
            raise NotAdmitted("text may not part a surrogate pair")
        return side.root_at(clock)

    def place(self, order: Order, *, is_new: bool, steps: int = limits.STEPS) -> None:
        """Put the new text in its place among all the others'; NotAdmitted or TooMany where it has none."""
        pasts = Pasts(self._clients, most=steps) if is_new and len(self.taken) > 1 else None
        fresh = [client for client in self.growths if client not in self._clients]
        self._clients.update((client, self.growths[client].known) for client in fresh)
        try:
            for known, start, struct, root in self.taken:
                end = struct.clock + struct.length
                # Of text that is known in part, Yjs puts the rest behind the part that is known.
                origin = struct.origin if start == struct.clock else (known.client, start - 1)
                order.place(known, (start, end), origin, struct.right, root, is_new=is_new, pasts=pasts)
        except ProtocolError:
            for growth in self.growths.values():
                growth.known.take_back()
            for client in fresh:
                del self._clients[client]
            raise

    def check_deletions(self, deletions: list[Deletion]) -> None:
        """Refuse the deletion of what is not there, and of half a surrogate pair."""
        growths, clients = self.growths, self._clients
        for client, start, end in deletions:
            side = growths.get(client) or clients.get(client)
            if side is None or end > side.next:
                raise CausalGap("an edit is missing before this one")
            if side.is_middle(start) or side.is_middle(end):
                raise NotAdmitted("a deletion may not part a surrogate pair")
