"""Calls about rooms as a whole: make, list, join, look, renew, revoke, end."""

from __future__ import annotations

import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import cbor, limits
from fourhands_protocol.errors import BadToken
from fourhands_server.live.host import RoomHost
from fourhands_server.log.log import RoomSummary
from fourhands_server.web.api import Call, Desk, answer, read_body
from fourhands_server.web.auth import INVITED, Invite
from fourhands_server.web.problem import Problem


class Links(msgspec.Struct, kw_only=True):
    """Invite links; the secret is in the fragment and so in no server's log."""

    interviewer: str
    candidate: str
    observer: str


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


class Join(msgspec.Struct, kw_only=True):
    """An invite to be exchanged; `resume` brings the same participant back."""

    invite: str
    name: str = ""
    resume: str | None = None


class Joined(msgspec.Struct, kw_only=True):
    """A seat in a room; `expires_in` in seconds."""

    room: str
    role: str
    participant: str
    token: str
    expires_in: int
    resume: str


class Token(msgspec.Struct, kw_only=True):
    """A fresh token; `expires_in` in seconds."""

    token: str
    expires_in: int


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
    """The room's kernel; `reason` says why code cannot run here, if it cannot."""

    state: str
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


class Target(msgspec.Struct, kw_only=True):
    """Whom to remove or which invite to revoke (`candidate`, say)."""

    participant: str | None = None
    invite: str | None = None


class Done(msgspec.Struct, kw_only=True):
    """The seq of the entry that records it."""

    seq: int


