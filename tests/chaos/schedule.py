"""A schedule: who does what when, and what befalls whom, all from one seed."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

PEOPLE = ("ada", "bob", "cyd")
SERVER = "server"
STORE = "store"
# Everything begins within this many seconds; what lasts may end later.
SECONDS = 8.0
WORDS_A_SECOND = 3.0


@dataclass(frozen=True, order=True)
class Act:
    """Something at a moment, in seconds since the beginning; what lasts ends `seconds` later."""

    at: float
    who: str
    what: str
    seconds: float = 0.0
    detail: dict[str, Any] = field(default_factory=dict, compare=False)

    @property
    def end(self) -> float:
        return self.at + self.seconds

    def __str__(self) -> str:
        """As it would be written in a test."""
        more = f", {self.seconds:.2f}" if self.seconds or self.detail else ""
        more += f", {self.detail}" if self.detail else ""
        return f'Act({self.at:.2f}, "{self.who}", "{self.what}"{more})'


@dataclass(frozen=True)
class Schedule:
    """All acts of one seed in order; `page`: bob sits at a real browser."""

    seed: int
    acts: tuple[Act, ...]
    page: bool = False

    @property
    def faults(self) -> list[Act]:
        """What is no honest work."""
        return [act for act in self.acts if act.what not in ("type", "erase", "chat", "run")]

    def __str__(self) -> str:
        work = len(self.acts) - len(self.faults)
        where = ", bob in a browser" if self.page else ""
        return "\n".join([f"seed {self.seed}: {work} pieces of work{where}, and", *map(str, self.faults)])


def schedule(seed: int, *, page: bool = False, store: bool = False) -> Schedule:
    """The schedule of a seed, the same one every time; `store`: there is a Redis that may fail as well."""
    seconds = SECONDS
    chance = random.Random(seed)
    acts = [act for who in PEOPLE for act in (*_work(chance, who, seconds), *_link(chance, who, seconds))]
    acts += _server(chance, seconds)
    acts += _pages(chance, seconds, page=page)
    acts += _store(chance, seconds) if store else ()
    return Schedule(seed, tuple(sorted(acts)), page)


def written(*faults: Act, seed: int, seconds: float) -> Schedule:
    """Just these faults, and work for so long."""
    chance = random.Random(seed)
    work = [act for who in PEOPLE for act in _work(chance, who, seconds)]
    return Schedule(seed, tuple(sorted([*work, *faults])))


def _work(chance: random.Random, who: str, seconds: float) -> Iterator[Act]:
    at, word = 0.0, 0
    while (at := at + chance.expovariate(WORDS_A_SECOND)) < seconds:
        if chance.random() < 0.15:
            yield Act(at, who, "erase", detail={"own": f"#{who}"})
        else:
            yield Act(at, who, "type", detail={"word": f"#{who}{word}", "letters": chance.random() < 0.3})
            word += 1
    for number in range(chance.randint(1, 3)):
        yield Act(chance.uniform(0, seconds), who, "chat", detail={"line": f"line {number} of {who}"})
    for number in range(chance.randint(0, 2)):
        yield Act(chance.uniform(0, seconds), who, "run", detail={"code": f"print('{who} {number}')"})


def _link(chance: random.Random, who: str, seconds: float) -> Iterator[Act]:
    """One thing after another on one link, with fair weather in between."""
    at = chance.uniform(0.3, 3)
    while at < seconds:
        kinds, weights = zip(*LINK_FAULTS, strict=True)
        act = chance.choices(kinds, weights)[0](chance, at, who)
        yield act
        at = act.end + chance.uniform(0.3, 3)


def _reset(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "reset")


def _half_close(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "half-close", detail={"way": chance.choice(["up", "down"])})


def _hole(chance: random.Random, at: float, who: str) -> Act:
    ways = chance.choice([["up", "down"], ["up", "down"], ["up"], ["down"]])
    return Act(at, who, "hole", chance.uniform(0.3, 5), {"ways": ways})


def _long_hole(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "hole", chance.uniform(6, 18), {"ways": ["up", "down"]})


def _offline(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "offline", chance.uniform(0.5, 4))


def _refuse(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "refuse", chance.uniform(0.5, 4))


def _mute(chance: random.Random, at: float, who: str) -> Act:
    return Act(at, who, "mute", chance.uniform(0.5, 3))


def _slow(chance: random.Random, at: float, who: str) -> Act:
    weather: dict[str, Any] = {"latency": round(chance.uniform(0.02, 0.4), 3)}
    weather["jitter"] = round(weather["latency"] * chance.random(), 3)
    if chance.random() < 0.5:
        weather["rate"] = chance.choice([4_000, 16_000, 64_000])
    if chance.random() < 0.5:
        weather["slice"] = chance.choice([1, 3, 17, 200])
    return Act(at, who, "slow", chance.uniform(1, 5), weather)


Fault = Callable[[random.Random, float, str], Act]
LINK_FAULTS: list[tuple[Fault, int]] = [
    (_reset, 4),
    (_half_close, 3),
    (_hole, 5),
    (_long_hole, 1),
    (_offline, 3),
    (_refuse, 3),
    (_mute, 2),
    (_slow, 5),
]


def _server(chance: random.Random, seconds: float) -> Iterator[Act]:
    dice = chance.random()
    at = chance.uniform(1, seconds)
    if dice < 0.35:
        yield Act(at, SERVER, "kill")
    elif dice < 0.5:
        yield Act(at, SERVER, "kill-when-saved", detail={"whose": chance.choice(PEOPLE)})
    elif dice < 0.6:
        yield Act(at, SERVER, "restart")
    elif dice < 0.85:
        yield Act(at, SERVER, "freeze", chance.uniform(0.3, 5))


def _store(chance: random.Random, seconds: float) -> Iterator[Act]:
    if chance.random() < 0.5:
        at, lasts = chance.uniform(1, seconds), chance.uniform(0.1, 2)
        yield Act(at, STORE, chance.choice(["kill", "freeze"]), lasts)


def _pages(chance: random.Random, seconds: float, *, page: bool) -> Iterator[Act]:
    if page or chance.random() < 0.3:
        who = "bob" if page else chance.choice(PEOPLE)
        yield Act(chance.uniform(1, seconds - 1), who, "sleep", chance.uniform(0.5, 9))
    if chance.random() < 0.3:
        end = chance.choice(["leave", "vanish"])
        who = chance.choice([one for one in PEOPLE if not (page and one == "bob")])
        yield Act(chance.uniform(0.5, seconds - 2), who, "duplicate", chance.uniform(1, 5), {"end": end})
    if chance.random() < 0.3:
        who = chance.choice([one for one in PEOPLE if not (page and one == "bob")])
        yield Act(chance.uniform(1, seconds), who, "reload", chance.uniform(0.1, 2))
