"""The frames of our own client over plain HTTP, for networks that let no WebSocket through: server-sent
events down, POST up. Beyond this module nobody knows the difference.
"""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fourhands_protocol import limits
from fourhands_protocol.envelope import SUBPROTOCOL
from fourhands_protocol.errors import MalformedFrame, ProtocolError
from fourhands_protocol.varint import Reader
from fourhands_server.web import problem
from fourhands_server.web.api import Call, Desk
from fourhands_server.web.bytes import read_bytes
from fourhands_server.web.handshake import Visit
from fourhands_server.web.problem import Problem
from fourhands_server.web.socket import Enter, Place

BATCH = 2 * limits.FRAME  # bytes of frames that one POST may bring
PIECE = 64 * 1024  # bytes of frames handed to the network at a time
CLOSE_S = 5.0  # that a reader gets to take what was said before the end
CLOSE_CODE = "Fourhands-Close"  # a header: what a WebSocket would have been closed with
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


class EventWire:
    """The way down of one link (a `live.outbox.Wire`): server-sent events, as fast as they are taken."""

    def __init__(self, link: str) -> None:
        self._link = link
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._taken = 0
        self._end: tuple[int, str] | None = None
        self._more = asyncio.Event()
        self._kept_up = asyncio.Event()
        self._kept_up.set()
        self._task: asyncio.Task[None] | None = None

    @property
    def closed(self) -> bool:
        """Whether nothing more is said here."""
        return self._end is not None

    def write(self, frames: list[bytes]) -> None:
        """Send frames; after the end nothing happens."""
        if self._end is None and frames:
            self._waiting.extend(frames)
            self._size += sum(map(len, frames))
            self._kept_up.clear()
            self._more.set()

    def close(self, code: int, reason: str) -> None:
        """Close after what was written; a reader that does not take it is cut off."""
        if self._end is None:
            self._end = (code, reason)
            self._more.set()
            if self._task is not None:
                asyncio.get_running_loop().call_later(CLOSE_S, self._task.cancel)

    def buffered(self) -> int:
        """Bytes written but not yet taken by the network."""
        return self._size

    def taken(self) -> int:
        """Bytes that the network has taken since the beginning."""
        return self._taken

    async def drained(self) -> None:
        """Return when the network keeps up, or is done with us."""
        await self._kept_up.wait()

    def carried_by(self, task: asyncio.Task[None] | None) -> None:
        """The task that carries the events to the network."""
        self._task = task

    def lost(self) -> None:
        """The network is done with us."""
        self._end = self._end or (1006, "")
        self._kept_up.set()
        self._more.set()

    async def events(self) -> AsyncIterator[bytes]:
        """The stream's text: the link's name, frames, and at last the close code."""
        yield f"event: open\ndata: {self._link}\n\n".encode()
        while True:
            await self._more.wait()
            if not self._waiting:
                break
            size, lines = 0, []
            while self._waiting and size < PIECE:
                frame = self._waiting.popleft()
                size += len(frame)
                lines.append(b"data: " + b64encode(frame) + b"\n")
            yield b"".join(lines) + b"\n"  # it goes on when the network has room again
            self._size -= size
            self._taken += size
            if not self._waiting:
                self._kept_up.set()
                if self._end is None:
                    self._more.clear()
        code, reason = self._end or (1006, "")
        yield f"event: close\ndata: {code} {' '.join(reason.split())}\n\n".encode()


class Link:
    """One link: its place in a room and the batches that came up so far."""

    def __init__(self, name: str, room: str, person: str, seat: str, place: Place) -> None:
        self.name = name
        self.room = room
        self.person = person
        self.wire = EventWire(name)
        self._seat = seat
        self._place = place
        self._batches = 0

    def receive(self, number: int, body: bytes) -> None:
        """The frames of batch `number`; one that came before is not taken again. Raises Problem."""
        if number <= self._batches:
            return
        if number > self._batches + 1:
            raise Problem(409, "batch-missing", f"Batch {self._batches + 1} has not come yet.")
        self._batches = number
        try:
            frames = frames_of(body)
        except MalformedFrame as error:
            self.wire.close(error.close_code, error.reason)
            return
        for frame in frames:
            if not self.wire.closed:
                self._place.receive(self._seat, frame)

    def leave(self, code: int) -> None:
        """The link is gone."""
        self.wire.lost()
        self._place.closed(self._seat, code)


class Backup:
    """The calls of the backup transport."""

    def __init__(self, desk: Desk, enter: Enter) -> None:
        self._desk = desk
        self._enter = enter
        self._links: dict[str, Link] = {}

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}/frames"
        up = room + "/{link}"
        return [
            Call("GET", room, "The room's frames as server-sent events", self.down, raw_answer=True),
            Call("POST", up + "/{number}", "Frames for the room", self.up, status=204, raw_body=True),
            Call("DELETE", up, "Leave the room", self.leave, status=204),
        ]

    async def down(self, request: Request) -> Response:
        """Enter the room; the answer goes on for as long as the link lives."""
        room = request.path_params["room"]
        visit = Visit(room, self._desk.bearer(request), "fourhands", SUBPROTOCOL)
        try:
            place, seat = await self._enter(visit)
        except ProtocolError as error:
            refused = await problem.handle(request, error)
            refused.headers[CLOSE_CODE] = str(error.close_code)
            return refused
        link = Link(secrets.token_urlsafe(16), room, seat.person, seat.id, place)
        self._links[link.name] = link
        place.open(seat, link.wire)
        return _Stream(link, self._links)

    async def up(self, request: Request) -> Response:
        """A numbered batch of frames: each is its length as a number (F-1) and its bytes."""
        link = self._link(request)
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and 0 < len(number) < 16):
            raise Problem(400, "bad-path", "A batch has a number: 1, 2, 3 …")
        body = await read_bytes(request, BATCH)
        if link.wire.closed:
            raise Problem(410, "link-closed", "This link is closed. Open another.")
        link.receive(int(number), body)
        return Response(status_code=204)

    async def leave(self, request: Request) -> Response:
        """Leave for good; a link that only breaks is kept for a while."""
        link = self._link(request)
        del self._links[link.name]
        link.leave(1000)
        return Response(status_code=204)

    def _link(self, request: Request) -> Link:
        """The link that is named, if it is the caller's; raises where it is not."""
        principal = self._desk.auth.read_token(self._desk.bearer(request))
        link = self._links.get(request.path_params["link"])
        mine = link is not None and (link.room, link.person) == (principal.room, principal.person)
        if link is None or not mine or request.path_params["room"] != link.room:
            raise Problem(410, "link-closed", "This link is closed. Open another.")
        return link


class _Stream(StreamingResponse):
    """A link's way down; when it ends, however that comes, the link is gone."""

    def __init__(self, link: Link, links: dict[str, Link]) -> None:
        super().__init__(link.wire.events(), media_type="text/event-stream", headers=HEADERS)
        self._link = link
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self._link.wire.carried_by(asyncio.current_task())
        try:
            await super().__call__(scope, receive, send)
        finally:
            self._link.wire.carried_by(None)
            if self._links.pop(self._link.name, None) is not None:
                self._link.leave(1006)


def frames_of(body: bytes) -> list[bytes]:
    """The frames of a batch; raises MalformedFrame."""
    reader = Reader(body)
    frames: list[bytes] = []
    while reader.left:
        frames.append(reader.read_bytes())
    return frames
