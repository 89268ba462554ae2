"""The way from a socket's handshake into a room: token, room, role, seat."""

from __future__ import annotations

import secrets

from fourhands_protocol.errors import BadToken, NoSuchRoom, NotRecorded
from fourhands_server.core.seat import Seat
from fourhands_server.live import hub
from fourhands_server.live.host import RoomHost
from fourhands_server.live.hub import Hub
from fourhands_server.live.outbox import Wire
from fourhands_server.log.errors import LogError
from fourhands_server.web.auth import Auth


class Entrance:
    """Lets connections into rooms."""

    def __init__(self, hub: Hub, auth: Auth) -> None:
        self._hub = hub
        self._auth = auth

    async def __call__(self, wire: Wire, room: str, token: str, ours: bool) -> tuple[RoomHost, str]:
        """Seat a connection; raises ProtocolError with the close code that tells the client what to do."""
        if not token:
            raise BadToken("a token is needed")
        principal = self._auth.read_token(token)
        if principal.room != room:
            raise BadToken("this token is for another room")
        try:
            host = await self._hub.room(room)
        except hub.NoSuchRoom as error:
            raise NoSuchRoom(str(error)) from error
        except LogError as error:
            raise NotRecorded(f"the room cannot be read: {error}") from error
        self._auth.check(principal, host.room)
        seat = Seat(
            id=secrets.token_urlsafe(6),
            person=principal.person,
            role=principal.role,
            dialect="fourhands" if ours else "stock",
            expires_at=principal.expires * 1_000_000,
            invite=principal.invite,
        )
        host.open(seat, wire)
        return host, seat.id
