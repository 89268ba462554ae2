"""Rooms by HTTP: make, list, look at, end."""

from __future__ import annotations

import time

import pytest
from tests.support.people import People, expect_problem
from tests.support.server import ADMIN, LiveServer


def test_a_new_room_has_an_id_and_a_link_for_each_role(server: LiveServer) -> None:
    with server.http() as host:
        answer = host.post("/api/rooms", json={"title": "  Ada,  first round "})
    assert answer.status_code == 201
    made = answer.json()
    assert made.keys() == {"id", "links"}
    assert made["links"].keys() == {"interviewer", "candidate", "observer"}
    for role, link in made["links"].items():
        page, _, invite = link.partition("#")
        assert page == f"{server.url}/r/{made['id']}"
        assert invite.startswith(f"{made['id']}.{role}.")


@pytest.mark.parametrize("bearer", [None, "nonsense", ADMIN + "x", ADMIN.upper()])
def test_only_the_admin_key_makes_and_lists_rooms(server: LiveServer, bearer: str | None) -> None:
    for method in ("POST", "GET"):
        answer = server.call(method, "/api/rooms", bearer=bearer)
        expect_problem(answer, 401, "bad-token")
        assert answer.headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize("role", ["interviewer", "candidate", "observer"])
def test_no_seat_makes_or_lists_rooms(room: People, role: str) -> None:
    caller = room.of_role(role)
    expect_problem(caller.at("POST", "/api/rooms", json={"title": "mine"}), 401, "bad-token")
    expect_problem(caller.at("GET", "/api/rooms"), 401, "bad-token")


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"title": "x" * 201}, "bad-title"),
        ({"settings": {"time_limit_s": 0}}, "bad-settings"),
        ({"settings": {"time_limit_s": 3601}}, "bad-settings"),
        ({"settings": {"time_limit_s": True}}, "bad-settings"),
        ({"settings": {"time_limit_s": "10"}}, "bad-settings"),
        ({"settings": {"colour": "red"}}, "bad-settings"),
        ({"questions": ["which?"]}, "bad-question"),
        ({"plan": {"minutes": 45}}, "unsupported"),
    ],
)
def test_what_a_room_cannot_be_is_said(server: LiveServer, body: dict[str, object], code: str) -> None:
    with server.http() as host:
        expect_problem(host.post("/api/rooms", json=body), 400, code)


def test_a_title_of_two_hundred_characters_fits(server: LiveServer) -> None:
    with server.http() as host:
        made = host.post("/api/rooms", json={"title": "é" * 200}).json()
        assert host.get(f"/api/rooms/{made['id']}").json()["title"] == "é" * 200


def test_each_role_sees_the_room(room: People) -> None:
    for role in ("host", "interviewer", "candidate", "observer"):
        state = room.of_role(role).json("GET")
        assert (state["id"], state["title"], state["role"]) == (room.id, "Test", role)
        assert [p["name"] for p in state["participants"]] == ["Interviewer", "Candidate", "Observer"]
        assert state["files"] == [{"file": "main.py", "path": "main.py"}]
        kernel = {"state": "none", "environment": "default", "detail": None, "available": True}
        assert state["kernel"] == kernel | {"reason": None}
        assert state["ended"] is False
    assert room.candidate.json("GET")["participant"] == room.ada.participant


def test_the_head_moves_with_each_entry_and_its_hash_with_it(room: People) -> None:
    before = room.candidate.json("GET")
    room.candidate.json("PUT", "/files/main.py", json={"text": "x = 1"})
    after = room.candidate.json("GET")
    assert after["head_seq"] > before["head_seq"]
    assert after["head_hash"] != before["head_hash"]
    assert len(bytes.fromhex(after["head_hash"])) == 32


def test_the_list_shows_the_latest_first_and_who_took_part(server: LiveServer) -> None:
    first, second = People(server), People(server)
    first.candidate.json("PUT", "/files/main.py", json={"text": "later"})
    listed = {row["id"]: row for row in first.host.at("GET", "/api/rooms").json()["rooms"]}
    assert list(listed).index(first.id) < list(listed).index(second.id)
    row = listed[first.id]
    assert row["participants"][1] == {"name": "Candidate", "role": "candidate"}
    assert row["people_online"] == 0
    assert row["ended_at"] is None
    assert row["links"]["candidate"].endswith("#" + first.invites["candidate"])


@pytest.mark.parametrize("room_id", ["nope", "x" * 3000, "%ff%fe", "a%00b"])
def test_an_unknown_room_is_not_found(server: LiveServer, room_id: str) -> None:
    with server.http() as host:
        expect_problem(host.get(f"/api/rooms/{room_id}"), 404, "no-such-room")


def test_ending_twice_is_ending_once(room: People) -> None:
    first = room.interviewer("POST", "/end")
    assert first.status_code == 200
    again = room.host("POST", "/end")
    assert again.status_code == 200
    assert again.json() == first.json()
    state = room.candidate.json("GET")
    assert state["ended"]
    assert state["ended_at"] is not None
    assert state["head_seq"] == first.json()["seq"]


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/files/main.py", {"text": "late"}),
        ("PUT", "/files/new.py", {"text": "late"}),
        ("DELETE", "/files/main.py", None),
        ("POST", "/runs", {"code": "1"}),
        ("POST", "/kernel/interrupt", None),
        ("POST", "/kernel/restart", None),
        ("POST", "/revoke", {"invite": "candidate"}),
        ("POST", "/remove", {"participant": "p"}),
    ],
)
def test_what_comes_after_the_end_is_refused_as_ended(
    ended: People, method: str, path: str, body: dict[str, str] | None
) -> None:
    head = ended.interviewer.json("GET")["head_seq"]
    words = expect_problem(ended.interviewer(method, path, json=body), 409, "ended")
    assert "ended" in words
    assert ended.interviewer.json("GET")["head_seq"] == head


@pytest.fixture(scope="module")
def ended(server: LiveServer) -> People:
    people = People(server)
    people.interviewer.json("POST", "/end")
    return people


def test_a_room_that_ended_can_be_read_by_whoever_has_a_link(ended: People) -> None:
    visitor = ended.caller(ended.join("observer", ""))
    assert visitor.json("GET")["ended"]
    assert visitor.text() == ""
    last = visitor.json("GET", "/timeline")["entries"][-1]
    assert last["kind"] == "room.ended"


def begins(room: People, run: str) -> None:
    """Wait until the kernel has the run."""
    while room.candidate.json("GET", f"/runs/{run}")["status"] == "queued":
        pass


def test_a_run_gets_three_seconds_when_the_room_ends(room: People) -> None:
    room.candidate.json(
        "POST", "/runs", json={"id": "short", "code": "import time; time.sleep(1); print('done')"}
    )
    begins(room, "short")
    room.candidate.json("POST", "/runs", json={"id": "waits", "code": "1"})
    began = time.monotonic()
    room.interviewer.json("POST", "/end")
    assert time.monotonic() - began < 4.5
    short = room.candidate.json("GET", "/runs/short")
    assert (short["status"], short["outputs"][0]["text"]) == ("ok", "done\n")
    assert room.candidate.json("GET", "/runs/waits")["status"] == "aborted"


def test_a_run_that_takes_longer_is_interrupted_on_the_record(room: People) -> None:
    room.candidate.json("POST", "/runs", json={"id": "long", "code": "import time; time.sleep(60)"})
    begins(room, "long")
    room.interviewer.json("POST", "/end")
    assert room.candidate.json("GET", "/runs/long?wait=5")["status"] == "interrupted"
    assert room.candidate.json("GET", "/timeline")["entries"][-1]["kind"] == "room.ended"
