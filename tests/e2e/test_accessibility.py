"""axe-core finds nothing on any page, in either theme."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import Page, expect
from tests.e2e.conftest import Visit
from tests.support.server import ADMIN, LiveServer

AXE = Path(__file__).parents[2] / "frontend" / "node_modules" / "axe-core" / "axe.min.js"
FINDINGS = """async () => {
  const found = await axe.run(document, {resultTypes: ['violations']});
  return found.violations.map(({id, nodes}) => [id, ...nodes.map(({target}) => target.join(' '))].join(' '));
}"""

MIXED = r"""# %%
from IPython.display import HTML, JSON
print('\x1b[31mred\x1b[38;5;226m yellow \x1b[48;5;17mon blue')
display(HTML('<p>Words'), JSON({'a': [{'b': 1}], 'c': None, 'd': 'text'}))
# %%
input('Well? ')
"""


def findings(page: Page) -> list[str]:
    """What axe objects to on the page as it stands."""
    page.evaluate(AXE.read_text() + ";0")
    return [str(finding) for finding in page.evaluate(FINDINGS)]


@pytest.fixture(params=["light", "dark"])
def scheme(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def test_home_and_links(server: LiveServer, visit: Visit, scheme: str) -> None:
    server.create("To look at")
    page = visit(color_scheme=scheme).page
    page.goto(server.url)
    expect(page.get_by_label("Admin key")).to_be_focused()
    assert findings(page) == []
    page.keyboard.type(ADMIN)
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Links").first.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    assert findings(page) == []


@pytest.mark.parametrize(("scheme", "width"), [("light", 360), ("dark", 1440)])
def test_from_the_invite_to_the_replay(server: LiveServer, visit: Visit, scheme: str, width: int) -> None:
    room = server.create("To look at")
    link = f"{server.url}/r/{room['id']}#{room['interviewer']}"
    ivy = visit(color_scheme=scheme, width=width)
    ivy.page.goto(link)
    expect(ivy.page.get_by_label("Your name")).to_be_visible()
    assert findings(ivy.page) == []
    ivy.join(link, "Ivy")
    ivy.type("print('hello')\n")
    assert findings(ivy.page) == []
    ivy.page.get_by_role("button", name="Chat").click()
    ivy.page.get_by_label("Message to everyone").fill("see https://example.org")
    ivy.page.keyboard.press("Enter")
    expect(ivy.page.get_by_role("link", name="https://example.org")).to_be_visible()
    assert findings(ivy.page) == []
    ivy.page.keyboard.press("Control+k")
    expect(ivy.page.get_by_role("option").first).to_be_visible()
    assert findings(ivy.page) == []
    with server.http() as http:
        http.post(f"/api/rooms/{room['id']}/end").raise_for_status()
    ivy.page.goto(link.replace("/r/", "/replay/"))
    expect(ivy.page.get_by_role("region", name="Player")).to_be_visible()
    ivy.page.keyboard.press("End")
    ivy.sees("print('hello')\n")
    assert findings(ivy.page) == []


def test_cells_outputs_and_what_waits(server: LiveServer, visit: Visit, scheme: str) -> None:
    room = server.create("To look at")
    ivy = visit(color_scheme=scheme).join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    ivy.paste(MIXED)
    ivy.page.keyboard.press("Control+Home")
    for _ in range(2):
        ivy.page.keyboard.press("Shift+Enter")
    ivy.page.get_by_role("textbox", name="Console").fill("1 + 1")
    ivy.page.keyboard.press("Enter")
    expect(ivy.page.get_by_role("textbox", name="Well?")).to_be_visible()
    expect(ivy.page.get_by_role("region", name="Waiting to run")).to_be_visible()
    expect(ivy.output.locator("iframe").content_frame.get_by_text("Words")).to_be_visible()
    assert findings(ivy.page) == []
