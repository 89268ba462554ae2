"""A room with 40 MB of outputs on a real server: who comes gets in, and costs the server little."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from tests.support.heavy import print_into
from tests.support.people import People
from tests.support.server import LiveServer
from tests.support.wire import OurClient, dial

from fourhands_protocol import cbor, envelope

RUNS, ITEMS, SIZE = 20, 20, 100_000
MB = 1_000_000


@pytest.fixture(scope="module")
def heavy(tmp_path_factory: pytest.TempPathFactory) -> Iterator[People]:
    with LiveServer(tmp_path_factory.mktemp("heavy"), "--isolation", "none") as server:
        room = People(server)
        server.stop()
        print_into(server.data, room.id, room.ada.participant, runs=RUNS, items=ITEMS, size=SIZE)
        server.start()
        yield room


class Peak:
    """How far the server's memory rises above where it stood."""

    def __init__(self, server: LiveServer) -> None:
        assert server.process is not None
        self._proc = Path(f"/proc/{server.process.pid}")
        (self._proc / "clear_refs").write_text("5")
        self._before = self._read("VmRSS")

    @property
    def rise(self) -> int:
        """In bytes."""
        return self._read("VmHWM") - self._before

    def _read(self, name: str) -> int:
        lines = (self._proc / "status").read_text().splitlines()
        return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name))


async def test_a_newcomer_is_told_the_latest_outputs_and_which_are_left_out(heavy: People) -> None:
    async with OurClient(heavy.server, heavy.olga) as olga:
        assert olga.bytes_in < 5 * MB
        told = {run for entry in olga.entries if (run := run_of(entry.body, entry.kind))}
        assert told == {f"old-{n}" for n in range(RUNS - 2, RUNS)}
        assert list(olga.left_out) == [f"old-{n}" for n in range(RUNS - 2)]
        assert all(ITEMS * SIZE < size < ITEMS * SIZE * 1.1 for size in olga.left_out.values())


def run_of(body: bytes, kind: str) -> str:
    return str(cbor.decode(body)["run"]) if kind == "run.outputs" else ""


async def test_newcomers_cost_the_server_little_whether_they_read_or_not(heavy: People) -> None:
    """Six joins once took 3 GB."""
    seats = [heavy.join("observer", f"o{n}") for n in range(12)]
    peak = Peak(heavy.server)
    idle = [await dial(heavy.server, seat) for seat in seats[:6]]
    for link in idle:
        link.transport.pause_reading()
        hello = envelope.Hello(version=1, instance=f"instance-{id(link):020}", last={})
        await link.send(envelope.encode(hello))
    async with contextlib.AsyncExitStack() as stack:
        await asyncio.gather(
            *(stack.enter_async_context(OurClient(heavy.server, seat)) for seat in seats[6:])
        )
        assert peak.rise < 120 * MB
    for link in idle:
        link.transport.abort()


def test_the_log_costs_the_server_a_page_at_a_time(heavy: People) -> None:
    heavy.observer.json("GET", "/timeline?limit=10")
    peak = Peak(heavy.server)
    entries = heavy.server.timeline(heavy.olga)
    assert sum(entry["kind"] == "run.outputs" for entry in entries) == RUNS * ITEMS
    assert peak.rise < 120 * MB


def test_outputs_of_an_early_run_are_there_when_asked_for(heavy: People) -> None:
    for run in ("old-0", f"old-{RUNS - 1}"):
        (shown,) = heavy.observer.json("GET", f"/runs/{run}")["outputs"]
        lines = [line.split("x")[0] for line in shown["text"].splitlines()]
        assert lines == [f"{run} line {n} " for n in range(ITEMS)]


def test_whoever_pings_and_reads_nothing_takes_no_memory(heavy: People) -> None:
    """An observer took 400 MB in 15 seconds."""
    peak = Peak(heavy.server)
    with socket.socket() as link:
        link.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        link.connect(("127.0.0.1", heavy.server.port))
        link.sendall(
            f"GET /yjs/{heavy.id}?token={heavy.olga.token} HTTP/1.1\r\nHost: x\r\nUpgrade: websocket\r\n"
            "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
            "Sec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        assert b" 101 " in link.recv(200)
        link.settimeout(2)
        pings = (b"\x89\xfd" + bytes(4) + b"p" * 125) * 500
        sent = 0
        with contextlib.suppress(TimeoutError):
            while sent < 100 * MB:
                sent += link.send(pings)
        assert sent < 100 * MB, "it reads on"
    assert peak.rise < 30 * MB
