"""What a WebSocket handshake asks for: which room, in which dialect, with whose token."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Literal
from urllib.parse import parse_qs, unquote

from websockets.http11 import Request

from fourhands_protocol.envelope import SUBPROTOCOL
from fourhands_server.core.jupyter.framing import V1
from fourhands_server.core.seat import Dialect, Framing

BEARER: Final = "bearer."
_ROOM: Final = re.compile(r"/yjs/(.+)")
_HOCUSPOCUS: Final = re.compile(r"/hp/?")
_KERNEL: Final = re.compile(r"(?:/gateway)?/api/kernels/([^/]+)/channels")
GATEWAY: Final = "/gateway"  # what Jupyter's own server is told to use as its gateway
FIVE_PARTS: Final = "fourhands-room-kernel-of-"  # its routes know only ids of five parts, as UUIDs have them
_LANGUAGE: Final = re.compile(r"/api/rooms/([^/]+)/language")
LSP: Final = "fourhands.lsp"
_AUTHORIZATION: Final = re.compile(
    r"(?:bearer|token)\s+(\S+)\s*", re.IGNORECASE
)  # as Jupyter's server takes it


@dataclass(frozen=True, slots=True)
class Visit:
    """What a connection wants; `framing` and `session` are a Jupyter front end's."""

    room: str
    token: str
    dialect: Dialect | Literal["lsp"]
    subprotocol: str | None
    framing: Framing = "json"
    session: str = ""


def visit(request: Request) -> Visit | None:
    """What a handshake asks for; None where there is no socket at its address."""
    path, _, query = request.path.partition("?")
    asked = parse_qs(query)
    given = next(iter(asked.get("token", [])), "")
    offered = [p.strip() for p in ",".join(request.headers.get_all("Sec-WebSocket-Protocol")).split(",")]
    if room := _ROOM.fullmatch(path):
        ours = SUBPROTOCOL in offered
        token = _bearer(offered) or given
        dialect: Dialect = "fourhands" if ours else "stock"
        # A stock client that offers something else is served without a subprotocol.
        return Visit(unquote(room[1]), token, dialect, SUBPROTOCOL if ours else None)
    if _HOCUSPOCUS.fullmatch(path):
        return Visit("", "", "hocuspocus", None)  # each document on it names its room and its token
    if (asked_help := _LANGUAGE.fullmatch(path)) and LSP in offered:
        return Visit(unquote(asked_help[1]), _bearer(offered), "lsp", LSP)
    if kernel := _KERNEL.fullmatch(path):
        v1 = V1 in offered
        header = next(iter(request.headers.get_all("Authorization")), "")
        return Visit(
            room=room_of(unquote(kernel[1])),
            token=token_of(header) or given or _bearer(offered),
            dialect="jupyter",
            subprotocol=V1 if v1 else None,
            framing="v1" if v1 else "json",
            session=next(iter(asked.get("session_id", [])), "")[:200],
        )
    return None


def room_of(kernel: str) -> str:
    """The room that a kernel's id names, in either of its forms."""
    return kernel.removeprefix(FIVE_PARTS)


def token_of(header: str) -> str:
    """The token of an Authorization header, by either of the names that Jupyter's clients give its scheme."""
    found = _AUTHORIZATION.fullmatch(header)
    return found[1] if found else ""


def _bearer(offered: list[str]) -> str:
    """The token among the subprotocols: so it stands in no URL and no access log."""
    return next((one.removeprefix(BEARER) for one in offered if one.startswith(BEARER)), "")
