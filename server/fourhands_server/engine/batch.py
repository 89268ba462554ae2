"""Committed edits on their way to the worker: sent before a question, when many wait, or after a while."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from .pipe import Edit, Operation, encode_edits
from .process import Answer, WorkerProcess
from .settings import Settings


class Batch:
    """Edits for one worker; `answered` hears how each sending went."""

    def __init__(
        self, settings: Settings, *, answered: Callable[[WorkerProcess, asyncio.Future[Answer]], None]
    ) -> None:
        self._settings = settings
        self._answered = answered
        self._worker: WorkerProcess | None = None
        self._edits: list[Edit] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None

    def add(self, worker: WorkerProcess, edit: Edit) -> None:
        """Take an edit for a document that lives in that worker."""
        if worker is not self._worker:
            self.clear()  # an older worker's documents are gone
            self._worker = worker
        self._edits.append(edit)
        self._bytes += len(edit.update)
        if len(self._edits) >= self._settings.batch_edits or self._bytes >= self._settings.batch_bytes:
            self.flush()
        elif self._timer is None:
            self._timer = asyncio.get_running_loop().call_later(self._settings.batch_seconds, self.flush)

    def flush(self) -> None:
        """Send what there is."""
        worker, edits = self._worker, self._edits
        self.clear()
        if worker is not None and edits:
            answer = worker.request(Operation.APPLY, encode_edits(edits))
            answer.add_done_callback(lambda answer: self._answered(worker, answer))

    def clear(self) -> None:
        """Forget what there is."""
        self._edits = []
        self._bytes = 0
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
