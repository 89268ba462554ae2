"""A question's service in the pages: everybody sees whether it runs, interviewers its last error."""

from __future__ import annotations

from typing import Any

from playwright.sync_api import Locator, expect
from tests.e2e.conftest import Visit, Visitor
from tests.e2e.test_accessibility import findings
from tests.support.people import People
from tests.support.server import LiveServer

SECRET = "stays_with_interviewers"
PROGRAM = f"""\
def app(environ, start_response):
    if environ["PATH_INFO"] == "/fails":
        raise LookupError("{SECRET}")
    start_response("200 OK", [])
    return [b"from the service"]
"""
CODE = "import urllib.request\nprint(urllib.request.urlopen('http://127.0.0.1:8080{path}').read())"


def service(visitor: Visitor) -> Locator:
    questions = visitor.page.get_by_role("complementary", name="Questions")
    return questions.get_by_role("region", name="Service of An API")


def test_a_service_is_shown_where_it_is_and_how(server: LiveServer, visit: Visit) -> None:
    room = People(server)
    question: dict[str, Any] = {"title": "An API", "service": {"port": 8080, "source": PROGRAM}}
    assert room.interviewer("PUT", "/questions/api", json=question).status_code == 201
    another = {"title": "Another API", "service": {"port": 8081, "source": "import nothing_of_this_name"}}
    assert room.interviewer("PUT", "/questions/another", json=another).status_code == 201
    ivy, ada = visit(), visit(color_scheme="dark")
    ivy.join(f"{server.url}/r/{room.id}#{room.invites['interviewer']}", "Ivy")
    ada.join(f"{server.url}/r/{room.id}#{room.invites['candidate']}", "Ada")
    for visitor in (ivy, ada):
        visitor.page.get_by_role("button", name="Questions").click()
        expect(service(visitor)).to_contain_text("http://127.0.0.1:8080")
        expect(service(visitor)).to_contain_text("Starts with the next run")
    room.candidate("POST", "/runs", json={"code": CODE.format(path="/")})
    expect(ada.output).to_contain_text("from the service", timeout=40_000)
    for visitor in (ivy, ada):
        expect(service(visitor)).to_contain_text("Running")
    room.candidate("POST", "/runs", json={"code": CODE.format(path="/fails")})
    service(ivy).get_by_text("Its last error").click()
    expect(service(ivy)).to_contain_text(f"LookupError: {SECRET}")
    for visitor in (ivy, ada):
        assert findings(visitor.page) == []
    assert SECRET not in ada.page.content()
    expect(service(ada).get_by_text("Its last error")).to_have_count(0)
    room.host("POST", "/end")
