"""The room as two people use it: edit together, run, drop, come back."""

from __future__ import annotations

import gzip

import httpx
import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import Visit
from tests.support.proxy import Proxy
from tests.support.server import LiveServer

PLOT = "import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\nplt.show()\n"


@pytest.fixture
def room(server: LiveServer) -> dict[str, str]:
    return server.create("Screening")


def link(server: LiveServer, room: dict[str, str], role: str, *, port: int | None = None) -> str:
    return f"http://127.0.0.1:{port or server.port}/r/{room['id']}#{room[role]}"


def test_two_people_type_and_run_and_see_the_same_plot(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    carl = visit(color_scheme="dark").join(link(server, room, "candidate"), "Carl")
    carl.type("import matplotlib.pyplot as plt\n")
    ivy.sees("import matplotlib.pyplot as plt\n")
    ivy.type("plt.plot([1, 4, 9])\n")
    carl.sees("import matplotlib.pyplot as plt\nplt.plot([1, 4, 9])\n")
    carl.type("plt.show()\nprint('done')\n")
    ivy.sees(carl.text())
    carl.run_file()
    for person in (ivy, carl):
        expect(person.output.get_by_role("img")).to_be_visible()
        expect(person.output).to_contain_text("done")
        expect(person.output).to_contain_text("Carl")
    pictures = {p.output.get_by_role("img").get_attribute("src") for p in (ivy, carl)}
    assert len(pictures) == 1
    seat = server.join(room["interviewer"], "Reader")
    assert server.text(seat) == ivy.text() == carl.text()
    ivy.is_saved()


def test_work_done_while_the_link_is_down_arrives(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    with Proxy(server.port) as proxy:
        ivy = visit().join(link(server, room, "interviewer"), "Ivy")
        carl = visit().join(link(server, room, "candidate", port=proxy.port), "Carl")
        carl.type("a = 1\n")
        carl.is_saved()
        proxy.cut()
        expect(carl.status).to_contain_text("Offline")
        carl.type("b = 2\n")
        expect(carl.status).to_contain_text("kept on this device")
        for keys in ("Control+Enter", "Shift+Enter"):
            carl.page.keyboard.press(keys)
            expect(carl.page.get_by_text("Code can be run when the link is back.").first).to_be_visible()
        expect(ivy.page.get_by_text("away").first).to_be_visible()
        carets = ivy.page.locator(".peer-caret")
        expect(carets).to_have_class("peer-caret peer-away")
        ivy.type("c = 3\n")
        assert "b = 2" not in ivy.text()
        proxy.mend()
        carl.is_saved()
        carl.page.wait_for_function(
            "() => document.querySelector('.cm-content').textContent.includes('c = 3')"
        )
        ivy.page.wait_for_function(
            "() => document.querySelector('.cm-content').textContent.includes('b = 2')"
        )
        expect(carets).to_have_class("peer-caret")
        assert ivy.text() == carl.text()
        assert sorted(ivy.text().split("\n")) == ["", "a = 1", "b = 2", "c = 3"]
        told = server.timeline(server.join(room["interviewer"], "Rita"))
        seats = [
            entry["kind"] for entry in told if entry["kind"] in ("seat.lost", "seat.back", "seat.merged")
        ]
        assert seats == ["seat.lost", "seat.back", "seat.merged"]


def test_a_run_goes_on_while_the_browser_is_away(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    with Proxy(server.port) as proxy:
        seat = server.join(room["interviewer"], "Ivy")
        carl = visit().join(link(server, room, "candidate", port=proxy.port), "Carl")
        carl.type("x = input('ready? ')\nprint('got', x)\n")
        carl.run_file()
        expect(carl.output).to_contain_text("ready?")
        proxy.cut()
        expect(carl.status).to_contain_text("Offline")
        run = next(e["body"]["run"] for e in server.timeline(seat) if e["kind"] == "run.queued")
        ada = visit().join(link(server, room, "interviewer"), "Ada")
        ada.output.get_by_role("textbox").fill("yes")
        ada.page.keyboard.press("Enter")
        with server.http(seat) as http:
            assert (
                http.get(f"/api/rooms/{seat.room}/runs/{run}", params={"wait": 30}).json()["status"] == "ok"
            )
        proxy.mend()
        expect(carl.output).to_contain_text("got yes")


def test_a_reload_brings_back_the_same_participant_and_a_second_tab_is_a_second_seat(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    ivy = server.join(room["interviewer"], "Ivy")
    carl = visit().join(link(server, room, "candidate"), "Carl")
    carl.type("kept = True\n")
    carl.is_saved()
    carl.page.reload()
    carl.is_saved()
    carl.sees("kept = True\n")
    people = [p for p in server.state(ivy)["participants"] if p["role"] == "candidate"]
    assert [p["name"] for p in people] == ["Carl"]
    tab = carl.page.context.new_page()
    tab.goto(link(server, room, "candidate"))
    expect(tab.locator(".status, .join-page, form").first).to_be_visible()
    opened = [e for e in server.timeline(ivy) if e["kind"] == "seat.opened"]
    assert {e["actor"] for e in opened} == {people[0]["id"]}


def test_an_observer_reads_along_and_cannot_type(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    carl = visit().join(link(server, room, "candidate"), "Carl")
    olga = visit().join(link(server, room, "observer"), "Olga")
    carl.type("secret = 1\n")
    olga.sees("secret = 1\n")
    olga.page.locator(".cm-content").click(force=True)
    olga.page.keyboard.type("no")
    carl.type("more = 2\n")
    olga.sees("secret = 1\nmore = 2\n")
    assert olga.page.get_by_role("button", name="Run").count() == 0


def test_a_paste_that_is_too_large_is_refused_with_words_and_loses_nothing(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    carl = visit().join(link(server, room, "candidate"), "Carl")
    carl.type("before\n")
    carl.paste("x" * 300 * 1024)
    expect(carl.page.get_by_text("256 KB").first).to_be_visible()
    carl.sees("before\n")
    carl.type("after\n")
    carl.sees("before\nafter\n")
    carl.is_saved()


def test_a_traceback_can_be_read_and_html_stays_in_its_frame(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    carl = visit().join(link(server, room, "candidate"), "Carl")
    carl.type("from IPython.display import HTML\n")
    carl.type("display(HTML('<b>bold</b><script>parent.document.title=\"owned\"</scr' + 'ipt>'))\n1 / 0\n")
    carl.run_file()
    expect(carl.output).to_contain_text("ZeroDivisionError")
    frame = carl.output.locator("iframe")
    expect(frame.content_frame.get_by_text("bold")).to_be_visible()
    assert "allow-same-origin" not in (frame.get_attribute("sandbox") or "")
    assert "owned" not in carl.page.title()
    carl.complaints.clear()  # Chromium says that it blocked the script


def test_chat_files_and_end(server: LiveServer, room: dict[str, str], visit: Visit) -> None:
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    carl = visit().join(link(server, room, "candidate"), "Carl")
    carl.page.get_by_role("button", name="Chat").first.click()
    carl.page.get_by_label("Message to everyone").fill("Hello there")
    carl.page.keyboard.press("Enter")
    ivy.page.get_by_role("button", name="Chat").first.click()
    expect(ivy.page.get_by_label("Messages")).to_contain_text("Hello there")
    ivy.page.get_by_role("button", name="New file").click()
    ivy.page.get_by_label("Name of the new file").fill("../escape.py")
    ivy.page.keyboard.press("Enter")
    expect(ivy.page.get_by_role("alert").filter(has_text="cannot be")).to_be_visible()
    ivy.page.get_by_label("Name of the new file").fill("helper.py")
    ivy.page.keyboard.press("Enter")
    expect(carl.page.get_by_role("navigation", name="Files")).to_contain_text("helper.py")
    seat = server.join(room["interviewer"], "Reader")
    with server.http(seat) as http:
        assert http.post(f"/api/rooms/{seat.room}/end").status_code == 200
    for person in (ivy, carl):
        expect(person.status).to_contain_text("Ended")


def test_the_page_works_where_storage_throws(server: LiveServer, room: dict[str, str], visit: Visit) -> None:
    broken = """
      for (const name of ['localStorage', 'sessionStorage', 'indexedDB'])
        Object.defineProperty(window, name, { get() { throw new DOMException('no', 'SecurityError'); } });
    """
    carl = visit(init=broken).join(link(server, room, "candidate"), "Carl")
    carl.type("x = 1\n")
    carl.is_saved()


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_nothing_is_wider_than_the_window(
    server: LiveServer, room: dict[str, str], visit: Visit, width: int
) -> None:
    carl = visit(width=width, height=760).join(link(server, room, "candidate"), "Carl")
    expect(carl.page.locator(".cm-content")).to_be_visible()
    carl.reaches_everything()


def test_links_that_lead_nowhere_say_so(server: LiveServer, room: dict[str, str], visit: Visit) -> None:
    stranger = visit()
    stranger.page.goto(f"{server.url}/r/{room['id']}#{room['candidate'][:-2]}xx")
    expect(stranger.page.get_by_text("not valid")).to_be_visible()
    stranger.complaints.clear()  # Chromium tells of the 403
    stranger.page.goto(f"{server.url}/r/{room['id']}")
    expect(stranger.page.get_by_role("heading").first).to_be_visible()


def test_first_load_of_the_room_page_is_at_most_260_kb_of_script(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    carl = visit()
    scripts: list[str] = []
    carl.page.on("response", lambda got: scripts.append(got.url) if got.url.endswith(".js") else None)
    carl.join(link(server, room, "candidate"), "Carl")
    sizes = {url: len(gzip.compress(httpx.get(url).content)) for url in set(scripts)}
    assert sizes
    assert sum(sizes.values()) <= 260_000, sizes


def test_the_page_asks_nobody_else_and_keeps_no_token(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    carl = visit()
    asked: list[str] = []
    carl.page.on("request", lambda request: asked.append(request.url))
    carl.join(link(server, room, "candidate"), "Carl")
    assert all(url.startswith((server.url, "data:", "blob:")) for url in asked)
    assert not any("token=" in url for url in asked)
    assert carl.page.context.cookies() == []
    stored = carl.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")
    assert "bearer" not in stored.lower()
    assert server.ws  # the socket's URL has no token either: it travels as a subprotocol
