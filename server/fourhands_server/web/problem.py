"""Errors as `application/problem+json` (RFC 9457): what happened, what it means, what to do."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus

import msgspec
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from fourhands_kernels.kernel import FileTooLarge, KernelError, NoSuchFile
from fourhands_protocol.errors import (
    BadToken,
    Forbidden,
    NoSuchRoom,
    NotRecorded,
    OtherLineage,
    ProtocolError,
    RoomEnded,
    TooLarge,
)
from fourhands_server.blobs.blobs import BlobError, BlobsFull
from fourhands_server.core.operations import Refused
from fourhands_server.engine.errors import EngineError
from fourhands_server.live.calls import RoomFailed
from fourhands_server.live.hub import NoSuchRoom as UnknownRoom
from fourhands_server.log.errors import LogError

REFUSED_STATUS = {
    "forbidden": 403,
    "no-such-file": 404,
    "no-such-person": 404,
    "no-such-invite": 404,
    "no-such-question": 404,
    "no-such-judgement": 404,
    "bad-path": 400,
    "empty": 400,
    "kernel-unavailable": 503,
    "queue-full": 429,
    "too-large": 413,
}
PROTOCOL_STATUS: dict[type[ProtocolError], int] = {
    BadToken: 401,
    Forbidden: 403,
    NoSuchRoom: 404,
    OtherLineage: 409,
    RoomEnded: 409,
    TooLarge: 413,
    NotRecorded: 503,
}


ADDRESS_WORDS = {
    404: "There is nothing at this address. /api/openapi.json lists what there is.",
    405: "This address does not take this method. /api/openapi.json says what it takes.",
}


class Problem(Exception):
    """An answer that is an error. `code` is for programs, `detail` for people."""

    def __init__(self, status: int, code: str, detail: str) -> None:
        super().__init__(detail)
        self.status = status
        self.code = code
        self.detail = detail


EXPECTED = (
    Problem,
    Refused,
    UnknownRoom,
    RoomFailed,
    LogError,
    EngineError,
    KernelError,
    BlobError,
    ProtocolError,
    HTTPException,
)
"""What calls may raise and mean; all else is our mistake."""


class ProblemBody(msgspec.Struct, kw_only=True):
    """The JSON of every error."""

    type: str
    title: str
    status: int
    detail: str
    code: str


def response(problem: Problem, also: Mapping[str, str]) -> Response:
    """The HTTP answer of a problem, with headers that its cause brings along."""
    body = ProblemBody(
        type=f"/problems/{problem.code}",
        title=HTTPStatus(problem.status).phrase,
        status=problem.status,
        detail=problem.detail,
        code=problem.code,
    )
    headers = {**also, "Cache-Control": "no-store"}
    if problem.status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if problem.status == 503:
        headers["Retry-After"] = "2"
    return Response(msgspec.json.encode(body), problem.status, headers, media_type="application/problem+json")


def of(error: Exception) -> Problem:
    """The problem that an error of ours is to a caller."""
    match error:
        case Problem():
            return error
        case Refused(code=code, message=message):
            return Problem(REFUSED_STATUS.get(code, 409), code, message)
        case UnknownRoom():
            return Problem(404, "no-such-room", "There is no such room. Check the link you were given.")
        case RoomFailed() | LogError():
            return Problem(503, "not-recorded", "The room cannot record at the moment; nothing was changed.")
        case NoSuchFile(path=path):
            return Problem(404, "no-such-file", f"There is no file {path[:100]} in the kernel's folder now.")
        case FileTooLarge(path=path, size=size):
            return Problem(413, "too-large", f"{path[:100]} has {size} bytes, more than can be read here.")
        case KernelError():
            return Problem(503, "kernel-unavailable", str(error))
        case BlobsFull():
            return Problem(503, "not-recorded", "The server has no room for the file; nothing was changed.")
        case BlobError(reason=reason):
            return Problem(500, "data-lost", f"The file cannot be given out: {reason}.")
        case EngineError():
            return Problem(503, "document-unavailable", "The document is being rebuilt; try again.")
        case ProtocolError(reason=reason):
            code = type(error).__name__
            return Problem(PROTOCOL_STATUS.get(type(error), 400), _kebab(code), reason)
        case HTTPException(status_code=status, detail=detail):
            words = ADDRESS_WORDS.get(status, str(detail))
            return Problem(status, _kebab(HTTPStatus(status).phrase.replace(" ", "")), words)
    return Problem(500, "internal", "The server failed; it has noted why. Nothing of yours is lost.")


async def handle(request: Request, error: Exception) -> Response:
    """Starlette's hook for every error."""
    also = error.headers if isinstance(error, HTTPException) else None
    return response(of(error), also or {})


def _kebab(name: str) -> str:
    return "".join(f"-{c.lower()}" if c.isupper() and i else c.lower() for i, c in enumerate(name))
