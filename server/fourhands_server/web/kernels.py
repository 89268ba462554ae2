"""The calls that Jupyter front ends make beside their socket: the room of the token is the only kernel there
is, and its id is the room's.

The same calls stand below `/gateway` for a Jupyter server that takes its kernels from there; to that the id
has five parts.
"""

from __future__ import annotations

from datetime import UTC, datetime
from importlib.metadata import version
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol.errors import BadToken
from fourhands_protocol.roles import allows
from fourhands_server.core.operations import Refused
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import Call, Desk, Endpoint, answer
from fourhands_server.web.auth import HOST, Principal
from fourhands_server.web.handshake import FIVE_PARTS, GATEWAY, room_of, token_of
from fourhands_server.web.problem import Problem

NAME = "python3"  # of the one kernelspec
STATES = {"none": "idle", "dead": "idle"}  # the next run starts a new one, so it is as good as idle


class ServerVersion(msgspec.Struct, kw_only=True):
    """The version of Fourhands."""

    version: str


class KernelModel(msgspec.Struct, kw_only=True):
    """A kernel as Jupyter's API has it; `last_activity` is the time of the room's last entry."""

    id: str
    name: str
    last_activity: str
    execution_state: str
    connections: int


class Spec(msgspec.Struct, kw_only=True):
    """A kernelspec; nobody can start anything by it, so its argv is empty."""

    name: str
    spec: dict[str, Any]
    resources: dict[str, str]


class Specs(msgspec.Struct, kw_only=True):
    """The kernelspecs: one, for the room's environment."""

    default: str
    kernelspecs: dict[str, Spec]


class Activity(msgspec.Struct, kw_only=True):
    """What goes on, as far as this token may know."""

    started: str
    last_activity: str
    kernels: int
    connections: int


class Me(msgspec.Struct, kw_only=True):
    """Whoever the token speaks for."""

    identity: dict[str, Any]
    permissions: dict[str, list[str]]


