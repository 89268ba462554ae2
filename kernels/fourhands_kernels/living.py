"""One kernel of a room, from its start until nothing of it is left: its folder made ready before each run,
what it says handed on, and nothing of it heard once it is ended.
"""

import asyncio
import logging
from collections.abc import Coroutine, Mapping
from typing import Any, Literal, Protocol

from .data import Data
from .enquiries import Enquiry
from .jupyter import JupyterKernel
from .kernel import Execution, KernelUnavailable, Service, WrittenFiles
from .life import Asked, Completed, Died, Event, Ready
from .sandbox.folder import FolderError
from .service import ServiceEventKind
from .services.services import Services
from .services.stage import Stage
from .workplace import Workplace

log = logging.getLogger(__name__)


class House(Protocol):
    """What a kernel needs of its host."""

    data: Data
    stage: Stage

    async def open(self, environment: str) -> JupyterKernel:
        """Prepare a kernel, not yet started; KernelUnavailable where there is none to be had."""
        ...


class Owner(Protocol):
    """The room that a kernel belongs to."""

    def said(self, life: int, event: Event) -> None:
        """The kernel of a life got ready, died, completed a run or asked."""
        ...

    def gone(self, life: int) -> None:
        """The process of a life and all its traces are gone."""
        ...

    def wants(self, run: str) -> bool:
        """Whether the run is still to begin, now that the folder is ready."""
        ...

    def wrote(self, found: WrittenFiles) -> None:
        """The files that code wrote are others than before."""
        ...

    def began(self) -> None:
        """The run's time starts here."""
        ...

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """Output of the current run."""
        ...

    def lost(self, size: int) -> None:
        """Output that was only counted."""
        ...

    def served(self, kind: ServiceEventKind, body: Mapping[str, Any]) -> None:
        """A service beside the kernel runs, or does not, or has a fault."""
        ...

    @property
    def full(self) -> bool:
        """Whether more output would be dropped anyway."""
        ...

    @property
    def behind(self) -> bool:
        """Whether reading should wait for the next events."""
        ...


