"""Which worker process is in use: one at a time, replaced when it ends or grows too large."""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import Final

from .errors import EngineUnavailable
from .process import WorkerProcess
from .settings import Settings

_log = logging.getLogger(__name__)

_GOODBYE_SECONDS: Final = 2.0
"""For a worker to answer what it was asked and end by itself."""


class Workers:
    """The worker in use and those that are on their way out."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._current: WorkerProcess | None = None
        self._starting: asyncio.Task[WorkerProcess] | None = None
        self._leaving: set[asyncio.Task[None]] = set()
        self._closed = False

    @property
    def current(self) -> WorkerProcess | None:
        """The worker in use; None when it has ended and nobody needed one since."""
        if self._current is not None and not self._current.takes_requests:
            self._see_off(self._current)
            self._current = None
        return self._current

    def has(self, worker: WorkerProcess) -> bool:
        """Whether this is the worker in use, as far as is known yet: no more than a glance."""
        return worker is self._current

    async def running(self) -> WorkerProcess:
        """The worker in use, started if need be; raises `EngineUnavailable`."""
        if self._closed:
            raise EngineUnavailable("the document engine is closed")
        if (current := self.current) is not None:
            return current
        if self._starting is None:
            self._starting = asyncio.create_task(self._start())
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    def replace_outgrown(self, worker: WorkerProcess) -> None:
        """Let the worker in use leave if it holds too much; the next who needs one gets a new one."""
        settings = self._settings
        grown = worker.memory > settings.most_memory and worker.answered >= settings.least_answers
        if grown and worker is self.current:
            _log.info("the document worker holds %d MiB and is replaced", worker.memory >> 20)
            self._current = None
            self._see_off(worker)

    async def aclose(self) -> None:
        """End all workers."""
        self._closed = True
        if self._starting is not None:
            with suppress(EngineUnavailable):
                await self._starting
        if (current := self.current) is not None:
            self._see_off(current)
            self._current = None
        await asyncio.gather(*self._leaving)

    async def _start(self) -> WorkerProcess:
        return await WorkerProcess.start(patience=self._settings.patience)

    def _started(self, starting: asyncio.Task[WorkerProcess]) -> None:
        self._starting = None
        if not starting.cancelled() and starting.exception() is None:
            self._current = starting.result()

    def _see_off(self, worker: WorkerProcess) -> None:
        leaving = asyncio.create_task(_end(worker))
        self._leaving.add(leaving)
        leaving.add_done_callback(self._leaving.discard)


async def _end(worker: WorkerProcess) -> None:
    worker.retire()
    try:
        await asyncio.wait_for(worker.wait(), _GOODBYE_SECONDS)
    except TimeoutError:
        await worker.kill()
