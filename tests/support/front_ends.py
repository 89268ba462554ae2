"""A Jupyter front end in a world without sockets: speaks one framing, keeps what it is told."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import msgspec
from tests.support.world import World

from fourhands_server.core.jupyter.framing import Header, Message
from fourhands_server.core.seat import Framing, FrontEnd, Seat

JSON = dict[str, Any]


def told(frame: bytes) -> JSON:
    """A frame that the room sent, in either framing, as the message that it is."""
    if frame[:1] == b"{":
        return dict(msgspec.json.decode(frame))
    count = int.from_bytes(frame[:8], "little")
    offsets = [int.from_bytes(frame[8 * i : 8 * i + 8], "little") for i in range(1, count + 1)]
    parts = [frame[start:stop] for start, stop in pairwise(offsets)]
    assert offsets[-1] == len(frame)
    names = ("header", "parent_header", "metadata", "content")
    pieces = {name: msgspec.json.decode(part) for name, part in zip(names, parts[1:], strict=True)}
    return {"channel": parts[0].decode(), **pieces}


@dataclass
class Attached:
    """One front end at the room's kernel; like the world's other clients as far as the world needs it."""

    world: World
    person: str = "bob"
    role: str = "interviewer"
    framing: Framing = "json"
    session: str = ""
    seat: str | None = None
    inbox: list[bytes] = field(default_factory=list)
    messages: list[JSON] = field(default_factory=list)
    closed_with: int | None = None
    stalled: bool = False
    sent: int = 0

    def __post_init__(self) -> None:
        self.world.clients.append(self)  # type: ignore[arg-type]

    def attach(self) -> Attached:
        number = sum(isinstance(client, Attached) for client in self.world.clients)
        self.seat = f"front-{number}"
        front = FrontEnd(self.framing, self.session, "3.11.2")
        expires = self.world.now + 10**12
        seat = Seat(self.seat, self.person, self.role, "jupyter", expires, front=front)
        self.world.room.open(seat, now=self.world.now)
        self.world.carry_out()
        return self

    def ask(self, msg_type: str, content: JSON, *, channel: Any = "shell", msg_id: str = "") -> str:
        """Send a request; returns its id."""
        self.sent += 1
        msg_id = msg_id or f"{self.seat}-{self.sent}"
        header = Header(msg_id, msg_type, self.session or "s", self.person)
        self.send(Message(channel, header, None, content).frame(self.framing))
        return msg_id

    def execute(self, code: str, **details: Any) -> str:
        return self.ask("execute_request", {"code": code, **details})

    def send(self, frame: bytes) -> None:
        assert self.seat is not None
        self.world.room.receive(self.seat, frame, now=self.world.now)
        self.world.carry_out()

    def cut(self) -> None:
        if self.seat is not None:
            seat, self.seat = self.seat, None
            self.world.room.closed(seat, 1006, now=self.world.now)
            self.world.carry_out()

    def deliver(self, count: int | None) -> bool:
        frames = self.inbox[:count]
        del self.inbox[: len(frames)]
        self.messages += map(told, frames)
        return bool(frames)

    def about(self, msg_id: str) -> list[tuple[str, JSON]]:
        """What it was told as an answer to a request or as its consequence: types and contents."""
        self.deliver(None)
        return [
            (message["header"]["msg_type"], message["content"])
            for message in self.messages
            if message["parent_header"].get("msg_id") == msg_id
        ]

    def types(self, msg_id: str) -> list[str]:
        """The same, types alone; a status as what it says."""
        return [content.get("execution_state", kind) for kind, content in self.about(msg_id)]

    def reply(self, msg_id: str) -> JSON:
        """The one reply to a request."""
        (found,) = [content for kind, content in self.about(msg_id) if kind.endswith("_reply")]
        return found
