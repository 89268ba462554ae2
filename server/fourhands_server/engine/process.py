"""The server's hold on one document worker: requests out, answers in, and an end that is always noticed."""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from asyncio.subprocess import PIPE, Process
from collections import deque
from contextlib import suppress
from typing import Final, NamedTuple

from .errors import EngineUnavailable
from .pipe import HEADER, NUMBER, Field, Operation, Status, decode_fields, encode

_log = logging.getLogger(__name__)

START_SECONDS: Final = 20.0
"""For an interpreter and the engine's native code to load on a machine that is very busy."""

UNSENT_BYTES: Final = 64 * 2**20
"""More than this waiting in the pipe means a worker that reads no more."""

_READ_AHEAD: Final = 2**20
"""Bytes of answers that are taken in before one is looked at; most large documents come in one go."""

_LAST_WORDS: Final = 300

_LOOKS: Final = 4
"""Looks at a worker within its patience. A standstill of our own counts as one, for the answers that came
meanwhile are read only afterwards."""


class WorkerEnded(Exception):
    """The worker ended before it answered; `culprit` for the request that it was at."""

    def __init__(self, *, culprit: bool) -> None:
        super().__init__("the document worker ended")
        self.culprit = culprit


class Answer(NamedTuple):
    """A request's answer, without the memory figure."""

    status: Status
    fields: list[Field]


class WorkerProcess:
    """One child process, from `start` to its end. Requests are answered in order."""

    def __init__(self, child: Process, *, patience: float) -> None:
        self._child = child
        self._patience = patience
        self._loop = asyncio.get_running_loop()
        self._up: asyncio.Future[Answer] = self._loop.create_future()
        self._open = deque([self._up])  # the first answer is that the worker is up
        self._number = 0
        self._looks = 0  # in vain, since the last answer
        self._seen: int | None = None  # answers, at the last look
        self._watch: asyncio.TimerHandle | None = None
        self._reading = asyncio.create_task(self._read())
        self.memory = 0
        """Resident bytes, as of the last answer."""
        self.answered = 0
        self._ended = False
        self._retired = False

    @classmethod
    async def start(cls, *, patience: float) -> WorkerProcess:
        """Start a worker, wait until it is up; it is killed when an answer takes over `patience` seconds."""
        try:
            child = await asyncio.create_subprocess_exec(
                sys.executable,
                *("-P", "-m", "fourhands_server.engine.worker"),
                stdin=PIPE,
                stdout=PIPE,
                stderr=PIPE,
                limit=_READ_AHEAD,
                env=_environment(),
                start_new_session=True,
            )
        except OSError as error:
            raise EngineUnavailable(f"the document worker cannot be started: {error}") from error
        worker = cls(child, patience=patience)
        try:
            await asyncio.wait_for(worker._up, START_SECONDS)
        except (WorkerEnded, TimeoutError) as error:
            await worker.kill()
            raise EngineUnavailable("the document worker does not come up") from error
        except asyncio.CancelledError:
            await worker.kill()
            raise
        return worker

    @property
    def pid(self) -> int:
        """The child's process id."""
        return self._child.pid

    @property
    def takes_requests(self) -> bool:
        """Whether it is worth asking. The end of the pipe to it may be noticed before the end of the one from
        it, and uvloop throws at whoever writes then.
        """
        return not (self._ended or self._retired or _pipe(self._child.stdin).transport.is_closing())

    def request(self, operation: Operation, *fields: Field) -> asyncio.Future[Answer]:
        """Ask; the future raises `WorkerEnded` if the worker ends first."""
        answer: asyncio.Future[Answer] = self._loop.create_future()
        if not self.takes_requests:
            answer.set_exception(WorkerEnded(culprit=False))
            return answer
        pipe = _pipe(self._child.stdin)
        self._number = self._number % (2**32 - 1) + 1
        if not self._open:
            self._seen = None
        self._open.append(answer)
        pipe.write(encode(self._number, operation, fields))
        if pipe.transport.get_write_buffer_size() > UNSENT_BYTES:
            self._signal_kill("takes no more")
        if self._watch is None:
            self._watch_on()
        return answer

    def retire(self) -> None:
        """Let it answer what it was asked, then end; it takes no more requests."""
        self._retired = True
        _pipe(self._child.stdin).close()

    async def kill(self) -> None:
        """End it now; open requests raise `WorkerEnded`."""
        self._signal_kill(None)
        await self.wait()

    async def wait(self) -> None:
        """Wait until it has ended, however that comes."""
        await asyncio.shield(self._reading)

    def _watch_on(self) -> None:
        self._watch = self._loop.call_later(self._patience / _LOOKS, self._look)

    def _look(self) -> None:
        """Kill a worker that has been at one request for too long."""
        self._watch = None
        if not self._open:
            return
        self._looks = self._looks + 1 if self._seen == self.answered else 0
        self._seen = self.answered
        if self._looks < _LOOKS:
            self._watch_on()
        else:
            self._signal_kill(f"gave no answer for {self._patience} s")

    def _signal_kill(self, reason: str | None) -> None:
        if reason is not None:
            _log.warning("the document worker %s", reason)
        with suppress(ProcessLookupError):
            self._child.kill()

    async def _read(self) -> None:
        """Hand out answers to the end of the pipe, then see the child off."""
        words = asyncio.create_task(_last_words(_stream(self._child.stderr)))
        answers = _stream(self._child.stdout)
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                size, _, status = HEADER.unpack(await answers.readexactly(HEADER.size))
                memory, *fields = decode_fields(await answers.readexactly(size))
                self._take(Answer(Status(status), fields), memory)
        self._end()
        _pipe(self._child.stdin).close()
        code = await self._child.wait()
        if code != 0:
            _log.warning("the document worker ended (%d): %s", code, await words)

    def _take(self, answer: Answer, memory: Field) -> None:
        self.memory = NUMBER.unpack(memory or b"")[0]
        self.answered += 1
        asked = self._open.popleft()
        if not asked.done():
            asked.set_result(answer)

    def _end(self) -> None:
        """Tell those who wait; the one whose turn it was may be why."""
        self._ended = True
        if self._watch is not None:
            self._watch.cancel()
        for place, asked in enumerate(self._open):
            if not asked.done():
                asked.set_exception(WorkerEnded(culprit=place == 0))
        self._open.clear()


def _environment() -> dict[str, str]:
    """Ours without our settings: the admin key is nobody's business in a process that reads hostile bytes."""
    return {name: value for name, value in os.environ.items() if not name.startswith("FOURHANDS_")}


def _pipe(stream: asyncio.StreamWriter | None) -> asyncio.StreamWriter:
    if stream is None:
        raise AssertionError("the worker is started with pipes")
    return stream


def _stream(stream: asyncio.StreamReader | None) -> asyncio.StreamReader:
    if stream is None:
        raise AssertionError("the worker is started with pipes")
    return stream


async def _last_words(stderr: asyncio.StreamReader) -> str:
    """The end of what the worker says to stderr, all of which is read so that it never blocks on it."""
    words = b""
    while said := await stderr.read(4096):
        words = (words + said)[-_LAST_WORDS:]
    return words.decode(errors="replace").strip()
