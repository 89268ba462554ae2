"""The socket of Hocuspocus' dialect: several documents on one connection, each a seat of its room (SPEC, D).

A document waits for its token, is judged as any other connection is, and then is to its room what a socket
is to others: it takes the address off what comes and puts it before what goes.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections import deque

from fourhands_protocol import hocuspocus, limits
from fourhands_protocol.errors import (
    BadToken,
    Forbidden,
    MalformedFrame,
    OtherLineage,
    ProtocolError,
    SlowReader,
    TooMany,
)
from fourhands_protocol.roles import allows
from fourhands_server.core.seat import Seat
from fourhands_server.live.outbox import LIMIT, Wire
from fourhands_server.web.handshake import Visit
from fourhands_server.web.socket import Enter, Place

logger = logging.getLogger(__name__)

OPEN_S = 30.0  # in which a socket must have had one good token
REFUSALS = 100  # addresses denied or closed that one socket may bring upon itself
FINAL = MalformedFrame.close_code  # codes from here on say that coming back would not help
DENIED = frozenset({BadToken.close_code, Forbidden.close_code, OtherLineage.close_code})
FAILED = 1011


def with_hocuspocus(enter: Enter) -> Enter:
    """`enter` for the sockets of all dialects."""

    async def enter_any(visit: Visit) -> tuple[Place, Seat]:
        if visit.dialect != "hocuspocus":
            return await enter(visit)
        # The socket itself takes part in no room: each of its documents does.
        nobody = Seat(id=secrets.token_urlsafe(6), person="", role="", dialect="hocuspocus", expires_at=0)
        return Connection(enter), nobody

    return enter_any


class Connection:
    """One socket and its documents, by address."""

    wire: Wire

    def __init__(self, enter: Enter) -> None:
        self.enter = enter
        self.early_frames = self.early_bytes = 0
        self.welcome = False
        self._refusals = 0
        self._documents: dict[str, Document] = {}
        self._deadline: asyncio.TimerHandle | None = None

    # The place that a socket enters (web.socket.Place)

    def open(self, seat: Seat, wire: Wire) -> None:
        """The socket is there; whose it is each document's token will say."""
        self.wire = wire
        self._deadline = asyncio.get_running_loop().call_later(OPEN_S, self._too_late)

    def receive(self, seat_id: str, frame: bytes) -> None:
        """A frame came; one that no provider sends costs the socket."""
        try:
            self._take(hocuspocus.decode(frame))
        except ProtocolError as error:
            self.wire.close(error.close_code, error.reason)

    def closed(self, seat_id: str, code: int) -> None:
        """The socket is gone, and all seats with it."""
        if self._deadline is not None:
            self._deadline.cancel()
        documents, self._documents = self._documents, {}
        for document in documents.values():
            document.leave(code)

    # For its documents

    def refused(self) -> None:
        """An address was denied or closed; a socket that makes a habit of it is closed."""
        self._refusals += 1
        if self._refusals > REFUSALS:
            self.wire.close(TooMany.close_code, f"refused more than {REFUSALS} times")

    # Inside

    def _take(self, message: hocuspocus.Message) -> None:
        match message:
            case hocuspocus.Content(address, frame):
                self._document(address).receive(frame)
            case hocuspocus.Token(address, token):
                self._document(address).authenticate(token)
            case hocuspocus.Close(address):
                if document := self._documents.pop(address, None):
                    document.leave(1000)
            case hocuspocus.Ping():
                if self.wire.buffered() > LIMIT:
                    raise SlowReader("pings were sent and their answers not read")
                self.wire.write([hocuspocus.PONG_FRAME])
            case hocuspocus.Stateless() | hocuspocus.Pong():
                pass

    def _document(self, address: str) -> Document:
        found = self._documents.get(address)
        if found is None:
            if len(self._documents) >= limits.DOCUMENTS:
                raise TooMany(f"more than {limits.DOCUMENTS} documents on one socket")
            found = self._documents[address] = Document(self, address)
        return found

    def _too_late(self) -> None:
        if not self.welcome:
            self.wire.close(BadToken.close_code, f"no token was good within {OPEN_S:.0f} seconds")


