"""SIGTERM and Ctrl-C: everything that the server started ends with it, and the port is free at once."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.support.crew import Crew, TypistProcess
from tests.support.people import People
from tests.support.processes import Process, children, wait_until_gone
from tests.support.records import check_acked, entries_of
from tests.support.server import LiveServer
from tests.support.wire import OurClient

from fourhands_protocol import cbor

BUSY = "import subprocess\nsubprocess.Popen(['sleep', '600'])\nprint('busy', flush=True)\nwhile True: pass"


def in_use(server: LiveServer) -> list[Process]:
    """All processes of a server whose room is running code that itself has started something."""
    assert server.process is not None
    room = People(server)
    room.candidate.json("POST", "/runs", json={"code": BUSY, "id": "busy"})
    deadline = time.monotonic() + 20
    while not room.candidate.json("GET", "/runs/busy")["outputs"]:
        assert time.monotonic() < deadline
    found = children(server.process.pid)
    assert {"sleep 600"} < {process.command for process in found}
    return found


def bind_again(server: LiveServer) -> None:
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", server.port))
        again.listen()


def is_clean(server: LiveServer, processes: list[Process]) -> None:
    wait_until_gone(processes, seconds=5)
    bind_again(server)
    assert "Traceback" not in "".join(server.output), "".join(server.output)
    assert not list(server.data.glob("kernels/host.sock"))
    note = (
        server.data / "kernels" / "host.runtime"
    )  # where the sockets are whose paths would be too long there
    assert not note.exists() or not Path(note.read_text()).exists()


def test_sigterm_ends_everything(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        processes = in_use(server)
        assert server.stop(number=signal.SIGTERM) == 0
        is_clean(server, processes)


def test_ctrl_c_in_a_terminal_reaches_the_whole_group_and_twice_is_no_harm(tmp_path: Path) -> None:
    """A terminal signals every process of its group; whoever is impatient presses it again."""
    with LiveServer(tmp_path, new_session=True) as server:
        assert server.process is not None
        processes = in_use(server)
        for _ in range(3):
            os.killpg(server.process.pid, signal.SIGINT)
        assert server.stop(number=signal.SIGINT) == 0
        is_clean(server, processes)


def test_a_signal_during_the_start_leaves_nothing(tmp_path: Path) -> None:
    for step in (0, 1, 3):
        command = [
            sys.executable,
            "-m",
            "fourhands_server.cli",
            "serve",
            "--data",
            str(tmp_path),
            "--port",
            "0",
        ]
        pipe = subprocess.PIPE
        with subprocess.Popen(command, stdout=pipe, stderr=subprocess.STDOUT, text=True) as process:
            deadline = time.monotonic() + 20
            seen: dict[int, Process] = {}
            while len(seen) < step and process.poll() is None:
                seen |= {p.pid: p for p in children(process.pid)}
                assert time.monotonic() < deadline
            process.terminate()
            while process.poll() is None:
                seen |= {p.pid: p for p in children(process.pid)}
                assert time.monotonic() < deadline
        wait_until_gone(list(seen.values()))


async def test_pages_are_told_and_their_seats_are_closed_on_the_record(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        room = People(server)
        async with OurClient(server, room.ada) as ada, OurClient(server, room.ivy) as ivy:
            ada.type(0, "the last word")
            ivy.type(0, "no, mine: ")
            await asyncio.to_thread(server.stop)
            for page in (ada, ivy):
                code, reason = await page.is_closed()
                assert code == 1001
                assert reason == "the server is restarting"
                assert 300 <= page.sent_away[0] < 1_000
        entries = await asyncio.to_thread(entries_of, server.data, room.id)
        kinds = [entry.kind for entry in entries]
        closed = [cbor.decode(entry.body)["code"] for entry in entries if entry.kind == "seat.closed"]
        assert closed == [1012, 1012], "nobody left, the server did"
        assert kinds.count("seat.opened") == kinds.count("seat.closed") == 2
        assert kinds.count("edit") == 2


def test_what_was_acked_before_a_restart_is_there_and_everybody_is_back(tmp_path: Path) -> None:
    """Three typists who do not stop, in both dialects."""
    with LiveServer(tmp_path) as server:
        room = People(server)
        hands = [(room.ada, True), (room.ivy, False), (room.ivy, True)]
        typists = [TypistProcess(server, s, name=f"t{n}", ours=o, seed=n) for n, (s, o) in enumerate(hands)]
        with Crew(typists) as crew:
            crew.wait_for_acks(50)
            assert server.stop() == 0
            check_acked(crew.acked(), entries_of(server.data, room.id))
            server.start()
            crew.wait_for_acks(20)
            typed, removed = crew.stop()
            text = room.host.text()
            crew.all_see(text)
        assert sorted(text.split(";")[:-1]) == sorted(token[:-1] for token in typed - removed)
        assert "not recorded" not in "".join(server.output)


def test_a_stopped_server_starts_again_with_all_rooms(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        room = People(server)
        room.candidate.json("PUT", "/files/main.py", json={"text": "kept"})
        room.candidate.run("x = 1")
        before = room.host.json("GET")
        server.stop()
        server.start()
        after = room.host.json("GET")
        assert room.candidate.text() == "kept"
        assert after["head_seq"] >= before["head_seq"]
        assert room.candidate.run("x")["status"] == "error", "its kernel ended with the server"
