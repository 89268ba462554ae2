"""Questions and hidden tests in a live room: what came of them is told, and nobody learns what is hidden."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from tests.support.people import People, expect_problem
from tests.support.server import LiveServer
from tests.support.wire import OurClient, dial, end_of

from fourhands_protocol import cbor, sync

SECRET = "stays_with_interviewers"
HIDDEN = f"""\
import main

def test_{SECRET}_small():
    assert main.double(2) == 4

def test_{SECRET}_large():
    assert main.double(10) == 20, "{SECRET} message"
"""
QUESTION: dict[str, Any] = {
    "id": "double",
    "title": "Double a number",
    "tests": {
        "files": {"test_hidden.py": HIDDEN, "more/notes.py": f"# {SECRET}"},
        "visibility": "counts",
        "examples": {"test_examples.py": "import main\n\ndef test_two():\n    assert main.double(2) == 4\n"},
    },
}
ANSWER = "def double(number):\n    print('doubling', number)\n    return 4\n"


class Listening(OurClient):
    """Keeps every byte that it was sent."""

    def __init__(self, *given: Any) -> None:
        super().__init__(*given)
        self.heard: list[bytes] = []

    def _receive(self, frame: bytes) -> None:
        self.heard.append(frame)
        super()._receive(frame)


def add(room: People, **changes: Any) -> None:
    question = {**QUESTION, "tests": {**QUESTION["tests"], **changes}}
    answer = room.interviewer("PUT", f"/questions/{QUESTION['id']}", json=question)
    assert answer.status_code in (200, 201), answer.text


def judge(room: People, role: str = "interviewer", **body: Any) -> dict[str, Any]:
    """Run the tests and wait for their end; the answer is for that role."""
    caller = room.of_role(role)
    name = caller.json("POST", "/questions/double/tests", json=body)["judgement"]
    return dict(caller.json("GET", f"/questions/double/tests/{name}?wait=60"))


def kinds(page: OurClient) -> list[str]:
    return [entry.kind for entry in page.private]


async def test_counts_are_for_everybody_and_tests_for_interviewers(room: People) -> None:
    stock = await dial(room.server, room.ada, ours=False)
    await stock.send(sync.step1(b"\x00"))
    async with (
        Listening(room.server, room.ada) as ada,
        Listening(room.server, room.olga) as olga,
        Listening(room.server, room.ivy) as ivy,
    ):
        add(room)
        ada.type(0, ANSWER)
        await ada.settled()
        seen = judge(room)
        assert (seen["status"], seen["passed"], seen["failed"], seen["total"]) == ("ok", 1, 1, 2)
        small, large = sorted(seen["results"], key=lambda one: one["n"])
        assert (small["name"], small["outcome"]) == (f"test_hidden.py::test_{SECRET}_small", "passed")
        assert small["printed"] == "doubling 2\n"
        assert f"{SECRET} message" in large["message"]
        await ivy.until(lambda: "tests.record" in kinds(ivy))
        assert kinds(ivy) == ["question.kept", "tests.record", "tests.record"]
        for page in (ada, olga):
            await page.until(lambda page=page: page.entries[-1].kind == "tests.finished")
            assert page.private == []
            told = [entry for entry in page.entries if entry.kind.startswith(("question.", "tests."))]
            assert [entry.kind for entry in told] == [
                "question.offered",
                "tests.queued",
                "tests.started",
                "tests.finished",
            ]
            assert cbor.decode(told[-1].body)["passed"] == 1
            assert page.welcome is not None
            assert set(page.welcome.heads) == {"room"}
        for page in (ada, olga):
            await page.cut()
            assert set((await page.connect()).heads) == {"room"}, "it asked for both streams"
            assert page.private == []
        await stock.close()
        frames = [*ada.heard, *olga.heard, *(await end_of(stock))[2]]
    assert frames
    assert not [frame for frame in frames if SECRET.encode() in frame]
    for caller in (room.candidate, room.observer):
        name = seen["judgement"]
        for path in (
            "",
            "/questions",
            f"/questions/double/tests/{name}",
            "/timeline",
            "/data",
            "/data/test_examples.py",
            "/kernel/files",
        ):
            answer = caller("GET", path)
            assert answer.is_success, path
            assert SECRET not in answer.text, path
        for path in ("/api/openapi.json", "/metrics"):
            assert SECRET not in caller.at("GET", path).text, path
        theirs = caller.json("GET", f"/questions/double/tests/{name}")
        assert (theirs["passed"], theirs["failed"], theirs["results"]) == (1, 1, [])
        assert "notes" not in theirs
        expect_problem(caller("GET", "/timeline?stream=interviewers"), 403, "forbidden")
        assert "whole" not in caller.json("GET", "/questions")["questions"][0]
    whole = room.interviewer.json("GET", "/questions")["questions"][0]["whole"]
    assert whole["tests"]["files"] == QUESTION["tests"]["files"]
    assert whole["tests"]["total_s"] == 60


async def test_an_interviewer_resumes_both_streams(room: People) -> None:
    add(room)
    async with Listening(room.server, room.ivy) as ivy:
        assert kinds(ivy) == ["question.kept"]
        offered = next(entry.seq for entry in ivy.entries if entry.kind == "question.offered")
        assert cbor.decode(ivy.private[0].body)["after"] == offered
        await ivy.cut()
        add(room, visibility="names")
        before = len(ivy.heard)
        assert (await ivy.connect()).heads["interviewers"] == 2
        await ivy.until(lambda: kinds(ivy) == ["question.kept"] * 2)
        assert len(ivy.heard) - before < 8, "the tail alone"
    timeline = room.interviewer.json("GET", "/timeline?stream=interviewers")
    assert [entry["seq"] for entry in timeline["entries"]] == [1, 2]
    assert timeline["head"] == 2
    async with Listening(room.server, room.ivy) as later:
        assert kinds(later) == ["question.kept"] * 2


async def test_candidates_run_tests_where_the_question_lets_them(room: People) -> None:
    add(room)
    refused = room.candidate("POST", "/questions/double/tests", json={})
    assert "interviewer" in expect_problem(refused, 403, "forbidden")
    add(room, run_by="candidate", visibility="names")
    room.candidate("PUT", "/files/main.py", json={"text": ANSWER})
    seen = judge(room, "candidate", id="mine")
    assert judge(room, "candidate", id="mine") == seen, "a known id is not run again"
    assert sorted((one["outcome"], one.keys() >= {"message"}) for one in seen["results"]) == [
        ("failed", False),
        ("passed", False),
    ]
    add(room, run_by="candidate", visibility="messages")
    messages = [one.get("message") for one in judge(room, "candidate")["results"]]
    assert any(f"{SECRET} message" in (message or "") for message in messages)
    judged = [
        e["body"]["judgement"]
        for e in room.host.json("GET", "/timeline")["entries"]
        if e["kind"] == "tests.queued"
    ]
    assert len(judged) == len(set(judged)) == 2


async def test_tests_are_run_on_the_files_of_their_own_moment(room: People) -> None:
    add(room)
    room.candidate("PUT", "/files/main.py", json={"text": ANSWER})
    judgement = room.interviewer.json("POST", "/questions/double/tests", json={})["judgement"]
    room.candidate("PUT", "/files/main.py", json={"text": "broken"})
    seen = room.interviewer.json("GET", f"/questions/double/tests/{judgement}?wait=60")
    assert (seen["status"], seen["passed"]) == ("ok", 1)


async def test_hidden_tests_have_the_databases_of_their_question(room: People) -> None:
    """As they were made: what a run has written into one is not in the tests' copy."""
    hidden = "import main\n\ndef test_count():\n    assert main.count() == 2\n"
    question = {
        "title": "Shop",
        "sqlite": {"shop.db": "CREATE TABLE item (name); INSERT INTO item VALUES ('tea'), ('cup');"},
        "tests": {"files": {"test_count.py": hidden}},
    }
    room.interviewer.json("PUT", "/questions/double", json=question)
    code = (
        "import sqlite3\n\ndef count():\n"
        "    return sqlite3.connect('shop.db').execute('SELECT count(*) FROM item').fetchone()[0]\n"
    )
    room.candidate("PUT", "/files/main.py", json={"text": code})
    seen = judge(room)
    assert (seen["status"], seen["passed"]) == ("ok", 1), seen


