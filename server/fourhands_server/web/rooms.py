"""Calls about rooms as a whole: make, list, look, end."""

from __future__ import annotations

from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import cbor, limits
from fourhands_server.core import settings
from fourhands_server.core.words import one_line
from fourhands_server.live.host import RoomHost
from fourhands_server.log.log import RoomSummary
from fourhands_server.web.api import Call, Desk, answer, read_body
from fourhands_server.web.environments import Environments
from fourhands_server.web.invites import Done, Invites, Links
from fourhands_server.web.problem import Problem
from fourhands_server.web.questions import LIMIT, brought_along, prepare
from fourhands_server.web.questions import read as read_question

QUESTIONS_LIMIT = 4 * LIMIT  # bytes of a body; more questions are added one by one


class CreateRoom(msgspec.Struct, kw_only=True):
    """What a new room is to be."""

    title: str = ""
    questions: list[Any] | None = None
    plan: Any = None
    settings: dict[str, Any] | None = None


class Created(msgspec.Struct, kw_only=True):
    """A new room."""

    id: str
    links: Links


class Participant(msgspec.Struct, kw_only=True):
    """Somebody in the room; `since` in µs: online or away since then."""

    id: str
    name: str
    role: str
    colour: int
    online: bool
    since: int


class FileRow(msgspec.Struct, kw_only=True):
    """A file; `file` is its fixed id."""

    file: str
    path: str


class Kernel(msgspec.Struct, kw_only=True):
    """The room's kernel and what it runs on; `reason` says why code cannot run here, if it cannot."""

    state: str
    environment: str = settings.ENVIRONMENT
    detail: str | None = None
    available: bool = True
    reason: str | None = None


class RoomView(msgspec.Struct, kw_only=True):
    """A room as its participants may see it; times in µs since the epoch."""

    id: str
    title: str
    lineage: str
    created_at: int
    ended: bool
    ended_at: int | None
    role: str
    participant: str
    participants: list[Participant]
    files: list[FileRow]
    kernel: Kernel
    head_seq: int
    head_hash: str


class ListedPerson(msgspec.Struct, kw_only=True):
    """A participant in the host's list of rooms."""

    name: str
    role: str


class RoomRow(msgspec.Struct, kw_only=True):
    """A room in the host's list."""

    id: str
    title: str
    created_at: int
    ended_at: int | None
    people_online: int
    participants: list[ListedPerson]
    last_at: int
    head_seq: int
    links: Links


class RoomList(msgspec.Struct, kw_only=True):
    """All rooms, the latest first."""

    rooms: list[RoomRow]


