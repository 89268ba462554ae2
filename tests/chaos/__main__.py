"""`make chaos`: 200 schedules, or one alone (`CHAOS_SEED`): what failed, and how soon links healed."""

from __future__ import annotations

import asyncio
import os
import sys
import time

from tests.chaos.campaign import SOON_S, Result, Setting, run_all
from tests.chaos.schedule import schedule
from tests.chaos.tab import build

SCHEDULES = 200
LANES = 6
# Of so many schedules one has a real browser page in it.
PAGES = 20
SOON_SHARE = 0.95


async def main() -> int:
    """Run, and say what came of it; the exit status."""
    chosen = os.environ.get("CHAOS_SEED", "")
    count = int(os.environ.get("CHAOS_COUNT", SCHEDULES))
    seeds = [int(seed) for seed in chosen.split(",")] if chosen else list(range(1, count + 1))
    setting = Setting(
        lanes=int(os.environ.get("CHAOS_LANES", LANES)),
        way="http" if os.environ.get("CHAOS_WAY") == "http" else "route",
        redis="CHAOS_REDIS" in os.environ,
    )
    build()
    begin, results = time.monotonic(), list[Result]()
    # A page chooses its way itself.
    may = setting.way == "route"
    schedules = [schedule(seed, page=may and seed % PAGES == 0, store=setting.redis) for seed in seeds]
    async for result in run_all(schedules, setting):
        results.append(result)
        say(result, len(results), len(seeds), loud=bool(chosen))
    return summary(results, time.monotonic() - begin)


def say(result: Result, number: int, of: int, *, loud: bool) -> None:
    how = "FAILED" if result.broken else "ok"
    slow = "".join(f", {took:.1f} s after {what}" for what, took in result.returns if took > SOON_S)
    print(f"{number}/{of} seed {result.schedule.seed}: {how} in {result.seconds:.1f} s{slow}")
    if result.broken or loud:
        print(result.words)
    sys.stdout.flush()


def summary(results: list[Result], seconds: float) -> int:
    failed = [result.schedule.seed for result in results if result.broken]
    returns = [one for result in results for one in result.returns]
    share = sum(took <= SOON_S for _, took in returns) / max(1, len(returns))
    print(f"{len(results)} schedules in {seconds / 60:.1f} minutes, {len(failed)} failed: {failed}")
    print(f"{len(returns)} returns, {share:.1%} live within {SOON_S:.0f} s (wanted {SOON_SHARE:.0%})")
    for what in sorted({what for what, _ in returns}):
        took = sorted(took for after, took in returns if after == what)
        shares = ", ".join(f"p{p} {took[len(took) * p // 100]:.2f} s" for p in (50, 90, 95, 99))
        print(f"  after {what}: {len(took)}, {shares}")
    return int(bool(failed) or share < SOON_SHARE)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
