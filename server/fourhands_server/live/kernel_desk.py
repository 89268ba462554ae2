"""One room's side of the kernel host: commands in order, events back into the room."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from fourhands_kernels.kernel import (
    Attachment,
    BadService,
    Execution,
    HostGone,
    HostRefused,
    Judgement,
    KernelError,
    KernelEvent,
    Kernels,
    KernelUnavailable,
    MissingData,
    Notice,
    Service,
    service_of,
)
from fourhands_server.blobs.blobs import BlobError, Blobs
from fourhands_server.core.effects import (
    Acknowledge,
    AnswerInput,
    CancelJudgement,
    Effect,
    Execute,
    Interrupt,
    Judge,
    Restart,
    StopKernel,
)
from fourhands_server.core.room import Room
from fourhands_server.core.settings import Settings

logger = logging.getLogger(__name__)

HANDED_OVER = 3  # attempts at a run whose data files the host lacks


@dataclass(frozen=True, slots=True)
class Attach:
    """Take up the kernel that the room had before this server started."""


Command = Attach | Execute | Interrupt | Restart | AnswerInput | StopKernel | Judge | CancelJudgement


class KernelDesk:
    """Hands commands to the kernel host one after the other; attaches before the first."""

    def __init__(self, room: Room, kernels: Kernels, blobs: Blobs, event: Callable[..., None]) -> None:
        """`event` lets the room hear of something and carries out what it asks for."""
        self._room = room
        self._kernels = kernels
        self._blobs = blobs
        self._event = event
        self._commands: list[Command] = []  # one run at most is with the host, so these are few
        self._worker: asyncio.Task[None] | None = None
        self._attached = False
        self._gone = False

    @property
    def quiet(self) -> bool:
        """Whether nothing is to be expected from the kernel host."""
        state = self._room.state
        if self._commands or state.active_run() is not None or state.asked.unfinished:
            return False
        # After the end nothing is recorded any more, neither that the kernel has gone.
        return state.ended_at is not None or state.kernel in ("none", "dead")

    def do(self, effect: Effect) -> None:
        """Carry out one effect that concerns the kernel."""
        match effect:
            case Acknowledge(n):
                if self._attached:
                    self._kernels.acknowledge(self._room.room, n)
            case Execute() | Interrupt() | Restart() | AnswerInput() | StopKernel():
                self._put(effect)
            case Judge() | CancelJudgement():
                self._put(effect)
            case _:
                raise AssertionError(f"{effect} is not for the kernel")

    def _put(self, command: Command) -> None:
        """Queue a command; one that waits already behind the last run (a restart, say) is not put twice."""
        for waiting in reversed(self._commands):
            if waiting == command:
                return
            if isinstance(waiting, Execute):
                break
        self._commands.append(command)
        if self._worker is None:
            self._wanted = asyncio.Event()
            self._worker = asyncio.create_task(self._work())
        self._wanted.set()

    def attach_again(self) -> None:
        """Take up the kernel that the room had before this server started, if it had one.

        Nobody waits for it: a kernel host that hangs keeps no one out of the room.
        """
        state = self._room.state
        busy = state.active_run() is not None or state.asked.unfinished
        if state.ended_at is None and (state.kernel != "none" or busy):
            self._put(Attach())

    def let_go(self) -> None:
        """The room leaves memory: take no more events. The kernel lives on."""
        self._gone = True
        self._attached = False
        if self._worker is not None:
            self._worker.cancel()
            self._detaching = asyncio.ensure_future(self._detach())

    async def _detach(self) -> None:
        try:
            await self._kernels.detach(self._room.room)
        except KernelError as error:
            logger.info("room %s: detaching: %s", self._room.room, error)

    async def _work(self) -> None:
        while True:
            while not self._commands:
                self._wanted.clear()
                await self._wanted.wait()
            command = self._commands.pop(0)
            try:
                await self._carry(command)
            except (KernelError, BlobError) as error:
                logger.warning("room %s: %s: %s", self._room.room, type(command).__name__, error)
                self._failed(command, str(error), public=not isinstance(error, HostRefused))
            except Exception:  # the room's later runs and interrupts must not wait for ever
                logger.exception("room %s: %s", self._room.room, type(command).__name__)
                self._failed(command, "the server made a mistake; its log says which")

    def _failed(self, command: Command, reason: str, *, public: bool = False) -> None:
        """`public`: it is not about what only interviewers may know."""
        if isinstance(command, Execute):
            self._event(self._room.kernel.run_failed, command.run, reason)
        elif isinstance(command, Judge):
            self._event(partial(self._room.kernel.judgement_failed, public=public), command.judgement, reason)
        elif isinstance(command, Attach):
            self._tell_attached(Attachment(self._room.room, "", "dead", reason))

    async def _carry(self, command: Command) -> None:
        room = self._room.room
        if not self._attached:
            if isinstance(command, StopKernel) and self._room.state.kernel == "none":
                return
            await self._attach(
                {command.run: "running"} if isinstance(command, Execute) else {},
                {command.judgement} if isinstance(command, Judge) else set(),
            )
        match command:
            case Attach():
                pass
            case Execute():
                await self._execute(self._execution(command))
            case Interrupt():
                await self._kernels.interrupt(room)
            case Restart():
                await self._kernels.restart(room)
            case AnswerInput(run, text):
                await self._kernels.answer(room, run, text)
            case StopKernel(why):
                await self._kernels.stop(room, why=why)
            case Judge():
                await self._kernels.judge(room, await self._judgement(command))
            case CancelJudgement(judgement):
                await self._kernels.cancel_judgement(room, judgement)

    def _execution(self, command: Execute) -> Execution:
        settings = Settings.of(self._room.state.settings)
        return Execution(
            run=command.run,
            code=command.code,
            filename=command.filename,
            first_line=command.first_line,
            time_limit_s=float(settings.time_limit_s),
            environment=settings.environment,
            files={path: text.encode() for path, text in command.files.items()},
            data=command.data,
            services=_services(command.services),
        )

    async def _judgement(self, command: Judge) -> Judgement:
        """The tests, with databases as files beside the candidate's; the host says where that is too much."""
        tests = command.tests
        files = {path: text.encode() for path, text in command.files.items()}
        for path, digest in command.data.items():
            files.setdefault(path, await self._blobs.get(digest))
        return Judgement(
            id=command.judgement,
            files=files,
            tests={path: text.encode() for path, text in tests.files.items()},
            modules=tests.modules,
            visibility=tests.visibility,
            per_call_s=tests.per_call_s,
            total_s=tests.total_s,
            environment=command.environment,
            services=_services(command.services),
        )

    async def _execute(self, execution: Execution) -> None:
        """Hand the run over, and before it the data files that the host has not got yet."""
        for _ in range(HANDED_OVER):
            try:
                return await self._kernels.execute(self._room.room, execution)
            except MissingData as missing:
                for digest in missing.digests:
                    await self._kernels.put_data(digest, await self._blobs.get(digest))
        raise KernelUnavailable("the kernel host keeps no data files; its disk may be full")

    async def _attach(self, runs: dict[str, str], judgements: set[str]) -> None:
        """Attach; `runs` and `judgements` are about to be handed over."""
        attachment = await self._kernels.attach(self._room.room, self._notice)
        self._attached = True
        self._tell_attached(attachment, runs, judgements)

    def _tell_attached(
        self,
        attachment: Attachment,
        runs: Mapping[str, str] | None = None,
        judgements: Collection[str] = (),
    ) -> None:
        self._event(
            self._room.kernel.attached,
            attachment.journal,
            {**attachment.runs, **(runs or {})},
            attachment.state,
            attachment.detail,
            {*attachment.judgements, *judgements},
        )

    def _notice(self, notice: Notice) -> None:
        """Called by the kernel client from the event loop, in order."""
        if self._gone:
            return
        match notice:
            case KernelEvent():
                self._event(self._room.kernel.event, notice.journal, notice.n, notice.kind, notice.body)
            case Attachment():
                self._tell_attached(notice)
            case HostGone():
                logger.warning("room %s: the kernel host is gone: %s", self._room.room, notice.reason)


def _services(declared: Iterable[Mapping[str, Any]]) -> tuple[Service, ...]:
    """Those that this version knows how to run: a question may have been written by another one."""
    found: list[Service] = []
    for one in declared:
        try:
            found.append(service_of(one))
        except BadService as bad:
            logger.warning("a service is left out: %s", bad)
    return tuple(found)
