"""The way from a socket's handshake into a room: token, room, role, seat."""

from __future__ import annotations

import asyncio
import re
import secrets

from fourhands_kernels.kernel import KernelError
from fourhands_protocol.errors import BadToken, Forbidden, NoSuchRoom, NotRecorded, RoomEnded
from fourhands_protocol.roles import allows
from fourhands_server.core.operations import ENDED
from fourhands_server.core.seat import FrontEnd, Seat
from fourhands_server.core.settings import Settings
from fourhands_server.live import hub
from fourhands_server.live.host import RoomHost
from fourhands_server.live.hub import Hub
from fourhands_server.live.language import LanguageDesk, LanguageDesks, features
from fourhands_server.log.errors import LogError
from fourhands_server.web.auth import HOST, Auth, Principal
from fourhands_server.web.handshake import Visit
from fourhands_server.web.socket import Place

ANSWER_S = 2  # that the kernel host may take to say which Python a room has
_PYTHON = re.compile(r"Python (\d+(?:\.\d+)*)")


class Entrance:
    """Lets connections into rooms."""

    def __init__(self, hub: Hub, auth: Auth, desks: LanguageDesks) -> None:
        self._hub = hub
        self._auth = auth
        self._desks = desks

    async def __call__(self, visit: Visit) -> tuple[Place, Seat]:
        """The room and a seat for a connection; raises ProtocolError with the close code that tells the
        client what to do.
        """
        if not visit.token:
            raise BadToken("a token is needed")
        jupyter = visit.dialect == "jupyter"
        if jupyter and self._auth.is_admin(visit.token):
            principal = Principal(visit.room, HOST, "host", "", "", 0)
        else:
            principal = self._auth.read_token(visit.token)
        if principal.room != visit.room:
            raise BadToken("this token is for another room")
        if jupyter and not allows(principal.role, "attach"):
            raise Forbidden(f"your role ({principal.role}) does not allow this")
        try:
            host = await self._hub.room(visit.room)
        except hub.NoSuchRoom as error:
            raise NoSuchRoom(str(error)) from error
        except LogError as error:
            raise NotRecorded(f"the room cannot be read: {error}") from error
        if jupyter and host.room.ending:
            raise RoomEnded(ENDED)
        front = FrontEnd(visit.framing, visit.session, await self._python(host)) if jupyter else None
        if principal.person != HOST:
            self._auth.check(principal, host.room)
        desk = self._desk(host, principal) if visit.dialect == "lsp" else None
        seat = Seat(
            id=secrets.token_urlsafe(6),
            person=principal.person,
            role=principal.role,
            dialect="fourhands" if visit.dialect == "lsp" else visit.dialect,
            expires_at=principal.expires * 1_000_000,
            invite=principal.invite,
            front=front,
        )
        return desk or host, seat

    def _desk(self, host: RoomHost, principal: Principal) -> LanguageDesk:
        """The desk of the editor's help; raises where this role or this room has none."""
        if not allows(principal.role, "edit"):
            raise Forbidden(f"your role ({principal.role}) does not allow this")
        if host.state.ended_at is not None:
            raise RoomEnded(ENDED)
        if not features(host).any:
            raise Forbidden("this room's settings turn the editor's help off")
        return self._desks.desk(host)

    async def _python(self, host: RoomHost) -> str:
        """The version of the room's Python, as far as its kernel host says."""
        wanted = Settings.of(host.state.settings).environment
        try:
            async with asyncio.timeout(ANSWER_S):
                offers = await self._hub.parts.kernels.environments()
        except (KernelError, TimeoutError):
            return "3"
        found = next((_PYTHON.search(offer.title) for offer in offers if offer.name == wanted), None)
        return found[1] if found else "3"
