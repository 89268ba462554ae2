"""Joining by HTTP: invites, the same participant after a reload, tokens and how they end."""

from __future__ import annotations

import base64
import json
import time
import warnings
from typing import Any

import httpx
import jwt
import pytest
from tests.support.people import People, expect_problem
from tests.support.server import LiveServer, Seat


def join(server: LiveServer, **body: Any) -> httpx.Response:
    return server.call("POST", "/api/join", json=body)


def claims_of(seat: Seat) -> dict[str, Any]:
    return dict(jwt.decode(seat.token, options={"verify_signature": False}))


def signed(server: LiveServer, claims: dict[str, Any], algorithm: str = "HS256") -> str:
    """A token as the server itself would sign it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", jwt.warnings.InsecureKeyLengthWarning)
        return jwt.encode(claims, bytes.fromhex((server.data / "secret").read_text()), algorithm)


def look(room: People, token: str, *, at: str = "") -> httpx.Response:
    """The state of the room (or of another), asked for with any token."""
    return room.server.call("GET", f"/api/rooms/{at or room.id}", bearer=token)


def test_an_invite_is_exchanged_for_a_seat(room: People) -> None:
    answer = join(room.server, invite=room.invites["candidate"], name=" Ada  Lovelace\u200b ")
    assert answer.status_code == 200
    got = answer.json()
    assert got.keys() == {"room", "role", "participant", "token", "expires_in", "resume"}
    assert (got["room"], got["role"]) == (room.id, "candidate")
    assert got["expires_in"] >= 7200
    people = {p["id"]: p for p in room.host.json("GET")["participants"]}
    assert people[got["participant"]]["name"] == "Ada Lovelace"


def test_an_invite_is_good_for_many_and_each_gets_a_colour_of_their_own(room: People) -> None:
    seats = [room.join("candidate", f"guest {n}") for n in range(4)]
    assert len({seat.participant for seat in seats}) == 4
    people = room.host.json("GET")["participants"]
    assert len({person["colour"] for person in people}) == len(people) == 7


def test_a_room_does_not_grow_without_end_by_people(room: People) -> None:
    known = len(room.host.json("GET")["participants"])
    seat = room.join("candidate", "one who stays")
    answers = [join(room.server, invite=room.invites["candidate"], name=f"guest {n}") for n in range(250)]
    assert [answer.status_code for answer in answers].count(200) == 249 - known
    expect_problem(answers[-1], 409, "room-full")
    back = join(room.server, invite=room.invites["candidate"], name="one who stays", resume=seat.resume)
    assert back.json()["participant"] == seat.participant, "whoever is in the room can come back"


@pytest.mark.parametrize("name", ["", "   ", "\u200b\u202e", "x" * 61])
def test_a_name_has_something_to_show(room: People, name: str) -> None:
    expect_problem(join(room.server, invite=room.invites["candidate"], name=name), 400, "bad-name")


def test_an_invite_that_was_tampered_with_is_not_valid(room: People) -> None:
    good = room.invites["candidate"]
    mac = good.rpartition(".")[2]
    for bad in (
        good + "x",
        good[:-1],
        good.replace("candidate", "interviewer"),
        good.replace(".1.", ".2."),
        good.replace("candidate", "host"),
        f"{room.id}.candidate.1.",
        mac,
        "",
        "é" * 40 + "." + mac,
        "x" * 10_000,
        room.ada.token,
        room.ada.resume,
    ):
        words = expect_problem(join(room.server, invite=bad, name="Eve"), 403, "bad-invite")
        assert "Ask for a new one" in words


def test_an_invite_of_a_room_that_is_gone_from_the_log(
    server: LiveServer, room: People, tmp_path: Any
) -> None:
    """A data folder put back from an older copy knows the secret, but not the room."""
    (tmp_path / "secret").write_text((server.data / "secret").read_text())
    with LiveServer(tmp_path) as other:
        expect_problem(join(other, invite=room.invites["candidate"], name="Ada"), 404, "no-such-room")
        answer = other.call("GET", f"/api/rooms/{room.id}", bearer=room.ada.token)
        expect_problem(answer, 404, "no-such-room")


# Coming back


def test_resume_brings_the_same_participant_back(room: People) -> None:
    head = room.host.json("GET")["head_seq"]
    again = room.join("candidate", "whoever", resume=room.ada.resume)
    assert again.participant == room.ada.participant
    state = room.caller(again).json("GET")
    assert (state["participant"], state["head_seq"]) == (room.ada.participant, head)
    assert [p["name"] for p in state["participants"]].count("Candidate") == 1


def test_resume_needs_no_name(room: People) -> None:
    answer = join(room.server, invite=room.invites["candidate"], resume=room.ada.resume)
    assert answer.json()["participant"] == room.ada.participant


@pytest.mark.parametrize("which", ["garbage", "another role", "another room", "a token", "expired"])
def test_a_resume_that_does_not_fit_makes_somebody_new(room: People, which: str) -> None:
    resume = {
        "garbage": "x" * 5000,
        "another role": room.ivy.resume,
        "another room": People(room.server).ada.resume,
        "a token": room.ada.token,
        "expired": signed(
            room.server,
            {"typ": "resume", "room": room.id, "sub": room.ada.participant, "exp": int(time.time()) - 1},
        ),
    }[which]
    seat = room.join("candidate", "Ada", resume=resume)
    assert seat.participant not in (room.ada.participant, room.ivy.participant)


def test_a_resume_is_no_bearer(room: People) -> None:
    expect_problem(room.server.call("POST", "/api/token", bearer=room.ada.resume), 401, "bad-token")


def test_who_was_removed_does_not_come_back_as_the_same(room: People) -> None:
    room.interviewer.json("POST", "/remove", json={"participant": room.ada.participant})
    assert room.join("candidate", "Ada", resume=room.ada.resume).participant != room.ada.participant


# Tokens


def test_a_fresh_token_is_for_the_same_seat(room: People) -> None:
    answer = room.candidate.at("POST", "/api/token")
    assert answer.status_code == 200
    got = answer.json()
    assert got.keys() == {"token", "expires_in"}
    assert got["expires_in"] >= 7200
    state = look(room, got["token"]).json()
    assert (state["participant"], state["role"]) == (room.ada.participant, "candidate")


def test_an_expired_token_is_told_from_a_bad_one(room: People) -> None:
    late = signed(room.server, claims_of(room.ada) | {"exp": int(time.time()) - 1})
    for answer in (look(room, late), room.server.call("POST", "/api/token", bearer=late)):
        assert "expired" in expect_problem(answer, 401, "bad-token")


def forged(room: People) -> dict[str, str]:
    claims = claims_of(room.ada)
    head, _, tail = room.ada.token.split(".")
    better = base64.urlsafe_b64encode(json.dumps(claims | {"role": "host"}).encode()).rstrip(b"=").decode()
    return {
        "another secret": jwt.encode(claims, b"x" * 32, "HS256"),
        "no signature": jwt.encode(claims, None, "none"),
        "changed claims": f"{head}.{better}.{tail}",
        "another algorithm": signed(room.server, claims, "HS384"),
        "no expiry": signed(room.server, {k: v for k, v in claims.items() if k != "exp"}),
        "an invite": room.invites["candidate"],
        "a letter more": room.ada.token + "A",
        "very long": room.ada.token + "A" * 5000,
        "two dots": "..",
    }


KINDS = ["another secret", "no signature", "changed claims", "another algorithm", "no expiry"]
KINDS += ["an invite", "a letter more", "very long", "two dots"]


@pytest.mark.parametrize("kind", KINDS)
def test_a_forged_token_opens_nothing(room: People, kind: str) -> None:
    token = forged(room)[kind]
    words = expect_problem(look(room, token), 401, "bad-token")
    assert token[:20] not in words


def test_a_token_is_for_one_room(room: People) -> None:
    other = People(room.server)
    answer = look(room, room.ada.token, at=other.id)
    expect_problem(answer, 403, "other-room")
    unknown = look(room, room.ada.token, at="nope")
    assert unknown.json() == answer.json(), "a token does not tell which rooms there are"


def test_a_token_of_another_lineage_is_told_to_join_again(room: People) -> None:
    token = signed(room.server, claims_of(room.ada) | {"lineage": "0" * 16})
    expect_problem(look(room, token), 409, "other-lineage")


# Showing out


def test_a_revoked_invite_acts_at_once_and_has_a_successor(room: People) -> None:
    room.interviewer.json("POST", "/revoke", json={"invite": "candidate"})
    expect_problem(room.candidate("GET"), 401, "bad-token")
    expect_problem(room.candidate("PUT", "/files/main.py", json={"text": "x"}), 401, "bad-token")
    expect_problem(room.candidate.at("POST", "/api/token"), 401, "bad-token")
    answer = join(room.server, invite=room.invites["candidate"], name="Ada", resume=room.ada.resume)
    expect_problem(answer, 403, "invite-revoked")
    assert room.observer("GET").status_code == 200, "other invites are as good as before"
    link = room.interviewer.json("GET", "/links")["candidate"]
    assert link.partition("#")[2] != room.invites["candidate"]
    assert join(room.server, invite=link.partition("#")[2], name="Ada").status_code == 200


def test_who_is_removed_is_out_at_once_and_others_stay(room: People) -> None:
    other = room.caller(room.join("candidate", "Cyd"))
    room.interviewer.json("POST", "/remove", json={"participant": room.ada.participant})
    expect_problem(room.candidate("GET"), 401, "bad-token")
    assert room.ada.participant not in [p["id"] for p in other.json("GET")["participants"]]


@pytest.mark.parametrize(
    ("call", "body", "status", "code"),
    [
        ("/revoke", {}, 400, "bad-body"),
        ("/revoke", {"invite": "host"}, 400, "bad-body"),
        ("/revoke", {"invite": "candidate/2"}, 404, "no-such-invite"),
        ("/revoke", {"invite": "candidate/" + "1" * 300}, 404, "no-such-invite"),
        ("/revoke", {"invite": "candidate/x"}, 404, "no-such-invite"),
        ("/remove", {}, 404, "no-such-person"),
        ("/remove", {"participant": "nobody"}, 404, "no-such-person"),
        ("/remove", {"participant": "x" * 10_000}, 404, "no-such-person"),
    ],
)
def test_who_cannot_be_shown_out_is_said(room: People, call: str, body: Any, status: int, code: str) -> None:
    head = room.host.json("GET")["head_seq"]
    expect_problem(room.interviewer("POST", call, json=body), status, code)
    assert room.host.json("GET")["head_seq"] == head


def test_an_invite_is_revoked_once(room: People) -> None:
    room.interviewer.json("POST", "/revoke", json={"invite": "candidate/1"})
    expect_problem(room.interviewer("POST", "/revoke", json={"invite": "candidate/1"}), 409, "revoked")


@pytest.mark.parametrize("path", ["/api/join", "/api/invite"])
def test_of_a_stranger_little_is_read(server: LiveServer, path: str) -> None:
    body = {"invite": "i" * 20_000}
    expect_problem(server.call("POST", path, json=body), 413, "too-large")
