"""The room's two folds of its log, and the one way by which anything gets into it.

`state` holds what is committed; everything that anybody is shown comes from it (`private` is the same for the
stream of interviewers alone; nothing is decided by what is not committed there). `ahead` (with
`admission`, its counterpart for documents) holds what has been admitted, committed or not, and every
decision is made against it. Where an append fails both are thrown away and rebuilt from the log.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from fourhands_protocol import cbor, entries
from fourhands_protocol.admission import Admission
from fourhands_protocol.entries import CHAT, CURSOR, EDIT, RUN_OUTPUTS, SERVER, Entry, stream_of
from fourhands_protocol.errors import ProtocolError
from fourhands_protocol.roles import ROOM
from fourhands_server.core.effects import Append, Effect, Origin, Settle
from fourhands_server.core.instances import Instance
from fourhands_server.core.private import PrivateState
from fourhands_server.core.state import RoomState

KERNEL = "kernel"
UNFOLDED_AHEAD = frozenset({EDIT, CURSOR, CHAT, RUN_OUTPUTS})  # nothing is decided by these


class Ledger:
    """State, decisions and appends of one room; `boot` tells this life of the room from earlier ones."""

    __slots__ = (
        "_boot",
        "_own",
        "_repeats",
        "admission",
        "ahead",
        "effects",
        "instances",
        "now",
        "private",
        "state",
    )

    def __init__(self, boot: str) -> None:
        self.state = RoomState()
        self.private = PrivateState()
        self.ahead = RoomState()
        self.admission = Admission()
        self.instances: dict[str, Instance] = {}
        self.effects: list[Effect] = []
        self.now = (
            0  # µs of the wall clock at the event that is being handled; the log has the last word on `at`
        )
        self._boot = boot
        self._own = 0
        self._repeats: list[tuple[int, int, Origin]] = []  # all to be logged before, the entry, who

    def replay(self, history: Iterable[Entry]) -> None:
        """Fold committed entries in; for a room that is being rebuilt and sends nothing yet."""
        for entry in history:
            if entry.stream != ROOM:
                self.private.apply(entry)
                continue
            self.state.apply(entry)
            self._fold_documents(entry)
            self._fold_ahead(entry)

    def settled(self, producers: Mapping[str, int]) -> None:
        """What the log knows of each producer; retries of these leave no second entry."""
        for producer, pseq in producers.items():
            self.instances[producer] = Instance(admitted=pseq, settled=pseq)

    def instance(self, producer: str) -> Instance:
        """The progress of one producer."""
        known = self.instances.get(producer)
        if known is None:
            known = self.instances[producer] = Instance()
        return known

    def heard_of(self, kind: str) -> bool:
        """Whether a producer whose name begins so has ever put anything into the log."""
        return any(one.settled for name, one in self.instances.items() if name.startswith(kind))

    def forget(self, producer: str) -> None:
        """A producer that will never speak again needs no memory once all it said is settled."""
        known = self.instances.get(producer)
        if known is not None and not known.inflight:
            del self.instances[producer]

    @property
    def waits(self) -> bool:
        """Whether anything waits for the next entry: an operation's repetition, or a run."""
        return bool(self._repeats or self.ahead.unfinished)

    def append(self, origin: Origin, kind: str, body: Mapping[str, Any] | bytes, *, actor: str = "") -> None:
        """Admit one entry: fold it ahead and ask the host to log it.

        Its kind says in which stream it belongs. An entry of a private one names the room's seq then.
        """
        if self.ahead.ended_at is not None:
            raise AssertionError(f"{kind} after the end: callers check `ended` first")
        stream, actor = stream_of(kind), actor or origin.person
        if stream != ROOM and not isinstance(body, bytes):
            body = {**body, "after": self.ahead.head}
        packed = body if isinstance(body, bytes) else entries.body(kind, body)
        if stream == ROOM:
            self._fold_ahead(Entry(ROOM, self.ahead.head + 1, self.now, actor, kind, packed))
        if kind == "file.created":
            self.admission.add_root(self.ahead.files[cbor.decode(packed)["file"]].id)
        self.instance(origin.producer).admit(origin.pseq, logged=True)
        self.effects.append(Append(origin, actor, kind, packed, stream))

    def type(self, origin: Origin, update: bytes, body: bytes | None = None) -> Append | None:
        """Admit an edit on the short path; None, and nothing has changed, where it is no news or is refused.

        `body` is the entry's, where its sender has written it already.
        """
        try:
            if not self.admission.check(update, origin.person).is_news:
                return None
        except ProtocolError:
            return None
        self.ahead.head += 1
        self.instance(origin.producer).admit(origin.pseq, logged=True)
        return Append(origin, origin.person, EDIT, body or entries.edit_body(update))

    def await_entry(self, origin: Origin) -> None:
        """Take in an operation that is answered by an entry of another: `settle` says when."""
        if origin.call is None:
            self.instance(origin.producer).admit(origin.pseq, logged=True)

    def settle(self, origin: Origin, seq: int) -> None:
        """What the origin waited for is in the log, and so is all that its producer said before."""
        if origin.call is None:
            self.instance(origin.producer).commit(origin.pseq)
        else:
            self.effects.append(Settle(origin.call, seq))

    def repeated(self, origin: Origin, seq: int) -> None:
        """Take in an operation that only repeats entry `seq`, which may not be in the log yet."""
        self.await_entry(origin)
        if self.ahead.head == self.state.head:
            self.settle(origin, seq)
        else:
            # With all else that is admitted by now, so that the producer's own order holds.
            self._repeats.append((self.ahead.head, seq, origin))

    def own(self, kind: str, body: Mapping[str, Any], *, actor: str = SERVER) -> None:
        """Append an entry of the server's own making; after the end there is nothing left to say."""
        if self.ahead.ended_at is None:
            self._own += 1
            origin = Origin(SERVER, SERVER, f"server/{self._boot}", self._own)
            self.append(origin, kind, body, actor=actor)

    def committed(self, entry: Entry, origin: Origin) -> list[Origin]:
        """The log has it: now it is part of the room. Returns whoever is settled by that."""
        self.instance(origin.producer).commit(origin.pseq)
        settled = [origin]
        if entry.stream != ROOM:
            self.private.apply(entry)
            return settled
        self.state.apply(entry)
        while self._repeats and self._repeats[0][0] <= entry.seq:
            _, seq, repeat = self._repeats.pop(0)
            self.settle(repeat, seq)
            settled.append(repeat)
        return settled

    def _fold_ahead(self, entry: Entry) -> None:
        if entry.kind in UNFOLDED_AHEAD:
            self.ahead.head += 1
        else:
            self.ahead.apply(entry)

    def _fold_documents(self, entry: Entry) -> None:
        """The document half of the fold of committed entries: roots, ids and clocks."""
        if entry.kind == EDIT:
            edit = entries.edit(entry.body)
            self.admission.replay(edit.update, entry.actor, relayed=edit.relayed)
        elif entry.kind == "client":
            self.admission.bind(cbor.decode(entry.body)["client"], entry.actor)
        elif entry.kind == "file.created":
            self.admission.add_root(cbor.decode(entry.body)["file"])
