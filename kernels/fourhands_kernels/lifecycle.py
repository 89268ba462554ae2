"""The life of one room's kernel as a pure state machine: events in, effects out; no clock, no process, no
socket.

    Absent → Starting → Idle ⇄ Running
       ↑________|_________|_______|      (stopped, failed, died)

Each start is a new *life*; what a former life still says is ignored. Times in seconds.
"""

from collections.abc import Iterable
from dataclasses import replace
from typing import Final, Literal, assert_never

from .kernel import Execution, RunStatus
from .life import (
    Absent,
    Alarm,
    Answered,
    Arm,
    Asked,
    AskToStop,
    Completed,
    Died,
    Effect,
    Elapsed,
    Ending,
    Event,
    Execute,
    Finish,
    Idle,
    Interrupt,
    Kill,
    Launch,
    Ready,
    Restart,
    Running,
    Send,
    SignalToStop,
    Start,
    Starting,
    State,
    Stop,
    Tell,
    TellAsked,
    TellReplaced,
)

SIGNAL_AFTER: Final = 0.3  # an interrupt message takes 20 ms where the kernel's control thread gets to run
REPLACE_AFTER: Final = 3.0  # what has not ended by then will not
_UNHEEDED: Final = "the code did not heed the interrupt, so its kernel was replaced; its variables are gone"


class Lifecycle:
    """The machine of one room."""

    def __init__(self) -> None:
        self.state: State = Absent()
        self.shown: Tell = Tell("none")
        self._lives = 0

    @property
    def current(self) -> str | None:
        """The run that has the kernel, or waits for it to start."""
        match self.state:
            case Running(execution=execution) | Starting(waiting=Execution() as execution):
                return execution.run
        return None

    @property
    def environment(self) -> str | None:
        """What the kernel was started on; None without one."""
        return None if isinstance(self.state, Absent) else self.state.environment

    @property
    def asking(self) -> bool:
        """Whether the current run waits for input."""
        return isinstance(self.state, Running) and self.state.asking

    def wants(self, run: str) -> bool:
        """Whether a run that has the kernel is still to begin: nobody has told it to stop."""
        return isinstance(self.state, Running) and self.state.execution.run == run and not self.state.ending

    def handle(self, event: Event) -> list[Effect]:
        """Take one event; returns what is to be done, in order."""
        effects = list(self._handle(event))
        for effect in effects:
            if isinstance(effect, Tell):
                self.shown = effect
        return effects

    def _handle(self, event: Event) -> Iterable[Effect]:
        match event:
            case Execute(execution):
                return self._execute(execution)
            case Start(environment):
                return self._launch(environment) if isinstance(self.state, Absent) else ()
            case Ready(life):
                return self._ready(life)
            case Died(life, why):
                return self._died(life, why)
            case Completed():
                return self._completed(event)
            case Asked():
                return self._asked(event)
            case Answered(run):
                return self._answered(run)
            case Interrupt():
                return self._end_run("interrupted")
            case Elapsed(alarm, run):
                return self._elapsed(alarm, run)
            case Restart():
                return self._restart()
            case Stop(why):
                return self._stop(why)
        assert_never(event)

    def _execute(self, execution: Execution) -> Iterable[Effect]:
        match self.state:
            case Absent():
                return self._launch(execution.environment, execution)
            case Starting(life, environment, waiting=None):
                self.state = Starting(life, environment, execution)
                return ()
            case Idle(life, environment):
                if environment != execution.environment:
                    return [Kill(life), *self._launch(execution.environment, execution)]
                return self._run(life, environment, execution)
            case _:
                raise AssertionError("the caller looks at `current` before it executes")

    def _launch(
        self, environment: str, waiting: Execution | None = None, *, detail: str | None = None
    ) -> list[Effect]:
        self._lives += 1
        self.state = Starting(self._lives, environment, waiting)
        return [Tell("starting", detail), Launch(self._lives, environment)]

    def _run(self, life: int, environment: str, execution: Execution) -> list[Effect]:
        self.state = Running(life, environment, execution)
        limit = execution.time_limit_s
        alarm = [] if limit is None else [Arm("limit", execution.run, limit)]
        return [Tell("busy"), Send(execution), *alarm]

    def _ready(self, life: int) -> Iterable[Effect]:
        match self.state:
            case Starting(mine, environment, waiting) if mine == life:
                if waiting is not None:
                    return self._run(life, environment, waiting)
                self.state = Idle(life, environment)
                return [Tell("idle")]
        return ()

    def _died(self, life: int, why: str) -> Iterable[Effect]:
        if isinstance(self.state, Absent) or self.state.life != life:
            return ()
        finish = self._abandon("kernel_died", why)
        self.state = Absent()
        return [*finish, Kill(life), Tell("dead", why)]

    def _completed(self, event: Completed) -> Iterable[Effect]:
        match self.state:
            case Running(life, environment, execution, ending) if (life, execution.run) == (
                event.life,
                event.run,
            ):
                status = _status(event.status, ending)
                stop = self.state.stop if status == ending else None
                self.state = Idle(life, environment)
                return [Finish(event.run, status, event.count, stop=stop), Tell("idle")]
        return ()

    def _asked(self, event: Asked) -> Iterable[Effect]:
        match self.state:
            case Running(life=life, execution=execution) if (life, execution.run) == (
                event.life,
                event.run,
            ):
                self.state = replace(self.state, asking=True)
                return [TellAsked(event.run, event.prompt, event.password)]
        return ()

    def _answered(self, run: str) -> Iterable[Effect]:
        match self.state:
            case Running(execution=execution) if execution.run == run:
                self.state = replace(self.state, asking=False)
        return ()

    def _end_run(self, ending: Ending) -> Iterable[Effect]:
        match self.state:
            case Starting(life, environment, Execution(run=run)):
                self.state = Starting(life, environment)
                return [Finish(run, ending)]
            case Running(execution=execution, ending=None):
                self.state = replace(self.state, ending=ending, stop="message")
                run = execution.run
                return [AskToStop(), Arm("signal", run, SIGNAL_AFTER), Arm("replace", run, REPLACE_AFTER)]
        return ()

    def _elapsed(self, alarm: Alarm, run: str) -> Iterable[Effect]:
        match self.state:
            case Running(life, environment, execution, ending) if execution.run == run:
                if alarm == "limit":
                    return self._end_run("timeout")
                if alarm == "signal":
                    self.state = replace(self.state, stop="signal")
                    return [SignalToStop()]
                finish = Finish(run, ending or "interrupted", stop="replaced")
                return [finish, Kill(life), TellReplaced(), *self._launch(environment, detail=_UNHEEDED)]
        return ()

    def _restart(self) -> Iterable[Effect]:
        if isinstance(self.state, Absent):
            return ()
        life, environment = self.state.life, self.state.environment
        return [*self._abandon("aborted"), Kill(life), *self._launch(environment)]

    def _stop(self, why: str | None) -> Iterable[Effect]:
        if isinstance(self.state, Absent):
            return [Tell("none")] if self.shown.state != "none" else ()
        life = self.state.life
        finish = self._abandon("aborted")
        self.state = Absent()
        return [*finish, Kill(life), Tell("none", why)]

    def _abandon(self, status: RunStatus, why: str | None = None) -> list[Effect]:
        run = self.current
        return [] if run is None else [Finish(run, status, why=why)]


def _status(status: Literal["ok", "error", "aborted"], ending: Ending | None) -> RunStatus:
    """Code that ends well although it was told to stop has ended well; a time limit is a limit."""
    if ending == "timeout" or (ending is not None and status != "ok"):
        return ending
    return status
