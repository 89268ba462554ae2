"""The sockets of rooms, a Jupyter front end's among them: a thin WebSocket protocol class for uvicorn, over
websockets' sans-I/O core.

It goes around ASGI because a room writes one frame to many connections: an ASGI send for each recipient costs
twice what the frame itself does.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Awaitable, Callable
from typing import Any, Protocol, cast

from uvicorn.config import Config
from uvicorn.server import ServerState
from websockets.frames import Frame, Opcode
from websockets.http11 import Request, Response
from websockets.protocol import SERVER, State
from websockets.protocol import Protocol as WebSocket
from websockets.server import ServerProtocol

from fourhands_protocol import limits
from fourhands_protocol.errors import MalformedFrame, ProtocolError
from fourhands_server.core.seat import Seat
from fourhands_server.live.outbox import Drain, Wire
from fourhands_server.web import problem
from fourhands_server.web.frames import BINARY, TEXT, apply_mask, frame_size, message, take_common
from fourhands_server.web.handshake import Visit, visit
from fourhands_server.web.rounds import Rounds

logger = logging.getLogger(__name__)
LOGGER = logging.getLogger("websockets.server")

# After so much silence a peer is asked, with what is written to it next, or by itself if that is long in
# coming. Who then gives no sign of life is dropped: a stock client that is gone is found out within 19 s.
ASK_S = 1.0
ALONE_S = 9.0  # later
ANSWER_S = 7.0
OWN_ASK_S = 20.0  # for our own client: the room asks it, and hears more in an answer than that of a browser
ANSWERS = 64 * 1024  # bytes of pongs that may wait for a peer that reads nothing; then it is not read either
PONG = b"\x8a\x88"  # and of its answer, masked
PING = b"\x89\x08"  # the head of one with eight bytes
END_OF_REQUEST = b"\r\n\r\n"
CLOSE_S = 5.0  # that a peer gets to answer a close
# Bytes of one connection that are taken in before others have their turn: a thousand of the smallest frames.
# A network's buffers hold megabytes, and the loop would hand them all on at once.
TURN = 8 * 1024
EARLY_FRAMES = 64  # frames that may come before the room is loaded
EARLY_BYTES = 2 * limits.FRAME  # and so much in all


class Place(Protocol):
    """What a connection enters: a room, or the desk of its editor's help."""

    def open(self, seat: Seat, wire: Wire) -> None:
        """The seat is taken."""
        ...

    def receive(self, seat_id: str, frame: bytes) -> None:
        """A frame came."""
        ...

    def closed(self, seat_id: str, code: int) -> None:
        """The connection is gone."""
        ...


Enter = Callable[[Visit], Awaitable[tuple[Place, Seat]]]
"""enter(visit) → the place and the seat to be opened there; raises ProtocolError."""


def room_socket(enter: Enter) -> type[RoomSocket]:
    """A protocol class for uvicorn's `ws=` whose connections enter rooms through `enter`."""
    return type(
        "BoundRoomSocket", (RoomSocket,), {"enter": staticmethod(enter), "rounds": Rounds(), "__slots__": ()}
    )


