"""The state machine of a kernel's life, without a kernel."""

import random

import pytest

from fourhands_kernels.kernel import Execution
from fourhands_kernels.life import (
    Answered,
    Arm,
    Asked,
    AskToStop,
    Completed,
    Died,
    Effect,
    Elapsed,
    Event,
    Execute,
    Finish,
    Interrupt,
    Kill,
    Launch,
    Ready,
    Restart,
    Send,
    SignalToStop,
    Start,
    Stop,
    Tell,
    TellAsked,
    TellReplaced,
)
from fourhands_kernels.lifecycle import REPLACE_AFTER, SIGNAL_AFTER, Lifecycle

ONE = Execution("one", "1")
TWO = Execution("two", "2", time_limit_s=5.0)


def lifecycle(*events: Event) -> Lifecycle:
    machine = Lifecycle()
    for event in events:
        machine.handle(event)
    return machine


def test_a_first_run_starts_a_kernel_and_then_runs() -> None:
    machine = Lifecycle()
    assert machine.handle(Execute(ONE)) == [Tell("starting"), Launch(1, "default")]
    assert machine.handle(Ready(1)) == [Tell("busy"), Send(ONE)]
    assert machine.handle(Completed(1, "one", "ok", 1)) == [Finish("one", "ok", 1), Tell("idle")]
    assert machine.current is None


def test_a_kernel_started_ahead_is_idle() -> None:
    machine = lifecycle(Start("default"))
    assert machine.handle(Ready(1)) == [Tell("idle")]
    assert machine.handle(Start("default")) == []


def test_a_time_limit_is_armed_with_the_run() -> None:
    machine = lifecycle(Start("default"), Ready(1))
    assert machine.handle(Execute(TWO)) == [Tell("busy"), Send(TWO), Arm("limit", "two", 5.0)]
    assert machine.handle(Elapsed("limit", "two"))[0] == AskToStop()
    assert machine.handle(Completed(1, "two", "error", 1))[0] == Finish("two", "timeout", 1, stop="message")


def test_an_interrupt_has_three_steps() -> None:
    machine = lifecycle(Execute(ONE), Ready(1))
    arms = [Arm("signal", "one", SIGNAL_AFTER), Arm("replace", "one", REPLACE_AFTER)]
    assert machine.handle(Interrupt()) == [AskToStop(), *arms]
    assert machine.handle(Interrupt()) == []
    assert machine.handle(Elapsed("signal", "one")) == [SignalToStop()]
    effects = machine.handle(Elapsed("replace", "one"))
    assert effects[:3] == [Finish("one", "interrupted", stop="replaced"), Kill(1), TellReplaced()]
    assert effects[4] == Launch(2, "default")


def test_an_interrupt_that_is_heeded_ends_the_run_alone() -> None:
    machine = lifecycle(Execute(ONE), Ready(1), Interrupt())
    end = Finish("one", "interrupted", 1, stop="message")
    assert machine.handle(Completed(1, "one", "error", 1)) == [end, Tell("idle")]
    assert machine.handle(Elapsed("replace", "one")) == []


def test_a_run_that_heeds_the_signal_alone_says_so() -> None:
    machine = lifecycle(Execute(ONE), Ready(1), Interrupt(), Elapsed("signal", "one"))
    end = Finish("one", "interrupted", 1, stop="signal")
    assert machine.handle(Completed(1, "one", "error", 1)) == [end, Tell("idle")]


def test_code_that_ends_well_although_interrupted_has_ended_well() -> None:
    machine = lifecycle(Execute(ONE), Ready(1), Interrupt())
    assert machine.handle(Completed(1, "one", "ok", 1))[0] == Finish("one", "ok", 1)


def test_an_interrupt_takes_back_a_run_that_waits_for_its_kernel() -> None:
    machine = lifecycle(Execute(ONE))
    assert machine.handle(Interrupt()) == [Finish("one", "interrupted")]
    assert machine.handle(Ready(1)) == [Tell("idle")]


