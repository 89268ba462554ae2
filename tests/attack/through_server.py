"""The same through a real server: what people of a room are shown, and what the room's log holds."""

import asyncio
import shutil
import tempfile
from pathlib import Path
from typing import Any

from tests.support.server import ADMIN, LiveServer

from . import exhaust, forge, lifecycle, output
from .attack import PRELUDE, Attack
from .ground import GROWTH

CHOSEN = (
    "an endless print",
    "text that is no text",
    "a page for the reader's browser",
    "a message without an end",
    "entries of the log",
    "outputs and ends of other runs",
    "questions of other runs, by the thousand",
    "memory: many processes",
    "a segfault",
)
TARGETS = '{"runs": ["made-up"], "display": "x", "pids": []}'


def attacks() -> list[Attack]:
    known = {a.name: a for group in (output, forge, exhaust, lifecycle) for a in group.ATTACKS}
    return [known[name] for name in CHOSEN]


def attempt() -> list[str]:
    """What did not hold."""
    folder = Path(tempfile.mkdtemp(prefix="attack-", dir="/tmp"))
    try:
        with LiveServer(folder / "data") as server:
            return asyncio.run(_attempt(server))
    finally:
        shutil.rmtree(folder, ignore_errors=True)


async def _attempt(server: LiveServer) -> list[str]:
    made, quiet = server.create("Attacked", time_limit_s=5), server.create("Quiet")
    attacker, neighbour = server.join(made["candidate"], "Mallory"), server.join(quiet["candidate"], "Ada")
    await asyncio.to_thread(server.run, neighbour, "1 + 1")
    head = server.timeline(neighbour)[-1]["seq"]
    before, failures = resident(server), []
    for attack in attacks():
        code = PRELUDE.replace("{targets!r}", repr(TARGETS)) + attack.code
        answer = await asyncio.to_thread(server.run, attacker, code)
        if answer["status"] not in {*attack.ends, "interrupted", "timeout"}:
            failures.append(f"{attack.name}: it ended as {answer['status']}: {str(answer['outputs'])[-300:]}")
    grown = resident(server) - before
    if grown > GROWTH:
        failures.append(f"the server grew by {grown / 2**20:.0f} MiB")
    entries = server.timeline(attacker)
    told = str(entries)
    failures += [
        f"{word} stands in the log" for word in (ADMIN, attacker.token, made["interviewer"]) if word in told
    ]
    failures += whole(entries)
    if server.timeline(neighbour)[-1]["seq"] != head:
        failures.append("the neighbour's log has grown")
    still = await asyncio.to_thread(server.run, neighbour, "1 + 1")
    if still["status"] != "ok":
        failures.append(f"the neighbour's kernel says {still['status']}")
    return failures


def whole(entries: list[dict[str, Any]]) -> list[str]:
    """The log has no hole, and every run in it was asked for by a person and has one end."""
    failures = []
    if [entry["seq"] for entry in entries] != list(range(1, len(entries) + 1)):
        failures.append("the log has holes")
    runs: dict[str, list[str]] = {}
    for entry in entries:
        run = entry.get("body", {}).get("run")
        if run is not None:
            runs.setdefault(run, []).append(entry["kind"])
    for run, kinds in runs.items():
        if kinds.count("run.finished") != 1 or kinds[0] in ("run.outputs", "run.finished"):
            failures.append(f"run {run}: {sorted(set(kinds))}")
    if len(runs) != len(CHOSEN):
        failures.append(f"{len(runs)} runs stand in the log, {len(CHOSEN)} were asked for")
    return failures


def resident(server: LiveServer) -> int:
    """Bytes of memory of the server itself."""
    assert server.process is not None
    return int(Path(f"/proc/{server.process.pid}/statm").read_text().split()[1]) * 4096
