"""Where a room cannot take what was typed, the page says so and keeps it."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, WebSocketRoute, expect
from tests.e2e.conftest import Visit
from tests.support.server import LiveServer

from fourhands_protocol import cbor, envelope


class Wire:
    """The socket between a page and the server: cut at will, and with another lineage in its hello."""

    def __init__(self, page: Page) -> None:
        self.whole = True
        self.other_lineage = False
        self._pages: list[WebSocketRoute] = []
        page.route_web_socket(re.compile("/yjs/"), self._opened)

    def cut(self) -> None:
        self.whole = False
        for page in self._pages:
            page.close(code=1012)
        self._pages.clear()

    def _opened(self, page: WebSocketRoute) -> None:
        if not self.whole:
            page.close(code=1012)
            return
        server = page.connect_to_server()
        self._pages.append(page)
        page.on_message(lambda said: server.send(self._changed(said)))

    def _changed(self, said: Any) -> Any:
        if not self.other_lineage or said[:2] != bytes([envelope.FRAME, envelope.HELLO]):
            return said
        hello = {**cbor.decode(said[2:]), "lineage": "another"}
        return said[:2] + cbor.encode(hello)


def test_text_that_can_never_be_sent_stays_as_a_copy_until_it_is_let_go(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Anew")
    carl = visit()
    wire = Wire(carl.page)
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.type("kept = 1\n")
    carl.is_saved()
    wire.cut()
    expect(carl.status).to_contain_text("Offline")
    carl.type("unsent = 2\n")
    wire.other_lineage = wire.whole = True
    copy = carl.page.get_by_role("dialog", name="A copy of your text")
    expect(copy).to_contain_text("unsent = 2")
    carl.page.keyboard.press("Escape")
    carl.sees("kept = 1\n")
    carl.page.get_by_role("button", name="Show the copy").click()
    expect(copy).to_contain_text("kept = 1")
    copy.get_by_role("button", name="Discard the copy").click()
    expect(carl.page.get_by_role("button", name="Show the copy")).to_have_count(0)
    carl.type("on = 3\n")
    carl.is_saved()


def test_an_undo_that_puts_back_too_much_is_refused_with_words(server: LiveServer, visit: Visit) -> None:
    room = server.create("Undo")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    for letter in "ab":
        carl.page.keyboard.press("Control+End")
        carl.paste((letter * 99 + "\n") * 2000)
    carl.is_saved()
    carl.page.keyboard.press("Control+a")
    carl.page.keyboard.press("Delete")
    carl.is_saved()
    carl.page.keyboard.press("Control+z")
    expect(carl.page.get_by_role("alert").filter(has_text="would put back 400 KB")).to_be_visible()
    carl.sees("")
    carl.type("on\n")
    carl.sees("on\n")
    carl.is_saved()
