"""The replay as a reviewer uses it: from the empty room to its last state, by keys and by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect
from tests.e2e.conftest import Visit, Visitor, visiting
from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def room(server: LiveServer, browser: Browser) -> dict[str, str]:
    """A session of two that has ended: typing, a run, chat."""
    room = server.create("A session")
    with visiting(browser) as visit:
        ivy = visit().join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
        carl = visit().join(f"{server.url}/r/{room['id']}#{room['candidate']}", "Carl")
        carl.type("print('héllo 😀')\n")
        carl.run_file()
        expect(carl.output).to_contain_text("héllo 😀")
        ivy.type("# well done\n")
        carl.sees("print('héllo 😀')\n# well done\n")
        seat = server.join(room["interviewer"], "Host")
        with server.http(seat) as http:
            http.post(f"/api/rooms/{room['id']}/end").raise_for_status()
    return room


def replay(server: LiveServer, room: dict[str, str], visit: Visit, **options: object) -> Visitor:
    visitor = visit(**options)
    visitor.page.goto(f"{server.url}/replay/{room['id']}#{room['interviewer']}")
    expect(visitor.page.get_by_role("region", name="Player")).to_be_visible()
    return visitor


def test_first_and_last_state_are_exact(server: LiveServer, room: dict[str, str], visit: Visit) -> None:
    rita = replay(server, room, visit)
    rita.page.keyboard.press("Home")
    rita.sees("")
    rita.page.keyboard.press("End")
    rita.sees("print('héllo 😀')\n# well done\n")
    expect(rita.page.get_by_text("héllo 😀").last).to_be_visible()
    before = server.timeline(server.join(room["observer"], "X"))
    assert before[-1]["kind"] == "room.ended", "looking leaves no trace in the log"


def test_steps_and_play_move_through_it(server: LiveServer, room: dict[str, str], visit: Visit) -> None:
    rita = replay(server, room, visit)
    rita.page.keyboard.press("Home")
    rita.page.get_by_role("button", name="Next edit").click()
    rita.sees("p")
    rita.page.get_by_role("button", name="Next run").click()
    rita.sees("print('héllo 😀')\n")
    rita.page.get_by_role("button", name="Speed: 1×").click()
    rita.page.get_by_role("menuitemradio", name="32×").or_(rita.page.get_by_text("32×")).last.click()
    rita.page.get_by_role("button", name="Play").click()
    rita.sees("print('héllo 😀')\n# well done\n")


def test_data_and_written_files_are_listed_as_they_were(server: LiveServer, visit: Visit) -> None:
    room = server.create("Files")
    ivy = server.join(room["interviewer"], "Ivy")
    where = f"/api/rooms/{room['id']}"
    with server.http(ivy) as http:
        for path, data in (("kept.csv", b"a,b"), ("changed.csv", b"old"), ("gone.csv", b"x")):
            http.put(f"{where}/data/{path}", content=data).raise_for_status()
        server.run(ivy, "open('sum.txt', 'w').write('six')")
        wrote = None
        while wrote is None:
            wrote = next((e for e in server.timeline(ivy) if e["kind"] == "kernel.files"), None)
        http.put(f"{where}/data/changed.csv", content=b"new").raise_for_status()
        http.delete(f"{where}/data/gone.csv").raise_for_status()
        http.post(f"{where}/end").raise_for_status()
    first, *_, last = server.timeline(server.join(room["observer"], "X"))

    rita = replay(server, room, visit)
    data = rita.page.get_by_role("region", name="Data files").get_by_role("listitem")
    written = rita.page.get_by_role("region", name="Written by code")
    rita.page.get_by_role("tab", name="Files").last.click()
    rita.page.keyboard.press("Home")
    expect(rita.page.get_by_text("No other files then")).to_be_visible()
    rita.page.keyboard.press("End")
    expect(data).to_have_text(["Download changed.csv3 bytes", "Download kept.csv3 bytes"])
    with rita.page.expect_download() as saved:
        data.get_by_role("button", name="Download kept.csv").click()
    assert Path(saved.value.path()).read_bytes() == b"a,b"

    then = (wrote["at"] - first["at"] + 1) / 1e6
    rita.page.goto(f"{server.url}/replay/{room['id']}?t={then}#{room['interviewer']}")
    rita.page.get_by_role("tab", name="Files").last.click()
    expect(data).to_have_text(
        ["changed.csv3 bytes, replaced later", "gone.csv1 byte, removed later", "Download kept.csv3 bytes"]
    )
    expect(data.get_by_role("button")).to_have_count(1)
    expect(written.get_by_role("listitem")).to_have_text(["sum.txt3 bytes"])
    expect(written).to_contain_text("go with their kernel")
    assert last["kind"] == "room.ended"


@pytest.mark.parametrize("width", [360, 800, 1440])
def test_nothing_is_wider_than_the_window(
    server: LiveServer, room: dict[str, str], visit: Visit, width: int
) -> None:
    rita = replay(server, room, visit, width=width, height=760)
    rita.reaches_everything()


def test_the_host_finds_rooms_and_sessions_at_home(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    host = visit()
    host.page.goto(server.url)
    host.page.get_by_label("Admin key").fill("wrong key")
    host.page.keyboard.press("Enter")
    expect(host.page.get_by_role("alert").first).to_be_visible()
    host.complaints.clear()  # Chromium tells of the 401
    host.page.get_by_label("Admin key").fill("test-admin-key")
    host.page.keyboard.press("Enter")
    expect(host.page.get_by_text("A session").first).to_be_visible()
    assert "test-admin-key" not in host.page.evaluate("JSON.stringify({...localStorage, ...sessionStorage})")


def test_the_host_chooses_what_a_room_runs_on(server: LiveServer, visit: Visit) -> None:
    host = visit()
    host.page.goto(server.url)
    host.page.get_by_label("Admin key").fill("test-admin-key")
    host.page.keyboard.press("Enter")
    choice = host.page.get_by_label("Code runs on")
    expect(choice).to_have_value("default")
    choice.select_option("bare")
    host.page.get_by_label("A run is stopped after").select_option("10 s")
    host.page.get_by_label("Title of the new room").fill("On bare Python")
    host.page.get_by_role("button", name="Make a room").click()
    expect(host.page.get_by_role("dialog")).to_be_visible()
    with server.http() as caller:
        made = next(r for r in caller.get("/api/rooms").json()["rooms"] if r["title"] == "On bare Python")
        first = caller.get(f"/api/rooms/{made['id']}/timeline").json()["entries"][0]
    assert first["body"]["settings"] == {"environment": "bare", "time_limit_s": 10}
    ada = visit().join(made["links"]["candidate"], "Ada")
    expect(ada.output).to_contain_text("· bare")
    ada.type("import importlib.util as i; print('numpy:', i.find_spec('numpy'))")
    ada.run_file()
    expect(ada.output).to_contain_text("numpy: None")