async def test_examples_are_an_ordinary_run(room: People) -> None:
    add(room)
    room.candidate("PUT", "/files/main.py", json={"text": ANSWER})
    run = room.candidate.json("POST", "/questions/double/examples", json={"id": "look"})["run"]
    seen = room.candidate.json("GET", f"/runs/{run}?wait=60")
    assert seen["status"] == "ok"
    assert "1 passed" in json.dumps(seen["outputs"])


async def test_tests_that_nobody_wants_any_more_are_stopped(room: People) -> None:
    add(room, run_by="candidate", per_call_s=50)
    room.candidate(
        "PUT", "/files/main.py", json={"text": "import time\n\ndef double(number):\n    time.sleep(40)\n"}
    )
    name = room.interviewer.json("POST", "/questions/double/tests", json={})["judgement"]
    path = f"/questions/double/tests/{name}"
    expect_problem(room.candidate("DELETE", path), 403, "forbidden")
    assert room.interviewer("DELETE", path).status_code == 202
    assert room.interviewer.json("GET", f"{path}?wait=30")["status"] == "cancelled"
    assert room.interviewer("DELETE", path).status_code == 202, "over: no mistake"
    left = room.interviewer.json("POST", "/questions/double/tests", json={})["judgement"]
    room.interviewer("POST", "/end")
    assert room.interviewer.json("GET", f"/questions/double/tests/{left}")["status"] == "cancelled"


