"""A process that appends for ever and says on stdout what was acked: `python appending.py DATABASE TASKS`."""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from fourhands_server.log.log import Intent
from fourhands_server.log.sqlite import SqliteLog


async def append(log: SqliteLog, name: str, most: int) -> None:
    """One producer, awaiting each answer; every third time a call of two intents."""
    room = f"r{len(name) % 3}"
    for pseq in range(1, most + 1, 2):
        first = Intent(room, "room", name, pseq, "ada", "edit", f"{name} {pseq}".encode())
        second = Intent(room, "interviewers", name, pseq + 1, "ada", "note", b"")
        made = await log.append(*([first, second] if pseq % 3 == 0 else [first]))
        for entry, _ in made:
            os.write(1, f"{room} {entry.stream} {entry.seq} {name} {pseq}\n".encode())


async def main() -> None:
    log = await SqliteLog.open(Path(sys.argv[1]))
    tasks, most = int(sys.argv[2]), int(sys.argv[3])
    await asyncio.gather(*(append(log, "p" * (number + 1), most) for number in range(tasks)))
    await log.aclose()


asyncio.run(main())
