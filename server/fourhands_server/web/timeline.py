"""The log as JSON, for replay: entries of a stream that the caller's role may read."""

from __future__ import annotations

import re
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import cbor
from fourhands_protocol.entries import Entry
from fourhands_protocol.roles import streams
from fourhands_server.web.api import Call, Desk, answer, whole
from fourhands_server.web.problem import Problem

PAGE_MOST = 1000
KINDS_MOST = 40
KIND = re.compile(r"[a-z_.]{1,40}")


class EntryRow(msgspec.Struct, kw_only=True):
    """One entry; `at` in µs since the epoch; bytes in the body stand as base64."""

    stream: str
    seq: int
    at: int
    actor: str
    kind: str
    body: dict[str, Any]


class Page(msgspec.Struct, kw_only=True):
    """Entries in order; `head` is the last seq of the stream when this was read."""

    entries: list[EntryRow]
    head: int


class Timeline:
    """The calls that read the log."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}"
        query = (
            ("stream", "room, or a private stream of the caller"),
            ("after", "seq after which to begin"),
            ("limit", f"how many entries, at most {PAGE_MOST}; a page of large ones is shorter"),
            ("kinds", "kinds of entries, with commas between them; default: all"),
        )
        return [
            Call("GET", f"{room}/timeline", "Entries of the log", self.read, answer=Page, query=query),
            Call("GET", f"{room}/recording", "The recording file", self.recording),
        ]

    async def read(self, request: Request) -> Response:
        """One page; the next begins after its last seq, and an empty one is the end."""
        principal, host = await self._desk.enter(request, "read")
        stream = request.query_params.get("stream", "room")
        if stream not in streams(principal.role, principal.person):
            raise Problem(403, "forbidden", f"Your role ({principal.role}) may not read this stream.")
        after, limit = whole(request, "after", 0, 2**53), whole(request, "limit", PAGE_MOST, PAGE_MOST)
        only = _kinds(request)
        entries = await self._desk.log.read(host.id, stream, after=after, limit=max(1, limit), only=only)
        head = await self._desk.log.head(host.id, stream)
        return answer(Page(entries=[_row(entry) for entry in entries], head=head.seq))

    async def recording(self, request: Request) -> Response:
        """Recordings are files made from the log; none is made yet."""
        await self._desk.enter(request, "download")
        raise Problem(
            404, "no-recording", "There is no recording file of this room. Its timeline can be read."
        )


def _kinds(request: Request) -> frozenset[str] | None:
    """The kinds that are asked for; raises Problem where they can be none."""
    text = request.query_params.get("kinds")
    if text is None:
        return None
    kinds = frozenset(text.split(","))
    if len(kinds) > KINDS_MOST or not all(KIND.fullmatch(kind) for kind in kinds):
        raise Problem(400, "bad-query", f"kinds must be names of kinds of entries, not {text[:40]!r}.")
    return kinds


def _row(entry: Entry) -> EntryRow:
    return EntryRow(
        stream=entry.stream,
        seq=entry.seq,
        at=entry.at,
        actor=entry.actor,
        kind=entry.kind,
        body=cbor.decode(entry.body),
    )
