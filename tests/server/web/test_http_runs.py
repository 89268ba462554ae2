"""Runs by HTTP: file or code, harmless retries, waiting, the queue, interrupt and restart."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from starlette.requests import Request
from tests.support.people import Caller, People, expect_problem
from tests.support.server import LiveServer

from fourhands_server.web.api import whole
from fourhands_server.web.runs import WAIT_MOST_S


@pytest.fixture(scope="module")
def room(server: LiveServer) -> Iterator[People]:
    """One room, and so one kernel, for all of these."""
    people = People(server)
    people.candidate.run("1")
    yield people
    people.host("POST", "/end")


def queue(caller: Caller, code: str, **more: str) -> str:
    return str(caller.json("POST", "/runs", json={"code": code, **more})["run"])


def wait_for(caller: Caller, run: str, status: str) -> None:
    """Until a run has reached a status that is not its last."""
    deadline = time.monotonic() + 20
    while caller.json("GET", f"/runs/{run}")["status"] != status:
        assert time.monotonic() < deadline, f"{run} never was {status}"


def stdout(run: dict[str, Any]) -> str:
    return "".join(item["text"] for item in run["outputs"] if item["output_type"] == "stream")


def test_code_runs_and_its_outputs_are_nbformats(room: People) -> None:
    run = room.candidate.run("print('a'); print('b'); 6 * 7")
    assert run.keys() == {"run", "status", "outputs", "execution_count", "duration_ms", "dropped"}
    assert (run["status"], run["dropped"]) == ("ok", 0)
    assert isinstance(run["execution_count"], int)
    assert 0 <= run["duration_ms"] < 10_000
    stream, result = run["outputs"]
    assert stream == {"output_type": "stream", "name": "stdout", "text": "a\nb\n"}
    assert (result["output_type"], result["data"]["text/plain"]) == ("execute_result", "42")


def test_a_run_is_answered_202_before_it_is_done(room: People) -> None:
    answer = room.candidate("POST", "/runs", json={"code": "import time; time.sleep(0.3)", "id": "soon"})
    assert (answer.status_code, answer.json()) == (202, {"run": "soon"})
    assert room.candidate.json("GET", "/runs/soon")["status"] in ("queued", "running")
    assert room.candidate.json("GET", "/runs/soon?wait=30")["status"] == "ok"


def test_a_file_runs_as_it_stood_when_it_was_asked_for(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "print('then')"})
    slow = queue(room.candidate, "import time; time.sleep(0.5)")
    run = room.candidate.json("POST", "/runs", json={"file": "main.py"})["run"]
    room.candidate.json("PUT", "/files/main.py", json={"text": "print('now')"})
    assert stdout(room.candidate.json("GET", f"/runs/{run}?wait=30")) == "then\n"
    assert room.candidate.json("GET", f"/runs/{slow}")["status"] == "ok"


def test_a_traceback_names_the_file(room: People) -> None:
    room.candidate.json("PUT", "/files/deep/er.py", json={"text": "\n\n1 / 0\n"})
    run = room.candidate.json("POST", "/runs", json={"file": "deep/er.py"})["run"]
    view = room.candidate.json("GET", f"/runs/{run}?wait=30")
    assert view["status"] == "error"
    error = view["outputs"][-1]
    assert (error["output_type"], error["ename"]) == ("error", "ZeroDivisionError")
    assert "er.py" in "".join(error["traceback"])


def test_asking_again_with_the_same_id_runs_nothing_twice(room: People) -> None:
    room.candidate.run("count = 0")
    for _ in range(3):
        assert queue(room.candidate, "count += 1", id="only-once") == "only-once"
    room.candidate("GET", "/runs/only-once?wait=30")
    assert queue(room.interviewer, "count += 100", id="only-once") == "only-once"
    assert stdout(room.candidate.run("print(count)")) == "1\n"


def test_asking_at_once_with_the_same_id_runs_nothing_twice(room: People) -> None:
    room.candidate.run("count = 0")
    with ThreadPoolExecutor(8) as pool:
        runs = list(pool.map(lambda _: queue(room.candidate, "count += 1", id="at-once"), range(8)))
    assert set(runs) == {"at-once"}
    room.candidate("GET", "/runs/at-once?wait=30")
    assert stdout(room.candidate.run("print(count)")) == "1\n"


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "bad-body"),
        ({"file": "main.py", "code": "1"}, 400, "bad-body"),
        ({"file": "none.py"}, 404, "no-such-file"),
        ({"file": ""}, 404, "no-such-file"),
        ({"file": "../main.py"}, 404, "no-such-file"),
        ({"code": "1", "id": ""}, 400, "bad-id"),
        ({"code": "1", "id": "a b"}, 400, "bad-id"),
        ({"code": "1", "id": "é"}, 400, "bad-id"),
        ({"code": "1", "id": "x" * 101}, 400, "bad-id"),
        ({"code": "1", "id": "a/b"}, 400, "bad-id"),
        ({"code": "#" + "é" * 131_072}, 413, "too-large"),
    ],
)
def test_what_cannot_run_is_said(room: People, body: dict[str, str], status: int, code: str) -> None:
    head = room.host.json("GET")["head_seq"]
    expect_problem(room.candidate("POST", "/runs", json=body), status, code)
    assert room.host.json("GET")["head_seq"] == head


@pytest.mark.parametrize("run", ["none", "%00", "x" * 1000])
def test_an_unknown_run_is_not_found(room: People, run: str) -> None:
    expect_problem(room.candidate("GET", f"/runs/{run}"), 404, "no-such-run")


@pytest.mark.parametrize("wait", ["abc", "-1", "1.5", "", "1e9", "٣", "9" * 30])
def test_a_wait_is_a_whole_number(room: People, wait: str) -> None:
    run = queue(room.candidate, "1")
    expect_problem(room.candidate("GET", f"/runs/{run}", params={"wait": wait}), 400, "bad-query")


def test_a_wait_ends_with_the_run_and_no_sooner(room: People) -> None:
    run = queue(room.candidate, "import time; time.sleep(0.7)")
    began = time.monotonic()
    assert room.candidate.json("GET", f"/runs/{run}?wait=60")["status"] == "ok"
    assert 0.3 < time.monotonic() - began < 10
    began = time.monotonic()
    room.candidate.json("GET", f"/runs/{run}?wait=60")
    assert time.monotonic() - began < 2, "a run that is over is answered at once"


def test_a_wait_that_is_over_says_how_far_the_run_is(room: People) -> None:
    run = queue(room.candidate, "print('half', flush=True); input()")
    wait_for(room.candidate, run, "running")
    began = time.monotonic()
    view = room.candidate.json("GET", f"/runs/{run}?wait=1")
    assert 0.9 < time.monotonic() - began < 5
    assert (view["status"], stdout(view), view["duration_ms"]) == ("running", "half\n", None)
    room.candidate.json("POST", "/kernel/interrupt")
    assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "interrupted"


@pytest.mark.parametrize(
    ("query", "seconds"), [("", 0), ("wait=7", 7), ("wait=60", 60), ("wait=1000000", 60)]
)
def test_a_larger_wait_is_taken_as_sixty(query: str, seconds: int) -> None:
    request = Request({"type": "http", "query_string": query.encode(), "headers": []})
    assert whole(request, "wait", 0, WAIT_MOST_S) == seconds


def test_runs_wait_their_turn_and_the_queue_has_an_end(room: People) -> None:
    first = queue(room.candidate, "order = []; input()")
    wait_for(room.candidate, first, "running")
    waiting = [queue(room.candidate, f"order.append({n})") for n in range(20)]
    answer = room.interviewer("POST", "/runs", json={"code": "1"})
    assert "20" in expect_problem(answer, 429, "queue-full")
    assert {room.candidate.json("GET", f"/runs/{run}")["status"] for run in waiting} == {"queued"}
    room.candidate.json("POST", "/kernel/interrupt")
    assert room.candidate.json("GET", f"/runs/{waiting[-1]}?wait=30")["status"] == "ok"
    assert stdout(room.candidate.run("print(order == list(range(20)))")) == "True\n"


@pytest.mark.parametrize("code", ["while True: pass", "import time; time.sleep(600)", "input()"])
def test_an_interrupt_ends_a_run_and_leaves_variables(room: People, code: str) -> None:
    run = queue(room.candidate, f"kept = 7\n{code}")
    wait_for(room.candidate, run, "running")
    assert room.candidate("POST", "/kernel/interrupt").status_code == 202
    assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "interrupted"
    assert stdout(room.candidate.run("print(kept)")) == "7\n"


def test_interrupting_what_does_not_run_is_no_mistake(room: People) -> None:
    head = room.host.json("GET")["head_seq"]
    assert room.candidate("POST", "/kernel/interrupt").status_code == 202
    assert room.host.json("GET")["head_seq"] == head


def test_a_restart_forgets_variables_and_aborts_what_waits(room: People) -> None:
    room.candidate.run("gone = 1")
    first = queue(room.candidate, "input()")
    wait_for(room.candidate, first, "running")
    waiting = [queue(room.candidate, "1") for _ in range(3)]
    assert room.candidate("POST", "/kernel/restart").status_code == 202
    for run in (first, *waiting):
        assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "aborted"
    assert room.candidate.run("gone")["status"] == "error"


def test_a_room_may_set_its_own_time_limit(server: LiveServer) -> None:
    people = People(server, time_limit_s=1)
    run = people.candidate.run("import time; time.sleep(60)")
    assert run["status"] == "timeout"
    people.host("POST", "/end")
