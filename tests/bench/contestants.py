"""The servers that are measured: ours, its peers from the registries, and a bare echo as the floor.

Each runs as its makers ship it, in a process of its own, on a free port of the loopback address, and keeps
what it keeps in a folder of its own. `.make/setup bench` installs the peers; nothing else needs them.
"""

from __future__ import annotations

import contextlib
import functools
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, ClassVar, cast

from tests.bench.dialects import Hocuspocus, Own, Stock
from tests.bench.link import Door
from tests.support.stock_clients import node as installed_node

HERE = Path(__file__).parent
PEERS = HERE / "peers"
PROJECT = HERE.parents[1]
ADMIN = "bench-admin-key"
READY_S = 60.0
STOP_S = 20.0
CALLERS = 8
KEPT_S = 2.0  # a connection on which nothing was asked for so long may be closed by now


class Contestant:
    """A server as one process (with whatever it starts); a context manager."""

    name: ClassVar[str]
    durable: ClassVar[bool] = False  # whether its ack promises that an edit outlives kill -9
    log: Path

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.port = 0
        self._process: subprocess.Popen[bytes] | None = None
        self._rooms = 0

    def __enter__(self) -> Contestant:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start on the port of before (a free one at first); returns once it answers."""
        self.port = self.port or free_port()
        self.log = self.folder / "server.log"
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.command(), env={**os.environ, **self.environment()}, stdout=log, stderr=log, cwd=PROJECT
            )
        deadline = time.monotonic() + READY_S
        while not (self.answers() and self._process.poll() is None):
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise AssertionError(f"{self.name} did not start:\n{self.log.read_text()[-2000:]}")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it as an operator would; kill what does not go."""
        if self._process is None:
            return
        self._process.terminate()
        try:
            self._process.wait(STOP_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def kill(self) -> None:
        """kill -9: no goodbye, nothing flushed."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def command(self) -> list[str]:
        raise NotImplementedError

    def environment(self) -> dict[str, str]:
        return {}

    def answers(self) -> bool:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", self.port), 1):
            return True
        return False

    def doors(self, rooms: int, people: int) -> Iterator[tuple[str, list[Door]]]:
        """So many new rooms, each as its name and the doors of so many people."""
        for _ in range(rooms):
            yield self._room(people)

    def _room(self, people: int) -> tuple[str, list[Door]]:
        name = self.create()
        return name, [self.door_of(name, number) for number in range(people)]

    def door_of(self, room: str, number: int) -> Door:
        """The door of the person of this number, for a server whose people differ."""
        return self.door(room)

    def create(self) -> str:
        """A new room's name."""
        self._rooms += 1
        return f"room-{self._rooms}"

    def door(self, room: str, vector: bytes = b"\x00") -> Door:
        """One more person's door to a room; `vector` is what they have of it already."""
        return Door(self.port, f"/{room}", Stock(vector))

    def checking(self, room: str) -> Door:
        """A door of somebody who is told what the room has."""
        return self.door(room)


class Fourhands(Contestant):
    """Ours, as `fourhands serve` runs it: log in SQLite, document worker, kernel host."""

    name = "fourhands"
    durable = True

    def __init__(self, folder: Path) -> None:
        super().__init__(folder)
        self._invites: dict[str, str] = {}
        self._here = threading.local()  # the connection of each thread, and when it was used

    def command(self) -> list[str]:
        options = ["--data", str(self.folder / "data"), "--port", str(self.port)]
        return [sys.executable, "-m", "fourhands_server.cli", "serve", *options]

    def environment(self) -> dict[str, str]:
        return {"FOURHANDS_ADMIN_KEY": ADMIN}

    def answers(self) -> bool:
        try:
            api = http.client.HTTPConnection("127.0.0.1", self.port, timeout=60)
            with contextlib.closing(api):
                api.request("GET", "/readyz")
                return api.getresponse().status == 200
        except (OSError, http.client.HTTPException):
            return False

    def call(self, method: str, path: str, body: Any = None, bearer: str = "") -> Any:
        """One call of the API; its answer."""
        headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        api = self._api()
        api.request(method, path, json.dumps(body) if body is not None else None, headers)
        response = api.getresponse()
        said = response.read()
        assert response.status < 300, (path, response.status, said)
        return json.loads(said)

    def _api(self) -> http.client.HTTPConnection:
        """This thread's connection, made anew where it may be closed by now."""
        now, port = time.monotonic(), self.port
        if now - getattr(self._here, "used", -KEPT_S) >= KEPT_S:
            self._here.api = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        self._here.used = now
        return cast(http.client.HTTPConnection, self._here.api)

    def doors(self, rooms: int, people: int) -> Iterator[tuple[str, list[Door]]]:
        # Several at a time: what one waits for on the disk, others share.
        with ThreadPoolExecutor(CALLERS) as callers:
            yield from callers.map(lambda _: self._room(people), range(rooms))

    def create(self) -> str:
        made = self.call("POST", "/api/rooms", {"title": "Bench"}, ADMIN)
        self._invites[made["id"]] = made["links"]["candidate"].partition("#")[2]
        return str(made["id"])

    def token(self, room: str) -> str:
        """The token of somebody new in a room."""
        body = {"invite": self._invites[room], "name": "Ada"}
        return str(self.call("POST", "/api/join", body)["token"])

    def door(self, room: str, vector: bytes = b"\x00") -> Door:
        return Door(self.port, f"/yjs/{room}?token={self.token(room)}", Stock(vector))


class FourhandsOwn(Fourhands):
    """Ours, with our own clients."""

    name = "fourhands, own clients"

    def door(self, room: str, vector: bytes = b"\x00") -> Door:
        protocols = f"fourhands.v1, bearer.{self.token(room)}"
        return Door(self.port, f"/yjs/{room}", Own(vector), protocols)

    def checking(self, room: str) -> Door:
        return Fourhands.door(self, room)


class Yws(Contestant):
    """@y/websocket-server, everything in memory."""

    name = "y-websocket-server"

    def command(self) -> list[str]:
        return [node(), str(PEERS / "node_modules/@y/websocket-server/src/server.js")]

    def environment(self) -> dict[str, str]:
        return {"HOST": "127.0.0.1", "PORT": str(self.port)}


class YwsLevel(Yws):
    """@y/websocket-server with y-leveldb."""

    name = "y-websocket-server + leveldb"

    def environment(self) -> dict[str, str]:
        return {**super().environment(), "YPERSISTENCE": str(self.folder / "level")}


class HocuspocusServer(Contestant):
    """@hocuspocus/server, storing in SQLite."""

    name = "hocuspocus + sqlite"

    def command(self) -> list[str]:
        return [node(), str(PEERS / "hocuspocus.mjs"), str(self.port), str(self.folder / "hocuspocus.db")]

    def door(self, room: str, vector: bytes = b"\x00") -> Door:
        return Door(self.port, "/", Hocuspocus(room, vector=vector))


class PycrdtWebsocket(Contestant):
    """pycrdt-websocket under uvicorn, everything in memory."""

    name = "pycrdt-websocket"

    def command(self) -> list[str]:
        return [str(PEERS / ".venv/bin/python"), str(PEERS / "pycrdt_server.py"), str(self.port)]


class Echo(Contestant):
    """The floor: frames go to the others in the room, and nothing else is done."""

    name = "bare echo"

    def command(self) -> list[str]:
        return [sys.executable, str(PEERS / "echo.py"), str(self.port)]

    def door(self, room: str, vector: bytes = b"\x00") -> Door:
        return Door(self.port, f"/{room}", Stock(vector, echoes=False))


OURS: tuple[type[Contestant], ...] = (Fourhands, FourhandsOwn)
PEER_SERVERS: tuple[type[Contestant], ...] = (Yws, YwsLevel, HocuspocusServer, PycrdtWebsocket)
ALL: tuple[type[Contestant], ...] = (*OURS, *PEER_SERVERS, Echo)


def named(words: str) -> list[type[Contestant]]:
    """The contestants that a comma-separated list names by the letters of their names; all for nothing."""
    wanted = [re.sub(r"\W", "", word.lower()) for word in words.split(",") if word.strip()]
    if not wanted:
        return list(ALL)
    found = {re.sub(r"\W", "", one.name): one for one in ALL}
    unknown = [word for word in wanted if word not in found]
    if unknown:
        raise SystemExit(f"no contestant {', '.join(unknown)}; there are {', '.join(found)}")
    return [found[word] for word in wanted]


@functools.cache
def node() -> str:
    """Node itself: what the virtual environment has under that name starts it as a child."""
    said = subprocess.run([installed_node(), "-p", "process.execPath"], capture_output=True, check=True)
    return said.stdout.decode().strip()


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])