class Kernels:
    """The room's kernel for Jupyter front ends."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        return [
            Call("GET", "/api", "The version of this server", self.version, answer=ServerVersion, open=True),
            *self._below(""),
            *self._below(GATEWAY),
        ]

    def _below(self, prefix: str) -> list[Call]:
        one = "/api/kernels/{kernel}"
        token = (("token", "the bearer token, where it stands in no header"),)
        rows: list[tuple[str, str, str, Any, type | None, int]] = [
            ("GET", "/api/kernels", "The room's kernel, in a list", self.all, None, 200),
            ("POST", "/api/kernels", "The room's kernel; nothing is started", self.start, KernelModel, 201),
            ("GET", one, "The room's kernel; its id is the room's", self.view, KernelModel, 200),
            ("DELETE", one, *self._end(prefix), None, 204),
            ("POST", f"{one}/interrupt", "Interrupt the run", self.interrupt, None, 204),
            ("POST", f"{one}/restart", "A fresh kernel", self.restart, KernelModel, 200),
            ("GET", "/api/kernelspecs", "What the room runs on", self.specs, Specs, 200),
            ("GET", "/api/kernelspecs/{spec}", "The one spec", self.spec, Spec, 200),
            ("GET", "/api/status", "What goes on in the room's kernel", self.status, Activity, 200),
            ("GET", "/api/me", "Whoever the token speaks for", self.me, Me, 200),
        ]
        return [
            Call(
                method, prefix + path, f"Jupyter: {words}", endpoint, answer=shape, status=status, query=token
            )
            for method, path, words, endpoint, shape, status in rows
        ]

    def _end(self, prefix: str) -> tuple[str, Endpoint]:
        if prefix:
            return "The front end lets go; the kernel stays", self.let_go
        return "Always refused: the kernel ends with the room", self.delete

    async def version(self, request: Request) -> Response:
        """Jupyter's clients ask this first, of anybody."""
        return answer(ServerVersion(version=version("fourhands")))

    async def all(self, request: Request) -> Response:
        """A list of one."""
        _, host = await self._enter(request)
        return answer([_model(request, host)])

    async def start(self, request: Request) -> Response:
        """A front end that wants a kernel of its own gets the room's: there is no other."""
        _, host = await self._enter(request)
        made = answer(_model(request, host), 201)
        made.headers["Location"] = f"{request.url.path}/{_model(request, host).id}"
        return made

    async def view(self, request: Request) -> Response:
        """The kernel as it is."""
        _, host = await self._enter(request)
        return answer(_model(request, host))

    async def delete(self, request: Request) -> Response:
        """A front end that closes must not take everybody's variables along."""
        await self._enter(request)
        words = "The room's kernel is everybody's: it ends with the room. It can be restarted."
        raise Problem(403, "shared-kernel", words)

    async def let_go(self, request: Request) -> Response:
        """A Jupyter server that stops takes leave of every kernel that it was given: no wish to end ours."""
        await self._enter(request)
        return Response(status_code=204)

    async def interrupt(self, request: Request) -> Response:
        """Interrupting what does not run is no mistake: it may just have ended."""
        principal, host = await self._enter(request)
        try:
            await host.call(principal.person, principal.role, "interrupt", {})
        except Refused as refused:
            if refused.code != "nothing-runs":
                raise
        return Response(status_code=204)

    async def restart(self, request: Request) -> Response:
        """Variables are lost, runs that wait are aborted."""
        principal, host = await self._enter(request)
        await host.call(principal.person, principal.role, "restart", {})
        return answer(_model(request, host))

    async def specs(self, request: Request) -> Response:
        """A list of one, by name."""
        _, host = await self._enter(request)
        return answer(Specs(default=NAME, kernelspecs={NAME: _spec(host)}))

    async def spec(self, request: Request) -> Response:
        """The spec of that name."""
        _, host = await self._enter(request)
        if request.path_params["spec"] != NAME:
            raise Problem(404, "no-such-kernelspec", f"There is one kernelspec here: {NAME}.")
        return answer(_spec(host))

    async def status(self, request: Request) -> Response:
        """Of the token's own room alone."""
        _, host = await self._enter(request)
        state = host.state
        return answer(
            Activity(
                started=_date(state.created_at),
                last_activity=_date(state.at),
                kernels=1,
                connections=_attached(host),
            )
        )

    async def me(self, request: Request) -> Response:
        """The participant."""
        principal, host = await self._enter(request)
        person = host.state.people[principal.person]
        identity = {
            "username": person.id,
            "name": person.name,
            "display_name": person.name,
            "initials": person.name[:1],
            "avatar_url": None,
            "color": None,
        }
        return answer(Me(identity=identity, permissions={"kernels": ["read", "write", "execute"]}))

    async def _enter(self, request: Request) -> tuple[Principal, RoomHost]:
        """Who asks, by any of the ways in which Jupyter's clients carry a token; raises where it does not
        do.
        """
        token = token_of(request.headers.get("authorization", "")) or request.query_params.get("token", "")
        if not token:
            raise BadToken("this call needs a token: a bearer in a header Authorization, or ?token=")
        if self._desk.auth.is_admin(token):
            return await self._host(request)
        principal = self._desk.auth.read_token(token)
        kernel = room_of(request.path_params.get("kernel", principal.room))
        if not allows(principal.role, "attach"):
            raise Problem(403, "forbidden", f"Your role ({principal.role}) does not allow this.")
        if kernel != principal.room:
            raise Problem(404, "no-such-kernel", "There is no such kernel: its id is the id of your room.")
        host = await self._desk.hub.room(principal.room)
        self._desk.auth.check(principal, host.room)
        return principal, host

    async def _host(self, request: Request) -> tuple[Principal, RoomHost]:
        """The admin key is good for every room, so the address has to name one."""
        if "kernel" not in request.path_params:
            words = "The admin key is for all rooms: name one, as /api/kernels/{room}, or use a room's token."
            raise Problem(400, "no-room", words)
        host = await self._desk.hub.room(room_of(request.path_params["kernel"]))
        return Principal(host.id, HOST, "host", "", host.state.lineage, 0), host


def _spec(host: RoomHost) -> Spec:
    spec = {
        "argv": [],
        "display_name": f"Fourhands: {host.state.title}",
        "language": "python",
        "interrupt_mode": "message",
        "env": {},
        "metadata": {},
    }
    return Spec(name=NAME, spec=spec, resources={})


def _model(request: Request, host: RoomHost) -> KernelModel:
    state = host.state
    busy = state.active_run() is not None
    return KernelModel(
        id=FIVE_PARTS + host.id if request.url.path.startswith(GATEWAY) else host.id,
        name=NAME,
        last_activity=_date(state.at),
        execution_state="busy" if busy else STATES.get(state.kernel, state.kernel),
        connections=_attached(host),
    )


def _attached(host: RoomHost) -> int:
    return sum(seat.dialect == "jupyter" for seat in host.room.seats.values())


def _date(at: int) -> str:
    """µs since the epoch as Jupyter writes it."""
    return datetime.fromtimestamp(at / 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
