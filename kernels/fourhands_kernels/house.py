"""All rooms of one kernel host, and what they share: walls, environments, the bounds on how much there may
be.
"""

import asyncio
import contextlib
import logging
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

import zmq.asyncio

from .data import Data
from .environments import DEFAULT, Environment, Environments
from .foreign import need_walls
from .journal import Journal, Store
from .judge.judges import Judges
from .judge.pair import Pairs
from .judgement import Judgement, TestsEvent
from .jupyter import JupyterKernel
from .kernel import Availability, KernelUnavailable, Offer
from .kernelspecs import Kernelspec
from .language.servers import LanguageServers
from .options import KERNELS, WARM, Isolation, LauncherKind
from .room import Room
from .sandbox import strays
from .sandbox.cells import Cells
from .sandbox.launch import Bubblewrap, Launcher, Plain
from .sandbox.limits import Limits
from .sandbox.probe import choose_mode, probe
from .sandbox.zygote_launch import Zygotes
from .services.stage import Stage
from .warm import Warm

log = logging.getLogger(__name__)

REST: Final = 7200.0  # seconds that a kernel is kept for a room that no server asks for
_PROBE_AGAIN: Final = 5.0  # seconds
_CLOSE_SECONDS: Final = 5.0  # what does not end by then ends with our own process


@dataclass(frozen=True, slots=True)
class HouseOptions:
    """How kernels run; `environments` holds virtual environments, no sandbox may see what is `hidden`.

    `warm` is how many kernels wait for a room, per environment in use. `note` is a file that outlives a host
    which is killed: it names the control groups to remove.
    """

    isolation: Isolation
    environments: Path
    hidden: tuple[Path, ...] = ()
    kernels: int = KERNELS
    warm: int = WARM
    launcher: LauncherKind = "zygote"
    limits: Limits = field(default_factory=Limits)
    note: Path | None = None


