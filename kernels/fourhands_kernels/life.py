"""The words of one kernel's life: its states, the events that move it, the effects that follow.

Each start is a new *life*, counted from 1; events name the life they belong to.
"""

from dataclasses import dataclass
from typing import Literal

from .kernel import Execution, KernelState, RunStatus, StopMeans

Ending = Literal["interrupted", "timeout"]


@dataclass(frozen=True, slots=True)
class Absent:
    """No kernel: none yet, or none any more."""


@dataclass(frozen=True, slots=True)
class Starting:
    """A kernel is on its way, and perhaps a run for it."""

    life: int
    environment: str
    waiting: Execution | None = None


@dataclass(frozen=True, slots=True)
class Idle:
    """A kernel without work."""

    life: int
    environment: str


@dataclass(frozen=True, slots=True)
class Running:
    """A kernel at work; `ending` is why it was told to stop and `stop` how, `asking` whether it waits for
    input.
    """

    life: int
    environment: str
    execution: Execution
    ending: Ending | None = None
    asking: bool = False
    stop: StopMeans | None = None


State = Absent | Starting | Idle | Running


# Events


@dataclass(frozen=True, slots=True)
class Execute:
    """A run is to start; only where none goes on (`current` is None)."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class Start:
    """A kernel is wanted ahead of a run."""

    environment: str


@dataclass(frozen=True, slots=True)
class Ready:
    """The kernel listens."""

    life: int


@dataclass(frozen=True, slots=True)
class Died:
    """The kernel's process ended, or never came to listen."""

    life: int
    why: str


@dataclass(frozen=True, slots=True)
class Completed:
    """The kernel is done with a run."""

    life: int
    run: str
    status: Literal["ok", "error", "aborted"]
    count: int | None = None


@dataclass(frozen=True, slots=True)
class Asked:
    """The run waits for input."""

    life: int
    run: str
    prompt: str
    password: bool


@dataclass(frozen=True, slots=True)
class Answered:
    """The run was given its input."""

    run: str


@dataclass(frozen=True, slots=True)
class Interrupt:
    """Somebody wants the run to end."""


@dataclass(frozen=True, slots=True)
class Restart:
    """Somebody wants a new kernel."""


@dataclass(frozen=True, slots=True)
class Stop:
    """The kernel is not needed any more; `why` is for whoever misses it."""

    why: str | None = None


Alarm = Literal["limit", "signal", "replace"]


@dataclass(frozen=True, slots=True)
class Elapsed:
    """A timer of a run went off."""

    alarm: Alarm
    run: str


Event = Execute | Start | Ready | Died | Completed | Asked | Answered | Interrupt | Restart | Stop | Elapsed


# Effects


@dataclass(frozen=True, slots=True)
class Launch:
    """Start a kernel."""

    life: int
    environment: str


@dataclass(frozen=True, slots=True)
class Kill:
    """End the kernel of a life and all that belongs to it."""

    life: int


@dataclass(frozen=True, slots=True)
class Send:
    """Hand the code to the kernel."""

    execution: Execution


@dataclass(frozen=True, slots=True)
class AskToStop:
    """Interrupt by message."""


@dataclass(frozen=True, slots=True)
class SignalToStop:
    """Interrupt by signal, past a kernel that reads no messages."""


@dataclass(frozen=True, slots=True)
class Arm:
    """Report `Elapsed` after so many seconds."""

    alarm: Alarm
    run: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Finish:
    """The run is over; `why` is for its reader where not its own code ended it."""

    run: str
    status: RunStatus
    count: int | None = None
    why: str | None = None
    stop: StopMeans | None = None


@dataclass(frozen=True, slots=True)
class Tell:
    """The kernel's state changed for those who watch."""

    state: KernelState
    detail: str | None = None


@dataclass(frozen=True, slots=True)
class TellAsked:
    """Somebody has to type."""

    run: str
    prompt: str
    password: bool


@dataclass(frozen=True, slots=True)
class TellReplaced:
    """The kernel was replaced though nobody had asked for that."""


Effect = Launch | Kill | Send | AskToStop | SignalToStop | Arm | Finish | Tell | TellAsked | TellReplaced