class LivingKernel:
    """One life of a room's kernel; it starts as soon as it is made, and its services after it."""

    def __init__(
        self, number: int, *, room: Owner, house: House, environment: str, services: tuple[Service, ...] = ()
    ) -> None:
        self._number = number
        self._room = room
        self._house = house
        self._kernel: JupyterKernel | None = None
        self._killed = False
        self._work = Workplace(house.data)
        self._environment = environment
        self._services = Services(house.stage, self._serve)
        self._tasks: set[asyncio.Task[Any]] = set()
        self.task = asyncio.create_task(self._live(environment, services))

    def kill(self) -> None:
        """End it; the room hears nothing more of it."""
        if not self._killed:
            self._killed = True
            if asyncio.current_task() is not self.task:  # a death tells of itself, and then cleans up
                self.task.cancel()

    def execute(self, execution: Execution) -> None:
        """Begin a run."""
        self._soon(self._execute(execution))

    async def _execute(self, execution: Execution) -> None:
        """Make the folder ready, then run the code, unless somebody has changed their mind meanwhile."""
        assert self._kernel is not None
        await self._hold(execution.services)
        try:
            changed = await self._work.prepare(self._kernel.work, execution)
        except FolderError as error:
            self._not_ready(execution.run, str(error))
            return
        except Exception:  # whoever waits for the run must hear something
            log.exception("a kernel's folder could not be made ready")
            self._not_ready(execution.run, "the kernel host failed; its log says why")
            return
        if self._work.note:
            self.heard("stream", {"name": "stderr", "text": self._work.take_note()})
        await self._kernel.settled()
        if self._killed:
            return
        if self._room.wants(execution.run):
            self._kernel.execute(execution, changed)
        else:
            self.completed(execution.run, "aborted", None)

    def _not_ready(self, run: str, why: str) -> None:
        self.heard("error", {"ename": "FilesNotWritten", "evalue": why, "traceback": []})
        self.completed(run, "error", None)

    async def _hold(self, services: tuple[Service, ...]) -> None:
        """Have these services, and no code of the room before them."""
        if self._kernel is not None and not self._killed:
            network = self._kernel.network
            await self._services.hold(services, environment=self._environment, network=network)

    def _serve(self, kind: ServiceEventKind, body: Mapping[str, Any]) -> None:
        if not self._killed:
            self._room.served(kind, body)

    def look_soon(self) -> None:
        """Look at the folder in the background."""
        self._soon(self.look())

    async def look(self, *, anew: bool = True) -> WrittenFiles | None:
        """What code wrote; None where nothing is left to look at."""
        if self._kernel is None or self._killed:
            return None
        found, news = await self._work.look(self._kernel.work, anew=anew)
        if news and not self._killed:
            self._room.wrote(found)
        return found

    async def read(self, path: str) -> bytes | None:
        """The bytes of a file; None where nothing is left to look at."""
        if self._kernel is None or self._killed:
            return None
        return await self._work.read(self._kernel.work, path)

    async def ask(self, kind: Enquiry, content: dict[str, Any]) -> Mapping[str, Any] | None:
        """Ask the kernel something; None where it cannot answer now."""
        if self._kernel is None or self._killed:
            return None
        return await self._kernel.ask(kind, content)

    def _soon(self, work: Coroutine[Any, Any, object]) -> None:
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def interrupt(self) -> None:
        """Ask the run to stop."""
        if self._kernel is not None and not self._killed:
            self._kernel.interrupt()

    def signal(self) -> None:
        """Make it stop, past a kernel that reads no messages."""
        if self._kernel is not None and not self._killed:
            self._kernel.signal()

    def answer(self, text: str) -> None:
        """Answer `input()`."""
        if self._kernel is not None and not self._killed:
            self._kernel.answer(text)

    # The sink of the kernel

    def began(self) -> None:
        """See `jupyter.Sink`."""
        if not self._killed:
            self._room.began()

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """See `jupyter.Sink`."""
        if not self._killed:
            self._room.heard(kind, content)

    def lost(self, size: int) -> None:
        """See `jupyter.Sink`."""
        if not self._killed:
            self._room.lost(size)

    @property
    def full(self) -> bool:
        """See `jupyter.Sink`."""
        return self._killed or self._room.full

    @property
    def behind(self) -> bool:
        """See `jupyter.Sink`."""
        return not self._killed and self._room.behind

    def asked(self, run: str, prompt: str, *, password: bool) -> None:
        """See `jupyter.Sink`."""
        self._say(Asked(self._number, run, prompt, password))

    def completed(self, run: str, status: Literal["ok", "error", "aborted"], count: int | None) -> None:
        """See `jupyter.Sink`."""
        self._say(Completed(self._number, run, status, count))

    def _say(self, event: Event) -> None:
        if not self._killed:
            self._room.said(self._number, event)

    async def _live(self, environment: str, services: tuple[Service, ...]) -> None:
        try:
            self._kernel = await self._house.open(environment)
            await self._kernel.start(self)
            self._soon(self._hold(services))  # a run that waits has its own, which come after these
            self._say(Ready(self._number))
            self._say(Died(self._number, f"the kernel {await self._kernel.ended()}"))
        except KernelUnavailable as error:
            self._say(Died(self._number, error.reason))
        except asyncio.CancelledError:
            if not self._killed:
                raise
        except Exception:
            log.exception("the kernel of a room could not be run")
            self._say(Died(self._number, "the kernel could not be started; the kernel host's log says why"))
        finally:
            await self._end()

    async def _end(self) -> None:
        closing = asyncio.create_task(self._services.close())  # the kernel does not wait for their end
        if self._kernel is not None:
            await self._kernel.close()
        await closing
        self._room.gone(self._number)
