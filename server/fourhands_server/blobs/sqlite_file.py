"""Makes the SQLite data file of a question out of its SQL script, in a process beside the server."""

from __future__ import annotations

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE
from pathlib import Path
from typing import Any

from fourhands_server.blobs.sql_script import SIZE

SECONDS = 30.0  # from the start of the process to its end; its own limits are far below
AT_ONCE = 4
_NEEDED = ("LD_LIBRARY_PATH",)  # some Pythons do not start without; nothing else is the script's business
_SCRIPT = Path(__file__).with_name("sql_script.py")
_making: set[object] = set()


class BadScript(Exception):
    """A script that makes no database, in words for its author, with the line where there is one."""


async def sqlite_file(script: str) -> bytes:
    """The database that a script makes; BadScript says what is wrong with it."""
    if len(_making) >= AT_ONCE:
        raise BadScript(f"{AT_ONCE} databases are being made already: try again in a moment")
    this = object()
    _making.add(this)
    try:
        told, words = await _run(script.encode())
    finally:
        _making.discard(this)
    head, _, data = told.partition(b"\n")
    return _read(head, data, words.decode(errors="replace"))


async def _run(script: bytes) -> tuple[bytes, bytes]:
    try:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            *("-I", "-S", str(_SCRIPT)),
            stdin=PIPE,
            stdout=PIPE,
            stderr=PIPE,
            env={name: os.environ[name] for name in _NEEDED if name in os.environ},
            start_new_session=True,
        )
    except OSError as error:
        raise BadScript(f"SQLite cannot be started here: {error.strerror}") from error
    try:
        async with asyncio.timeout(SECONDS):
            return await child.communicate(script)
    except TimeoutError:
        raise BadScript("it took too long") from None
    finally:
        if child.returncode is None:
            child.kill()
            await child.wait()


def _read(head: bytes, data: bytes, words: str) -> bytes:
    try:
        found: Any = json.loads(head)
    except ValueError:
        raise BadScript(words.strip().rsplit("\n", 1)[-1] or "it takes too much time or memory") from None
    match found:
        case {"line": int(line), "words": str(why)}:
            raise BadScript(f"line {line}: {why}")
        case {"size": int(size)} if size == len(data) <= SIZE:
            return data
    raise BadScript("SQLite ended before its database was whole")
