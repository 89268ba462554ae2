"""kill -9 of what a server has around it, in mid-use: the document worker, the kernel host, a kernel."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from tests.support.crew import Crew, TypistProcess
from tests.support.people import People
from tests.support.processes import Process, children, wait_until_gone
from tests.support.records import entries_of, text_of
from tests.support.server import LiveServer


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("data")) as live:
        yield live


@pytest.fixture
def room(server: LiveServer) -> Iterator[People]:
    people = People(server)
    yield people
    people.host("POST", "/end")


def part(server: LiveServer, words: str) -> Process:
    assert server.process is not None
    return next(p for p in children(server.process.pid) if words in p.command)


def engine(server: LiveServer) -> Process:
    return part(server, "fourhands_server.engine.worker")


def kernel_host(server: LiveServer) -> Process:
    return part(server, "fourhands_kernels.host")


def starts(room: People, code: str) -> str:
    """Begin a run that prints at once and then goes on; returns once its print has come."""
    run = str(
        room.candidate.json("POST", "/runs", json={"code": "print('begun', flush=True)\n" + code})["run"]
    )
    deadline = time.monotonic() + 20
    while not room.candidate.json("GET", f"/runs/{run}")["outputs"]:
        assert time.monotonic() < deadline, f"{run} did not begin"
    return run


def prints(room: People, code: str) -> str:
    """The output of a run that must go well; where a kernel host is just being replaced, at a later try."""
    deadline = time.monotonic() + 20
    while (run := room.candidate.run(code))["status"] == "kernel_died":
        assert run["outputs"][-1]["output_type"] == "error", "and it said why"
        assert time.monotonic() < deadline, run
    assert run["status"] == "ok", run
    return "".join(item["text"] for item in run["outputs"])


def test_the_document_worker_dies_while_two_type(room: People) -> None:
    hands = [(room.ada, "a", True), (room.ivy, "i", False)]
    crew = [TypistProcess(room.server, s, name=n, ours=o, seed=k) for k, (s, n, o) in enumerate(hands)]
    with Crew(crew) as typists:
        for _ in range(4):
            typists.wait_for_acks(15)
            engine(room.server).signal(signal.SIGKILL)
            text = room.observer.text()
            assert all(token.strip("ai").isdigit() for token in text.split(";")[:-1]), text
        typed, removed = typists.stop()
        text = room.host.text()
        typists.all_see(text)
    assert sorted(text.split(";")[:-1]) == sorted(token[:-1] for token in typed - removed)
    assert text_of(entries_of(room.server.data, room.id)) == text


def test_the_document_worker_dies_and_a_file_can_still_be_replaced_and_run(room: People) -> None:
    for number in range(3):
        room.candidate.json("PUT", "/files/main.py", json={"text": f"print({number})"})
        engine(room.server).signal(signal.SIGKILL)
        run = room.candidate.json("POST", "/runs", json={"file": "main.py"})["run"]
        view = room.candidate.json("GET", f"/runs/{run}?wait=30")
        assert view["outputs"] == [{"output_type": "stream", "name": "stdout", "text": f"{number}\n"}]


def kernel_states(room: People) -> list[str]:
    """What was recorded of the kernel; the state after a run follows the run's end in an entry of its own."""
    entries = room.candidate.json("GET", "/timeline")["entries"]
    return [entry["body"]["state"] for entry in entries if entry["kind"] == "kernel"]


def test_the_kernel_host_dies_during_a_run(room: People) -> None:
    other = People(room.server)
    waits = starts(other, "input()")
    run = starts(room, "import time; time.sleep(60)")
    queued = room.candidate.json("POST", "/runs", json={"code": "print('queued')"})["run"]
    host = kernel_host(room.server)
    sandboxes = children(host.pid)
    assert len(sandboxes) >= 4
    host.signal(signal.SIGKILL)
    assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "kernel_died"
    assert other.candidate.json("GET", f"/runs/{waits}?wait=30")["status"] == "kernel_died"
    assert room.candidate.json("GET", f"/runs/{queued}?wait=30")["status"] in ("ok", "kernel_died")
    wait_until_gone(sandboxes)
    assert prints(room, "print('again')") == "again\n"
    assert prints(other, "print('again')") == "again\n"
    assert kernel_host(room.server) != host
    other.host("POST", "/end")


def test_the_kernel_host_dies_while_nothing_runs(room: People) -> None:
    prints(room, "x = 1; print(x)")
    kernel_host(room.server).signal(signal.SIGKILL)
    assert prints(room, "print('x' in globals())") == "False\n"
    prints(room, "print('again')")
    assert kernel_states(room).count("idle") >= 2


@pytest.mark.parametrize(
    ("end", "how"),
    [
        ("os.kill(os.getpid(), 9)", "by SIGKILL"),
        ("os._exit(3)", "with status 3"),
        ("os.abort()", "by SIGABRT"),
    ],
)
def test_a_kernel_that_ends_itself(room: People, end: str, how: str) -> None:
    run = room.candidate.run(f"import os; print('last words', flush=True); {end}")
    assert run["status"] == "kernel_died"
    # An end by the kernel itself may overtake words that its own threads had not sent yet.
    *words, why = run["outputs"]
    assert [said["text"] for said in words] in ([], ["last words\n"])
    assert why["ename"] == "KernelDied"
    assert why["evalue"].startswith(f"the kernel ended {how}")
    assert "\n" not in why["evalue"]
    assert "existing" not in why["evalue"]
    assert prints(room, "print('next')") == "next\n"
    assert "dead" in kernel_states(room)


def kernel_named(room: People, name: str) -> Process:
    """The kernel that has given itself this name: others may be warm, and wait for their rooms."""
    deadline = time.monotonic() + 15
    while True:
        for process in children(kernel_host(room.server).pid):
            with suppress(OSError):
                if Path(f"/proc/{process.pid}/comm").read_text() == f"{name}\n":
                    return process
        assert time.monotonic() < deadline, f"no kernel is called {name}"
        time.sleep(0.02)


def test_a_kernel_that_is_killed_from_outside(room: People) -> None:
    run = starts(room, "open('/proc/self/comm', 'w').write('chosen'); import time; time.sleep(60)")
    kernel = kernel_named(room, "chosen")
    kernel.signal(signal.SIGKILL)
    assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "kernel_died"
    wait_until_gone([kernel])
    assert prints(room, "print('next')") == "next\n"


def test_server_and_kernel_host_die_together(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        room = People(server)
        run = starts(room, "import time; time.sleep(60)")
        queued = room.candidate.json("POST", "/runs", json={"code": "print('queued')"})["run"]
        host = kernel_host(server)
        sandboxes = children(host.pid)
        host.signal(signal.SIGKILL)
        server.kill()
        wait_until_gone([host, *sandboxes])
        server.start()
        assert room.candidate.json("GET", f"/runs/{run}?wait=30")["status"] == "kernel_died"
        view: dict[str, Any] = room.candidate.json("GET", f"/runs/{queued}?wait=30")
        assert (view["status"], view["outputs"][0]["text"]) == ("ok", "queued\n")
