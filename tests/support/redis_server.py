"""A real redis-server for tests: on loopback, every append synced; killed and paused at will."""

from __future__ import annotations

import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path
from typing import Any

import redis

READY_S = 20.0


class RedisServer:
    """Starts, kills and restarts one server; use as a context manager."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.process: subprocess.Popen[bytes] | None = None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = int(free.getsockname()[1])

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def __exit__(self, *reason: object) -> None:
        self.kill()

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}/0"

    def start(self) -> None:
        """Start on the same port as before, with what is in the folder; returns once it answers."""
        program = shutil.which("redis-server")
        assert program is not None, "redis-server is missing: `make tools` installs it"
        self.folder.mkdir(parents=True, exist_ok=True)
        settings = {"port": self.port, "bind": "127.0.0.1", "dir": self.folder, "save": ""}
        settings |= {"appendonly": "yes", "appendfsync": "always", "daemonize": "no"}
        command = [program, *(part for name, value in settings.items() for part in (f"--{name}", str(value)))]
        with (self.folder / "redis.log").open("ab") as said:
            self.process = subprocess.Popen(command, stdout=said, stderr=said, stdin=subprocess.DEVNULL)
        deadline = time.monotonic() + READY_S
        while True:
            try:
                self.ask("PING")
                return
            except (redis.ConnectionError, redis.exceptions.BusyLoadingError):
                assert self.process.poll() is None, (self.folder / "redis.log").read_text()[-2000:]
                assert time.monotonic() < deadline, "redis-server does not answer"
                time.sleep(0.01)

    def kill(self) -> None:
        """kill -9."""
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None

    def pause(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGSTOP)

    def resume(self) -> None:
        assert self.process is not None
        self.process.send_signal(signal.SIGCONT)

    def ask(self, *command: str) -> Any:
        with redis.Redis(port=self.port, socket_timeout=10, socket_connect_timeout=5) as client:
            return client.execute_command(*command)

    def empty(self) -> None:
        """Nothing was ever kept here."""
        self.ask("CONFIG", "SET", "maxmemory", "0")
        self.ask("FLUSHALL")
        self.ask("FUNCTION", "FLUSH")
