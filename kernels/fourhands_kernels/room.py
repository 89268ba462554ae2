"""One room's kernel at work: the state machine's effects carried out, its outputs paced into the journal."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any, Final, Protocol

from . import living
from .enquiries import Enquiry, cleaned, request
from .journal import Journal
from .kernel import (
    Attachment,
    EventKind,
    Execution,
    KernelBusy,
    NoSuchFile,
    NotAsking,
    Service,
    WrittenFiles,
)
from .life import (
    Answered,
    Arm,
    Asked,
    AskToStop,
    Effect,
    Elapsed,
    Event,
    Execute,
    Finish,
    Interrupt,
    Kill,
    Launch,
    Restart,
    Send,
    SignalToStop,
    Start,
    Stop,
    Tell,
    TellAsked,
    TellReplaced,
)
from .lifecycle import Lifecycle
from .living import LivingKernel
from .outputs import Item, RunOutputs
from .service import ServiceEventKind

PACE: Final = 0.06  # seconds between events of output: with the last one of a run, at most 20 a second
QUESTIONS: Final = 1_000  # a run's calls of input(); more is a flood
_DETAIL: Final = 2_000  # characters


class House(living.House, Protocol):
    """What a room needs of its host."""

    def admit(self) -> None:
        """Raise KernelUnavailable where there are as many kernels as may be."""
        ...


class Room:
    """A room: one machine, one journal, at most one living kernel."""

    def __init__(self, name: str, *, house: House, journal: Journal, changed: Callable[[], None]) -> None:
        self.name = name
        self.journal = journal
        self._house = house
        self._changed = changed
        self._lifecycle = Lifecycle()
        self._lives: dict[int, LivingKernel] = {}
        self._services: tuple[Service, ...] = ()
        self._loop = asyncio.get_running_loop()
        self._outputs = RunOutputs()
        self._questions = 0
        self._sent_at: float | None = None
        self._flush_at = 0.0
        self._flushing: asyncio.TimerHandle | None = None
        self._alarms: dict[str, asyncio.TimerHandle] = {}

    @property
    def attachment(self) -> Attachment:
        """What is known now."""
        shown = self._lifecycle.shown
        runs, judgements = dict(self.journal.runs), dict(self.journal.judgements)
        return Attachment(self.name, self.journal.id, shown.state, shown.detail, runs, judgements)

    @property
    def current(self) -> str | None:
        """The run that has the kernel, or waits for it to start."""
        return self._lifecycle.current

    def has(self, environment: str) -> bool:
        """Whether a kernel on this environment is there, whatever has become of the environment since."""
        return self._lifecycle.environment == environment

    @property
    def alive(self) -> bool:
        """Whether any process of it is left."""
        return bool(self._lives)

    def execute(self, execution: Execution) -> None:
        """Take a run; one that was taken before is not taken again."""
        if execution.run in self.journal.runs:
            return
        if self._lifecycle.current is not None:
            raise KernelBusy(self._lifecycle.current)
        if not self._lives:
            self._house.admit()
        self.journal.remember(execution.run, "running")
        self._services = execution.services
        self._handle(Execute(execution))

    def start(self, environment: str, services: tuple[Service, ...] = ()) -> None:
        """Have a kernel, and these services beside it."""
        if not self._lives:
            self._house.admit()
            self._services = services
        self._handle(Start(environment))

    def interrupt(self) -> None:
        """End the run."""
        self._handle(Interrupt())

    def restart(self) -> None:
        """Have a new kernel."""
        self._handle(Restart())

    def stop(self, why: str | None = None) -> None:
        """Have no kernel."""
        self._handle(Stop(why))

    def answer(self, run: str, text: str) -> None:
        """Answer `input()`."""
        if self._lifecycle.current != run or not self._lifecycle.asking:
            raise NotAsking(run)
        self._handle(Answered(run))
        for life in self._lives.values():
            life.answer(text)

    async def look(self) -> WrittenFiles:
        """What code wrote, as it is now."""
        for life in tuple(self._lives.values()):
            if (found := await life.look(anew=False)) is not None:
                return found
        return WrittenFiles()

    async def read_file(self, path: str) -> bytes:
        """The bytes of a file in the folder; NoSuchFile, FileTooLarge or KernelUnavailable."""
        for life in tuple(self._lives.values()):
            if (data := await life.read(path)) is not None:
                return data
        raise NoSuchFile(path)

    async def ask(
        self, kind: Enquiry, code: str, cursor: int, detail: int | None = None
    ) -> dict[str, Any] | None:
        """Ask the kernel something where it is there and idle; the answer is plain, bounded data."""
        content = request(code, cursor, detail)
        if content is None or self._lifecycle.current is not None:
            return None
        for life in tuple(self._lives.values()):
            if (answer := await life.ask(kind, content)) is not None:
                return cleaned(kind, answer, len(code))
        return None

    async def ended(self) -> None:
        """Stop, and wait until every process is gone."""
        self.stop()
        await asyncio.gather(*(life.task for life in self._lives.values()), return_exceptions=True)

    # What a life reports

    def said(self, life: int, event: Event) -> None:
        """The kernel of a life got ready, died, completed a run or asked."""
        if isinstance(event, Asked):
            self._questions += 1
            if self._questions > QUESTIONS:
                return
        self._handle(event)

    def gone(self, life: int) -> None:
        """The process of a life and all its traces are gone."""
        self._lives.pop(life, None)

    def wants(self, run: str) -> bool:
        """Whether the run is still to begin, now that the folder is ready."""
        return self._lifecycle.wants(run)

    def wrote(self, found: WrittenFiles) -> None:
        """The files that code wrote are others than before."""
        files = [{"path": path, "size": size} for path, size in found.files]
        self._append("kernel.files", {"files": files, "more": found.more})

    def served(self, kind: ServiceEventKind, body: Mapping[str, Any]) -> None:
        """Something of a service."""
        self._append(kind, body)

    def began(self) -> None:
        """The run's time starts here."""
        self._sent_at = self._loop.time()

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        """Output of the current run."""
        if self.journal.full:
            self._outputs.drop(len(json.dumps(content)))
        else:
            self._outputs.say(kind, content)
        self._flush_soon()

    def lost(self, size: int) -> None:
        """Output that was only counted."""
        self._outputs.drop(size)
        self._flush_soon()

    @property
    def full(self) -> bool:
        """Whether more output would be dropped anyway."""
        return self._outputs.full or self.journal.full

    @property
    def behind(self) -> bool:
        """Whether reading should wait for the next events."""
        return self._outputs.behind

    # Effects

    def _handle(self, event: Event) -> None:
        for effect in self._lifecycle.handle(event):
            self._carry_out(effect)

    def _carry_out(self, effect: Effect) -> None:
        match effect:
            case Launch(life, environment):
                self._lives[life] = LivingKernel(
                    life, room=self, house=self._house, environment=environment, services=self._services
                )
            case Kill(life):
                if life in self._lives:
                    self._lives[life].kill()
            case Send(execution):
                self._send(execution)
            case AskToStop():
                self._each(lambda kernel: kernel.interrupt())
            case SignalToStop():
                self._each(lambda kernel: kernel.signal())
            case Arm(alarm, run, seconds):
                self._alarms[alarm] = self._loop.call_later(seconds, self._handle, Elapsed(alarm, run))
            case Finish():
                self._finish(effect)
            case Tell(state, detail):
                self._append("kernel", {"state": state} | ({"detail": detail[:_DETAIL]} if detail else {}))
            case TellAsked(run, prompt, password):
                self._flush(run)
                self._append("run.input_asked", {"run": run, "prompt": prompt, "password": password})
            case TellReplaced():
                self._append("kernel.restarted", {})

    def _each(self, tell: "Callable[[LivingKernel], None]") -> None:
        for life in self._lives.values():
            tell(life)

    def _send(self, execution: Execution) -> None:
        self._outputs, self._questions, self._sent_at = RunOutputs(), 0, self._loop.time()
        self._each(lambda life: life.execute(execution))

    def _finish(self, finish: Finish) -> None:
        for alarm in self._alarms.values():
            alarm.cancel()
        self._alarms.clear()
        began = self._sent_at
        body: dict[str, Any] = {"run": finish.run, "status": finish.status, "duration": 0}
        if began is None:  # the run never reached a kernel: what is here is an earlier one's
            self._outputs = RunOutputs()
        if finish.why is not None:
            self._outputs.say("error", {"ename": "KernelDied", "evalue": finish.why, "traceback": []})
        self._flush(finish.run, last=True)
        if began is not None:
            body["duration"] = round((self._loop.time() - began) * 1_000_000)
            if self._outputs.dropped:
                body["dropped"] = self._outputs.dropped
            self._sent_at = None
        if finish.stop is not None:
            body["stop"] = finish.stop
        if finish.count is not None:
            body["count"] = finish.count
        self.journal.remember(finish.run, finish.status)
        self._append("run.finished", body)
        self._each(lambda life: life.look_soon())

    # Outputs

    def _flush_soon(self) -> None:
        if self._flushing is None:
            delay = max(0.0, self._flush_at - self._loop.time())
            self._flushing = self._loop.call_later(delay, self._on_flush)

    def _on_flush(self) -> None:
        """One event at a time, so that there are at most 20 a second."""
        self._flushing = None
        run = self._lifecycle.current
        if run is not None:
            self._tell_outputs(run, self._outputs.take())
        if self._outputs.waiting:
            self._flush_soon()

    def _flush(self, run: str, *, last: bool = False) -> None:
        """All that waits, before something that comes after it."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if last:
            self._outputs.close()
        while self._outputs.waiting:
            self._tell_outputs(run, self._outputs.take())

    def _tell_outputs(self, run: str, outputs: tuple[int, list[Item]]) -> None:
        self._flush_at = self._loop.time() + PACE
        n, items = outputs
        if items:
            self._append("run.outputs", {"run": run, "n": n, "items": items})

    def _append(self, kind: EventKind, body: Mapping[str, Any]) -> None:
        self.journal.append(kind, body)
        self._changed()
