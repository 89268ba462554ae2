"""What every call of the HTTP API has in common: who asks, the body that is read, the JSON that answers.

A call is a row: method, path, what it does, body and answer. The router and the OpenAPI document are
made from the same rows, so that neither can say something else than the other.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any, TypeVar

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol.errors import BadToken
from fourhands_protocol.roles import allows
from fourhands_server.engine.documents import Documents
from fourhands_server.live.host import RoomHost
from fourhands_server.live.hub import Hub
from fourhands_server.log.log import RoomLog
from fourhands_server.web.auth import HOST, Auth, Principal
from fourhands_server.web.problem import Problem

BODY_LIMIT = 1024 * 1024  # bytes; the largest honest body is a text of 256 KiB in JSON escapes
T = TypeVar("T")
Endpoint = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, slots=True)
class Call:
    """One row of the API."""

    method: str
    path: str
    summary: str
    endpoint: Endpoint
    body: type | None = None
    answer: type | None = None
    status: int = 200
    query: tuple[tuple[str, str], ...] = ()
    open: bool = False  # needs no bearer
    raw_body: bool = False  # bytes as they are
    raw_answer: bool = False


@dataclass(frozen=True, slots=True)
class Desk:
    """What the calls work with."""

    hub: Hub
    auth: Auth
    log: RoomLog
    documents: Documents
    base_url: str

    def bearer(self, request: Request) -> str:
        """The bearer of a call; raises BadToken."""
        scheme, _, bearer = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not bearer:
            raise BadToken("this call needs an Authorization header with a bearer token")
        return bearer.strip()

    def need_admin(self, request: Request) -> None:
        """Raise unless the bearer is the admin key."""
        if not self.auth.is_admin(self.bearer(request)):
            raise BadToken("this call needs the admin key")

    async def enter(self, request: Request, action: str) -> tuple[Principal, RoomHost]:
        """Who asks, in which room, checked before any body is read; raises where token or role do not do."""
        room = request.path_params["room"]
        bearer = self.bearer(request)
        if self.auth.is_admin(bearer):
            host = await self.hub.room(room)
            return Principal(room, HOST, "host", "", host.state.lineage, 0), host
        principal = self.auth.read_token(bearer)
        if principal.room != room:
            raise Problem(403, "other-room", "This token is for another room.")
        host = await self.hub.room(room)
        self.auth.check(principal, host.room)
        if not allows(principal.role, action):
            raise Problem(403, "forbidden", f"Your role ({principal.role}) does not allow this.")
        return principal, host


async def read_body(request: Request, shape: type[T], *, limit: int = BODY_LIMIT) -> T:
    """The JSON body as `shape`, up to `limit` bytes; raises Problem with the place of the first mistake."""
    size, chunks = 0, []
    async for chunk in request.stream():
        size += len(chunk)
        if size > limit:
            raise Problem(413, "too-large", f"The body is larger than {limit} bytes.")
        chunks.append(chunk)
    try:
        return msgspec.json.decode(b"".join(chunks) or b"{}", type=shape)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        raise Problem(400, "bad-body", f"The body is not what this call takes: {error}") from error


def answer(value: Any, status: int = 200) -> Response:
    """A JSON answer; nothing of the API may be cached."""
    return Response(
        msgspec.json.encode(value),
        status,
        {"Cache-Control": "no-store"},
        media_type="application/json",
    )


def whole(request: Request, name: str, default: int, most: int) -> int:
    """A whole number of the query, at most `most`; raises Problem where it is none."""
    text = request.query_params.get(name)
    if text is None:
        return default
    if not text.isascii() or not text.isdigit() or len(text) > 16:
        raise Problem(400, "bad-query", f"{name} must be a whole number, not {text[:40]!r}.")
    return min(int(text), most)
