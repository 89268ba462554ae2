"""A room's language server as this web server knows it: asked one question after the other, and told of the
room's files as they change.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from typing import Any

from fourhands_kernels.kernel import Answer, Kernels, Question
from fourhands_server.core.language.page import Ask
from fourhands_server.core.settings import Settings
from fourhands_server.live.host import RoomHost

LOOK_S = 1.0  # between two looks at what the room's other files hold
FILES = 4 * 1024 * 1024  # characters of other files that the language server is told of
QUESTIONS = 32  # of all pages that may wait


class LanguageServer:
    """The way to it. It runs with the kernel host, which starts and ends it as it sees fit."""

    def __init__(self, host: RoomHost, kernels: Kernels) -> None:
        self._host = host
        self._kernels = kernels
        self._loop = asyncio.get_running_loop()
        self._asking = asyncio.Lock()
        self._waiting = 0
        self._texts: dict[str, str] = {}
        self._seen = -1
        self._looked_at = float("-inf")
        self._told: dict[str, str] = {}
        self._state = ""

    async def consult(self, ask: Ask, *, wanted: Callable[[], bool]) -> Mapping[str, Any] | None:
        """What is found, None where there is nothing or too much waits; `wanted` says whether somebody still
        waits for it when its turn comes. Raises KernelError or EngineError.
        """
        if self._waiting >= QUESTIONS:
            return None
        self._waiting += 1
        try:
            async with self._asking:
                if not wanted():
                    return None
                await self._look_at_files()
                answer = await self._ask(ask)
                if answer.stale:
                    self._told, self._state = {}, ""
                    answer = await self._ask(ask)
                self._state = answer.state
                return answer.content
        finally:
            self._waiting -= 1

    async def _ask(self, ask: Ask) -> Answer:
        files = self._changes(ask.path)
        question = Question(
            what=ask.what,
            path=ask.path,
            # A lone carriage return is a character in a room's text, and the end of a line elsewhere.
            text=plain(ask.text).replace("\r", " ") if ask.what != "format" else plain(ask.text),
            line=ask.line,
            character=ask.character,
            files=files,
            known=self._state,
            environment=Settings.of(self._host.state.settings).environment,
        )
        answer = await self._kernels.consult(self._host.id, question)
        if not answer.stale:
            for path, text in files.items():
                if text is None:
                    self._told.pop(path, None)
                else:
                    self._told[path] = text
        if not answer.state:
            self._told = {}
        return answer

    def _changes(self, path: str) -> dict[str, str | None]:
        """What of the other files the language server was not told."""
        fresh = {p: t for p, t in self._texts.items() if p != path and self._told.get(p) != t}
        return {**fresh, **{p: None for p in self._told if p not in self._texts}}

    async def _look_at_files(self) -> None:
        """The committed texts of the room's Python files, where something was committed since."""
        state, now = self._host.state, self._loop.time()
        if state.head == self._seen or now - self._looked_at < LOOK_S:
            return
        self._seen, self._looked_at = state.head, now
        texts: dict[str, str] = {}
        left = FILES
        for file in state.living_files():
            if file.path.endswith((".py", ".pyi")):
                text, _ = await self._host.text(file.id)
                left -= len(text)
                if left < 0:
                    break
                texts[file.path] = text
        self._texts = texts


def plain(text: str) -> str:
    """Half a surrogate pair, which no wire can carry, becomes a question mark."""
    return text.encode(errors="replace").decode()
