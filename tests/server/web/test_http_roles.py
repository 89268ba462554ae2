"""Who may call what: every call, every role, judged before a byte of the body is read."""

from __future__ import annotations

import pytest
from tests.support import raw
from tests.support.people import People, expect_problem
from tests.support.server import LiveServer

from fourhands_protocol.roles import ROLES, allows

CALLS = [
    ("GET", "", "read"),
    ("GET", "/files/main.py", "read"),
    ("GET", "/timeline", "read"),
    ("GET", "/runs/r", "read"),
    ("GET", "/recording", "download"),
    ("GET", "/links", "revoke"),
    ("PUT", "/files/main.py", "edit"),
    ("DELETE", "/files/main.py", "file.delete"),
    ("POST", "/runs", "run"),
    ("POST", "/kernel/interrupt", "interrupt"),
    ("POST", "/kernel/restart", "restart"),
    ("POST", "/revoke", "revoke"),
    ("POST", "/remove", "remove"),
    ("GET", "/kernel/files", "read"),
    ("GET", "/kernel/files/x", "read"),
    ("POST", "/kernel/files/x/take", "file.create"),
    ("GET", "/data", "read"),
    ("GET", "/data/x", "read"),
    ("PUT", "/data/x", "data.add"),
    ("DELETE", "/data/x", "data.remove"),
    ("GET", "/questions", "read"),
    ("PUT", "/questions/q", "question.add"),
    ("POST", "/questions/q/tests", "tests.run"),
    ("POST", "/questions/q/examples", "run"),
    ("GET", "/questions/q/tests/j", "read"),
    ("DELETE", "/questions/q/tests/j", "tests.cancel"),
]
NO_JSON = b"\xff\xfe not json"


@pytest.fixture(scope="module")
def room(server: LiveServer) -> People:
    return People(server)


def token_of(room: People, role: str) -> str:
    return {"interviewer": room.ivy, "candidate": room.ada, "observer": room.olga}[role].token


@pytest.mark.parametrize("role", [role for role in ROLES if role != "host"])
@pytest.mark.parametrize(("method", "path", "action"), CALLS)
def test_the_table_of_roles_is_the_law(room: People, role: str, method: str, path: str, action: str) -> None:
    answer = room.of_role(role)(method, path, content=NO_JSON if method in ("PUT", "POST") else None)
    if allows(role, action):
        assert answer.status_code not in (401, 403), answer.text
    else:
        assert role in expect_problem(answer, 403, "forbidden")


@pytest.mark.parametrize(("method", "path", "action"), [c for c in CALLS if c[0] in ("PUT", "POST")])
def test_a_role_is_judged_before_the_body_comes(room: People, method: str, path: str, action: str) -> None:
    target = f"/api/rooms/{room.id}{path}"
    answer = raw.send(room.server.port, method, target, bearer=room.olga.token, promise=500_000)
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    answer = raw.send(room.server.port, method, target, bearer="nonsense", promise=500_000)
    assert (answer.status, answer.json()["code"]) == (401, "bad-token")
    answer = raw.send(room.server.port, method, target, promise=500_000)
    assert (answer.status, answer.json()["code"]) == (401, "bad-token")


def test_the_admin_key_is_judged_before_the_body_comes(room: People) -> None:
    for bearer in ("", "nonsense", room.ivy.token):
        answer = raw.send(room.server.port, "POST", "/api/rooms", bearer=bearer, promise=500_000)
        assert (answer.status, answer.json()["code"]) == (401, "bad-token")


@pytest.mark.parametrize(("method", "path", "action"), [*CALLS, ("POST", "/end", "end")])
def test_every_call_about_a_room_needs_a_bearer(room: People, method: str, path: str, action: str) -> None:
    for headers in ({}, {"Authorization": "Basic aG9zdDpob3N0"}, {"Authorization": "Bearer"}):
        answer = room.server.call(method, f"/api/rooms/{room.id}{path}", headers=headers)
        expect_problem(answer, 401, "bad-token")
        assert answer.headers["www-authenticate"] == "Bearer"


def test_nobody_but_interviewers_ends_a_room(room: People) -> None:
    for caller in (room.candidate, room.observer):
        expect_problem(caller("POST", "/end"), 403, "forbidden")
    assert not room.host.json("GET")["ended"]


def test_an_observer_changes_nothing(room: People) -> None:
    head = room.host.json("GET")["head_seq"]
    for method, path, _ in CALLS:
        room.observer(
            method, path, json={"text": "x", "code": "1", "invite": "candidate", "participant": "p"}
        )
    assert room.host.json("GET")["head_seq"] == head
