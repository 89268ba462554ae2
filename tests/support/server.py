"""A real server for tests: `fourhands serve` as a child process on a free port, with its own data folder."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

ADMIN = "test-admin-key"
READY_S = 90  # on a machine that has much else to do


@dataclass(frozen=True)
class Seat:
    """Somebody who has joined: what `POST /api/join` answered."""

    room: str
    role: str
    participant: str
    token: str
    resume: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


class LiveServer:
    """Starts, kills and restarts one server; use as a context manager. What it printed is in `output`."""

    def __init__(
        self, data: Path, *arguments: str, env: dict[str, str] | None = None, new_session: bool = False
    ) -> None:
        self.data = data
        self.new_session = new_session
        self.started_at = 0.0
        self.arguments = arguments
        self.env = env or {}
        self.output: list[str] = []
        self.process: subprocess.Popen[str] | None = None
        self.port = 0

    def __enter__(self) -> LiveServer:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/yjs"

    def start(self) -> None:
        """Start on the same port as before (a free one at first); returns once it listens."""
        command = [sys.executable, "-m", "fourhands_server.cli", "serve"]
        command += ["--data", str(self.data), "--port", str(self.port), *self.arguments]
        env = {**os.environ, "FOURHANDS_ADMIN_KEY": ADMIN, "PYTHONUNBUFFERED": "1", **self.env}
        env["PYTHONFAULTHANDLER"] = "1"
        self.started_at = time.time()
        self.process = subprocess.Popen(
            command,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            env=env,
            start_new_session=self.new_session,
        )
        ready, self._listens = threading.Event(), False
        self._reader = threading.Thread(target=self._read, args=(self.process, ready), daemon=True)
        self._reader.start()
        if not ready.wait(READY_S) or not self._listens:
            self.process.send_signal(signal.SIGABRT)  # it says where it is
            self._reader.join(5)
            self.process.kill()
            raise AssertionError("the server did not start:\n" + "".join(self.output))

    def _read(self, process: subprocess.Popen[str], ready: threading.Event) -> None:
        assert process.stdout is not None
        with process.stdout as lines:
            for line in lines:
                self.output.append(line)
                if found := re.search(r"ready at \w+://[^:\s]+(?::(\d+))?", line):
                    self.port = self.port or int(found.group(1))
                    self._listens = True
                    ready.set()
        ready.set()

    def stop(self, *, number: int = signal.SIGTERM, timeout: float = 20) -> int:
        """End it by a signal; returns its exit status. Everything it started ends with it."""
        assert self.process is not None
        if self.process.poll() is None:
            self.process.send_signal(number)
        try:
            status = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise AssertionError("the server did not stop:\n" + "".join(self.output[-30:])) from None
        self._reader.join(5)
        return status

    def kill(self) -> None:
        """kill -9: no goodbye, nothing flushed."""
        assert self.process is not None
        self.process.kill()
        self.process.wait()

    # The API

    def http(self, seat: Seat | None = None) -> httpx.Client:
        """A client whose bearer is the seat's token, or the admin key."""
        headers = seat.headers if seat else {"Authorization": f"Bearer {ADMIN}"}
        # Nothing is verified on plain HTTP; reading the certificates for it would take 40 ms each time.
        return httpx.Client(base_url=self.url, headers=headers, timeout=70, verify=False)

    def call(self, method: str, path: str, *, bearer: str | None = None, **details: Any) -> httpx.Response:
        """One call with any bearer, or none."""
        headers = {} if bearer is None else {"Authorization": f"Bearer {bearer}"}
        with httpx.Client(base_url=self.url, headers=headers, timeout=70, verify=False) as http:
            return http.request(method, path, **details)

    def create(self, title: str = "Test", **settings: Any) -> dict[str, str]:
        """Make a room; returns its invites by role, and its id under `id`."""
        with self.http() as http:
            answer = http.post("/api/rooms", json={"title": title, "settings": settings})
        answer.raise_for_status()
        made = answer.json()
        return {"id": made["id"], **{role: link.partition("#")[2] for role, link in made["links"].items()}}

    def join(self, invite: str, name: str, resume: str | None = None) -> Seat:
        body = {"invite": invite, "name": name} | ({"resume": resume} if resume else {})
        got = self.call("POST", "/api/join", json=body).raise_for_status().json()
        return Seat(got["room"], got["role"], got["participant"], got["token"], got["resume"])

    def state(self, seat: Seat) -> dict[str, Any]:
        with self.http(seat) as http:
            return dict(http.get(f"/api/rooms/{seat.room}").raise_for_status().json())

    def text(self, seat: Seat, path: str = "main.py") -> str:
        with self.http(seat) as http:
            return str(http.get(f"/api/rooms/{seat.room}/files/{path}").raise_for_status().json()["text"])

    def timeline(self, seat: Seat) -> list[dict[str, Any]]:
        """Every entry of the `room` stream."""
        entries: list[dict[str, Any]] = []
        with self.http(seat) as http:
            while True:
                after = entries[-1]["seq"] if entries else 0
                page = http.get(
                    f"/api/rooms/{seat.room}/timeline", params={"after": after}
                ).raise_for_status()
                new = page.json()["entries"]
                entries += new
                if not new:
                    return entries

    def run(self, seat: Seat, code: str, *, wait: int = 60) -> dict[str, Any]:
        """Run code and wait for its end."""
        with self.http(seat) as http:
            run = (
                http.post(f"/api/rooms/{seat.room}/runs", json={"code": code})
                .raise_for_status()
                .json()["run"]
            )
            return dict(
                http.get(f"/api/rooms/{seat.room}/runs/{run}", params={"wait": wait})
                .raise_for_status()
                .json()
            )
