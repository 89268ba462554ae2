"""Runs as people use them: cells, the console line, the queue, and every kind of output."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import Visit, Visitor
from tests.support.server import LiveServer

CELLS = """x = 20

# %% Double
print("twice", x * 2)

# %% Fail
def fail():
    raise ValueError("on line eight")

fail()
"""
RICH = r"""
from IPython.display import SVG, HTML, JSON, Latex, Audio, display, clear_output
print("never seen"); clear_output()
display(SVG('<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" onload="parent.hacked=1"></svg>'))
display(HTML('<img src=x onerror="parent.hacked=1"><p>one</p><p>two</p><p>three</p>'))
display(JSON({"large": 2**53}), JSON({"name": "Ada", "deep": [{"at": 1}]}))
display(Latex("$x^2$"), Audio(data=bytes(99), rate=8000))
handle = display("first", display_id=True); handle.update("second")
print("\r".join(f"{n} %" for n in (0, 50, 100)))
print("\x1b[1;31mred\x1b[0m \x1b[38;5;226myellow\x1b[0m")
7 * 6
"""


@pytest.fixture
def room(server: LiveServer) -> dict[str, str]:
    return server.create("Runs")


def link(server: LiveServer, room: dict[str, str], role: str) -> str:
    return f"{server.url}/r/{room['id']}#{room[role]}"


def write(server: LiveServer, room: dict[str, str], text: str) -> None:
    """Put the text into main.py before anybody types."""
    with server.http(server.join(room["interviewer"], "Author")) as http:
        assert http.put(f"/api/rooms/{room['id']}/files/main.py", json={"text": text}).is_success


def line_of_the_caret(visitor: Visitor) -> str:
    return visitor.page.locator(".cm-lineNumbers .cm-activeLineGutter").inner_text()


def test_cells_run_one_after_the_other_and_say_which_lines_they_were(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    write(server, room, CELLS)
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    olga = visit().join(link(server, room, "observer"), "Olga")
    expect(olga.page.locator(".cm-cell-head")).to_have_count(2)
    expect(olga.page.get_by_role("button", name="Run cell")).to_have_count(0)
    expect(olga.page.get_by_role("textbox", name="Console")).to_have_count(0)
    ivy.page.locator(".cm-content").click()
    ivy.page.keyboard.press("Control+Home")
    for line in ("4", "7"):
        ivy.page.keyboard.press("Shift+Enter")
        expect(ivy.page.locator(".cm-lineNumbers .cm-activeLineGutter")).to_have_text(line)
    ivy.page.get_by_role("button", name="Run cell").last.click()
    for person in (ivy, olga):
        expect(person.output).to_contain_text("twice 40")
        expect(person.output).to_contain_text("main.py, lines 7–10")
        expect(person.output).to_contain_text("File main.py, line 8, in fail()")
    assert line_of_the_caret(ivy) == "7"
    ivy.output.get_by_role("button", name="main.py, line 4").click()
    expect(ivy.page.locator(".cm-lineNumbers .cm-activeLineGutter")).to_have_text("4")


def test_the_console_shares_the_kernel_and_what_waits_can_be_taken_back(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    carl = visit().join(link(server, room, "candidate"), "Carl")
    console = carl.page.get_by_role("textbox", name="Console")
    console.fill("name = input('Who? ')")
    console.press("Enter")
    expect(ivy.output.get_by_role("textbox", name="Who?")).to_be_visible()
    console.fill("for letter in name:")
    console.press("Shift+Enter")
    carl.page.keyboard.type("    print(letter)")
    console.press("Enter")
    carl.run_file()
    queue = ivy.page.get_by_role("region", name="Waiting to run")
    expect(queue.get_by_role("listitem")).to_have_count(2)
    expect(queue).to_contain_text(">>> for letter in name:")
    queue.get_by_role("button", name="Take back main.py").click()
    expect(queue.get_by_role("listitem")).to_have_count(1)
    ivy.output.get_by_role("textbox", name="Who?").fill("Ada")
    ivy.page.keyboard.press("Enter")
    for person in (ivy, carl):
        expect(person.output).to_contain_text("A\nd\na", use_inner_text=True)
        expect(person.output).to_contain_text("Ivy took it back before it ran.")
        expect(person.page.get_by_role("region", name="Waiting to run")).to_have_count(0)
    console.press("ArrowUp")
    console.press("ArrowUp")
    console.press("ArrowUp")
    expect(console).to_have_value("name = input('Who? ')")
    for _ in range(3):
        console.press("ArrowDown")
    expect(console).to_have_value("")
    console.fill("while True: pass")
    console.press("Enter")
    expect(ivy.output).to_contain_text("of 2:00")
    ivy.page.keyboard.press("Control+.")
    expect(carl.output).to_contain_text("Ivy stopped it")
    expect(carl.output).to_contain_text("Variables are kept.")
    console.press("Escape")
    expect(carl.page.locator(".cm-content")).to_be_focused()
    ivy.page.goto(f"{server.url}/replay/{room['id']}#{room['interviewer']}")
    expect(ivy.page.get_by_role("slider", name="Moment")).to_be_visible()
    ivy.page.keyboard.press("End")
    expect(ivy.page.locator(".typed").first).to_contain_text("name = input('Who? ')")
    expect(ivy.page.get_by_text("Ivy stopped it")).to_be_visible()


def test_every_kind_of_output_is_shown_and_none_reaches_the_page(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    write(server, room, RICH)
    carl = visit(height=1400).join(link(server, room, "candidate"), "Carl")
    carl.run_file()
    output = carl.output
    expect(output).to_contain_text("Out[1]")
    expect(output).to_contain_text("42")
    expect(output).not_to_contain_text("never seen")
    assert (output.get_by_role("img").first.get_attribute("src") or "").startswith("data:image/svg+xml")
    frame = output.locator("iframe")
    expect(frame.content_frame.get_by_text("three")).to_be_visible()
    inner = frame.content_frame.locator("html").evaluate("html => html.scrollHeight - html.clientHeight")
    assert inner == 0, "the frame is as tall as what it shows"
    assert 0 < (frame.bounding_box() or {"height": 0})["height"] < 200
    expect(output).to_contain_text("<IPython.core.display.JSON object>")
    output.get_by_role("button", name="deep").click()
    expect(output.locator(".json")).to_contain_text("{ 1 key }")
    for text in ("$x^2$", "Sound and video are not played here", "second", "100 %", "red yellow"):
        expect(output).to_contain_text(text)
    for text in ("first", "50 %"):
        expect(output).not_to_contain_text(text)
    assert carl.page.evaluate("window.hacked") is None
    carl.complaints.clear()  # Chromium says that it blocked the script
