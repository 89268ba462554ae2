"""The editor's help of all rooms of a host: started at the first question, ended after the last one."""

import asyncio
import itertools
import logging
import secrets
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final

from ..editor_help import Answer, Question
from ..environments import Environment
from ..kernel import KernelUnavailable
from ..sandbox.launch import Bubblewrap, Plain
from .server import Failed, LanguageServer, start
from .tools import find_tools

log = logging.getLogger(__name__)

IDLE: Final = 300.0  # seconds without a question after which a room's server is ended
AT_ONCE: Final = 16  # servers: each takes some 120 MB; beyond that the one that idles longest gives way
WAITING: Final = 8  # questions of one room: whoever types on needs the newest answer only
FAILURES: Final = 3  # within so many seconds; then a while without
_WITHIN: Final = 60.0

Find = Callable[[str], Awaitable[Environment]]


class LanguageServers:
    """Asks the right one; `find` gives an environment by its name."""

    def __init__(self, launcher: Bubblewrap | Plain, find: Find, *, idle: float = IDLE) -> None:
        self._launcher = launcher
        self._find = find
        self._idle = idle
        self._rooms: dict[str, _Room] = {}

    async def consult(self, room: str, question: Question) -> Answer:
        """The answer; KernelUnavailable where there is no server to be had."""
        found = self._rooms.get(room)
        if found is None:
            found = self._rooms[room] = _Room(self, room)
        return await found.consult(question)

    async def started(self, name: str) -> LanguageServer:
        """A new server; for rooms."""
        await self._make_way()
        environment = await self._find(name)
        if environment.program is not None:
            raise KernelUnavailable(
                f"the editor's help knows Python alone, and {name!r} runs another program"
            )
        return await start(self._launcher, find_tools(), environment)

    def rests(self, room: str) -> None:
        """Nothing is left of a room's; for rooms."""
        self._rooms.pop(room, None)

    @property
    def idle(self) -> float:
        """Seconds."""
        return self._idle

    async def close(self) -> None:
        """End all of them."""
        await asyncio.gather(*(room.end() for room in tuple(self._rooms.values())))

    async def _make_way(self) -> None:
        running = [room for room in self._rooms.values() if room.running]
        if len(running) < AT_ONCE:
            return
        idle = [room for room in running if not room.busy]
        if not idle:
            raise KernelUnavailable(f"all {AT_ONCE} language servers of this host are at work")
        await min(idle, key=lambda room: room.asked_at).end()


class _Room:
    """One room's server, or the place of one."""

    def __init__(self, servers: LanguageServers, name: str) -> None:
        self._servers = servers
        self._name = name
        self._loop = asyncio.get_running_loop()
        self._lock = asyncio.Lock()
        self._waiting = 0
        self._server: LanguageServer | None = None
        self._environment = ""
        self._state = self._born = self._why = ""
        self._states = itertools.count(1)
        self._failed: deque[float] = deque(maxlen=FAILURES)
        self._resting: asyncio.TimerHandle | None = None
        self._ending: asyncio.Future[None] | None = None
        self.asked_at = 0.0

    @property
    def running(self) -> bool:
        """Whether it has a server."""
        return self._server is not None

    @property
    def busy(self) -> bool:
        """Whether something is being asked."""
        return self._waiting > 0

    async def consult(self, question: Question) -> Answer:
        if self._waiting >= WAITING:
            return Answer(self._state)
        self._waiting += 1
        if self._resting is not None:
            self._resting.cancel()
            self._resting = None
        try:
            async with self._lock:
                return await self._consult(question)
        finally:
            self._waiting -= 1
            self.asked_at = self._loop.time()
            if not self._waiting:
                self._resting = self._loop.call_later(self._servers.idle, self._rest)

    async def _consult(self, question: Question) -> Answer:
        if question.known and question.known != self._state:
            return Answer(self._state, stale=True)
        if self._server is not None and (
            not self._server.alive or not question.known or question.environment != self._environment
        ):
            # Without `known` the files are all that there are: a fresh folder holds no others.
            if question.known:
                await self._end()
                return Answer("", stale=True)
            await self._end()
        if self._server is None:
            await self._start(question.environment)
        assert self._server is not None
        try:
            content = await self._server.ask(question)
        except Failed as error:
            self._note(str(error))
            await self._end()
            return Answer("")
        except BaseException:  # its answer would be taken for the next question's
            await asyncio.shield(self._end())
            raise
        if question.files or not self._state:
            self._state = f"{self._born}-{next(self._states)}"
        return Answer(self._state, content)

    async def _start(self, environment: str) -> None:
        if len(self._failed) == FAILURES and self._loop.time() - self._failed[0] < _WITHIN:
            raise KernelUnavailable(f"the language server fails again and again: {self._why}")
        try:
            self._server = await self._servers.started(environment)
        except KernelUnavailable as error:
            self._note(error.reason)
            raise
        self._environment, self._born = environment, secrets.token_hex(4)

    def _note(self, why: str) -> None:
        log.info("a language server failed: %s", why)
        self._failed.append(self._loop.time())
        self._why = why[-300:]

    def _rest(self) -> None:
        self._resting = None
        self._ending = asyncio.ensure_future(self.end())

    async def end(self) -> None:
        """End the server, whoever waits for it."""
        if self._resting is not None:
            self._resting.cancel()
        await self._end()
        if not self._waiting:
            self._servers.rests(self._name)

    async def _end(self) -> None:
        server, self._server, self._state = self._server, None, ""
        if server is not None:
            await server.close()
