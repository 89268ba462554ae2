"""The timeline by HTTP: pages without holes, streams that a role may read, the chain behind the head."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from tests.support.people import People, expect_problem

from fourhands_protocol import cbor, chain
from fourhands_protocol.entries import Entry


def test_pages_follow_each_other_without_holes(room: People) -> None:
    for number in range(30):
        room.candidate.json("PUT", "/files/main.py", json={"text": str(number)})
    whole = room.observer.json("GET", "/timeline")
    assert [e["seq"] for e in whole["entries"]] == list(range(1, whole["head"] + 1))
    paged: list[dict[str, Any]] = []
    while page := room.observer.json("GET", f"/timeline?after={len(paged)}&limit=7")["entries"]:
        assert len(page) <= 7
        paged += page
    assert paged == whole["entries"]


def test_entries_say_who_did_what_and_when(room: People) -> None:
    room.candidate.json("PUT", "/files/other.py", json={"text": "x"})
    entries = room.host.json("GET", "/timeline")["entries"]
    assert [e["kind"] for e in entries] == [
        "room.created", "file.created", *["person.joined"] * 3, "file.created", "edit",
    ]  # fmt: skip
    assert {e["stream"] for e in entries} == {"room"}
    assert [e["actor"] for e in entries[-2:]] == [room.ada.participant] * 2
    times = [e["at"] for e in entries]
    assert times == sorted(times)
    assert base64.b64decode(entries[-1]["body"]["update"])


def test_the_head_hash_is_the_chain_over_what_the_timeline_shows(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "signed and sealed"})
    room.candidate.run("1")
    state, entries = room.host.json("GET"), room.host.json("GET", "/timeline")["entries"]
    link = bytes(32)
    for row in entries[: state["head_seq"]]:
        body = {k: base64.b64decode(v) if k == "update" else v for k, v in row["body"].items()}
        entry = Entry("room", row["seq"], row["at"], row["actor"], row["kind"], cbor.encode(body))
        link = chain.link(link, entry)
    assert link.hex() == state["head_hash"]


@pytest.mark.parametrize(
    "query", ["after=x", "after=-1", "after=1.5", "limit=ten", "limit=-1", "after=", "limit=" + "9" * 30]
)
def test_a_query_that_is_no_number_is_refused(room: People, query: str) -> None:
    expect_problem(room.candidate("GET", f"/timeline?{query}"), 400, "bad-query")


@pytest.mark.parametrize(
    ("query", "count"), [("limit=0", 1), ("limit=2", 2), ("limit=999999", 5), ("after=9999", 0)]
)
def test_a_limit_is_brought_into_range(room: People, query: str, count: int) -> None:
    assert len(room.candidate.json("GET", f"/timeline?{query}")["entries"]) == count


def test_a_page_of_large_entries_is_shorter(room: People) -> None:
    """One call of an observer once took 200 MB of the server's memory."""
    for letter in "abcdefghijklmnopqrstuvwxyz":
        room.candidate.json("PUT", "/files/main.py", json={"text": letter * 250_000})
    entries, pages = [], 0
    while page := room.observer("GET", f"/timeline?after={len(entries)}"):
        assert len(page.content) < 8_000_000
        if not page.json()["entries"]:
            break
        entries += page.json()["entries"]
        pages += 1
    assert pages == 2
    assert [entry["seq"] for entry in entries] == list(range(1, len(entries) + 1))


def test_a_reader_may_ask_for_some_kinds_alone(room: People) -> None:
    room.candidate.json("PUT", "/files/other.py", json={"text": "x"})
    answer = room.observer.json("GET", "/timeline?kinds=file.created,edit")
    assert [entry["kind"] for entry in answer["entries"]] == ["file.created", "file.created", "edit"]
    assert answer["head"] == room.host.json("GET", "/timeline")["head"]
    for kinds in ("", "edit,", "EDIT", "edit;chat", "a" * 41, ",".join("x" * (n + 1) for n in range(41))):
        expect_problem(room.observer("GET", "/timeline", params={"kinds": kinds}), 400, "bad-query")


def test_private_streams_are_for_those_who_may_read_them(room: People) -> None:
    mine = {"candidate": room.ada, "interviewer": room.ivy, "observer": room.olga}
    for role in ("host", "interviewer", "candidate", "observer"):
        caller = room.of_role(role)
        for stream in ("interviewers", *(f"person/{seat.participant}" for seat in mine.values())):
            answer = caller("GET", "/timeline", params={"stream": stream})
            allowed = (stream == "interviewers" and role in ("host", "interviewer")) or (
                role in mine and stream == f"person/{mine[role].participant}"
            )
            if allowed:
                assert answer.json() == {"entries": [], "head": 0}
            else:
                expect_problem(answer, 403, "forbidden")


@pytest.mark.parametrize("stream", ["", "nope", "person/", "Room", "interviewers ", "room\x00"])
def test_an_unknown_stream_is_refused_like_a_forbidden_one(room: People, stream: str) -> None:
    expect_problem(room.interviewer("GET", "/timeline", params={"stream": stream}), 403, "forbidden")


def test_there_is_no_recording_file_yet_and_that_is_said(room: People) -> None:
    for caller in (room.host, room.interviewer):
        assert "timeline" in expect_problem(caller("GET", "/recording"), 404, "no-recording")
    for caller in (room.candidate, room.observer):
        expect_problem(caller("GET", "/recording"), 403, "forbidden")