@pytest.mark.parametrize("what", ["tests", "run"])
async def test_who_is_removed_while_waiting_is_told_nothing(room: People, what: str) -> None:
    add(room)
    eve = room.join("interviewer", "Eve")
    slow = "import time\n\ndef double(number):\n    time.sleep(1)\n    return 4\n"
    room.candidate.json("PUT", "/files/main.py", json={"text": slow})
    if what == "tests":
        name = room.interviewer.json("POST", "/questions/double/tests", json={})["judgement"]
        path = f"/questions/double/tests/{name}"
    else:
        path = f"/runs/{room.candidate.json('POST', '/runs', json={'code': 'input()'})['run']}"
    waiting = asyncio.create_task(asyncio.to_thread(room.caller(eve), "GET", f"{path}?wait=60"))
    for _ in range(20):  # most likely it waits by then; if not, it is refused all the same
        await asyncio.to_thread(room.interviewer, "GET")
    assert room.interviewer("POST", "/remove", json={"participant": eve.participant}).status_code == 200
    if what == "run":
        room.interviewer("POST", "/kernel/restart")
    expect_problem(await waiting, 401, "bad-token")


async def test_a_replaced_question_takes_its_examples_along(room: People) -> None:
    add(room)
    add(room)  # once more: nothing new
    entries = room.host.json("GET", "/timeline")["entries"]
    assert [e["kind"] for e in entries].count("question.offered") == 1
    add(room, examples={"test_more.py": "def test(): ..."})
    assert [f["path"] for f in room.candidate.json("GET", "/data")["files"]] == ["test_more.py"]
    clash = {**QUESTION, "tests": {**QUESTION["tests"], "examples": {"main.py": "x", "test_x.py": ""}}}
    expect_problem(room.interviewer("PUT", "/questions/double", json=clash), 409, "path-taken")


def test_a_room_is_made_with_its_questions(server: LiveServer) -> None:
    with server.http() as http:
        for questions in (
            [QUESTION, QUESTION],
            [{"id": "Not an id"}],
            [{**QUESTION, "tests": {"files": {}}}],
        ):
            expect_problem(http.post("/api/rooms", json={"questions": questions}), 400, "bad-question")
        wrong = {**QUESTION, "tests": {**QUESTION["tests"], "modules": ["json"]}}
        words = expect_problem(http.post("/api/rooms", json={"questions": [wrong]}), 400, "bad-question")
        assert "'json' cannot be the name of a module" in words
        made = http.post("/api/rooms", json={"questions": [QUESTION]}).json()
        room = f"/api/rooms/{made['id']}"
        assert [q["question"] for q in http.get(f"{room}/questions").json()["questions"]] == ["double"]
        http.post(f"{room}/end")


@pytest.mark.parametrize(
    ("method", "path", "code"),
    [
        ("POST", "/questions/nothing/tests", "no-such-question"),
        ("POST", "/questions/nothing/examples", "no-examples"),
        ("GET", "/questions/nothing/tests/j", "no-such-judgement"),
    ],
)
def test_what_is_not_there_is_said(room: People, method: str, path: str, code: str) -> None:
    expect_problem(room.interviewer(method, path, **({"json": {}} if method == "POST" else {})), 404, code)
