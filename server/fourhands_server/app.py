"""The one place where the parts are chosen and put together: log, engine, kernels, rooms, web."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from importlib.metadata import version

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from fourhands_kernels.client import EmbeddedOptions, KernelHostClient, start_embedded_host
from fourhands_server.blobs.folder import FolderBlobs
from fourhands_server.config import Config
from fourhands_server.core.seat import Seat
from fourhands_server.engine.documents import Documents
from fourhands_server.live.documents_source import edits_of
from fourhands_server.live.hub import Hub
from fourhands_server.live.language import LanguageDesks
from fourhands_server.live.parts import Parts
from fourhands_server.log.clock import wall_clock
from fourhands_server.log.log import RoomLog
from fourhands_server.log.redis.log import RedisLog
from fourhands_server.log.sqlite import SqliteLog
from fourhands_server.web import openapi, pages, problem
from fourhands_server.web.api import Call, Desk, answer
from fourhands_server.web.auth import Auth, Keys
from fourhands_server.web.backup import Backup
from fourhands_server.web.data import Data
from fourhands_server.web.entrance import Entrance
from fourhands_server.web.environments import Environments
from fourhands_server.web.files import Files
from fourhands_server.web.health import Health
from fourhands_server.web.hocuspocus import with_hocuspocus
from fourhands_server.web.invites import Invites
from fourhands_server.web.judgements import Judgements
from fourhands_server.web.kernels import Kernels
from fourhands_server.web.questions import Questions
from fourhands_server.web.rooms import Rooms
from fourhands_server.web.runs import Runs
from fourhands_server.web.socket import RoomSocket, room_socket
from fourhands_server.web.timeline import Timeline
from fourhands_server.web.written import Written


@dataclass(frozen=True, slots=True)
class Server:
    """All that a web server needs: the HTTP application and the class of its sockets."""

    http: Starlette
    socket: type[RoomSocket]
    hub: Hub
    rooms: Rooms


@asynccontextmanager
async def running(config: Config, keys: Keys) -> AsyncIterator[Server]:
    """Start every part, and stop them in the opposite order."""
    async with AsyncExitStack() as stack:
        log = await _log(config)
        stack.push_async_callback(log.aclose)
        blobs = FolderBlobs(config.data / "blobs")
        documents = Documents(edits_of(log))
        stack.push_async_callback(documents.aclose)
        await documents.start()
        kernels = await _kernels(config)
        stack.push_async_callback(kernels.aclose)
        auth = Auth(keys, now=time.time)

        def renew(room: str, seat: Seat) -> tuple[str, int]:
            host = hub.hosts[room]
            return auth.token(host.room, person=seat.person, role=seat.role, invite=seat.invite)

        hub = await stack.enter_async_context(Hub(Parts(log, documents, kernels, wall_clock, renew, blobs)))
        desk = Desk(hub, auth, log, documents, config.address)
        invites = Invites(desk)
        environments = Environments(desk)
        rooms = Rooms(desk, invites, environments)
        entrance = Entrance(hub, auth, LanguageDesks(kernels, clock=wall_clock))
        calls = [
            *rooms.calls(),
            *environments.calls(),
            *invites.calls(),
            *Files(desk).calls(),
            *Written(desk).calls(),
            *Data(desk).calls(),
            *Runs(desk).calls(),
            *Questions(desk).calls(),
            *Judgements(desk).calls(),
            *Kernels(desk).calls(),
            *Timeline(desk).calls(),
            *Backup(desk, entrance).calls(),
            *Health(desk).calls(),
        ]
        yield Server(_http(calls), room_socket(with_hocuspocus(entrance)), hub, rooms)


async def _log(config: Config) -> RoomLog:
    """The rooms' log: in a file, or in a Redis that others may share one day."""
    if config.redis is not None:
        return await RedisLog.open(config.redis, config.data)
    return await SqliteLog.open(config.data / "rooms.db")


async def _kernels(config: Config) -> KernelHostClient:
    """Our own kernel host, or somebody else's, which is looked for as long as it is not there."""
    if config.kernel_host is not None:
        return KernelHostClient(config.kernel_host)
    return await start_embedded_host(
        EmbeddedOptions(
            data=config.data,
            environments=config.environments,
            isolation=config.isolation,
            warm=config.warm,
            launcher=config.launcher,
        )
    )


def _http(calls: list[Call]) -> Starlette:
    """The HTTP application: API, its description, pages."""
    description = openapi.document(calls, version("fourhands"))

    async def describe(request: Request) -> Response:
        return answer(description)

    routes: list[BaseRoute] = [Route(c.path, c.endpoint, methods=[c.method]) for c in calls]
    routes.append(Route("/api/openapi.json", describe))
    routes.extend(pages.routes())
    handlers = dict.fromkeys((Exception, *problem.EXPECTED), problem.handle)
    application = Starlette(routes=routes, exception_handlers=handlers)
    application.router.redirect_slashes = False  # it would guess the name of our host
    return application
