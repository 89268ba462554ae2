"""Many schedules over a few servers, several at once: which failed, and how soon people were live again."""

from __future__ import annotations

import asyncio
import tempfile
import time
import traceback
from collections.abc import AsyncIterator, Iterable
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from tests.chaos.oracles import judge
from tests.chaos.play import Stage, Way, performed
from tests.chaos.schedule import STORE, Schedule
from tests.support.redis_server import RedisServer
from tests.support.server import LiveServer

SCHEDULE_S = 240.0
SOON_S = 5.0


@dataclass
class Result:
    """What came of a schedule; `returns` are what had ended, and seconds from then to being live."""

    schedule: Schedule
    broken: list[str]
    seconds: float
    returns: list[tuple[str, float]] = field(default_factory=list)
    trace: list[str] = field(default_factory=list)

    @property
    def words(self) -> str:
        """Enough to see what went wrong and to repeat it."""
        again = f"again alone: make chaos CHAOS_SEED={self.schedule.seed}"
        return "\n".join([*self.broken, str(self.schedule), *self.trace, again])


async def run_schedule(schedule: Schedule, stage: Stage) -> Result:
    """Perform it and judge."""
    server = stage.server
    if server.process is None or server.process.poll() is not None:
        await asyncio.to_thread(server.start)
    begin, said = time.monotonic(), len(server.output)
    result = Result(schedule, [], 0)
    try:
        async with asyncio.timeout(SCHEDULE_S), performed(schedule, stage) as play:
            try:
                result.broken += await judge(play)
            finally:
                result.returns = [(one.after, took) for one in play.returns if (took := one.took) is not None]
                result.trace = trace_of(play.done, play.every)
            await asyncio.to_thread(end, server, play.room)
    except Exception:
        result.broken.append(traceback.format_exc(limit=-4))
    complaints = "".join(server.output[said:])
    injected = any(act.who == STORE for act in schedule.acts)
    if not injected and ("Traceback" in complaints or "ERROR" in complaints):
        result.broken.append(f"the server complained: {complaints[-3_000:]}")
    result.seconds = time.monotonic() - begin
    return result


def end(server: LiveServer, room: str) -> None:
    with server.http() as http:
        http.post(f"/api/rooms/{room}/end").raise_for_status()


def trace_of(done: list[str], tabs: Iterable[object]) -> list[str]:
    """What happened and what tabs said of their links, by time."""
    lines = list(done)
    for tab in tabs:
        for one in getattr(tab, "events", []):
            if one["event"] in ("phase", "saved", "notice"):
                rest = {name: value for name, value in one.items() if name not in ("event", "t")}
                lines.append(f"{one['t'] / 1000:.3f} {getattr(tab, 'name', '')} {one['event']} {rest}")
    return sorted(lines)


@dataclass(frozen=True)
class Setting:
    """What all schedules of a campaign run on: so many servers, the way tabs go, and where logs are kept."""

    lanes: int
    way: Way = "route"
    redis: bool = False


@asynccontextmanager
async def stages(setting: Setting) -> AsyncIterator[list[Stage]]:
    """Servers, each with a data folder of its own, and where wished with a Redis of its own."""
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stores:
        made = []
        for lane in range(setting.lanes):
            data = Path(folder) / f"{lane}"
            store = stores.enter_context(RedisServer(data / "redis")) if setting.redis else None
            server = LiveServer(data, *(("--redis", store.url) if store else ()))
            made.append(Stage(server, setting.way, store))
        try:
            await asyncio.gather(*(asyncio.to_thread(stage.server.start) for stage in made))
            yield made
        finally:
            ending = (stage.server for stage in made if stage.server.process)
            await asyncio.gather(*(asyncio.to_thread(server.stop) for server in ending))


async def run_all(schedules: Iterable[Schedule], setting: Setting) -> AsyncIterator[Result]:
    """Each schedule as soon as a server is free."""
    waiting = list(schedules)[::-1]
    results: asyncio.Queue[Result | BaseException] = asyncio.Queue()

    async def lane(stage: Stage) -> None:
        try:
            while waiting:
                await results.put(await run_schedule(waiting.pop(), stage))
        except BaseException as error:
            await results.put(error)
            raise

    async with stages(replace(setting, lanes=min(setting.lanes, len(waiting)))) as made:
        total = len(waiting)
        tasks = [asyncio.create_task(lane(stage)) for stage in made]
        try:
            for _ in range(total):
                result = await results.get()
                if isinstance(result, BaseException):
                    raise result
                yield result
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
