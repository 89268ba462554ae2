"""What front ends are told: messages with a header of the room's own, to one of them or to all.

A front end that names its session may come back on a new connection: for a while what it is told is kept.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Final

from fourhands_server.core.delivery import LARGE
from fourhands_server.core.jupyter.framing import Channel, Header, Message, Request, date
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Framing, Seat

AWAY: Final = 300_000_000  # µs for which things are kept; JupyterLab gives up sooner
AWAY_BYTES: Final = 1024 * 1024  # and so much for each front end; one that missed more is told none of it
AWAY_MOST: Final = 4  # front ends of a room that may be away at a time
Say = Callable[[Seat, bytes], None]


@dataclass
class Away:
    """A front end without a connection since `since`, and what it missed."""

    seat: Seat
    since: int
    missed: list[Message] = field(default_factory=list)
    size: int = 0

    def keep(self, message: Message) -> None:
        """Keep one more message, or nothing where that is too much."""
        self.size += len(message.frame(_framing(self.seat)))
        if self.size <= AWAY_BYTES:
            self.missed.append(message)
        else:
            self.missed.clear()


@dataclass
class Voice:
    """Speaks as the room's kernel; `seats` are the front ends that are attached."""

    ledger: Ledger
    session: str
    say: Say
    seats: dict[str, Seat] = field(default_factory=dict)
    away: dict[str, Away] = field(default_factory=dict)
    _count: int = 0

    @property
    def heard(self) -> bool:
        """Whether anybody is told what is said."""
        return bool(self.seats or self.away)

    def knows(self, seat: Seat) -> bool:
        """Whether a front end is here, or away."""
        return seat.id in self.seats or seat.id in self.away

    def leave(self, seat: Seat) -> None:
        """A front end has lost its connection."""
        if self.seats.pop(seat.id, None) is None or seat.front is None or not seat.front.session:
            return
        self.away[seat.id] = Away(seat, self.ledger.now)
        if len(self.away) > AWAY_MOST:
            del self.away[next(iter(self.away))]

    def come(self, seat: Seat) -> list[Seat]:
        """A front end is here: it is told what it has missed. Returns the seats that it had before."""
        self.seats[seat.id] = seat
        before = [away for away in self.away.values() if _same(away.seat, seat)]
        for away in before:
            del self.away[away.seat.id]
            for message in away.missed:
                self._send((seat,), message)
        return [away.seat for away in before]

    def forget(self, gone: Callable[[Seat], bool] = lambda seat: False) -> None:
        """Give up on whoever stays away too long, or will not be let in again."""
        now = self.ledger.now
        for away in list(self.away.values()):
            if now - away.since > AWAY or gone(away.seat):
                del self.away[away.seat.id]

    def everybody(self, msg_type: str, parent: Header | None, content: dict[str, Any]) -> None:
        """Tell all front ends on iopub."""
        if self.heard:
            message = self._message("iopub", msg_type, parent, content)
            self._send(self.seats.values(), message)
            self._send([away.seat for away in self.away.values()], message)

    def one(self, seat: Seat, channel: Channel, msg_type: str, parent: Header, content: Any) -> None:
        """Tell one of them."""
        self._send((seat,), self._message(channel, msg_type, parent, content))

    def reply(self, seat: Seat, request: Request, content: dict[str, Any]) -> None:
        """Answer a request that has taken no time; the kernel was busy with it all the while."""
        self.status(seat, request.header, "busy")
        self.one(seat, request.channel, reply_type(request), request.header, content)
        self.status(seat, request.header, "idle")

    def status(self, seat: Seat, parent: Header, state: str) -> None:
        """Tell one of them what the kernel does, as far as its own request goes."""
        self.one(seat, "iopub", "status", parent, {"execution_state": state})

    def _message(self, channel: Channel, msg_type: str, parent: Header | None, content: Any) -> Message:
        self._count += 1
        header = Header(
            msg_id=f"{self.session}_{self._count}",
            msg_type=msg_type,
            session=self.session,
            username="kernel",
            date=date(self.ledger.now),
        )
        return Message(channel, header, parent, content)

    def _send(self, seats: Iterable[Seat], message: Message) -> None:
        for seat in seats:
            if away := self.away.get(seat.id):
                away.keep(message)
                continue
            frame = message.frame(_framing(seat))
            if len(frame) > LARGE:
                seat.burst = max(seat.burst, len(frame))
            self.say(seat, frame)


def _framing(seat: Seat) -> Framing:
    if seat.front is None:
        raise AssertionError("only front ends are told messages")
    return seat.front.framing


def _same(before: Seat, seat: Seat) -> bool:
    """Whether two connections are of one front end, by its person and the session that it names."""
    one, other = before.front, seat.front
    return (
        before.person == seat.person
        and one is not None
        and other is not None
        and one.session == other.session
    )


def reply_type(request: Request) -> str:
    """The type of the answer to a request."""
    return request.header.msg_type.removesuffix("_request") + "_reply"
