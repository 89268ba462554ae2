"""A tab that is a real page in Chromium, behind the same commands as a tab in Node."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import time
from collections.abc import Callable, Coroutine
from contextlib import suppress
from typing import Any

from playwright.async_api import Error, async_playwright

from tests.e2e.conftest import ARGUMENTS, CHROMIUM
from tests.support.processes import children

# The text as CodeMirror holds it: lines out of sight are not in the page.
TEXT = "() => document.querySelector('.cm-content').cmTile.root.view.state.doc.toString()"
READY_MS = 40_000
STATUS_PHASES = {"Saved": "live", "Saving…": "live", "Connecting…": "connecting", "Offline": "offline"}
# A word whose typing ended so long before a claim was certainly known to the page then.
KNOWN_MS = 100
REMEMBER = "sessionStorage.setItem({key}, {seat})"
WATCH = """() => {
  const tell = () => {
    const status = document.querySelector('.status-words');
    if (status !== null) window.tellStatus(status.textContent, Date.now());
  };
  new MutationObserver(tell).observe(document.body, {subtree: true, childList: true, characterData: true});
  tell();
}"""


class Page:
    """One page in a browser of its own; `events` as in `Tab`, its `saved` drawn from the status line."""

    def __init__(self, name: str, wanted: dict[str, Any]) -> None:
        self.name = name
        self.person = wanted["person"]
        self.events: list[dict[str, Any]] = []
        self.heard = asyncio.Event()
        self.open_now = False
        self.followed = False
        self._wanted = wanted
        self._words = ""
        self._queue: asyncio.Queue[tuple[Callable[[], Coroutine[Any, Any, Any]], asyncio.Future[Any]]]
        self._queue = asyncio.Queue()

    async def open(self) -> Page:
        """Join as the person who is wanted, by what a reloaded page would remember."""
        assert CHROMIUM is not None, "Chromium is missing: `make tools` installs it"
        wanted = self._wanted
        key = f"fourhands.seat.{wanted['invite'].rpartition('.')[0]}"
        seat = json.dumps({"name": wanted["name"], "resume": wanted["resume"]})
        self._playwright = await async_playwright().start()
        before = {process.pid for process in children(os.getpid())}
        self._browser = await self._playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        self._page = await self._browser.new_page()
        self._page.on("pageerror", lambda error: self._tell("broken", words=str(error)))
        await self._page.add_init_script(REMEMBER.format(key=json.dumps(key), seat=json.dumps(seat)))
        await self._page.expose_function("tellStatus", self._status)
        await self._page.goto(f"{wanted['base']}/r/{wanted['room']}#{wanted['invite']}")
        await self._page.wait_for_selector(".cm-content", timeout=READY_MS)
        await self._page.evaluate(WATCH)
        started = [process for process in children(os.getpid()) if process.pid not in before]
        self._renderers = [process for process in started if "--type=renderer" in process.command]
        self.open_now = True
        self._worker = asyncio.create_task(self._work())
        return self

    def told(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    @property
    def words(self) -> list[str]:
        return [one["word"] for one in self.told("typed")]

    @property
    def phase(self) -> str:
        phases = self.told("phase")
        return str(phases[-1]["phase"]) if phases else "idle"

    def tell(self, command: str, **options: Any) -> asyncio.Future[Any]:
        answer: asyncio.Future[Any] = asyncio.get_running_loop().create_future()
        self._queue.put_nowait((lambda: getattr(self, f"_{command}")(**options), answer))
        return answer

    async def ask(self, command: str, **options: Any) -> Any:
        async with asyncio.timeout(60):
            return await self.tell(command, **options)

    async def look(self) -> dict[str, Any]:
        return dict(await self.ask("look"))

    def sleep(self) -> None:
        """The processes that hold the page stop; the browser's own go on answering pings."""
        self._signal(signal.SIGSTOP)

    def wake(self) -> None:
        self._signal(signal.SIGCONT)

    async def leave(self) -> None:
        await self.close()

    async def vanish(self) -> None:
        await self.close()

    async def close(self) -> None:
        if not self.open_now:
            return
        self.open_now = False
        self._worker.cancel()
        with suppress(Error):
            await self._browser.close()
        await self._playwright.stop()

    def _signal(self, number: int) -> None:
        for process in self._renderers:
            with suppress(AssertionError, ProcessLookupError):
                process.signal(number)

    async def _work(self) -> None:
        """One command after another: a page has one keyboard."""
        while True:
            command, answer = await self._queue.get()
            try:
                answer.set_result(await command())
            except Error as error:
                self._tell("broken", words=str(error))
                answer.set_result(None)

    # Commands

    async def _type(self, word: str, letters: bool) -> None:
        """At the very beginning, which is always a border between words."""
        await self._page.locator(".cm-content").focus()
        await self._page.keyboard.press("Control+Home")
        await self._page.keyboard.insert_text(word)
        await self._page.keyboard.press("Enter")
        self._tell("typed", word=word)

    async def _erase(self, own: str) -> None:
        """Taking back is left to the tabs in Node, which can count."""

    async def _chat(self, line: str) -> None:
        field = self._page.get_by_label("Message to everyone")
        if not await field.is_visible():
            await self._page.get_by_role("button", name="Chat").first.click()
        self._tell("said", line=line)
        await field.fill(line)
        await field.press("Enter")

    async def _run(self, code: str) -> None:
        """A page runs its file, which is comments alone."""
        await self._page.locator(".cm-content").focus()
        await self._page.keyboard.press("Control+Enter")

    async def _wake(self, how: str) -> None:
        name = "visibilitychange" if how == "visible" else how
        target = "document" if how == "visible" else "window"
        await self._page.evaluate(f"{target}.dispatchEvent(new Event('{name}'))")

    async def _differences(self) -> list[str]:
        return []

    async def _look(self) -> dict[str, Any]:
        text = str(await self._page.evaluate(TEXT))
        status = "saved" if self._words.startswith("Saved") else self._words
        unknown = {"id": None, "others": [], "way": None}
        return {"text": text, "status": status, "phase": self.phase, "pending": 0, **unknown}

    # What the status line says

    def _status(self, words: str, at: float) -> None:
        if words == self._words:
            return
        self._words = words
        phase = next((phase for start, phase in STATUS_PHASES.items() if words.startswith(start)), words)
        if phase != self.phase:
            self._tell("phase", at, phase=phase, words=words)
        if words.startswith("Saved"):
            known = [one for one in self.told("typed") if one["t"] <= at - KNOWN_MS]
            self._tell("saved", at, typed=len(known), erased=0)

    def _tell(self, event: str, at: float | None = None, **more: Any) -> None:
        self.events.append({"event": event, "t": at or time.time() * 1000, **more})
        self.heard.set()
