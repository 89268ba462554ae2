"""What rooms run on, by HTTP: the list, the choice, and code that finds what was chosen."""

from __future__ import annotations

import pytest
from tests.support.people import People, expect_problem
from tests.support.server import LiveServer


def test_the_host_sees_what_rooms_may_run_on(server: LiveServer) -> None:
    with server.http() as host:
        offered = host.get("/api/environments").json()["environments"]
    assert offered[0]["name"] == "default"
    assert "bare" in [one["name"] for one in offered]
    assert all(one["title"].startswith("Python 3.") for one in offered[:2])


def test_nobody_else_does(room: People) -> None:
    for role in ("interviewer", "candidate", "observer"):
        expect_problem(room.of_role(role).at("GET", "/api/environments"), 401, "bad-token")


def test_a_room_runs_on_what_was_chosen(server: LiveServer) -> None:
    people = People(server, environment="bare")
    assert people.candidate.json("GET")["kernel"]["environment"] == "bare"
    code = "import importlib.util, sys\nprint(bool(importlib.util.find_spec('numpy')), sys.prefix)"
    run = people.candidate.json("POST", "/runs", json={"code": code})["run"]
    ended = people.candidate.json("GET", f"/runs/{run}?wait=60")
    assert ended["status"] == "ok"
    assert ended["outputs"][0]["text"].startswith("False ")


def test_a_choice_that_is_not_there_is_answered_with_those_that_are(server: LiveServer) -> None:
    with server.http() as host:
        words = expect_problem(
            host.post("/api/rooms", json={"settings": {"environment": "gone"}}), 400, "no-such-environment"
        )
        assert "there are default, bare" in words
        assert host.post("/api/rooms", json={"settings": {"environment": None}}).status_code == 201


@pytest.mark.parametrize("name", ["", "Bare", "../bare", 7])
def test_what_is_no_name_is_refused(server: LiveServer, name: object) -> None:
    with server.http() as host:
        answer = host.post("/api/rooms", json={"settings": {"environment": name}})
    expect_problem(answer, 400, "bad-settings")
