"""The editor's help in real pages: completion, explanations, mistakes, Ruff; and a room without any of it."""

from __future__ import annotations

import re
from contextlib import suppress

import pytest
from playwright.sync_api import expect
from tests.e2e.conftest import Visit, Visitor
from tests.support.server import LiveServer

HOSTILE = """def f():
    '''Plain words <img src=x onerror="window.hacked=1"> and <svg/onload="window.hacked=1">

    [a link](javascript:window.hacked=1) <script>window.hacked=1</script> <form><input autofocus></form>

    ![an image](https://example.org/seen.png) <iframe srcdoc="<script>parent.hacked=1</script>"></iframe>
    '''
"""
UPPERMOST = """(element) => {
  const box = element.getBoundingClientRect();
  return element.contains(document.elementFromPoint(box.x + box.width / 2, box.y + box.height / 2));
}"""
# A list that has just come takes no Enter, which may be meant for a new line: it must stand for a while.
STANDS_STILL = """() => {
  const now = performance.now(), list = document.querySelector('.cm-tooltip-autocomplete')?.textContent;
  if (!list || window.stillList !== list) [window.stillList, window.stillSince] = [list, now];
  return !!list && now - window.stillSince > 200;
}"""
NONE = dict.fromkeys(("completion", "hover", "signatures", "diagnostics", "formatting"), False)


def link(server: LiveServer, room: dict[str, str], role: str) -> str:
    return f"{server.url}/r/{room['id']}#{room[role]}"


@pytest.fixture
def room(server: LiveServer) -> dict[str, str]:
    return server.create("Help")


def write(server: LiveServer, room: dict[str, str], text: str) -> None:
    """Put the text into main.py before anybody types."""
    with server.http(server.join(room["interviewer"], "Author")) as http:
        assert http.put(f"/api/rooms/{room['id']}/files/main.py", json={"text": text}).is_success


def is_helped(visitor: Visitor) -> None:
    """The help has come up."""
    expect(visitor.page.locator(".cm-gutter-lint")).to_be_attached()


