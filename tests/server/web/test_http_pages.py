"""Pages and their headers: what a page may load, what is kept, and that nobody is ever given a cookie."""

from __future__ import annotations

import re

import pytest
from tests.support.people import People
from tests.support.server import LiveServer


@pytest.mark.parametrize("path", ["/", "/r/room", "/replay/room", "/r/%3Cscript%3E", "/r/a.b-c~d"])
def test_a_page_may_load_from_nowhere_else(server: LiveServer, path: str) -> None:
    answer = server.call("GET", path)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/html; charset=utf-8"
    policy = dict(
        rule.strip().partition(" ")[::2] for rule in answer.headers["content-security-policy"].split(";")
    )
    assert policy["default-src"] == "'self'"
    assert policy["script-src"] == "'self'", "no inline script, no eval"
    assert policy["object-src"] == policy["base-uri"] == policy["form-action"] == "'none'"
    assert "*" not in answer.headers["content-security-policy"]
    assert not re.search(r"https?:", answer.headers["content-security-policy"])
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["cache-control"] == "no-cache"


def test_all_that_a_page_needs_is_there_and_kept_for_ever(server: LiveServer) -> None:
    page = server.call("GET", "/r/room").text
    assets = re.findall(r'(?:src|href)="(/assets/[^"]+)"', page)
    assert assets
    for path in assets:
        answer = server.call("GET", path)
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
        assert answer.headers["x-content-type-options"] == "nosniff"
    assert not re.search(r'(?:src|href)="(?:https?:)?//', page), "nothing comes from another host"
    assert "<script>" not in page


def test_every_page_is_the_same_whatever_room_it_is_for(server: LiveServer, room: People) -> None:
    """A page tells nobody whether there is such a room, and holds nothing that a name could inject."""
    assert server.call("GET", f"/r/{room.id}").text == server.call("GET", '/r/"><b>').text


def test_nobody_is_given_a_cookie(room: People) -> None:
    server = room.server
    answers = [
        server.call("GET", path) for path in ("/", "/r/x", "/replay/x", "/healthz", "/nope", "/metrics")
    ]
    answers += [server.call("POST", "/api/join", json={"invite": room.invites["candidate"], "name": "Ada"})]
    answers += [
        room.candidate("GET"),
        room.candidate("GET", "/timeline"),
        room.candidate.at("POST", "/api/token"),
    ]
    for answer in answers:
        assert "set-cookie" not in answer.headers


def test_no_answer_of_the_api_is_kept_by_anybody(room: People) -> None:
    for answer in (
        room.candidate("GET"),
        room.candidate("GET", "/files/none"),
        room.candidate.at("POST", "/api/token"),
        room.server.call("GET", "/api/openapi.json"),
    ):
        assert answer.headers["cache-control"] == "no-store"


def test_the_server_does_not_boast(server: LiveServer) -> None:
    assert "server" not in server.call("GET", "/").headers
