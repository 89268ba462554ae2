"""Real pages in Debian's Chromium, against a real server."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Locator, Page, expect, sync_playwright
from tests.support.server import LiveServer

CHROMIUM = (
    os.environ.get("FOURHANDS_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
)
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-quic",
]
STATIC = Path(__file__).parents[2] / "server" / "fourhands_server" / "static"
# The text of a line without what other people's carets put into it.
TEXT = """() => [...document.querySelectorAll('.cm-line')].map((line) => {
  const copy = line.cloneNode(true);
  for (const widget of copy.querySelectorAll('[contenteditable=false], .cm-widgetBuffer')) widget.remove();
  return copy.textContent.replaceAll('\\u2060', '');
}).join('\\n')"""

PASTE = """(element, text) => {
  const data = new DataTransfer();
  data.setData('text/plain', text);
  const paste = new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true});
  element.dispatchEvent(paste);
}"""
# Controls that cannot be reached: beyond the window's edge, or under another one.
CONTROLS = "header button, header a, nav button, .player button"
ASTRAY = """(controls) => [...document.querySelectorAll(controls)].filter((one) => {
  const box = one.getBoundingClientRect();
  if (box.width === 0) return false;
  const top = document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2);
  return !one.contains(top) || box.left < 0 || box.right > innerWidth + 0.5;
}).map((one) => one.getAttribute('aria-label') ?? one.textContent)"""

expect.set_options(timeout=15_000)


# For a module at a time: while Playwright's synchronous side is open, no asyncio test can run.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    if CHROMIUM is None:
        pytest.fail("Chromium is missing: `make tools` installs it, or set FOURHANDS_CHROMIUM")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield browser
        browser.close()


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    assert (STATIC / "index.html").is_file(), "the pages are not built: run `make setup`"
    with LiveServer(tmp_path_factory.mktemp("data")) as server:
        yield server


@dataclass
class Visitor:
    """A person at a browser of their own, with everything the page complained of."""

    page: Page
    complaints: list[str] = field(default_factory=list)

    def join(self, url: str, name: str) -> Visitor:
        """Open an invite link and take part."""
        self.page.goto(url)
        self.page.get_by_label("Your name").fill(name)
        self.page.get_by_role("button", name="Join", exact=True).click()
        self.is_saved()
        return self

    @property
    def status(self) -> Locator:
        return self.page.locator(".status")

    @property
    def output(self) -> Locator:
        return self.page.get_by_role("region", name="Output")

    def is_saved(self) -> None:
        expect(self.status).to_contain_text("Saved")

    def type(self, text: str) -> None:
        """Type at the end of the file, each character as a person would."""
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+End")
        self.page.keyboard.type(text)

    def run_file(self) -> None:
        self.page.locator(".cm-content").click()
        self.page.keyboard.press("Control+Enter")

    def text(self) -> str:
        return str(self.page.evaluate(TEXT))

    def paste(self, text: str) -> None:
        """Paste at the caret."""
        self.page.locator(".cm-content").evaluate(PASTE, text)

    def reaches_everything(self) -> None:
        """Nothing is wider than the window, and no control lies under another or beyond the edge."""
        page = self.page
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        assert page.evaluate(ASTRAY, CONTROLS) == []

    def sees(self, text: str) -> None:
        """The editor shows exactly this text (a short one: all of its lines are drawn)."""
        self.page.wait_for_function(f"(text) => ({TEXT})() === text", arg=text, timeout=15_000)


Visit = Callable[..., Visitor]


@contextmanager
def visiting(browser: Browser) -> Iterator[Visit]:
    """Opens browsers, each with a storage of its own; a page's complaint fails the test."""
    visitors: list[Visitor] = []

    def open_one(*, width: int = 1440, height: int = 900, init: str = "", **options: Any) -> Visitor:
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        if init:
            context.add_init_script(init)
        visitor = Visitor(context.new_page())
        visitor.page.on("pageerror", lambda error: visitor.complaints.append(str(error)))
        visitor.page.on(
            "console", lambda said: visitor.complaints.append(said.text) if _is_fault(said) else None
        )
        visitors.append(visitor)
        return visitor

    yield open_one
    for visitor in visitors:
        visitor.page.context.close()
    assert [c for v in visitors for c in v.complaints] == []


@pytest.fixture
def visit(browser: Browser) -> Iterator[Visit]:
    """See `visiting`."""
    with visiting(browser) as opened:
        yield opened


def _is_fault(said: ConsoleMessage) -> bool:
    """Chromium itself reports refused connections as errors; those are the tests' own doing."""
    return said.type == "error" and "ERR_" not in said.text and "WebSocket" not in said.text