def test_what_one_types_is_completed_and_explained(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    ada = visit().join(link(server, room, "candidate"), "Ada")
    is_helped(ada)
    page = ada.page
    ada.type("import math\nmath.sq")
    offered = page.locator(".cm-tooltip-autocomplete li")
    expect(offered.first).to_contain_text("sqrt")
    expect(page.locator(".cm-completionInfo")).to_contain_text("Return the square root of x.")
    assert page.locator(".cm-completionInfo").evaluate(UPPERMOST), "beside the list, and not cut off by it"
    page.wait_for_function(STANDS_STILL)
    page.keyboard.press("Enter")
    ada.sees("import math\nmath.sqrt")
    page.keyboard.type("(")
    expect(page.locator(".cm-lsp-signature-tooltip")).to_contain_text("SupportsFloat")
    page.keyboard.type("2")
    ada.sees("import math\nmath.sqrt(2)")
    for _ in range(4):
        page.keyboard.press("ArrowLeft")
    page.keyboard.press("Alt+i")
    explained = page.locator(".cm-explained")
    expect(explained).to_contain_text("Return the square root of x.")
    page.keyboard.press("Escape")
    expect(explained).to_have_count(0)
    for step in range(15):  # whatever arrives meanwhile may take an explanation away until the pointer moves
        page.locator(".cm-line").last.hover(position={"x": 10 + step % 10, "y": 10})
        with suppress(AssertionError):
            expect(explained).to_contain_text("mathematical functions", timeout=1000)
            break
    expect(explained).to_contain_text("mathematical functions")


def test_an_explanation_is_text_whatever_it_says(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    write(server, room, HOSTILE)
    ada = visit().join(link(server, room, "candidate"), "Ada")
    is_helped(ada)
    ada.page.locator(".cm-content").click()
    ada.page.keyboard.press("Control+Home")
    for _ in range(5):
        ada.page.keyboard.press("ArrowRight")
    ada.page.keyboard.press("Alt+i")
    explained = ada.page.locator(".cm-explained")
    expect(explained).to_contain_text("Plain words")
    found = explained.evaluate("(e) => [...e.querySelectorAll('*')].map((one) => one.tagName).join(' ')")
    assert not set(found.split()) & {"IMG", "A", "SCRIPT", "SVG", "STYLE", "FORM", "INPUT", "IFRAME"}, found
    attributes = explained.evaluate(
        "(e) => [...e.querySelectorAll('*')].flatMap((one) => one.getAttributeNames())"
    )
    assert set(attributes) <= {"class"}
    assert ada.page.evaluate("window.hacked") is None


def test_the_kernel_knows_names_that_nobody_wrote(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    ada = visit().join(link(server, room, "candidate"), "Ada")
    server.run(server.join(room["interviewer"], "Ivy"), "globals()['made_' + 'later'] = 1")
    is_helped(ada)
    ada.type("made_l")
    first = ada.page.locator(".cm-tooltip-autocomplete li").first
    expect(first).to_contain_text("made_later")
    expect(first).to_contain_text("from the kernel")


def test_mistakes_are_underlined_and_go_when_mended(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    write(server, room, "count: int = 'many'\nprint(cuont)\n")
    ada = visit().join(link(server, room, "candidate"), "Ada")
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    for visitor in (ada, ivy):
        expect(visitor.page.locator(".cm-lintRange-error")).to_have_text("cuont")
        expect(visitor.page.locator(".cm-lintRange-warning")).to_have_text("'many'")
    ada.page.locator(".cm-content").click()
    ada.page.keyboard.press("F8")
    expect(ada.page.locator(".cm-tooltip-lint")).to_contain_text(re.compile("`(int|cuont)`"))
    ada.page.keyboard.press("Control+a")
    ada.page.keyboard.type("count = 1\nprint(count)")
    for visitor in (ada, ivy):
        expect(visitor.page.locator(".cm-lintRange")).to_have_count(0)


def test_ruff_tidies_up_and_checks_as_ones_own_edit(
    server: LiveServer, room: dict[str, str], visit: Visit
) -> None:
    before = "import os\nx  =  1\nprint( 'x' )"
    ada = visit().join(link(server, room, "candidate"), "Ada")
    ivy = visit().join(link(server, room, "interviewer"), "Ivy")
    is_helped(ada)
    ada.type(before)
    ada.is_saved()
    ada.page.keyboard.press("Shift+Alt+f")
    after = 'import os\n\nx = 1\nprint("x")\n'
    ivy.sees(after)
    expect(ada.page.locator(".notice")).to_contain_text("main.py was tidied up")
    ada.page.keyboard.press("Shift+Alt+c")
    expect(ada.page.locator(".cm-lintRange-warning")).to_have_text("os")
    ada.page.keyboard.press("Control+z")
    ivy.sees(before)
    ada.page.keyboard.press("Control+a")
    ada.page.keyboard.type("def (:")
    ada.page.get_by_role("button", name="More ways to run").click()
    ada.page.get_by_role("menuitem", name="Tidy up (Ruff)").click()
    expect(ada.page.locator(".notice-warning")).to_contain_text("Line 1: ")
    ivy.sees("def (:)")


def test_a_room_without_help_asks_for_none(server: LiveServer, visit: Visit) -> None:
    plain = server.create("Plain", **NONE)
    cy = visit()
    asked: list[str] = []
    cy.page.on("request", lambda request: asked.append(request.url))
    cy.page.on("websocket", lambda socket: asked.append(socket.url))
    cy.join(link(server, plain, "candidate"), "Cy")
    cy.type("import math\nmath.sq")
    cy.page.keyboard.press("Control+ ")
    cy.is_saved()
    cy.page.keyboard.press("Shift+Alt+f")
    cy.sees("import math\nmath.sq")
    expect(cy.page.locator(".cm-tooltip")).to_have_count(0)
    assert not [url for url in asked if "language" in url]
    olga = visit()
    olga.page.on("websocket", lambda socket: asked.append(socket.url))
    olga.join(link(server, server.create("Watched"), "observer"), "Olga")
    assert not [url for url in asked if "language" in url]
