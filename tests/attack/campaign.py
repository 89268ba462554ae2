"""All attacks, in every mode and with every launcher, and a table of what held."""

import asyncio
import os
import sys
import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from tests.kernels.watching import Run, Watched

from . import exhaust, forge, lifecycle, output, reach, refusal, secrets, through_server
from .attack import Attack
from .ground import GROWTH, NEIGHBOUR_SECONDS, NEIGHBOUR_WORST, Ground

GROUPS = {
    "secrets": secrets.ATTACKS,
    "reach": reach.ATTACKS,
    "exhaust": exhaust.ATTACKS,
    "output": output.ATTACKS,
    "lifecycle": lifecycle.ATTACKS,
    "forge": forge.ATTACKS,
}
ATTACKS: list[Attack] = [attack for group in GROUPS.values() for attack in group]
LAUNCHERS = ("bubblewrap", "zygote")
MODES = ("root", "user") if os.geteuid() == 0 else ("user",)
AT_ONCE = 3
SECONDS = 90.0  # for one attack, whatever happens


@dataclass
class Result:
    """What one way of starting kernels withstood."""

    mode: str
    launcher: str
    confinement: str = ""
    failed: dict[str, str] = field(default_factory=dict)
    tried: list[Attack] = field(default_factory=list)
    slow: float = 0.0
    slowest: float = 0.0
    grown: int = 0
    seconds: float = 0.0


async def withstand(ground: Ground, room: Watched, attack: Attack) -> None:
    """Run one attack and look at what came of it; AssertionError where something gave way."""
    began = len(room.events)
    async with asyncio.timeout(SECONDS):
        code = attack.source(ground.targets)
        run = await room.runs(code, time_limit_s=attack.limit, services=attack.services)
        assert run.status in attack.ends, f"it ended as {run.status}: {str(run.items)[-600:]}"
        if attack.finds and run.status == "ok":
            assert run.value == "[]", f"it got at {run.value[:600]}"
        if attack.check is not None:
            attack.check(run)
        assert_clean(ground, run)
        if attack.asks:
            await room.client.complete(room.name, attack.asks, len(attack.asks))
        if not attack.shares:
            await still_works(room)
    known = {event.body.get("run") for event in room.events} - {None}
    assert all(name.startswith("run-") for name in known), known
    told = str([event.body for event in room.events[began:]])
    assert not [word for word in ground.canaries.known if word in told], "a secret came out"


def assert_clean(ground: Ground, run: Run) -> None:
    kinds = {
        "stream",
        "display_data",
        "execute_result",
        "update_display_data",
        "error",
        "clear_output",
        "dropped",
    }
    assert {item["output_type"] for item in run.items} <= kinds
    assert run.events <= 20 * run.finished["duration"] / 1e6 + 20, "more than 20 events a second"


async def still_works(room: Watched) -> None:
    """The room's next run has a kernel, at the latest after a restart."""
    after = await room.runs("1 + 1", time_limit_s=5)
    if after.status != "ok" or not after.outputs or after.outputs[-1].get("data") != {"text/plain": "2"}:
        await room.client.restart(room.name)
        after = await room.runs("1 + 1")
        assert after.value == "2"


async def alone(ground: Ground, attack: Attack) -> None:
    """In a room of its own, which ends with it."""
    room = Watched(ground.client)
    await room.attach()
    try:
        await withstand(ground, room, attack)
    finally:
        ground.note()
        await ground.client.stop(room.name)
        await ground.client.detach(room.name)


async def assault(result: Result, attacks: Sequence[Attack]) -> None:
    """All these attacks on one ground."""
    ground = Ground(mode=result.mode, launcher=result.launcher)
    began = time.monotonic()
    try:
        await ground.start()
        result.confinement = ground.availability.confinement or "nothing"
        shared = Watched(ground.client, name="shared")
        await shared.attach()
        for attack in attacks:
            if attack.shares and attack.machine in (None, os.uname().machine):
                await note(result, attack, withstand(ground, shared, attack))
        await ground.client.stop(shared.name)
        free = asyncio.Semaphore(AT_ONCE)

        async def one(attack: Attack) -> None:
            async with free:
                await note(result, attack, alone(ground, attack))

        await asyncio.gather(*(one(attack) for attack in attacks if not attack.shares))
        result.slow, result.slowest = ground.neighbour.slow, ground.neighbour.slowest
        result.grown = ground.grown
        if result.slow > NEIGHBOUR_SECONDS or result.slowest > NEIGHBOUR_WORST:
            result.failed["the neighbour"] = f"95 % within {result.slow:.1f} s, one in {result.slowest:.1f} s"
        if result.grown > GROWTH:
            result.failed["the host's memory"] = f"it grew by {result.grown / 2**20:.0f} MiB"
        await ground.end()
    except Exception as error:  # the ground itself gave way
        result.failed["the host"] = f"{type(error).__name__}: {error}"
    finally:
        await asyncio.to_thread(ground.close)
        result.seconds = time.monotonic() - began


async def note(result: Result, attack: Attack, attempt: "asyncio.Future[None] | object") -> None:
    result.tried.append(attack)
    began = time.monotonic()
    try:
        await attempt  # type: ignore[misc]
    except (AssertionError, StopIteration, TimeoutError, RuntimeError) as error:
        result.failed[f"{attack.group}: {attack.name}"] = str(error) or type(error).__name__
    finally:
        if os.environ.get("ATTACK_TIMES"):
            print(f"{time.monotonic() - began:6.1f} s  {attack.group}: {attack.name}", flush=True)


def table(results: Sequence[Result]) -> str:
    """What was tried and what held."""
    lines = [f"{'group':<10} {'snippets':>8}  {'mode':<5} {'launcher':<11} held  not held"]
    for result in results:
        for group in GROUPS:
            tried = [attack for attack in result.tried if attack.group == group]
            failed = [name for name in result.failed if name.startswith(f"{group}: ")]
            way = f"{result.mode:<5} {result.launcher:<11}"
            held = len(tried) - len(failed)
            lines.append(f"{group:<10} {len(tried):>8}  {way} {held:>4}  {len(failed):>8}")
        lines.append(
            f"  {result.mode}, {result.launcher}: held by {result.confinement}; answers next door 95 % "
            f"within {result.slow:.2f} s, all within {result.slowest:.2f} s; "
            f"host grew by {result.grown / 2**20:.0f} MiB; {result.seconds:.0f} s"
        )
    return "\n".join(lines)


def main(arguments: Sequence[str]) -> int:
    """Everything; arguments name attacks, groups, modes or launchers to keep to."""
    chosen = [a for a in ATTACKS if not arguments or {a.name, a.group} & set(arguments)] or ATTACKS
    results = []
    for mode in [mode for mode in MODES if mode in arguments] or MODES:
        for launcher in [launcher for launcher in LAUNCHERS if launcher in arguments] or LAUNCHERS:
            result = Result(mode, launcher)
            asyncio.run(assault(result, chosen))
            results.append(result)
            for name, why in result.failed.items():
                print(f"NOT HELD ({mode}, {launcher}) {name}: {why[:1500]}", flush=True)
    print(table(results))
    others = {} if arguments else {"server": through_server.attempt(), "refusal": refusal.attempt()}
    for name, failures in others.items():
        print(f"{name}: {'held' if not failures else 'NOT HELD: ' + '; '.join(failures)}")
    failed = sum(len(result.failed) for result in results) + sum(map(len, others.values()))
    print("everything held" if not failed else f"{failed} not held")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
