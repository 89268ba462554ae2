"""Kernels that no room has yet: a few per environment in use, started while nobody waits, given away once.

An environment is in use for a while after somebody opened a room or started a kernel on it; a host whose
rooms are quiet keeps neither warm kernels nor zygotes. A kernel that waits is like any other (own walls, uid
and key) and has run nothing.
"""

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from .environments import Environment
from .jupyter import JupyterKernel
from .kernel import KernelUnavailable
from .sandbox.zygote_launch import Zygotes, state_of

log = logging.getLogger(__name__)

QUIET: Final = 2.0  # seconds without a start before anything is made ahead: who waits comes first
REST: Final = 900.0  # seconds after which an environment that nobody asked for is no longer in use
_AGAIN: Final = 60.0  # seconds after a kernel that could not be started


@dataclass(frozen=True, slots=True, eq=False)
class _Waiting:
    kernel: JupyterKernel
    state: object  # of the environment it was made from
    watch: "asyncio.Task[str]"


class Warm:
    """Up to `size` kernels per environment in use, as long as `room_left` says that there may be more.

    `make` prepares a kernel. Nothing happens before somebody wants one.
    """

    def __init__(
        self,
        launcher: Zygotes,
        make: Callable[[Environment], JupyterKernel],
        *,
        size: int,
        room_left: Callable[[], int],
        quiet: float = QUIET,
    ) -> None:
        self._launcher = launcher
        self._make = make
        self._size = size
        self._room_left = room_left
        self._quiet = quiet
        self._loop = asyncio.get_running_loop()
        self._wanted: dict[str, tuple[Environment, float]] = {}
        self._waiting: dict[str, list[_Waiting]] = {}
        self._changed = asyncio.Event()
        self._last = 0.0
        self._keeping: asyncio.Task[None] | None = None
        self._closing: set[asyncio.Task[None]] = set()

    @property
    def count(self) -> int:
        """How many wait, or are about to."""
        return sum(map(len, self._waiting.values()))

    def want(self, environment: Environment) -> None:
        """Say that somebody uses an environment; what is missing is made once it is quiet.

        Programs that are no Python of ours may be large and slow: none of them is made ahead.
        """
        if environment.program is not None:
            return
        self._last = self._loop.time()
        self._wanted[environment.name] = (environment, self._last)
        self._changed.set()
        if self._keeping is None or self._keeping.done():
            self._keeping = asyncio.create_task(self._keep())

    def take(self, environment: Environment) -> JupyterKernel | None:
        """A warm kernel, which is the caller's from now on; None where there is none."""
        waiting = self._waiting.get(environment.name, [])
        state = state_of(environment)
        while waiting:
            found = waiting.pop(0)
            if not found.watch.done() and found.state == state:
                found.watch.cancel()
                return found.kernel
            self._drop(found)
        for others in self._waiting.values():
            while others and self._room_left() < 0:
                self._drop(others.pop())
        return None

    async def close(self) -> None:
        """End all that waits."""
        if self._keeping is not None:
            self._keeping.cancel()
            await asyncio.gather(self._keeping, return_exceptions=True)
        self._rest(0)
        await asyncio.gather(*self._closing, return_exceptions=True)

    async def _keep(self) -> None:
        while self._wanted:
            await self._until_quiet()
            pause = REST
            for environment, _ in list(self._wanted.values()):
                if not await self._fill(environment):
                    pause = _AGAIN
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
            self._rest(REST)

    async def _until_quiet(self) -> None:
        """Wait until nobody has wanted anything for a while."""
        while (pause := self._last + self._quiet - self._loop.time()) > 0:
            self._changed.clear()
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(pause):
                    await self._changed.wait()
        self._changed.clear()

    async def _fill(self, environment: Environment) -> bool:
        """Make one after the other; False where one could not be made."""
        await self._launcher.ready(environment)
        waiting = self._waiting.setdefault(environment.name, [])
        state = state_of(environment)
        for found in [one for one in waiting if one.watch.done() or one.state != state]:
            waiting.remove(found)
            self._drop(found)
        while len(waiting) < self._size and self._room_left() > 0 and not self._changed.is_set():
            kernel = self._make(environment)
            try:
                await kernel.warm()
            except KernelUnavailable as error:
                log.warning("no kernel of %s could be made ahead: %s", environment.name, error.reason)
                await kernel.close()
                return False
            except BaseException:
                await kernel.close()
                raise
            watch = asyncio.create_task(kernel.ended())
            watch.add_done_callback(lambda _: self._changed.set())  # one that died is replaced
            waiting.append(_Waiting(kernel, state, watch))
        return True

    def _rest(self, seconds: float) -> None:
        """Let go of what nobody asked for in so long."""
        for name, (_, asked) in list(self._wanted.items()):
            if self._loop.time() - asked >= seconds:
                del self._wanted[name]
                for found in self._waiting.pop(name, []):
                    self._drop(found)
                self._launcher.rest(name)

    def _drop(self, found: _Waiting) -> None:
        found.watch.cancel()
        closing = asyncio.create_task(found.kernel.close())
        self._closing.add(closing)
        closing.add_done_callback(self._closing.discard)
