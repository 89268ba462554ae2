"""Edits on their way into the log: may this person write here, may this be written, is any of it news?"""

from __future__ import annotations

from typing import Protocol

from fourhands_protocol import errors
from fourhands_protocol.entries import EDIT
from fourhands_protocol.roles import allows
from fourhands_server.core import operations
from fourhands_server.core.effects import Origin
from fourhands_server.core.healing import Healing
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import Refused


class Ending(Protocol):
    """What edits ask of the room around them."""

    @property
    def ending(self) -> bool:
        """Whether somebody has ended the room, though a run may still have its moment."""
        ...


class Edits:
    """Admits the edits of all dialects of one room."""

    def __init__(self, ledger: Ledger, healing: Healing, room: Ending) -> None:
        self._ledger = ledger
        self._healing = healing
        self._room = room

    def admit(self, origin: Origin, update: bytes, body: bytes, *, limit: int, heals: bool = False) -> bool:
        """Admit an edit; whether it was news and is to be logged. `heals`: it may bring back lost work.

        Raises Refused after the room's end, Forbidden for a role that reads, and what admission raises.
        """
        writes = allows(origin.role, EDIT)
        if not writes or self._room.ending:
            if self._ledger.admission.is_news(update):
                if not writes and heals:
                    return False  # it was told so by the room, before that lost it
                if not writes:
                    raise errors.Forbidden("this role reads only")
                raise Refused("ended", operations.ENDED)
            return False
        if heals:
            return self._healing.relay(origin, update)
        news = self._ledger.admission.check(update, origin.person, limit=limit).is_news
        if news:
            self._ledger.append(origin, EDIT, body)
        return news
