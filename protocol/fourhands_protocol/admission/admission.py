"""The admission of one room: what its people have written so far, and whether an update may follow it."""

from collections.abc import Container, Iterable
from typing import Final

from .. import limits
from ..errors import ForeignClient, MalformedFrame, TooLarge, TooMany
from ..sync import MAX_CLIENT, WIDE_CLIENT
from ..varint import write_uint
from .known import Known
from .order import Order
from .short import NOTHING_NEW, Admitted, admit_short
from .update import Deletion, read_update
from .walk import Walk

_NO_LIMIT: Final = 2**62


class Admission:
    """Everything a room must know to judge an update. A refused update leaves it as it was."""

    __slots__ = ("_clients", "_codes", "_ids_of", "_order", "_roots")

    def __init__(self, roots: Iterable[str] = ()) -> None:
        """Begin with an empty room that has these document roots."""
        self._roots = set(roots)
        self._clients: dict[int, Known] = {}
        # The same objects by the bytes of their id, for the short path.
        self._codes: dict[bytes, Known] = {}
        self._ids_of: dict[str, list[int]] = {}  # in the order of their first use
        self._order = Order(self._clients)

    def add_root(self, root: str) -> None:
        """Allow edits in one more root. None is ever taken away: late edits of a deleted file do no harm."""
        self._roots.add(root)

    def check(
        self, update: bytes, person: str, *, may_relay: bool = False, limit: int = limits.UPDATE
    ) -> Admitted:
        """Admit an update that `person` sent, or raise and change nothing.

        `limit` is its greatest size in bytes (`limits.STEP2` for a step 2). `may_relay` lets other people's
        ids through, as they come back after a change of incarnation; none of them is bound to the sender.

        Raises MalformedFrame, NotAdmitted, CausalGap, ForeignClient, TooLarge or TooMany.
        """
        if len(update) > limit:
            raise TooLarge(f"an edit larger than {limit // limits.KIB} KiB")
        short = admit_short(update, person, self._codes, self._order)
        if short is not None:
            return short
        return self._admit(update, person, relay=may_relay, roots=self._roots, ids=limits.CLIENT_IDS)

    def replay(self, update: bytes, person: str, *, relayed: bool = False) -> Admitted:
        """Take in an update from the log, admitted once: the same state, no limits of size or number."""
        short = admit_short(update, person, self._codes, self._order, is_new=False)
        if short is not None:
            return short
        return self._admit(update, person, relay=relayed, roots=None, ids=_NO_LIMIT)

    def bind(self, client: int, person: str) -> bool:
        """Give a client id to the person who uses it first, and tell whether that is news.

        Raises ForeignClient, TooMany, or MalformedFrame for what is no client id.
        """
        if not 0 <= client <= MAX_CLIENT:
            raise MalformedFrame(WIDE_CLIENT)
        owner = self.owner(client)
        if owner is not None and owner != person:
            raise ForeignClient("this client id belongs to somebody else")
        if owner is not None:
            return False
        self._check_ids(person, 1, limits.CLIENT_IDS)
        self._own(client, self._clients.get(client) or Known(client), person)
        return True

    def owner(self, client: int) -> str | None:
        """Name the person to whom a client id belongs; None for nobody yet."""
        known = self._clients.get(client)
        return None if known is None else known.person

    def vector(self) -> dict[int, int]:
        """Give the state vector of what was admitted: client id → next clock."""
        return {client: known.next for client, known in self._clients.items() if known.next}

    def is_news(self, update: bytes, *, limit: int = limits.STEP2) -> bool:
        """Tell whether an update would change the room, and change nothing: for those who may only read.

        A reader's stock client answers a step 1 with what it was given; that is no offence, anything more is.
        Raises MalformedFrame, NotAdmitted or TooLarge for what is no update.
        """
        if len(update) > limit:
            raise TooLarge(f"an edit larger than {limit // limits.KIB} KiB")
        read = read_update(update)
        clients = self._clients
        if any(s.client not in clients or s.end > clients[s.client].next for s in read.sections.values()):
            return True
        return any(c not in clients or not clients[c].deleted.covers(a, b) for c, a, b in read.deletions)

    def _admit(
        self, data: bytes, person: str, *, relay: bool, roots: Container[str] | None, ids: int
    ) -> Admitted:
        update = read_update(data)
        walk = Walk(update, self._clients, roots)
        strangers = self._check_owners(walk, person, relay=relay)
        new_clients = () if relay else strangers
        self._check_ids(person, len(new_clients), ids)
        walk.follow()
        walk.check_deletions(update.deletions)
        steps = limits.RELAY_STEPS if relay else limits.STEPS
        walk.place(self._order, is_new=roots is not None, steps=steps)
        is_relayed = relay and bool(strangers)
        return self._keep(walk, update.deletions, person, new_clients, is_relayed=is_relayed)

    def _check_owners(self, walk: Walk, person: str, *, relay: bool) -> tuple[int, ...]:
        """Name the clients that write here and are not the sender's, who must be nobody's unless relayed."""
        strangers = []
        for client, growth in walk.growths.items():
            owner = growth.known.person
            if growth.is_new and owner != person:
                if owner is not None and not relay:
                    raise ForeignClient("an edit under somebody else's client id")
                strangers.append(client)
        return tuple(strangers)

    def _check_ids(self, person: str, more: int, most: int) -> None:
        if not more:
            return
        used = sum(self._clients[client].next > 0 for client in self._ids_of.get(person, ()))
        if used + more > most:
            raise TooMany(f"this participant has written under {most} client ids, and no more are taken")

    def _keep(
        self,
        walk: Walk,
        deletions: list[Deletion],
        person: str,
        new_clients: tuple[int, ...],
        *,
        is_relayed: bool,
    ) -> Admitted:
        """Make an admitted update part of the room; nothing here can fail."""
        inserted = deleted = 0
        is_news = False
        for client, growth in walk.growths.items():
            if growth.is_new:
                is_news = True
                if not growth.known.next:
                    self._codes[write_uint(client)] = growth.known
                growth.keep()
                inserted += growth.inserted
        for client in new_clients:
            self._own(client, self._clients[client], person)
        clients = self._clients
        for client, start, end in sorted(deletions) if len(deletions) > 1 else deletions:
            deleted += clients[client].deleted.add(start, end)
        if not is_news and not deleted:
            return NOTHING_NEW
        return Admitted(True, new_clients, inserted, deleted, is_relayed)

    def _add(self, client: int, known: Known) -> None:
        self._clients[client] = known
        self._codes[write_uint(client)] = known

    def _own(self, client: int, known: Known, person: str) -> None:
        self._add(client, known)
        known.person = person
        ids = self._ids_of.setdefault(person, [])
        if len(ids) >= limits.CLIENT_IDS:
            self._let_go_of_one(ids)
        ids.append(client)

    def _let_go_of_one(self, ids: list[int]) -> None:
        """The oldest id that never wrote becomes nobody's: pages that only looked leave no more behind."""
        client = next((client for client in ids if not self._clients[client].next), None)
        if client is not None:
            ids.remove(client)
            del self._clients[client]
            del self._codes[write_uint(client)]