class House:
    """The rooms by name, with a folder of their own. Made in a running loop; `close` ends every process."""

    def __init__(self, options: HouseOptions, runtime: Path) -> None:
        self._options = options
        self.runtime = runtime
        self._environments = Environments(options.environments)
        self._context = zmq.asyncio.Context()
        self._context.set(zmq.MAX_SOCKETS, 16 + 8 * options.kernels)
        self._store = Store()
        self.data = Data(runtime / "data")
        self._rooms: dict[str, Room] = {}
        self._watchers: dict[str, Callable[[], None]] = {}
        self._resting: dict[str, asyncio.TimerHandle] = {}
        self._cells = Cells.open(options.limits, note=options.note) if options.isolation == "auto" else None
        if options.isolation == "auto":
            strays.end_all()  # of a host before us
        self._launcher: Launcher = self._choose()
        self._warm: Warm | None = None
        self.languages = LanguageServers(self._start(), self._environments.get)
        self.stage = Stage(self._start(), self._environments.get)
        self.judges = Judges(Pairs(self._start()), self._environments.get, self.stage)
        if isinstance(self._launcher, Zygotes):
            self._warm = Warm(self._launcher, self._make, size=options.warm, room_left=lambda: self._spare)
        self._expecting: asyncio.Task[None] | None = None
        self._loop = asyncio.get_running_loop()
        self._probing = asyncio.create_task(self._probe())
        self._probed_at = self._loop.time()

    async def availability(self) -> Availability:
        """Whether kernels can be had, behind our walls or on a default that somebody else isolates."""
        walls = await self._walls()
        return Availability(ok=True) if not walls.ok and await self._elsewhere() else walls

    async def _walls(self) -> Availability:
        """What the probe found; it is tried again where an operator may have mended what was missing."""
        found = await asyncio.shield(self._probing)
        if not found.ok and self._loop.time() - self._probed_at > _PROBE_AGAIN:
            self._probed_at = self._loop.time()
            self._probing = asyncio.create_task(self._probe())
            found = await asyncio.shield(self._probing)
        return found

    async def environments(self) -> list[Offer]:
        """What rooms may choose among."""
        return [Offer(one.name, one.title) for one in await self._environments.all() if self._permits(one)]

    def room(self, name: str) -> Room:
        """The room, made where it is new."""
        if name not in self._rooms:
            journal = Journal(self._store)
            self._rooms[name] = Room(name, house=self, journal=journal, changed=lambda: self._changed(name))
        return self._rooms[name]

    def known(self, name: str) -> Room | None:
        """The room, where there is anything of it."""
        return self._rooms.get(name)

    def watch(self, name: str, changed: Callable[[], None] | None) -> None:
        """Have `changed` called at each event of a room; None ends that."""
        if (resting := self._resting.pop(name, None)) is not None:
            resting.cancel()
        if changed is None:
            self._watchers.pop(name, None)
            self._resting[name] = self._loop.call_later(REST, self._rest, name)
        else:
            self._watchers[name] = changed
            self._expect()

    def _rest(self, name: str) -> None:
        """No server has asked for the room since: whoever was in it will not come back to its variables."""
        del self._resting[name]
        room = self._rooms.get(name)
        if room is None:
            return
        if room.current is None:
            room.stop("nobody came back to the room, so the kernel was stopped; its variables are gone")
            self.forget(name)
        else:
            self.watch(name, None)

    def forget(self, name: str) -> None:
        """Let go of a room that has neither kernel nor events nor anybody who watches it."""
        room = self._rooms.get(name)
        if room is None or room.alive or room.journal.size or name in self._watchers:
            return
        if not self.judges.busy(name):
            del self._rooms[name]

    async def open(self, environment: str) -> JupyterKernel:
        """Prepare a kernel."""
        found = await self._environments.find(environment)
        warm = None
        if self._warm is not None and isinstance(found, Environment) and found.program is None:
            warm = self._warm.take(found)
            self._warm.want(found)
        return warm or self._make(found)

    def _make(self, environment: Environment | Kernelspec) -> JupyterKernel:
        launcher, runtime = self._launcher, self.runtime
        return JupyterKernel(self._context, launcher=launcher, environment=environment, runtime=runtime)

    async def ready(self, environment: str) -> None:
        """Raise KernelUnavailable unless a kernel on this environment can be had."""
        found = await self._environments.find(environment)
        if isinstance(found, Kernelspec):
            if self._options.isolation != "none":
                need_walls(found)
            return
        await self.walled()

    async def walled(self) -> None:
        """Raise KernelUnavailable unless our own walls stand (or nobody wants any)."""
        walls = await self._walls()
        if not walls.ok:
            raise KernelUnavailable(walls.reason or "no reason given")

    def judge(self, name: str, judgement: Judgement) -> None:
        """Take a judgement, once; KernelUnavailable where too many wait. Its events go into the room's
        journal.
        """
        room = self.room(name)
        if judgement.id in room.journal.judgements:
            return
        self.judges.admit()
        room.journal.remember_judgement(judgement.id, "running")

        def tell(event: TestsEvent) -> None:
            body = dict(event.body)
            if event.kind == "tests.finished":
                room.journal.remember_judgement(judgement.id, body["status"])
            elif room.journal.full and "printed" in body:
                body["printed"] = ""
            room.journal.append(event.kind, body)
            self._changed(name)

        self.judges.begin(name, judgement, tell)

    def admit(self) -> None:
        """Raise KernelUnavailable where there are as many kernels as may be."""
        if self._left <= 0:
            raise KernelUnavailable(f"all {self._options.kernels} kernels of this host are in use")

    async def close(self) -> None:
        """End every kernel and remove every trace."""
        self._probing.cancel()
        if self._expecting is not None:
            self._expecting.cancel()
        await self.judges.close()
        await self.languages.close()
        endings = [asyncio.ensure_future(room.ended()) for room in self._rooms.values()]
        if self._warm is not None:
            endings.append(asyncio.ensure_future(self._warm.close()))
        await asyncio.wait((self._probing, *endings), timeout=_CLOSE_SECONDS)
        if isinstance(self._launcher, Zygotes):
            await asyncio.wait((asyncio.ensure_future(self._launcher.close()),), timeout=_CLOSE_SECONDS)
        if self._cells is not None:
            await self._cells.close()
        self._context.destroy(linger=0)
        shutil.rmtree(self.runtime, ignore_errors=True)

    @property
    def _left(self) -> int:
        """How many more rooms may have a kernel."""
        return self._options.kernels - sum(room.alive for room in self._rooms.values())

    @property
    def _spare(self) -> int:
        """How many more may wait for a room; below 0 some have to give way."""
        return self._left - (0 if self._warm is None else self._warm.count)

    def _expect(self) -> None:
        """A room that somebody opened may soon want a kernel, of the default environment most likely."""
        if self._warm is not None and (self._expecting is None or self._expecting.done()):
            self._expecting = asyncio.create_task(self._prepare(self._warm))

    async def _prepare(self, warm: Warm) -> None:
        if (await self._walls()).ok:
            with contextlib.suppress(KernelUnavailable):
                warm.want(await self._environments.python())

    def _permits(self, found: Environment | Kernelspec) -> bool:
        """Whether a room may have it: what runs without any walls must be wished for."""
        try:
            if isinstance(found, Kernelspec) and self._options.isolation != "none":
                need_walls(found)
        except KernelUnavailable as error:
            log.info("not offered: %s", error.reason)
            return False
        return True

    async def _elsewhere(self) -> bool:
        """Whether rooms without a choice run where somebody else isolates them."""
        try:
            found = await self._environments.find(DEFAULT)
        except KernelUnavailable:
            return False
        return isinstance(found, Kernelspec) and self._permits(found)

    def _changed(self, name: str) -> None:
        if name in self._watchers:
            self._watchers[name]()

    def _start(self) -> Bubblewrap | Plain:
        """What starts sandboxes of other things than kernels."""
        launcher = self._launcher
        found = launcher.bubblewrap if isinstance(launcher, Zygotes) else launcher
        assert isinstance(found, Bubblewrap | Plain), "every other launcher forks"
        return found

    def _choose(self) -> Launcher:
        if self._options.isolation == "none":
            return Plain(self.runtime, self._options.limits)
        options = self._options
        bubblewrap = Bubblewrap(choose_mode(), self.runtime, options.hidden, options.limits, self._cells)
        return Zygotes(bubblewrap) if options.launcher == "zygote" else bubblewrap

    async def _probe(self) -> Availability:
        try:
            environment = await self._environments.python()
            # Forks have walls of their own, which are tried before each zygote's first use.
            if isinstance(self._launcher, Zygotes):
                await probe(self._launcher.bubblewrap, environment)
            elif isinstance(self._launcher, Bubblewrap):
                await probe(self._launcher, environment)
        except KernelUnavailable as error:
            log.warning("kernels are not available: %s", error.reason)
            return Availability(ok=False, reason=error.reason)
        except OSError as error:  # no /proc, say
            log.exception("the isolation could not be tried")
            return Availability(ok=False, reason=f"the isolation could not be tried: {error}")
        confinement = None if self._cells is None else self._cells.words
        mode = getattr(self._launcher, "mode", "none")
        log.info("kernels are available, isolation %s, each held by %s", mode, confinement or "nothing")
        return Availability(ok=True, confinement=confinement)
