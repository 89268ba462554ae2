"""What front ends are told: messages with a header of the room's own, to one of them or to all."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any

from fourhands_server.core.delivery import LARGE
from fourhands_server.core.jupyter.framing import Channel, Header, Message, Request, date
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Seat

Say = Callable[[Seat, bytes], None]


@dataclass
class Voice:
    """Speaks as the room's kernel; `seats` are the front ends that are attached."""

    ledger: Ledger
    session: str
    say: Say
    seats: dict[str, Seat] = field(default_factory=dict)
    _count: int = 0

    def everybody(self, msg_type: str, parent: Header | None, content: dict[str, Any]) -> None:
        """Tell all front ends on iopub."""
        if self.seats:
            self._send(self.seats.values(), self._message("iopub", msg_type, parent, content))

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
            if seat.front is None:
                raise AssertionError("only front ends are told messages")
            frame = message.frame(seat.front.framing)
            if len(frame) > LARGE:
                seat.burst = max(seat.burst, len(frame))
            self.say(seat, frame)


def reply_type(request: Request) -> str:
    """The type of the answer to a request."""
    return request.header.msg_type.removesuffix("_request") + "_reply"
