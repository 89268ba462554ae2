"""Calls about who may come in: exchange an invite, renew a token, show links, revoke, remove."""

from __future__ import annotations

import secrets
from collections.abc import Container

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import limits
from fourhands_protocol.errors import BadToken
from fourhands_server.core.words import one_line
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import Call, Desk, answer, read_body
from fourhands_server.web.auth import INVITED, Invite
from fourhands_server.web.problem import Problem

OPEN_LIMIT = 16 * limits.KIB  # bytes of a body that anybody may send; an honest one is mostly a resume


class Links(msgspec.Struct, kw_only=True):
    """Invite links; the secret is in the fragment and so in no server's log."""

    interviewer: str
    candidate: str
    observer: str


class Look(msgspec.Struct, kw_only=True):
    """An invite to be looked at."""

    invite: str


class Guest(msgspec.Struct, kw_only=True):
    """Somebody whom one would meet."""

    name: str
    role: str


class Invitation(msgspec.Struct, kw_only=True):
    """What an invite leads to; `people` are those who are there now."""

    room: str
    title: str
    role: str
    ended: bool
    people: list[Guest]


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


class Target(msgspec.Struct, kw_only=True):
    """Whom to remove or which invite to revoke (`candidate`, say)."""

    participant: str | None = None
    invite: str | None = None


class Done(msgspec.Struct, kw_only=True):
    """The seq of the entry that records it."""

    seq: int


class Invites:
    """The calls about invites, tokens and people."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}"
        return [
            Call("POST", "/api/invite", "Look at an invite", self.look, Look, Invitation, open=True),
            Call("POST", "/api/join", "Exchange an invite for a token", self.join, Join, Joined, open=True),
            Call("POST", "/api/token", "A fresh token for the same seat", self.token, answer=Token),
            Call("GET", f"{room}/links", "Invite links", self.links, answer=Links),
            Call("POST", f"{room}/revoke", "Revoke an invite", self.revoke, Target, Done),
            Call("POST", f"{room}/remove", "Remove a participant", self.remove, Target, Done),
        ]

    def links_of(self, room: str, revoked: Container[str]) -> Links:
        """The links that are good now: a role's number is one more for each that was revoked."""
        base = f"{self._desk.base_url}/r/{room}#"
        interviewer, candidate, observer = (
            base + self._desk.auth.invite(room, role, _number(role, revoked)) for role in INVITED
        )
        return Links(interviewer=interviewer, candidate=candidate, observer=observer)

    async def look(self, request: Request) -> Response:
        """Where an invite leads and who is there, before anybody joins; nothing is recorded."""
        invite, host = await self._open((await read_body(request, Look, limit=OPEN_LIMIT)).invite)
        state = host.state
        people = [Guest(name=p.name, role=p.role) for p in state.people.values() if p.seats and not p.removed]
        ended = state.ended_at is not None
        return answer(
            Invitation(room=host.id, title=state.title, role=invite.role, ended=ended, people=people)
        )

    async def join(self, request: Request) -> Response:
        """An invite is good for many joins until it is revoked."""
        wanted = await read_body(request, Join, limit=OPEN_LIMIT)
        invite, host = await self._open(wanted.invite)
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

    async def links(self, request: Request) -> Response:
        """The invites that are good now."""
        _, host = await self._desk.enter(request, "revoke")
        return answer(self.links_of(host.id, host.state.revoked))

    async def revoke(self, request: Request) -> Response:
        """Everybody who came by this invite is shown out; its role has a new link from now on."""
        principal, host = await self._desk.enter(request, "revoke")
        wanted = (await read_body(request, Target)).invite or ""
        role = wanted.partition("/")[0]
        if role not in INVITED:
            raise Problem(400, "bad-body", "invite must be interviewer, candidate or observer.")
        name = wanted if "/" in wanted else f"{role}/{_number(role, host.state.revoked)}"
        seq = await host.call(principal.person, principal.role, "revoke", {"invite": name})
        return answer(Done(seq=seq))

    async def remove(self, request: Request) -> Response:
        """Show one participant out."""
        principal, host = await self._desk.enter(request, "remove")
        wanted = await read_body(request, Target)
        body = {"person": wanted.participant or ""}
        seq = await host.call(principal.person, principal.role, "remove", body)
        return answer(Done(seq=seq))

    # Inside

    async def _open(self, text: str) -> tuple[Invite, RoomHost]:
        """The invite and its room; raises Problem where it is forged or revoked."""
        try:
            invite = self._desk.auth.read_invite(text)
        except BadToken as error:
            raise Problem(403, "bad-invite", "This invite link is not valid. Ask for a new one.") from error
        host = await self._desk.hub.room(invite.room)
        if invite.id in host.state.revoked:
            raise Problem(403, "invite-revoked", "This invite was revoked. Ask for a new one.")
        return invite, host

    def _resumed(self, resume: str | None, invite: Invite, host: RoomHost) -> str | None:
        person = self._desk.auth.read_resume(resume, invite.room) if resume else None
        found = host.state.people.get(person) if person else None
        if found is None or found.removed or found.invite != invite.id:
            return None
        return found.id

    async def _new_person(self, wanted: Join, invite: Invite, host: RoomHost) -> str:
        person = f"p-{secrets.token_hex(5)}"
        if host.room.ended:
            return person  # a visitor of what is over; the log takes no more entries
        name = one_line(wanted.name)
        if not 1 <= len(name) <= limits.NAME:
            raise Problem(400, "bad-name", f"A name has 1 to {limits.NAME} characters.")
        if len(host.state.people) >= limits.PEOPLE:
            words = "Too many people have joined this room. Whoever invited you can make a new one."
            raise Problem(409, "room-full", words)
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


def _number(role: str, revoked: Container[str]) -> int:
    number = 1
    while f"{role}/{number}" in revoked:
        number += 1
    return number
