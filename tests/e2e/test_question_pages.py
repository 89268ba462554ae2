"""Questions in the pages: an interviewer adds one, a candidate tries it, whose browser never gets what is
hidden.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, Response, WebSocket, expect
from tests.e2e.conftest import Visit, Visitor
from tests.e2e.test_accessibility import findings
from tests.support.server import LiveServer

from fourhands_server.core.questions import checked

SECRET = "stays_with_interviewers"
QUESTION = {
    "id": "two-sum",
    "title": "Two numbers with a given sum",
    "tests": {
        "files": {
            "test_hidden.py": f"""\
import pytest
from main import two_sum

@pytest.mark.parametrize("wanted", range(3, 9))
def test_{SECRET}_found(wanted):
    assert two_sum([1, 2, 3, 4, 5], wanted) is not None, "{SECRET} message"
"""
        },
        "visibility": "counts",
        "examples": {
            "test_examples.py": "import main\n\ndef test_three():\n    assert main.two_sum([1, 2], 3)\n"
        },
    },
}
CODE = "def two_sum(numbers, wanted):\nprint('for', wanted)\nreturn (1, 2) if wanted < 8 else None"


class Overheard:
    """Every byte that reached a browser."""

    def __init__(self, page: Page) -> None:
        self._heard: list[bytes] = []
        self._answers: list[Response] = []
        page.on("websocket", self._listen)
        page.on("response", lambda answer: self._answers.append(answer))

    def _listen(self, socket: WebSocket) -> None:
        def take(data: str | bytes) -> None:
            self._heard.append(data if isinstance(data, bytes) else data.encode())

        socket.on("framereceived", take)

    def everything(self) -> bytes:
        """To be asked before the page is left: bodies of answers go with it."""
        assert self._heard
        assert self._answers
        self._heard += [answer.body() for answer in self._answers if answer.ok]
        self._answers.clear()
        return b"\n".join(self._heard)


def side(visitor: Visitor) -> Locator:
    return visitor.page.get_by_role("complementary", name="Questions")


def file_of(tmp_path: Path, content: str) -> Path:
    path = tmp_path / "question.json"
    path.write_text(content)
    return path


def add(visitor: Visitor, path: Path) -> None:
    visitor.page.get_by_role("button", name="Add a question…").click()
    visitor.page.get_by_label("A question as a JSON file").set_input_files(path)


def test_an_interviewer_adds_a_question_and_a_candidate_sees_counts(
    server: LiveServer, visit: Visit, tmp_path: Path
) -> None:
    room = server.create("Two Sum")
    links = {role: f"{server.url}/r/{room['id']}#{room[role]}" for role in ("interviewer", "candidate")}
    ivy, ada = visit(), visit(color_scheme="dark")
    heard = Overheard(ada.page)
    ivy.join(links["interviewer"], "Ivy")
    ada.join(links["candidate"], "Ada")
    for visitor in (ivy, ada):
        visitor.page.get_by_role("button", name="Questions").click()
        expect(side(visitor)).to_contain_text("No question yet")
        assert findings(visitor.page) == []
    expect(side(ada).get_by_role("button", name="Add a question…")).to_have_count(0)
    ada.page.get_by_role("button", name="Questions").click()  # away again

    # A question that is none is refused in words, and the dialog stays for another file.
    add(ivy, file_of(tmp_path, '{"id": "two-sum", "title": "Two", "tests": {"files": {}}}'))
    expect(ivy.page.get_by_role("alert")).to_contain_text("files is an object of 1 to 100 paths")
    assert "400" in ivy.complaints.pop(), "Chromium's own word about the refusal"
    expect(ivy.page.get_by_role("button", name="Choose a file")).to_be_focused()
    with ivy.page.expect_download() as saved:
        ivy.page.get_by_role("button", name="Save an example to start from").click()
    checked(json.loads(saved.value.path().read_text()))
    ivy.page.get_by_label("A question as a JSON file").set_input_files(
        file_of(tmp_path, json.dumps(QUESTION))
    )
    expect(side(ivy).get_by_role("heading", name=QUESTION["title"])).to_be_visible()
    expect(ivy.page.get_by_role("button", name="Add a question…")).to_be_focused()
    ada.page.get_by_role("button", name="Questions 1 new").click()
    expect(side(ada).get_by_role("heading", name=QUESTION["title"])).to_be_visible()
    expect(side(ivy).get_by_role("region", name="Only interviewers see this")).to_contain_text(
        "test_hidden.py"
    )
    expect(side(ada)).to_contain_text("There are hidden tests. You see how many pass.")
    expect(side(ada).get_by_role("button", name="Run the tests")).to_have_count(0)
    side(ada).get_by_role("button", name="test_examples.py").click()
    expect(ada.page.get_by_role("dialog")).to_contain_text("def test_three")
    ada.page.keyboard.press("Escape")

    ada.type(CODE)
    ada.is_saved()
    side(ada).get_by_role("button", name="Run the examples").click()
    expect(ada.output).to_contain_text("1 passed")
    side(ivy).get_by_role("button", name="Run hidden tests").click()
    for visitor in (ivy, ada):
        expect(side(visitor)).to_contain_text("5 of 6 passed", timeout=40_000)
    tests = side(ivy).get_by_role("list", name="Tests")
    expect(tests.get_by_role("listitem")).to_have_count(6)
    tests.locator("summary", has_text="Failed").click()
    expect(tests).to_contain_text(f"{SECRET} message")
    expect(side(ada).get_by_role("list", name="Tests")).to_have_count(0)
    for visitor in (ivy, ada):
        assert findings(visitor.page) == []

    # A page that comes later is told the counts, and reads the rest when it is asked for.
    ivy.page.reload()
    ivy.page.get_by_role("button", name="Questions").click()
    side(ivy).get_by_role("button", name="Show each test").click()
    expect(side(ivy).get_by_role("list", name="Tests").get_by_role("listitem")).to_have_count(6)
    assert b"5 of 6" not in heard.everything(), "the page makes the words"
    ada.page.reload()
    ada.is_saved()
    ada.page.get_by_role("button", name="Questions").click()
    expect(side(ada)).to_contain_text("5 of 6 passed")
    told = heard.everything()
    assert b"question.offered" in told
    assert b"tests.finished" in told
    assert SECRET.encode() not in told


@pytest.mark.parametrize("width", [800, 360])
def test_the_questions_on_a_narrow_screen(
    server: LiveServer, visit: Visit, tmp_path: Path, width: int
) -> None:
    room = server.create("Two Sum")
    ivy = visit(width=width).join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    ivy.page.get_by_role("button", name="Questions").click()
    add(ivy, file_of(tmp_path, json.dumps(QUESTION)))
    expect(side(ivy).get_by_role("heading", name=QUESTION["title"])).to_be_visible()
    side(ivy).get_by_role("button", name="test_hidden.py").click()
    expect(ivy.page.get_by_role("dialog")).to_contain_text(SECRET)
    ivy.page.keyboard.press("Escape")
    assert findings(ivy.page) == []
    ivy.page.get_by_role("button", name="Questions").click()  # at 800 it lies over the editor
    ivy.reaches_everything()


def test_a_replay_shows_tests_at_their_moment(server: LiveServer, visit: Visit, tmp_path: Path) -> None:
    room = server.create("Two Sum")
    ivy = visit().join(f"{server.url}/r/{room['id']}#{room['interviewer']}", "Ivy")
    ivy.page.get_by_role("button", name="Questions").click()
    tests = {**QUESTION["tests"], "visibility": "names"}
    add(ivy, file_of(tmp_path, json.dumps({**QUESTION, "tests": tests})))
    ivy.type(CODE)
    ivy.is_saved()
    side(ivy).get_by_role("button", name="Run hidden tests").click()
    expect(side(ivy)).to_contain_text("5 of 6 passed", timeout=40_000)
    ivy.page.goto(f"{server.url}/replay/{room['id']}#{room['interviewer']}")
    ivy.page.get_by_role("tab", name="Tests").click()
    ivy.page.keyboard.press("End")
    then = ivy.page.get_by_role("article", name="Tests run by Ivy")
    expect(then).to_contain_text("5 of 6 passed")
    expect(then.get_by_role("listitem")).to_have_count(6)
    assert findings(ivy.page) == []
    ivy.page.set_viewport_size({"width": 360, "height": 740})
    ivy.page.get_by_role("tab", name="Tests").click()
    expect(then).to_be_visible()
    expect(ivy.page.locator(".cm-content")).to_be_hidden()
    ivy.page.keyboard.press("Home")
    expect(then).to_have_count(0)