class Rooms:
    """The calls about rooms."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk
        self._people: dict[str, tuple[int, list[ListedPerson]]] = {}

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}"
        return [
            Call("POST", "/api/rooms", "Make a room (admin key)", self.create, CreateRoom, Created, 201),
            Call("GET", "/api/rooms", "List rooms (admin key)", self.all_rooms, answer=RoomList),
            Call("POST", "/api/join", "Exchange an invite for a token", self.join, Join, Joined, open=True),
            Call("POST", "/api/token", "A fresh token for the same seat", self.token, answer=Token),
            Call("GET", room, "The room as this role may see it", self.view, answer=RoomView),
            Call("GET", f"{room}/links", "Invite links", self.links, answer=Links),
            Call("POST", f"{room}/revoke", "Revoke an invite", self.revoke, Target, Done),
            Call("POST", f"{room}/remove", "Remove a participant", self.remove, Target, Done),
            Call("POST", f"{room}/end", "End the room for good", self.end, answer=Done),
        ]

    async def create(self, request: Request) -> Response:
        """Make a room with one empty file."""
        self._desk.need_admin(request)
        wanted = await read_body(request, CreateRoom)
        title = _clean(wanted.title) or "Interview"
        if len(title) > limits.TITLE:
            raise Problem(400, "bad-title", f"A title has at most {limits.TITLE} characters.")
        if wanted.questions or wanted.plan:
            raise Problem(400, "unsupported", "This version knows neither questions nor plans.")
        host = await self._desk.hub.create(title=title, settings=_settings(wanted.settings or {}))
        return answer(Created(id=host.id, links=self._links(host)), 201)

    async def all_rooms(self, request: Request) -> Response:
        """Every room, the latest first."""
        self._desk.need_admin(request)
        rows = [await self._row(summary) for summary in await self._desk.log.rooms()]
        return answer(RoomList(rooms=sorted(rows, key=lambda row: row.last_at, reverse=True)))

    async def join(self, request: Request) -> Response:
        """An invite is good for many joins until it is revoked."""
        wanted = await read_body(request, Join)
        try:
            invite = self._desk.auth.read_invite(wanted.invite)
        except BadToken as error:
            raise Problem(403, "bad-invite", "This invite link is not valid. Ask for a new one.") from error
        host = await self._desk.hub.room(invite.room)
        if invite.id in host.state.revoked:
            raise Problem(403, "invite-revoked", "This invite was revoked. Ask for a new one.")
        person = self._resumed(wanted.resume, invite, host)
        if person is None:
            person = await self._new_person(wanted, invite, host)
        return answer(self._joined(host, person, invite))

    async def token(self, request: Request) -> Response:
        """A fresh token for the same seat; the old one goes on to its own end."""
        principal = self._desk.auth.read_token(self._desk.bearer(request))
        host = await self._desk.hub.room(principal.room)
        self._desk.auth.check(principal, host.room)
        text, seconds = self._desk.auth.token(
            host.room, person=principal.person, role=principal.role, invite=principal.invite
        )
        return answer(Token(token=text, expires_in=seconds))

    async def view(self, request: Request) -> Response:
        """Title, people, files, kernel, and where the log stands."""
        principal, host = await self._desk.enter(request, "read")
        state = host.state
        people = [
            Participant(
                id=p.id, name=p.name, role=p.role, colour=p.colour, online=bool(p.seats), since=p.since
            )
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
                    state=state.kernel, detail=state.kernel_detail, available=refused is None, reason=refused
                ),
                head_seq=head.seq,
                head_hash=head.hash.hex(),
            )
        )

    async def links(self, request: Request) -> Response:
        """The invites that are good now."""
        _, host = await self._desk.enter(request, "revoke")
        return answer(self._links(host))

    async def revoke(self, request: Request) -> Response:
        """Everybody who came by this invite is shown out; its role has a new link from now on."""
        principal, host = await self._desk.enter(request, "revoke")
        wanted = await read_body(request, Target)
        role = (wanted.invite or "").partition("/")[0]
        if role not in INVITED:
            raise Problem(400, "bad-body", "invite must be interviewer, candidate or observer.")
        current = f"{role}/{self._number(host, role)}"
        name = wanted.invite if "/" in (wanted.invite or "") else current
        seq = await host.call(principal.person, principal.role, "revoke", {"invite": name})
        return answer(Done(seq=seq))

    async def remove(self, request: Request) -> Response:
        """Show one participant out."""
        principal, host = await self._desk.enter(request, "remove")
        wanted = await read_body(request, Target)
        body = {"person": wanted.participant or ""}
        seq = await host.call(principal.person, principal.role, "remove", body)
        return answer(Done(seq=seq))

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

    def _resumed(self, resume: str | None, invite: Invite, host: RoomHost) -> str | None:
        person = self._desk.auth.read_resume(resume, invite.room) if resume else None
        found = host.state.people.get(person) if person else None
        if found is None or found.removed or found.role != invite.role or found.invite != invite.id:
            return None
        return found.id

    async def _new_person(self, wanted: Join, invite: Invite, host: RoomHost) -> str:
        person = f"p-{secrets.token_hex(5)}"
        if host.room.ended:
            return person  # a visitor of what is over; the log takes no more entries
        name = _clean(wanted.name)
        if not 1 <= len(name) <= limits.NAME:
            raise Problem(400, "bad-name", f"A name has 1 to {limits.NAME} characters.")
        await host.join(person, name=name, role=invite.role, invite=invite.id)
        return person

    def _joined(self, host: RoomHost, person: str, invite: Invite) -> Joined:
        auth = self._desk.auth
        token, seconds = auth.token(host.room, person=person, role=invite.role, invite=invite.id)
        return Joined(
            room=host.id,
            role=invite.role,
            participant=person,
            token=token,
            expires_in=seconds,
            resume=auth.resume(host.id, person),
        )

    def _number(self, host: RoomHost, role: str) -> int:
        """The number of the invite of this role that is good now: one more for each that was revoked."""
        number = 1
        while f"{role}/{number}" in host.state.revoked:
            number += 1
        return number

    def _links(self, host: RoomHost) -> Links:
        return self._links_of(host.id, {role: self._number(host, role) for role in INVITED})

    def _links_of(self, room: str, numbers: dict[Any, int]) -> Links:
        base = f"{self._desk.base_url}/r/{room}#"
        made = {role: base + self._desk.auth.invite(room, role, number) for role, number in numbers.items()}
        return Links(**made)

    async def _row(self, summary: RoomSummary) -> RoomRow:
        first = cbor.decode(summary.first.body)
        live = self._desk.hub.hosts.get(summary.room)
        online = sum(bool(p.seats) for p in live.state.people.values()) if live else 0
        return RoomRow(
            id=summary.room,
            title=first["title"],
            created_at=summary.first.at,
            ended_at=summary.last.at if summary.last.kind == "room.ended" else None,
            people_online=online,
            participants=await self._listed(summary),
            last_at=summary.last.at,
            head_seq=summary.last.seq,
            links=await self._listed_links(summary.room),
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

    async def _listed_links(self, room: str) -> Links:
        revoked = await self._desk.log.read(room, only=frozenset({"invite.revoked"}))
        names = {cbor.decode(entry.body)["invite"] for entry in revoked}
        numbers: dict[Any, int] = {}
        for role in INVITED:
            numbers[role] = 1
            while f"{role}/{numbers[role]}" in names:
                numbers[role] += 1
        return self._links_of(room, numbers)


def _clean(text: str) -> str:
    """A name or title without what cannot be seen, and without space at its ends."""
    return "".join(c for c in " ".join(text.split()) if c.isprintable())


def _settings(wanted: dict[str, Any]) -> dict[str, Any]:
    """The settings that a room knows; raises Problem for others, so that a misspelt one is noticed."""
    limit = wanted.get("time_limit_s")
    if limit is not None and (
        not isinstance(limit, int) or isinstance(limit, bool) or not 1 <= limit <= 3600
    ):
        raise Problem(400, "bad-settings", "time_limit_s is a whole number of seconds from 1 to 3600.")
    unknown = set(wanted) - {"time_limit_s"}
    if unknown:
        raise Problem(400, "bad-settings", f"There is no setting {sorted(unknown)[0][:40]!r}.")
    return {key: value for key, value in wanted.items() if value is not None}
