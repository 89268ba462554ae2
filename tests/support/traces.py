"""Real editing traces: where they lie, what they end with, and the Node scripts that type them."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
from base64 import b64decode
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from tests.support.documents import Document
from tests.support.server import LiveServer, Seat
from tests.support.stock_clients import SCRIPTS, node

ROOT = Path(__file__).parents[2]
FOLDER = Path(os.environ.get("FOURHANDS_TRACES", ROOT.parent / "shared" / "traces"))
TIMEOUT_S = 300


def trace_path(name: str) -> Path:
    """The file of a trace; skips the test where it is absent, for the traces are no part of the project."""
    path = FOLDER / f"{name}.json.gz"
    if not path.exists():
        pytest.skip(
            f"no trace {path}; FOURHANDS_TRACES names their folder (github.com/josephg/editing-traces)"
        )
    return path


@cache
def read_trace(path: Path) -> dict[str, Any]:
    with gzip.open(path) as file:
        return dict(json.load(file))


def text_after(trace: dict[str, Any], limit: int | None) -> str:
    """The text of a sequential trace after so many transactions (None: all, as the trace itself says it)."""
    if limit is None:
        return str(trace["endContent"])
    text: str = trace["startContent"]
    for txn in trace["txns"][:limit]:
        for at, deleted, inserted in txn["patches"]:
            text = text[:at] + inserted + text[at + deleted :]
    return text


def type_trace(
    script: str,
    path: Path,
    server: LiveServer,
    seats: list[Seat],
    versions: list[int],
    *,
    limit: int | None = None,
) -> dict[str, Any]:
    """Type a trace, whole or its first `limit` transactions, with one stock client for each seat; what the
    script found in the end.
    """
    wanted = {
        "path": str(path),
        "limit": limit,
        "url": server.ws,
        "room": seats[0].room,
        "tokens": [seat.token for seat in seats],
        "versions": versions,
    }
    return dict(json.loads(_run(script, json.dumps(wanted), given="")))


def texts_of_replay(timeline: list[dict[str, Any]], file: str = "main.py") -> dict[str, str]:
    """The text at the end of a log: as Python folds it, as yjs does, and as the replay page shows it."""
    document = Document(1)
    for entry in timeline:
        if entry["kind"] == "edit":
            document.apply(b64decode(entry["body"]["update"]))
    folded = json.loads(_run("replay", file, given=json.dumps(timeline)))
    return {f"replay, {way}": text for way, text in {"Python": document.text(file), **folded}.items()}


def _run(script: str, argument: str, *, given: str) -> str:
    done = subprocess.run(
        [node(), str(SCRIPTS / f"{script}.mjs"), argument],
        input=given,
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
