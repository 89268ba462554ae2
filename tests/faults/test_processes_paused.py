"""Processes that stand still (SIGSTOP, a machine that swaps) and go on: nothing is lost or doubled."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from tests.support.crew import Crew, TypistProcess
from tests.support.people import People
from tests.support.processes import children
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


@contextmanager
def typing(room: People) -> Iterator[Crew]:
    """Two people who type; in the end all of it is there once, on the screens, in the room and on disk."""
    hands = [(room.ada, "a", True), (room.ivy, "i", False)]
    crew = [TypistProcess(room.server, s, name=n, ours=o, seed=k) for k, (s, n, o) in enumerate(hands)]
    with Crew(crew) as typists:
        typists.wait_for_acks(20)
        yield typists
        typists.wait_for_acks(20)
        typed, removed = typists.stop()
        text = room.host.text()
        typists.all_see(text)
    assert sorted(text.split(";")[:-1]) == sorted(token[:-1] for token in typed - removed)
    assert text_of(entries_of(room.server.data, room.id)) == text


@contextmanager
def stopped(room: People, words: str) -> Iterator[None]:
    """The process stands still meanwhile."""
    server = room.server.process
    assert server is not None
    found = [p.pid for p in children(server.pid) if words in p.command]
    pid = found[0] if words else server.pid
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


SLOW = "import time\nfor n in range(15): print(n, flush=True); time.sleep(0.1)"


def begin_slow(room: People) -> str:
    return str(room.candidate.json("POST", "/runs", json={"code": SLOW})["run"])


def check_slow(room: People, run: str) -> None:
    view = room.candidate.json("GET", f"/runs/{run}?wait=30")
    assert view["status"] == "ok"
    assert view["outputs"][0]["text"] == "".join(f"{n}\n" for n in range(15))


def test_the_server_stands_still(room: People) -> None:
    with typing(room) as typists:
        run = begin_slow(room)
        with stopped(room, ""):
            typists.wait_for_silence()
        check_slow(room, run)


def test_the_kernel_host_stands_still_while_people_type(room: People) -> None:
    with typing(room) as typists:
        run = begin_slow(room)
        with stopped(room, "fourhands_kernels.host"):
            typists.wait_for_acks(50)
        check_slow(room, run)


def test_the_document_worker_stands_still_while_people_type(room: People) -> None:
    """Acks do not wait for it; what is read meanwhile does."""
    with typing(room) as typists:
        with stopped(room, "fourhands_server.engine.worker"):
            typists.wait_for_acks(100)
        assert room.observer.text()
