"""After the log lost its tail: what the room's people still hold of the documents comes back (A-17).

That the log lost something it says itself; no client can. Only then, in rooms that are older than the loss
and for a day, may somebody bring work of others, and whatever they bring is marked with their name.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from fourhands_protocol import entries, limits
from fourhands_protocol.admission.update import read_update
from fourhands_protocol.entries import EDIT
from fourhands_protocol.errors import ForeignClient
from fourhands_server.core import operations
from fourhands_server.core.colours import HUES
from fourhands_server.core.effects import Origin
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import Refused
from fourhands_server.core.seat import Seat
from fourhands_server.core.words import one_line

WINDOW: Final = 24 * 3_600_000_000  # µs after a loss in which work of others may come back
_NUMBERED: Final = re.compile(r"(.+)~[0-9]+")


@dataclass(frozen=True, slots=True)
class Loss:
    """When the log may have lost its tail (µs of the wall clock), and its incarnations of before."""

    since: int
    before: frozenset[str]


class Healing:
    """What one room may be given back. `speaks` says whether a page is here that writes under a client id."""

    def __init__(self, ledger: Ledger, loss: Loss | None, *, speaks: Callable[[int], bool]) -> None:
        self._ledger = ledger
        self._loss = loss
        self._speaks = speaks

    @property
    def open(self) -> bool:
        """Whether others' work may come back now."""
        loss, ledger = self._loss, self._ledger
        return loss is not None and ledger.state.created_at < loss.since <= ledger.now <= loss.since + WINDOW

    def was(self, incarnation: str | None) -> bool:
        """Whether the log was once of this incarnation: then a client knew it well, perhaps better."""
        return self._loss is not None and incarnation in self._loss.before

    def know(self, seat: Seat, name: str | None = None) -> None:
        """Somebody whose joining was lost has joined all the same, as the token says."""
        ahead = self._ledger.ahead
        if self.open and seat.person not in ahead.people and ahead.ended_at is None:
            colour = len(ahead.people) % len(HUES)
            body = {"name": one_line(name or "") or seat.role.title(), "role": seat.role, "colour": colour}
            self._ledger.own("person.joined", {**body, "invite": seat.invite}, actor=seat.person)

    def relay(self, origin: Origin, update: bytes) -> bool:
        """Take back in what the log has lost; whether there was any. Raises ProtocolError."""
        self._check_speakers(origin, update)
        self._bring_back_files(origin, update)
        admission = self._ledger.admission
        admitted = admission.check(update, origin.person, may_relay=True, limit=limits.STEP2)
        if admitted.is_news:
            self._ledger.append(origin, EDIT, entries.edit_body(update, relayed=admitted.relayed))
        return admitted.is_news

    def _check_speakers(self, origin: Origin, update: bytes) -> None:
        """Whoever is here has brought all that they wrote: more of it would be somebody else's work, and it
        would come before their next words.
        """
        admission = self._ledger.admission
        known = admission.vector()
        for section in read_update(update).sections.values():
            client = section.client
            others = admission.owner(client) not in (None, origin.person)
            if others and section.end > known.get(client, 0) and self._speaks(client):
                raise ForeignClient("an edit under the client id of somebody who is here")

    def _bring_back_files(self, origin: Origin, update: bytes) -> None:
        """A file that was made in the lost tail: its root is known by its text alone, and says its path."""
        roots = {
            struct.root for section in read_update(update).sections.values() for struct in section.structs
        }
        for root in sorted(
            root for root in roots if root is not None and root not in self._ledger.ahead.files
        ):
            numbered = _NUMBERED.fullmatch(root)
            for path in (numbered[1], root) if numbered else (root,):
                try:
                    operations.plan(self._ledger.ahead, "file.create", {"path": path})
                except Refused:
                    continue
                self._ledger.own("file.created", {"file": root, "path": path}, actor=origin.person)
                break
