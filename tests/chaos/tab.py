"""A tab as the campaign holds it: the client core in a Node process (`frontend/tests/chaos`)."""

from __future__ import annotations

import asyncio
import itertools
import json
import signal
import subprocess
from contextlib import suppress
from pathlib import Path
from typing import Any

from tests.support.stock_clients import node

FRONTEND = Path(__file__).parents[2] / "frontend"
BUNDLE = FRONTEND / "node_modules" / ".cache" / "chaos" / "actor.mjs"
ANSWER_S = 30.0
LINE = 2**24


def build() -> None:
    """Bundle the client core as it stands now."""
    command = [node(), "node_modules/vite/bin/vite.js", "build", "--config", "tests/chaos/vite.config.ts"]
    done = subprocess.run(command, cwd=FRONTEND, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


class Tab:
    """One tab of somebody; `events` is what it said by itself, in order, with its own times in ms."""

    def __init__(self, name: str, wanted: dict[str, Any]) -> None:
        self.name = name
        self.person = wanted["person"]
        self.events: list[dict[str, Any]] = []
        self.heard = asyncio.Event()
        # Another tab has taken its place, and all that it kept.
        self.followed = False
        self._wanted = wanted
        self._numbers = itertools.count(1)
        self._waiting: dict[int, asyncio.Future[Any]] = {}

    async def open(self) -> Tab:
        pipe = asyncio.subprocess.PIPE
        self._process = await asyncio.create_subprocess_exec(
            node(), str(BUNDLE), json.dumps(self._wanted), stdin=pipe, stdout=pipe, stderr=pipe, limit=LINE
        )
        self._reader = asyncio.create_task(self._read())
        return self

    @property
    def open_now(self) -> bool:
        return self._process.returncode is None

    def told(self, event: str) -> list[dict[str, Any]]:
        """What it said of one kind."""
        return [one for one in self.events if one["event"] == event]

    @property
    def words(self) -> list[str]:
        """What was typed here, in order."""
        return [one["word"] for one in self.told("typed")]

    @property
    def phase(self) -> str:
        phases = self.told("phase")
        return str(phases[-1]["phase"]) if phases else "idle"

    def tell(self, command: str, **options: Any) -> asyncio.Future[Any]:
        """A command; a tab that sleeps does it when it wakes. The answer may be awaited."""
        number = next(self._numbers)
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        if not self.open_now:
            answer.cancel()
            return answer
        self._waiting[number] = answer
        line = json.dumps({"command": command, "number": number, **options}) + "\n"
        assert self._process.stdin is not None
        with suppress(OSError):
            self._process.stdin.write(line.encode())
        return answer

    async def ask(self, command: str, **options: Any) -> Any:
        """A command and its answer."""
        async with asyncio.timeout(ANSWER_S):
            return await self.tell(command, **options)

    async def look(self) -> dict[str, Any]:
        return dict(await self.ask("look"))

    def sleep(self) -> None:
        """As a closed lid does: nothing of it runs, and nobody is told."""
        self._process.send_signal(signal.SIGSTOP)

    def wake(self) -> None:
        if self.open_now:
            self._process.send_signal(signal.SIGCONT)

    async def leave(self) -> None:
        """Closed by its user."""
        with suppress(TimeoutError):
            await self.ask("stop")
        await self.close()

    async def vanish(self) -> None:
        """Gone without a word: its process is killed."""
        if self.open_now:
            self._process.kill()
        await self.close()

    async def close(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        try:
            async with asyncio.timeout(3):
                await self._process.wait()
        except TimeoutError:
            self._process.kill()
            await self._process.wait()
        await self._reader

    async def _read(self) -> None:
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        async for line in self._process.stdout:
            said = json.loads(line)
            if "event" in said:
                self.events.append(said)
                self.heard.set()
            elif (answer := self._waiting.pop(said["answer"])) and not answer.done():
                self._answer(answer, said)
        words = (await self._process.stderr.read()).decode()
        if words:
            self.events.append({"event": "broken", "t": 0, "words": words[-2_000:]})
        for answer in self._waiting.values():
            answer.cancel()

    def _answer(self, answer: asyncio.Future[Any], said: dict[str, Any]) -> None:
        if "error" not in said:
            answer.set_result(said["value"])
            return
        self.events.append({"event": "broken", "t": 0, "words": said["error"]})
        answer.set_result(None)
