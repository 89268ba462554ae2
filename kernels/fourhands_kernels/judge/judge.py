"""Carries out one judgement: starts the pair, reads what the tests' side tells, ends both."""

import asyncio
import contextlib
import logging
import socket
import struct
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from typing import Any, Final

from ..environments import Environment
from ..judgement import Judgement, Sheet, Status, TestsEvent
from ..kernel import KernelUnavailable
from ..sandbox.process import KernelProcess
from ..service import ServiceEventKind
from ..services.services import FAULTS, Services
from ..services.stage import Stage
from .inside.plain import Malformed
from .inside.reading import decode
from .pair import Pairs

log = logging.getLogger(__name__)

Tell = Callable[[TestsEvent], None]

_RECORD: Final = 256 * 1024  # bytes of one record of the tests' side
_ALL: Final = 32 * 1024 * 1024  # bytes of all of them
_END_SECONDS: Final = 5.0  # that a killed sandbox gets to be gone
_LENGTH: Final = struct.Struct("!I")
_RAN: Final = (0, 1)  # pytest's exit statuses: all passed, some did not
_STATUSES: Final = {2: "the tests could not be collected", 5: "there are no tests in the tests' files"}


class Judging:
    """One judgement on its way; `run` ends with `tests.finished`, whatever happens."""

    def __init__(
        self,
        judgement: Judgement,
        pairs: Pairs,
        tell: Tell,
        *,
        candidate: Environment,
        tests: Environment,
        stage: Stage | None = None,
    ) -> None:
        self._judgement = judgement
        self._pairs = pairs
        self._tell = tell
        self._environments = {"candidate": candidate, "tests": tests}
        self._sheet = Sheet(judgement)
        self._loop = asyncio.get_running_loop()
        self._candidate: KernelProcess | None = None
        self._started: set[KernelProcess] = set()
        self._stage = stage
        self._served: dict[KernelProcess, Services] = {}
        self._said_without = False
        self._faults = FAULTS
        self._leaving: set[asyncio.Task[None]] = set()
        self._ahead: asyncio.Task[tuple[KernelProcess, socket.socket]] | None = None
        self._bytes = 0

    async def run(self) -> None:
        """From the first event to the last. Cancelled, it says so in its last event."""
        began = self._loop.time()
        status: Status = "error"
        detail: str | None = "the kernel host's log says why"
        self._told(self._sheet.start(unisolated=self._pairs.unisolated))
        try:
            async with asyncio.timeout(self._judgement.total_s):
                status, detail = await self._examine()
        except TimeoutError:
            status, detail = "timeout", f"all tests together took longer than {self._judgement.total_s:g} s"
        except KernelUnavailable as error:
            status, detail = "error", error.reason
        except asyncio.CancelledError:
            status, detail = "cancelled", None
            raise
        except Exception:
            log.exception("a judgement failed")
        finally:
            duration = round((self._loop.time() - began) * 1_000_000)
            self._told(self._sheet.finish(status, duration=duration, detail=detail))
            await self._end()

    async def _examine(self) -> tuple[Status, str | None]:
        with ExitStack() as stack:
            ours, theirs = _pair(stack)
            ours.setblocking(False)
            self._ahead = asyncio.create_task(self._new_candidate())
            judgement = self._judgement
            settings = {
                "files": dict(judgement.tests),
                "tests": judgement.test_files,
                "modules": list(judgement.modules),
                "per_call": float(judgement.per_call_s),
                "fresh": judgement.fresh,
            }
            tests = await self._pairs.start(self._environments["tests"], "tests", theirs, settings)
            self._started.add(tests)
            while (record := await self._record(ours)) is not None:
                match record:
                    case ("candidate",):
                        await self._hand_over(ours)
                    case ("finished", int(code)):
                        return ("ok", None) if code in _RAN else ("error", _STATUSES.get(code))
                    case ("broken", str(why)):
                        return "error", why
                    case _:
                        self._take(record)
            await asyncio.wait((tests.exited,), timeout=1)
            return "error", f"the tests' side ended early: {tests.last_words}"

    def _take(self, record: Any) -> None:
        match record:
            case ("collected", int(number)):
                self._sheet.collected(number)
            case ("began", str()):
                pass
            case ("result", str(name), outcome, int(micros), str(message), str(printed)):
                told = self._sheet.result(
                    _valid(name), outcome, duration=micros, message=_valid(message), printed=_valid(printed)
                )
                self._told(told)
            case _:
                raise Malformed("no record")

    async def _record(self, link: socket.socket) -> Any:
        """What the tests' side tells next; None at its end."""
        head = await self._exactly(link, _LENGTH.size)
        if head is None:
            return None
        (length,) = _LENGTH.unpack(head)
        self._bytes += length
        if length > _RECORD or self._bytes > _ALL:
            raise Malformed(f"a record of {length} bytes, {self._bytes} in all")
        data = await self._exactly(link, length)
        return None if data is None else decode(data)

    async def _exactly(self, link: socket.socket, size: int) -> bytes | None:
        data = b""
        while len(data) < size:
            try:
                piece = await self._loop.sock_recv(link, size - len(data))
            except ConnectionError:
                return None
            if not piece:
                return None
            data += piece
        return data

    async def _hand_over(self, link: socket.socket) -> None:
        """Give the tests' side a new candidate's side; the one before it is ended."""
        if self._candidate is not None:
            self._candidate.kill()
        ahead, self._ahead = self._ahead, None
        spoilt = self._candidate is not None
        self._candidate, end = await (ahead or self._new_candidate())
        if spoilt:  # who needs one new candidate's side often needs another
            self._ahead = asyncio.create_task(self._new_candidate())
        with end, contextlib.suppress(ConnectionError):  # the reader sees that the tests' side has gone
            socket.send_fds(link, [b"1"], [end.fileno()])

    async def _new_candidate(self) -> tuple[KernelProcess, socket.socket]:
        """A sandbox with the candidate's files, and the other end of its socket."""
        inner, outer = socket.socketpair()
        try:
            settings = {"files": dict(self._judgement.files)}
            process = await self._pairs.start(self._environments["candidate"], "candidate", inner, settings)
            self._started.add(process)
            process.exited.add_done_callback(lambda _: self._gone(process))
            await self._serve(process)
        except BaseException:
            outer.close()
            raise
        return process, outer

    async def _serve(self, process: KernelProcess) -> None:
        """Have the services beside a candidate's side in which no code of theirs has run yet."""
        wanted, stage = self._judgement.services, self._stage
        if not wanted or stage is None:
            return
        if self._pairs.unisolated:  # two candidate's sides, and the room, would want the same port
            if not self._said_without:
                self._told(self._sheet.note("without isolation hidden tests have no services"))
            self._said_without = True
            return
        self._served[process] = services = Services(stage, self._heard)
        environment = self._judgement.environment
        await services.hold(wanted, environment=environment, network=process.network)

    def _heard(self, kind: ServiceEventKind, body: Mapping[str, Any]) -> None:
        """What services tell is for interviewers: the candidate's side may bring them to tell anything."""
        text = body.get("text") or body.get("detail")
        if text is not None and self._faults > 0:
            self._faults -= 1
            self._told(self._sheet.note(f"the service on port {body['port']}: {text}"))

    def _gone(self, process: KernelProcess) -> None:
        self._started.discard(process)
        if (services := self._served.pop(process, None)) is not None:
            closing = asyncio.create_task(services.close())
            self._leaving.add(closing)
            closing.add_done_callback(self._leaving.discard)

    async def _end(self) -> None:
        """End everything that was started."""
        if self._ahead is not None:
            self._ahead.cancel()
            (found,) = await asyncio.gather(self._ahead, return_exceptions=True)
            if isinstance(found, tuple):
                found[1].close()
        for process in self._started:
            process.kill()
        if waiting := [process.exited for process in self._started]:
            await asyncio.wait(waiting, timeout=_END_SECONDS)
        self._leaving |= {asyncio.create_task(services.close()) for services in self._served.values()}
        if self._leaving:
            await asyncio.wait(self._leaving, timeout=_END_SECONDS)

    def _told(self, events: list[TestsEvent]) -> None:
        for event in events:
            self._tell(event)


def _pair(stack: ExitStack) -> tuple[socket.socket, socket.socket]:
    ours, theirs = socket.socketpair()
    stack.enter_context(ours)
    stack.enter_context(theirs)
    return ours, theirs


def _valid(text: str) -> str:
    """Text that every log and browser can hold: half a surrogate pair becomes a question mark."""
    return text.encode("utf-8", "replace").decode()