def test_an_interrupt_without_a_run_does_nothing() -> None:
    assert lifecycle().handle(Interrupt()) == []
    assert lifecycle(Start("default"), Ready(1)).handle(Interrupt()) == []


@pytest.mark.parametrize("events", [(Execute(ONE),), (Execute(ONE), Ready(1))])
def test_a_death_finishes_the_run(events: tuple[Event, ...]) -> None:
    machine = lifecycle(*events)
    assert machine.handle(Died(1, "gone")) == [
        Finish("one", "kernel_died", why="gone"),
        Kill(1),
        Tell("dead", "gone"),
    ]
    assert machine.handle(Execute(TWO))[-1] == Launch(2, "default")


def test_a_restart_aborts_the_run_and_starts_anew() -> None:
    machine = lifecycle(Execute(ONE), Ready(1))
    effects = machine.handle(Restart())
    assert effects == [Finish("one", "aborted"), Kill(1), Tell("starting"), Launch(2, "default")]


def test_a_restart_without_a_kernel_does_nothing() -> None:
    assert lifecycle().handle(Restart()) == []


def test_a_stop_leaves_nothing() -> None:
    machine = lifecycle(Execute(ONE), Ready(1))
    assert machine.handle(Stop()) == [Finish("one", "aborted"), Kill(1), Tell("none")]
    assert machine.handle(Stop()) == []


def test_what_a_former_life_says_is_ignored() -> None:
    machine = lifecycle(Execute(ONE), Ready(1), Restart(), Execute(TWO), Ready(2))
    for late in (
        Ready(1),
        Died(1, "x"),
        Completed(1, "two", "ok"),
        Completed(2, "one", "ok"),
        Asked(1, "two", "", False),
    ):
        assert machine.handle(late) == []
    assert machine.current == "two"


def test_input_is_asked_and_answered() -> None:
    machine = lifecycle(Execute(ONE), Ready(1))
    assert machine.handle(Asked(1, "one", "Who?", False)) == [TellAsked("one", "Who?", False)]
    assert machine.asking
    machine.handle(Answered("one"))
    assert not machine.asking


def test_another_environment_takes_another_kernel() -> None:
    machine = lifecycle(Start("default"), Ready(1))
    effects = machine.handle(Execute(Execution("three", "3", environment="bare")))
    assert effects == [Kill(1), Tell("starting"), Launch(2, "bare")]


@pytest.mark.parametrize("seed", range(200))
def test_whatever_happens_runs_finish_once_and_lives_are_killed(seed: int) -> None:
    """Any order of events: a run finishes at most once, no life runs beside another, each that was launched
    is killed.
    """
    chance = random.Random(seed)
    machine = Lifecycle()
    effects: list[Effect] = []
    begun: list[str] = []
    for number in range(60):
        life, run = machine._lives, machine.current or "none"
        events: list[Event] = [Ready(life), Died(life, "x"), Interrupt(), Restart(), Stop(), Start("default")]
        events += [Elapsed("signal", run), Elapsed("replace", run), Elapsed("limit", run)]
        events += [Completed(life, run, "ok"), Completed(life, run, "error"), Asked(life, run, "", False)]
        if machine.current is None:
            begun.append(f"run-{number}")
            events += [Execute(Execution(begun[-1], ""))] * 4
        chosen = chance.choice(events)
        if machine.current is None and not isinstance(chosen, Execute):
            begun.pop()
        effects += machine.handle(chosen)
    effects += machine.handle(Stop())
    assert [effect.run for effect in effects if isinstance(effect, Finish)] == begun
    living: set[int] = set()
    for effect in effects:
        if isinstance(effect, Launch):
            assert not living
            living.add(effect.life)
        elif isinstance(effect, Kill):
            living.remove(effect.life)
    assert not living