class Rooms:
    """The calls about rooms."""

    def __init__(self, desk: Desk, invites: Invites, environments: Environments) -> None:
        self._desk = desk
        self._environments = environments
        self._invites = invites
        self._people: dict[str, tuple[int, list[ListedPerson]]] = {}

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}"
        return [
            Call("POST", "/api/rooms", "Make a room (admin key)", self.create, CreateRoom, Created, 201),
            Call("GET", "/api/rooms", "List rooms (admin key)", self.all_rooms, answer=RoomList),
            Call("GET", room, "The room as this role may see it", self.view, answer=RoomView),
            Call("POST", f"{room}/end", "End the room for good", self.end, answer=Done),
        ]

    async def create(self, request: Request) -> Response:
        """Make a room with one empty file."""
        self._desk.need_admin(request)
        wanted = await read_body(request, CreateRoom, limit=QUESTIONS_LIMIT)
        title = one_line(wanted.title) or "Interview"
        if len(title) > limits.TITLE:
            raise Problem(400, "bad-title", f"A title has at most {limits.TITLE} characters.")
        if wanted.plan:
            raise Problem(400, "unsupported", "This version knows no plans.")
        questions = [read_question(raw) for raw in wanted.questions or ()]
        if len({question.id for question in questions}) < len(questions):
            raise Problem(400, "bad-question", "Two questions have the same id.")
        chosen = _settings(wanted.settings or {})
        if "environment" in chosen:
            await self._environments.need(chosen["environment"])
        brought = [await brought_along(question) for question in questions]
        blobs = self._desk.hub.parts.blobs
        prepared = [await prepare(*one, blobs) for one in zip(questions, brought, strict=True)]
        host = await self._desk.hub.create(title=title, settings=chosen, questions=prepared)
        return answer(Created(id=host.id, links=self._links(host)), 201)

    async def all_rooms(self, request: Request) -> Response:
        """Every room, the latest first."""
        self._desk.need_admin(request)
        rows = [await self._row(summary) for summary in await self._desk.log.rooms()]
        return answer(RoomList(rooms=sorted(rows, key=lambda row: row.last_at, reverse=True)))

    async def view(self, request: Request) -> Response:
        """Title, people, files, kernel, and where the log stands."""
        principal, host = await self._desk.enter(request, "read")
        state = host.state
        people = [
            Participant(id=p.id, name=p.name, role=p.role, colour=p.colour, online=p.online, since=p.since)
            for p in state.people.values()
            if not p.removed
        ]
        head = await host.head()
        refused = host.room.kernel_refused
        return answer(
            RoomView(
                id=host.id,
                title=state.title,
                lineage=state.lineage,
                created_at=state.created_at,
                ended=state.ended_at is not None,
                ended_at=state.ended_at,
                role=principal.role,
                participant=principal.person,
                participants=people,
                files=[FileRow(file=f.id, path=f.path) for f in state.living_files()],
                kernel=Kernel(
                    state=state.kernel,
                    environment=settings.Settings.of(state.settings).environment,
                    detail=state.kernel_detail,
                    available=refused is None,
                    reason=refused,
                ),
                head_seq=head.seq,
                head_hash=head.hash.hex(),
            )
        )

    async def end(self, request: Request) -> Response:
        """Edits stop, a run gets 3 s, then the last entry; a second end changes nothing."""
        principal, host = await self._desk.enter(request, "end")
        return answer(Done(seq=await host.call(principal.person, principal.role, "end", {})))

    async def ready_made(self) -> Links:
        """Links of the room that a first start offers: the latest one that goes on, else a new one."""
        going_on = [s for s in await self._desk.log.rooms() if s.last.kind != "room.ended"]
        if going_on:
            latest = max(going_on, key=lambda summary: summary.last.at)
            return self._links(await self._desk.hub.room(latest.room))
        return self._links(await self._desk.hub.create(title="First room", settings={}))

    # Inside

    def _links(self, host: RoomHost) -> Links:
        return self._invites.links_of(host.id, host.state.revoked)

    async def _row(self, summary: RoomSummary) -> RoomRow:
        first = cbor.decode(summary.first.body)
        live = self._desk.hub.hosts.get(summary.room)
        online = sum(p.online for p in live.state.people.values()) if live else 0
        return RoomRow(
            id=summary.room,
            title=first["title"],
            created_at=summary.first.at,
            ended_at=summary.last.at if summary.last.kind == "room.ended" else None,
            people_online=online,
            participants=await self._listed(summary),
            last_at=summary.last.at,
            head_seq=summary.last.seq,
            links=self._invites.links_of(summary.room, await self._revoked(summary.room)),
        )

    async def _listed(self, summary: RoomSummary) -> list[ListedPerson]:
        """Who took part, read once for each state of the log."""
        known = self._people.get(summary.room)
        if known is not None and known[0] == summary.last.seq:
            return known[1]
        joined = await self._desk.log.read(summary.room, only=frozenset({"person.joined"}))
        bodies = [cbor.decode(entry.body) for entry in joined]
        people = [ListedPerson(name=body["name"], role=body["role"]) for body in bodies]
        self._people[summary.room] = (summary.last.seq, people)
        return people

    async def _revoked(self, room: str) -> set[str]:
        entries = await self._desk.log.read(room, only=frozenset({"invite.revoked"}))
        return {cbor.decode(entry.body)["invite"] for entry in entries}


def _settings(wanted: dict[str, Any]) -> dict[str, Any]:
    try:
        return settings.checked(wanted)
    except settings.BadSetting as bad:
        raise Problem(400, "bad-settings", str(bad)) from bad