class RoomSocket(asyncio.Protocol):
    """One connection: handshake, entry into a room, then frames both ways."""

    enter: Enter
    rounds: Rounds
    transport: asyncio.Transport

    __slots__ = (
        "_answers",
        "_ask_at",
        "_asked",
        "_closing",
        "_connections",
        "_cut",
        "_drain",
        "_early",
        "_entering",
        "_first",
        "_framed",
        "_full",
        "_host",
        "_kept_up",
        "_lacks",
        "_later",
        "_loop",
        "_parts",
        "_patience",
        "_protocol",
        "_reading",
        "_seat",
        "_visit",
        "_written",
        "transport",
    )

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        self._loop = _loop or asyncio.get_running_loop()
        self._connections = server_state.connections
        # None between two frames of an open connection: it takes several KB, and has nothing to keep there.
        self._protocol: WebSocket | None = ServerProtocol(
            select_subprotocol=lambda connection, offered: cast(Any, self._visit and self._visit.subprotocol),
            max_size=2 * limits.FRAME,
            logger=LOGGER,
        )
        self._visit: Visit | None = None
        self._first = BINARY
        self._host: Place | None = None
        self._seat = ""
        self._entering: asyncio.Task[None] | None = None
        self._early: list[bytes] = []
        self._parts = bytearray()
        self._framed = False  # it is known where the next frame begins, behind `_cut` or `_lacks`
        self._cut = b""  # the beginning of a frame, too short to say its size
        self._lacks = 0  # bytes that the parser still needs for the frame that it has begun
        self._patience = ASK_S
        self._ask_at = float("inf")  # from when on, by the rounds, it is asked
        self._asked = b""  # the ping that waits for its pong; nobody can answer one that they have not read
        self._answers = 0  # bytes of pongs since the network last kept up
        self._reading = True
        self._later = b""  # what came and is not taken in yet; nothing is read meanwhile
        self._full = False
        self._kept_up: asyncio.Event | None = None  # where somebody waits for it
        self._written = 0
        self._drain = Drain(self)
        self._closing = False

    # asyncio and uvicorn

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """uvicorn hands the connection over; the request comes again as data."""
        self.transport = cast(asyncio.Transport, transport)  # uvloop's transports are no subclass
        self._connections.add(self)  # type: ignore[arg-type]  # uvicorn lists its own classes only

    def connection_lost(self, exc: Exception | None) -> None:
        """The network is done with us."""
        self._connections.discard(self)
        self.rounds.drop(self)
        if self._entering is not None:
            self._entering.cancel()
        self._closing = True
        self._keeps_up()
        # Its own `close_code` waits for an end of the stream.
        said = self._protocol.close_rcvd if self._protocol is not None else None
        self._leave(int(said.code) if said is not None else 1006)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        if self._framed:
            size, host = len(data) - 6, self._host
            if (
                0 <= size < 126
                and data[0] == BINARY
                and data[1] == size | 0x80
                and host is not None
                and self._protocol is None
                and not (self._lacks or self._cut or self._closing)
            ):  # the most common of all: one keystroke, and what comes now begins a message
                self._ask_at = self.rounds.now + self._patience
                host.receive(self._seat, apply_mask(data[6:], data[2:6]))
            elif data[:2] == PONG and size == 8 and not (self._lacks or self._cut or self._protocol):
                self._ponged(apply_mask(data[6:], data[2:6]))
            else:
                self._take_frames(self._cut + (data if len(data) <= TURN else self._put_off(data)))
            return
        if len(data) > TURN:
            data = self._put_off(data)
        opening = self._connection.state is State.CONNECTING
        self._parse(data)
        if opening and self._is_open() and self._first == BINARY:
            self._framed = data.find(END_OF_REQUEST) == len(data) - len(END_OF_REQUEST)
            self._forget()

    def _put_off(self, data: bytes) -> bytes:
        """What is taken in now; the rest waits until others have had their turn, and what follows it too."""
        self._later = data[TURN:]
        self._read_or_wait()
        self._loop.call_soon(self._go_on)
        return data[:TURN]

    def _go_on(self) -> None:
        data, self._later = self._later, b""
        if not self.transport.is_closing():
            self.data_received(data)
            self._read_or_wait()

    def _read_or_wait(self) -> None:
        """Read, unless something waits that came, or answers wait that nobody reads."""
        reads = not self._later and not (self._full and self._answers > ANSWERS)
        if reads != self._reading and not self.transport.is_closing():
            self._reading = reads
            if reads:
                self.transport.resume_reading()
            else:
                self.transport.pause_reading()

    @property
    def _connection(self) -> WebSocket:
        """What reads and writes the frames that do not go the short way."""
        if self._protocol is None:
            self._protocol = WebSocket(SERVER, max_size=2 * limits.FRAME, logger=LOGGER)
        return self._protocol

    @property
    def _opening(self) -> ServerProtocol:
        """The same before the handshake is answered."""
        assert isinstance(self._protocol, ServerProtocol), "a handshake is answered once"
        return self._protocol

    def _forget(self) -> None:
        """Let go of it where it has nothing to remember."""
        protocol = self._protocol
        between = self._framed and not self._lacks and not self._closing
        if between and protocol is not None and protocol.current_size is None and self._is_open():
            self._protocol = None

    def _is_open(self) -> bool:
        return self._protocol is None or self._protocol.state is State.OPEN

    def _take_frames(self, data: bytes) -> None:
        """Data of which it is known where frames begin: common ones go the short way, others are parsed."""
        pos, self._cut = 0, b""
        while pos < len(data):
            if not self._lacks and self._framed:
                if self._host is not None and not self._closing and self._protocol is None:
                    pos = take_common(data, pos, self._take)
                size = frame_size(data, pos)
                if size is None:
                    self._cut = data[pos:]
                    return
                self._lacks = size
            part = data[pos : pos + self._lacks] if self._framed else data[pos:]
            pos += len(part)
            self._lacks -= len(part)
            self._parse(part)
            self._framed = self._framed and self._is_open()
            self._forget()

    def _take(self, payload: bytes) -> bool:
        """Hand on one message; whether the next may come the short way."""
        if self._host is not None:
            self._ask_at = self.rounds.now + self._patience
            self._host.receive(self._seat, payload)
        return self._host is not None and not self._closing

    def _parse(self, data: bytes) -> None:
        self._connection.receive_data(data)
        for event in self._connection.events_received():
            if isinstance(event, Request):
                self._handshake(event)
            elif isinstance(event, Frame):
                self._frame(event)
        self._send_protocol_data()
        self._read_or_wait()

    def eof_received(self) -> None:
        """The peer will send no more."""
        self._connection.receive_eof()

    def pause_writing(self) -> None:
        """The network does not keep up; the outbox has a bound of its own for what it may owe."""
        self._full = True

    def resume_writing(self) -> None:
        """The network keeps up again."""
        self._full, self._answers = False, 0
        self._keeps_up()
        self._read_or_wait()

    def shutdown(self) -> None:
        """uvicorn stops."""
        self.close(1001, "the server is restarting")

    # What a room's host needs (live.outbox.Wire)

    def write(self, frames: list[bytes]) -> None:
        """Send frames as binary messages, joined into one write; after the end nothing happens."""
        transport = self.transport
        if not self._closing and not transport.is_closing():
            if len(frames) == 1:
                data = message(self._first, frames[0])
            else:
                data = b"".join([message(self._first, frame) for frame in frames])
            if self.rounds.now >= self._ask_at and not self._asked:
                data += self._question()
            self._written += len(data)
            transport.write(data)

    def close(self, code: int, reason: str) -> None:
        """Close after what was written; a peer that does not answer is cut off."""
        if self._closing:
            return
        self._closing = True
        if self._is_open():
            self._connection.send_close(code, reason)
            self._send_protocol_data()
        else:  # it broke the WebSocket protocol, and what it was told waits for it to read
            self.transport.close()
        self.rounds.put(self, CLOSE_S)

    def buffered(self) -> int:
        """Bytes written but not yet taken by the network."""
        return int(self.transport.get_write_buffer_size())

    def taken(self) -> int:
        """Bytes that the network has taken since the beginning."""
        return self._written - self.buffered()

    async def drained(self) -> None:
        """Return when the network keeps up, or is done with us."""
        if self._full and not self._closing:
            self._kept_up = self._kept_up or asyncio.Event()
            await self._kept_up.wait()

    # Inside

    def _keeps_up(self) -> None:
        if self._kept_up is not None:
            self._kept_up.set()
            self._kept_up = None

    def _handshake(self, request: Request) -> None:
        self._visit = wanted = visit(request)
        if wanted is None:
            self._respond(self._opening.reject(404, "There is no socket here.\n"))
            return
        if wanted.dialect == "jupyter":
            self._first = TEXT if wanted.framing == "json" else BINARY
        elif not self._respond(self._opening.accept(request)):
            return
        if wanted.dialect == "lsp":
            self._first = TEXT
        if wanted.dialect in ("fourhands", "lsp"):
            self._patience = OWN_ASK_S
        self._entering = self._loop.create_task(self._enter(wanted, request))
        self.rounds.put(self, self._patience + ALONE_S)
        self._heard()

    def _respond(self, response: Response) -> bool:
        """Answer the handshake; whether it makes a WebSocket."""
        self._opening.send_response(response)
        self._send_protocol_data()
        if response.status_code != 101:
            self.transport.close()
        return response.status_code == 101

    async def _enter(self, wanted: Visit, request: Request) -> None:
        try:
            host, seat = await self.enter(wanted)
        except ProtocolError as error:
            if not self._told_by_http(error, error.reason):
                self.close(error.close_code, error.reason)
            return
        except Exception as error:
            logger.exception("a connection could not enter its room")
            if not self._told_by_http(error, "the server failed; try again"):
                self.close(1011, "the server failed; try again")
            return
        if wanted.dialect == "jupyter":
            # Its clients want to be told by HTTP whom they may not attach to.
            if self._connection.state is not State.CONNECTING:
                self._abort()
                return
            if not self._respond(self._opening.accept(request)):
                return
        self._host, self._seat = host, seat.id
        host.open(seat, self)
        early, self._early = self._early, []
        for data in early:
            self._deliver(data)
        self._visit = self._entering = None

    def _told_by_http(self, error: Exception, words: str) -> bool:
        """Refuse entry where the handshake is still to be answered; else a close code has to say it."""
        if self._protocol is None or self._protocol.state is not State.CONNECTING:
            return False
        self._respond(self._opening.reject(problem.of(error).status, f"{words}\n"))
        return True

    def _frame(self, frame: Frame) -> None:
        match frame.opcode:
            case Opcode.TEXT if self._first == BINARY:
                self.close(MalformedFrame.close_code, "this socket speaks binary frames")
            case Opcode.BINARY | Opcode.CONT | Opcode.TEXT:
                if frame.fin and not self._parts:
                    self._deliver(bytes(frame.data))
                    return
                self._parts += frame.data
                if frame.fin:
                    data, self._parts = bytes(self._parts), bytearray()
                    self._deliver(data)
            case Opcode.PONG:
                self._ponged(bytes(frame.data))
            case Opcode.CLOSE:
                self._closing = True

    def _ponged(self, payload: bytes) -> None:
        if payload == self._asked:
            self._asked = b""
            self._heard()

    def _deliver(self, data: bytes) -> None:
        if self._closing:
            return
        self._heard()
        if self._host is not None:
            self._host.receive(self._seat, data)
        elif len(self._early) < EARLY_FRAMES and sum(map(len, self._early)) + len(data) <= EARLY_BYTES:
            self._early.append(data)
        else:
            self.close(4429, "too much came before the room was loaded")

    def _send_protocol_data(self) -> None:
        """Write what the sans-I/O core wants written; an empty piece is its wish to close."""
        for piece in self._connection.data_to_send():
            if self.transport.is_closing():
                return
            if piece:
                self._written += len(piece)
                self._answers += len(piece)
                self.transport.write(piece)
            else:
                self.transport.close()

    def look(self) -> None:
        """Some seconds have gone: is the peer still there?"""
        moved, silent = self._drain.moved(), self.rounds.now >= self._ask_at
        if not self._is_open() or (self._asked and silent and not moved):
            self._abort()
        elif self._asked:  # it stands in a long queue, and the queue moves; or the peer says other things
            self.rounds.put(self, ANSWER_S)
        elif (alone_in := self._ask_at + ALONE_S - self.rounds.now) > 0:
            self.rounds.put(self, alone_in)
        else:
            question = self._question()
            self._written += len(question)
            self.transport.write(question)

    def _heard(self) -> None:
        self._ask_at = self.rounds.now + self._patience

    def _question(self) -> bytes:
        """A ping that waits for its pong from here on."""
        self._asked = secrets.token_bytes(8)
        self.rounds.put(self, ANSWER_S)
        return PING + self._asked

    def _abort(self) -> None:
        self.transport.abort()

    def _leave(self, code: int) -> None:
        if self._host is not None:
            host, self._host = self._host, None
            host.closed(self._seat, code)
