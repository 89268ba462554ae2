"""Where a room cannot take what was typed, the page says so and keeps it."""

from __future__ import annotations

from playwright.sync_api import expect
from tests.e2e.conftest import Visit
from tests.support.page_link import PageLink
from tests.support.server import LiveServer


def test_text_that_can_never_be_sent_stays_as_a_copy_until_it_is_let_go(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Anew")
    carl = visit()
    link = PageLink(carl.page)
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.type("kept = 1\n")
    carl.is_saved()
    link.cut()
    expect(carl.status).to_contain_text("Offline")
    carl.type("unsent = 2\n")
    link.other_lineage = link.whole = True
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
