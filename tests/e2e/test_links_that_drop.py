"""A page whose link drops tells the truth about it, and what was typed meanwhile outlives even the page."""

from __future__ import annotations

from playwright.sync_api import Dialog, Page, expect
from tests.e2e.conftest import Visit
from tests.e2e.test_accessibility import findings
from tests.support.page_link import PageLink
from tests.support.server import LiveServer

BLOCKED = """
  for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
    Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
"""


class Asked:
    """Whether the browser asked before a page was left; says yes each time."""

    def __init__(self, page: Page) -> None:
        self.times = 0
        page.on("dialog", self._answer)

    def _answer(self, dialog: Dialog) -> None:
        assert dialog.type == "beforeunload"
        self.times += 1
        dialog.accept()


def test_what_was_typed_offline_outlives_a_reload_and_arrives_once(server: LiveServer, visit: Visit) -> None:
    room = server.create("Reload")
    carl = visit()
    link, asked = PageLink(carl.page), Asked(carl.page)
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.type("kept = 1\n")
    carl.is_saved()
    link.cut()
    carl.type("mine = 2\n")
    expect(carl.status).to_contain_text("Offline, 9 changes kept on this device")
    banner = carl.page.locator(".banner")
    expect(banner).to_contain_text("Your work is kept on this device and will be sent when it is back.")
    assert findings(carl.page) == []
    carl.page.reload()
    assert asked.times == 0
    expect(carl.status).to_contain_text("9 changes kept on this device")
    expect(banner).to_be_visible()
    link.mend()
    expect(carl.page.get_by_text("Back. 9 changes sent.")).to_be_visible()
    carl.is_saved()
    carl.sees("kept = 1\nmine = 2\n")
    carl.type("on = 3\n")
    carl.is_saved()
    seat = server.join(room["interviewer"], "Ivy")
    assert server.text(seat) == "kept = 1\nmine = 2\non = 3\n"
    people = [e for e in server.timeline(seat) if e["kind"] == "person.joined"]
    assert [e["body"]["name"] for e in people] == ["Carl", "Ivy"]


def test_where_storage_is_blocked_the_page_says_that_it_alone_has_the_changes(
    server: LiveServer, visit: Visit
) -> None:
    room = server.create("Blocked")
    carl = visit(init=BLOCKED)
    link, asked = PageLink(carl.page), Asked(carl.page)
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    link.cut()
    carl.type("ab")
    expect(carl.status).to_contain_text("Offline, 2 changes kept on this page")
    expect(carl.page.locator(".banner")).to_contain_text("kept on this page")
    carl.page.reload()
    assert asked.times == 1


def test_a_run_pressed_twice_on_a_silent_link_runs_once(server: LiveServer, visit: Visit) -> None:
    room = server.create("Twice")
    carl = visit()
    link = PageLink(carl.page)
    carl.join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.type("print('once')\n")
    carl.is_saved()
    link.hush()
    carl.run_file()
    expect(carl.page.get_by_role("button", name="Sending")).to_be_visible()
    carl.run_file()
    carl.page.keyboard.press("Control+Enter")
    expect(carl.status).to_contain_text("No answer yet")
    link.mend()
    expect(carl.output).to_contain_text("once")
    carl.is_saved()
    seat = server.join(room["interviewer"], "Ivy")
    assert len([e for e in server.timeline(seat) if e["kind"] == "run.queued"]) == 1


def test_a_second_device_comes_in_as_the_same_person(server: LiveServer, visit: Visit) -> None:
    room = server.create("Phone")
    carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
    carl.page.get_by_role("button", name="People").first.click()
    carl.page.get_by_role("button", name="Continue on another device").click()
    dialog = carl.page.get_by_role("dialog", name="Continue on another device")
    expect(dialog.get_by_role("img", name="QR code")).to_be_visible()
    assert findings(carl.page) == []
    link = dialog.get_by_label("Link for another device").input_value()
    phone = visit(width=360, height=760)
    phone.page.goto(link)
    phone.is_saved()
    assert phone.page.url == f"{server.url}/r/{room['id']}#{room['candidate']}"
    phone.type("from the phone\n")
    carl.page.keyboard.press("Escape")
    carl.sees("from the phone\n")
    phone.page.reload()
    phone.is_saved()
    seat = server.join(room["interviewer"], "Ivy")
    people = [e for e in server.timeline(seat) if e["kind"] == "person.joined"]
    assert [e["body"]["name"] for e in people] == ["Carl", "Ivy"]