class Document:
    """One address on a socket: waits for its token, is a seat of its room, or is shut until the next token.

    To its room it is a wire (live.outbox.Wire) of its own.
    """

    def __init__(self, connection: Connection, address: str) -> None:
        self._connection = connection
        self._address = address
        self._prefix = hocuspocus.addressed(address, b"")
        self._waiting: list[bytes] | None = []  # what came before the token was judged; None: it is dropped
        self._entering: asyncio.Task[None] | None = None
        self._place: Place | None = None
        self._seat: Seat | None = None
        self._written: deque[list[int]] = deque()  # what is ours of all that the socket was given: from, to

    def receive(self, frame: bytes) -> None:
        """A frame of y-protocols; raises TooMany where too much waits for the token."""
        if self._place is not None and self._seat is not None:
            self._place.receive(self._seat.id, frame)
        elif self._waiting is not None:
            self._connection.early_frames += 1
            self._connection.early_bytes += len(frame)
            if (
                self._connection.early_frames > limits.EARLY_FRAMES
                or self._connection.early_bytes > limits.EARLY_BYTES
            ):
                raise TooMany("too much came before the token was judged")
            self._waiting.append(frame)

    def authenticate(self, token: str) -> None:
        """A token came: the first, one after a refusal, or one in the place of an older one."""
        if self._entering is None:
            if self._place is None and self._waiting is None:
                self._waiting = []
            self._entering = asyncio.get_running_loop().create_task(self._enter(token))

    def leave(self, code: int) -> None:
        """The provider, or its socket, is gone."""
        if self._entering is not None:
            self._entering.cancel()
        self._drop_waiting()
        place, seat = self._place, self._seat
        self._place = self._seat = None
        if place is not None and seat is not None:
            place.closed(seat.id, code)

    # What a room's host needs (live.outbox.Wire)

    def write(self, frames: list[bytes]) -> None:
        """Send frames to this address."""
        wire = self._connection.wire
        start = wire.taken() + wire.buffered()
        wire.write([self._prefix + frame for frame in frames])
        end = wire.taken() + wire.buffered()
        if self._written and self._written[-1][1] == start:
            self._written[-1][1] = end
        else:
            self._written.append([start, end])

    def close(self, code: int, reason: str) -> None:
        """Close this address, or the socket where the client should come back: it does that with its socket
        alone.
        """
        self._place = self._seat = None
        if code < FINAL:
            self._connection.wire.close(code, reason)
            return
        denied = [hocuspocus.permission_denied(reason)] if code in DENIED else []
        self.write([*denied, hocuspocus.close(reason)])
        self._connection.refused()

    def buffered(self) -> int:
        """Bytes of this address that the network has not taken; what waits for others is not its fault."""
        taken = self._connection.wire.taken()
        while self._written and self._written[0][1] <= taken:
            self._written.popleft()
        return sum(end - max(start, taken) for start, end in self._written)

    def taken(self) -> int:
        """Bytes that the network has taken from the socket since the beginning."""
        return self._connection.wire.taken()

    async def drained(self) -> None:
        """Return when the network keeps up, or is done with the socket."""
        await self._connection.wire.drained()

    # Inside

    async def _enter(self, token: str) -> None:
        visit = Visit(hocuspocus.room_of(self._address), token, "hocuspocus", None)
        try:
            place, seat = await self._connection.enter(visit)
        except ProtocolError as error:
            self._refuse(error)
        except Exception:
            logger.exception("a document could not be entered")
            self._connection.wire.close(FAILED, "the server failed; try again")
        else:
            self._welcome(place, seat)
        finally:
            self._entering = None

    def _welcome(self, place: Place, seat: Seat) -> None:
        if self._seat is not None:
            if seat.person == self._seat.person:
                self._seat.expires_at = seat.expires_at
            else:
                self._refuse(Forbidden("this token is somebody else's"))
            return
        self._connection.welcome = True
        self._place, self._seat = place, seat
        early = self._drop_waiting()
        self.write([hocuspocus.authenticated(writes=allows(seat.role, "edit"))])
        place.open(seat, self)
        for frame in early:
            self.receive(frame)

    def _refuse(self, error: ProtocolError) -> None:
        """This token lets nobody in; whoever is in by an earlier one has to leave."""
        place, seat = self._place, self._seat
        self._drop_waiting()
        if place is None or seat is None:
            if error.close_code < FINAL:
                self._connection.wire.close(error.close_code, error.reason)
            else:
                self.write([hocuspocus.permission_denied(error.reason)])
                self._connection.refused()
        else:
            self.close(error.close_code, error.reason)
            place.closed(seat.id, error.close_code)

    def _drop_waiting(self) -> list[bytes]:
        dropped, self._waiting = self._waiting or [], None
        self._connection.early_frames -= len(dropped)
        self._connection.early_bytes -= sum(map(len, dropped))
        return dropped
