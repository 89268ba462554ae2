"""Schedules that always run: most kinds of fault once, and those that have failed at some time."""

from __future__ import annotations

import asyncio

import pytest

from tests.chaos import tab
from tests.chaos.campaign import Result, Setting, run_all
from tests.chaos.schedule import Act, schedule, written

NAMED = {
    "the server is killed just when it has said saved, and some links are cut": written(
        Act(0.50, "ada", "reset"),
        Act(0.60, "cyd", "duplicate", 1.20, {"end": "leave"}),
        Act(1.00, "server", "kill-when-saved", 0.00, {"whose": "bob"}),
        Act(1.10, "cyd", "hole", 1.50, {"ways": ["up"]}),
        Act(1.40, "bob", "refuse", 0.80),
        Act(2.50, "ada", "half-close", 0.00, {"way": "down"}),
        seed=1,
        seconds=3,
    ),
    "a server and a page that stop for a while, on slow links": written(
        Act(0.30, "ada", "slow", 2.00, {"latency": 0.1, "jitter": 0.1, "slice": 3}),
        Act(0.40, "cyd", "half-close", 0.00, {"way": "up"}),
        Act(0.60, "bob", "offline", 0.70),
        Act(1.00, "server", "freeze", 1.00),
        Act(1.50, "cyd", "sleep", 1.00),
        Act(2.40, "bob", "hole", 0.60, {"ways": ["down"]}),
        seed=2,
        seconds=3,
    ),
    "pages that are reloaded with work that the room has not heard of": written(
        Act(0.50, "ada", "refuse", 2.00),
        Act(0.80, "bob", "hole", 1.50, {"ways": ["up", "down"]}),
        Act(1.50, "ada", "reload", 0.20),
        Act(1.60, "bob", "reload", 0.10),
        Act(2.00, "cyd", "reload", 0.10),
        seed=3,
        seconds=3,
    ),
}


@pytest.fixture(scope="module")
def results() -> dict[int, Result]:
    """All at the same time, each on a server of its own."""
    tab.build()

    async def run() -> dict[int, Result]:
        return {one.schedule.seed: one async for one in run_all(NAMED.values(), Setting(lanes=len(NAMED)))}

    return asyncio.run(run())


@pytest.mark.timeout(300)
@pytest.mark.parametrize("name", NAMED)
def test_nothing_is_lost_doubled_or_different(name: str, results: dict[int, Result]) -> None:
    result = results[NAMED[name].seed]
    assert not result.broken, result.words


def test_a_seed_is_always_the_same_schedule() -> None:
    assert str(schedule(7)) == str(schedule(7))
    assert str(schedule(7)) != str(schedule(8))
    assert schedule(7).acts == tuple(sorted(schedule(7).acts))


def test_the_campaign_has_every_kind_of_fault() -> None:
    whats = {act.what for seed in range(1, 201) for act in schedule(seed).faults}
    of_links = {"reset", "half-close", "hole", "offline", "refuse", "mute", "slow"}
    of_pages = {"sleep", "duplicate", "reload"}
    assert whats == of_links | of_pages | {"kill", "kill-when-saved", "restart", "freeze"}
