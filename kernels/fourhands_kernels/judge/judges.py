"""All judgements of one kernel host: a few at a time and one of a room, each once, each with an end."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

from ..environments import Environment, held
from ..judgement import Judgement, Sheet, Status, TestsEvent
from ..kernel import KernelUnavailable
from ..services.stage import Stage
from .judge import Judging, Tell
from .pair import Pairs

AT_ONCE: Final = 2  # pairs of sandboxes at the same time: rooms that type come first
WAITING: Final = 64

_Key = tuple[str, str]  # room, judgement


class Judges:
    """Begins and cancels judgements; `find` gives an environment by its name."""

    def __init__(
        self, pairs: Pairs, find: Callable[[str], Awaitable[Environment]], stage: Stage | None = None
    ) -> None:
        self._pairs = pairs
        self._stage = stage
        self._find = find
        self._free = asyncio.Semaphore(AT_ONCE)
        self._tasks: dict[_Key, asyncio.Task[None]] = {}
        self._turns: dict[str, asyncio.Lock] = {}  # of rooms that have any: no room takes another's place

    def admit(self) -> None:
        """Raise KernelUnavailable where too many wait already."""
        if len(self._tasks) >= WAITING:
            raise KernelUnavailable(f"{WAITING} judgements wait already")

    def begin(self, room: str, judgement: Judgement, tell: Tell) -> None:
        """Judge; everything else comes through `tell`, `tests.finished` last, whatever happens."""
        key = (room, judgement.id)
        over = False

        def told(event: TestsEvent) -> None:
            nonlocal over
            over = over or event.kind == "tests.finished"
            tell(event)

        def ended(task: asyncio.Task[None]) -> None:
            self._tasks.pop(key, None)
            if not self.busy(room):
                self._turns.pop(room, None)
            failed = not task.cancelled() and task.exception() is not None
            if not over:
                _end(judgement, told, "error" if failed else "cancelled")

        task = asyncio.create_task(self._in_turn(room, judgement, told))
        self._tasks[key] = task
        task.add_done_callback(ended)

    def cancel(self, room: str, judgement: str) -> None:
        """End one early; nothing happens where it has ended."""
        task = self._tasks.get((room, judgement))
        if task is not None:
            task.cancel()

    def busy(self, room: str) -> bool:
        """Whether something of a room is being judged."""
        return any(name == room for name, _ in self._tasks)

    async def close(self) -> None:
        """End all of them."""
        tasks = tuple(self._tasks.values())
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def _in_turn(self, room: str, judgement: Judgement, tell: Tell) -> None:
        async with self._turns.setdefault(room, asyncio.Lock()), self._free:
            try:
                await self._judge(judgement, tell)
            except KernelUnavailable as error:
                _end(judgement, tell, "error", error.reason)

    async def _judge(self, judgement: Judgement, tell: Tell) -> None:
        candidate = await self._python(judgement.environment)
        tests = await self._python(judgement.tests_environment)
        with held(candidate), held(tests):
            parts = {"candidate": candidate, "tests": tests}
            await Judging(judgement, self._pairs, tell, **parts, stage=self._stage).run()

    async def _python(self, name: str) -> Environment:
        found = await self._find(name)
        if found.program is not None:
            raise KernelUnavailable(f"hidden tests need a Python, and {name!r} runs another program")
        return found


def _end(judgement: Judgement, tell: Tell, status: Status, detail: str | None = None) -> None:
    """The end of one that never began."""
    for event in Sheet(judgement).finish(status, duration=0, detail=detail):
        tell(event)
