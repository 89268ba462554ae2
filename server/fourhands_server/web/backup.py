"""The frames of our own client over plain HTTP, for networks that let no WebSocket through: server-sent
events down, POST up. Beyond this module nobody knows the difference.
"""

from __future__ import annotations

import asyncio
import secrets
from base64 import b64encode
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.types import Receive, Scope, Send

from fourhands_protocol import limits
from fourhands_protocol.envelope import SUBPROTOCOL
from fourhands_protocol.errors import MalformedFrame, ProtocolError
from fourhands_protocol.varint import Reader
from fourhands_server.core.seat import Seat
from fourhands_server.web import problem
from fourhands_server.web.api import Call, Desk
from fourhands_server.web.bytes import read_bytes
from fourhands_server.web.handshake import Visit
from fourhands_server.web.http import abort_of
from fourhands_server.web.problem import Problem
from fourhands_server.web.socket import Enter, Place

BATCH = 2 * limits.FRAME  # bytes of frames that one POST may bring
TURN = 100  # frames of a batch that are taken in before others have their turn
PIECE = 64 * 1024  # bytes of frames handed to the network at a time
CLOSE_S = 5.0  # that a reader gets to take what was said before the end
CLOSE_CODE = "Fourhands-Close"  # a header: what a WebSocket would have been closed with
HEADERS = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}


class EventWire:
    """The way down of one link (a `live.outbox.Wire`): server-sent events, as fast as they are taken.

    `abort` cuts off the connection that carries them; `ended` is called when the link ends, by either side.
    """

    def __init__(self, link: str, abort: Callable[[], None], ended: Callable[[], None]) -> None:
        self._link = link
        self._abort = abort
        self._ended = ended
        self._carried = True
        self._waiting: deque[bytes] = deque()
        self._size = 0
        self._taken = 0
        self._end: tuple[int, str] | None = None
        self._more = asyncio.Event()
        self._kept_up = asyncio.Event()
        self._kept_up.set()

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
            self._ended()
            asyncio.get_running_loop().call_later(CLOSE_S, self._cut_off)

    def buffered(self) -> int:
        """Bytes written but not yet taken by the network."""
        return self._size

    def taken(self) -> int:
        """Bytes that the network has taken since the beginning."""
        return self._taken

    async def drained(self) -> None:
        """Return when the network keeps up, or is done with us."""
        await self._kept_up.wait()

    def lost(self) -> None:
        """The network is done with us."""
        self._carried = False
        self._end = self._end or (1006, "")
        self._kept_up.set()
        self._more.set()
        self._ended()

    def _cut_off(self) -> None:
        if self._carried:
            self._abort()

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

    def __init__(self, room: str, seat: Seat, place: Place, abort: Callable[[], None]) -> None:
        self.name = secrets.token_urlsafe(16)
        self.room = room
        self.person = seat.person
        self.wire = EventWire(self.name, abort, self._stop_reading)
        self._seat = seat.id
        self._place = place
        self._batches = 0
        self._turn = asyncio.Lock()
        self._reading: asyncio.Future[bytes] | None = None

    async def receive(self, number: int, request: Request) -> None:
        """The frames of batch `number`; one that came before is not taken again. Raises Problem.

        One batch is read at a time, and of those that are slow to come the latest: whoever sends another has
        given up the one before.
        """
        self._stop_reading()
        async with self._turn:
            body = await self._read(request)
            if number > self._batches + 1:
                raise Problem(409, "batch-missing", f"Batch {self._batches + 1} has not come yet.")
            if number == self._batches + 1:
                self._batches = number
                await self._take(body)

    def leave(self, code: int) -> None:
        """The link is gone."""
        self.wire.lost()
        self._place.closed(self._seat, code)

    async def _read(self, request: Request) -> bytes:
        if not self.wire.closed:
            self._reading = asyncio.ensure_future(read_bytes(request, BATCH))
            await asyncio.wait([self._reading])
            reading, self._reading = self._reading, None
            if not reading.cancelled():
                return reading.result()
        if self.wire.closed:
            raise _closed()
        raise Problem(409, "batch-dropped", "Another batch came before the end of this one.")

    def _stop_reading(self) -> None:
        if self._reading is not None:
            self._reading.cancel()

    async def _take(self, body: bytes) -> None:
        try:
            for count, frame in enumerate(frames_of(body), 1):
                self._place.receive(self._seat, frame)
                if count % TURN == 0:
                    await asyncio.sleep(0)
                if self.wire.closed:
                    return
        except MalformedFrame as error:
            self.wire.close(error.close_code, error.reason)


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
        link = Link(room, seat, place, abort_of(request))
        self._links[link.name] = link
        place.open(seat, link.wire)
        return _Stream(link, self._links)

    async def up(self, request: Request) -> Response:
        """A numbered batch of frames: each is its length as a number (F-1) and its bytes."""
        link = self._link(request)
        number = request.path_params["number"]
        if not (number.isascii() and number.isdigit() and 0 < len(number) < 16):
            raise Problem(400, "bad-path", "A batch has a number: 1, 2, 3 …")
        await link.receive(int(number), request)
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
            raise _closed()
        return link


class _Stream(StreamingResponse):
    """A link's way down; when it ends, however that comes, the link is gone."""

    def __init__(self, link: Link, links: dict[str, Link]) -> None:
        super().__init__(link.wire.events(), media_type="text/event-stream", headers=HEADERS)
        self._link = link
        self._links = links

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await super().__call__(scope, receive, send)
        finally:
            if self._links.pop(self._link.name, None) is not None:
                self._link.leave(1006)


def _closed() -> Problem:
    return Problem(410, "link-closed", "This link is closed. Open another.")


def frames_of(body: bytes) -> Iterator[bytes]:
    """The frames of a batch, one after the other; raises MalformedFrame where no further one can be read."""
    reader = Reader(body)
    while reader.left:
        yield reader.read_bytes()
