"""kill -9 of the server while three people type and code runs: what anybody was told is saved is there."""

from __future__ import annotations

import os
import random
from pathlib import Path
from typing import Any

import pytest
from tests.support.crew import Crew, TypistProcess
from tests.support.people import People
from tests.support.records import check_acked, entries_of, text_of
from tests.support.server import LiveServer

from fourhands_protocol import cbor

KILLS = max(3, int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50")) // 20)
SLOW = "import time\nfor n in range(10): print(n, flush=True); time.sleep(0.1)\nx += 1"


def crew_of(room: People, seed: int) -> Crew:
    """Two pages of our own and a stock client, all typing."""
    hands = [(room.ada, "a", True), (room.ivy, "i", True), (room.join("candidate", "Cyd"), "c", False)]
    return Crew(
        [
            TypistProcess(room.server, seat, name=name, ours=ours, seed=seed + number)
            for number, (seat, name, ours) in enumerate(hands)
        ]
    )


def stdout(run: dict[str, Any]) -> str:
    return "".join(item["text"] for item in run["outputs"] if item["output_type"] == "stream")


@pytest.mark.timeout(60 + 15 * KILLS)
def test_nothing_that_was_acked_is_lost(tmp_path: Path) -> None:
    chance = random.Random(KILLS)
    with LiveServer(tmp_path / "data") as server:
        room = People(server)
        room.candidate.json("PUT", "/files/later.py", json={"text": "print('x is', x)"})
        assert room.candidate.run("x = 41")["status"] == "ok"
        with crew_of(room, seed=1) as crew:
            for kill in range(KILLS):
                slow = room.candidate.json("POST", "/runs", json={"code": SLOW})["run"]
                later = room.candidate.json("POST", "/runs", json={"file": "later.py"})["run"]
                crew.wait_for_acks(chance.randint(1, 60))
                server.kill()
                acked = crew.acked()
                check_acked(acked, entries_of(server.data, room.id))
                server.start()
                first, second = (room.candidate.json("GET", f"/runs/{r}?wait=60") for r in (slow, later))
                assert (first["status"], stdout(first)) == ("ok", "".join(f"{n}\n" for n in range(10)))
                assert (second["status"], stdout(second)) == ("ok", f"x is {42 + kill}\n")
                crew.wait_for_acks(5)
            typed, removed = crew.stop()
            text = room.host.text()
            crew.all_see(text)
            assert sorted(text.split(";")[:-1]) == sorted(t[:-1] for t in typed - removed)
        entries = entries_of(server.data, room.id)
        check_acked(crew.acked(), entries)
        assert text_of(entries) == text
        assert [e.kind for e in entries].count("run.finished") == 2 * KILLS + 1
    assert "Traceback" not in "".join(server.output)


@pytest.mark.timeout(120)
def test_the_output_of_a_run_is_complete_and_in_order_and_there_once(tmp_path: Path) -> None:
    """Three seconds and one kill here; ten seconds and three kills in `make fuzz`."""
    lines, kills = (100, (0, 30, 60)) if KILLS > 3 else (30, (5,))
    code = f"import time\nfor n in range({lines}): print('tick', n, flush=True); time.sleep(0.1)"
    with LiveServer(tmp_path / "data") as server:
        room = People(server)
        run = room.candidate.json("POST", "/runs", json={"code": code})["run"]
        for tick in kills:
            while f"tick {tick}\n" not in stdout(room.candidate.json("GET", f"/runs/{run}?wait=1")):
                pass
            server.kill()
            server.start()
        ended = room.candidate.json("GET", f"/runs/{run}?wait=60")
        assert (ended["status"], ended["dropped"]) == ("ok", 0)
        assert stdout(ended) == "".join(f"tick {n}\n" for n in range(lines))
        told = [cbor.decode(e.body) for e in entries_of(server.data, room.id) if e.kind == "run.outputs"]
        numbers = [n for body in told for n in range(body["n"], body["n"] + len(body["items"]))]
        assert numbers == list(range(len(numbers)))


HIDDEN = """\
import pytest, time
import main

@pytest.mark.parametrize("n", range(8))
def test_slow(n):
    time.sleep(0.2)
    assert main.double(n) == 2 * n
"""


@pytest.mark.timeout(120)
def test_hidden_tests_go_on_without_the_server(tmp_path: Path) -> None:
    """Each result is there once, in both streams, though nobody was there to take it."""
    with LiveServer(tmp_path / "data") as server:
        room = People(server)
        tests = {"files": {"test_slow.py": HIDDEN}, "visibility": "names"}
        room.interviewer.json("PUT", "/questions/slow", json={"title": "Slow", "tests": tests})
        room.candidate.json("PUT", "/files/main.py", json={"text": "def double(n): return 2 * n"})
        room.interviewer.json("POST", "/questions/slow/tests", json={"id": "j"})
        while room.candidate.json("GET", "/questions/slow/tests/j")["status"] == "queued":
            pass
        server.kill()
        server.start()
        seen = room.interviewer.json("GET", "/questions/slow/tests/j?wait=60")
        assert (seen["status"], seen["passed"], seen["total"]) == ("ok", 8, 8)
        assert [one["n"] for one in seen["results"]] == list(range(1, 9))
        theirs = room.candidate.json("GET", "/questions/slow/tests/j")
        assert [one["name"] for one in theirs["results"]] == [one["name"] for one in seen["results"]]
        kinds = [entry["kind"] for entry in room.host.json("GET", "/timeline")["entries"]]
        assert kinds.count("tests.result") == 8
        assert kinds.count("tests.finished") == 1
    assert "Traceback" not in "".join(server.output)
