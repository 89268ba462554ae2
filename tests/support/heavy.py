"""A room in which much was printed: its runs are written into the log while no server has it."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from fourhands_protocol import entries
from fourhands_server.log.log import Appended, Intent
from fourhands_server.log.sqlite import SqliteLog


def print_into(data: Path, room: str, person: str, *, runs: int, items: int, size: int) -> None:
    """Runs `old-0`, `old-1` …: each printed so many lines of so many bytes, and ended."""
    with ThreadPoolExecutor(1) as thread:  # Playwright's synchronous side has a loop in this one
        thread.submit(asyncio.run, _print(data, room, person, runs, items, size)).result()


async def _print(data: Path, room: str, person: str, runs: int, items: int, size: int) -> None:
    log = await SqliteLog.open(data / "rooms.db")
    done: list[asyncio.Future[list[Appended]]] = []

    def append(actor: str, kind: str, **body: object) -> None:
        packed = entries.body(kind, body)
        done.append(log.append(Intent(room, "room", "kernel/of-test", len(done) + 1, actor, kind, packed)))

    try:
        for run in (f"old-{n}" for n in range(runs)):
            append(person, "run.queued", run=run, code="1")
            append("kernel", "run.started", run=run, code="1")
            for n in range(items):
                text = f"{run} line {n} ".ljust(size - 1, "x") + "\n"
                item = {"output_type": "stream", "name": "stdout", "text": text}
                append("kernel", "run.outputs", run=run, n=n, items=[item])
            append("kernel", "run.finished", run=run, status="ok", duration=1)
            await asyncio.gather(*done)
    finally:
        await log.aclose()
