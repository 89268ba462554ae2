"""Typists at work in one room, each in a process of its own, and what they were told is saved."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any

from tests.support.server import LiveServer, Seat

REPOSITORY = Path(__file__).parents[2]
DEADLINE_S = 30.0


class TypistProcess:
    """One typist (`typist.py`); what it says is read as it comes."""

    def __init__(self, server: LiveServer, seat: Seat, *, name: str, ours: bool, seed: int) -> None:
        wanted = {"seat": dataclasses.asdict(seat), "ws": server.ws, "name": name, "ours": ours, "seed": seed}
        wanted["client"] = 10_000 + seed
        command = [sys.executable, "-m", "tests.support.typist", json.dumps(wanted)]
        pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
        self.process = subprocess.Popen(command, **pipes, text=True, cwd=REPOSITORY)
        self.name = name
        self.acked: list[str] = []
        self.waits = 0
        self.did: dict[str, list[str]] = {}
        self.saw: dict[str, Any] = {}
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            said = json.loads(line)
            self.acked += said.get("acked", [])
            self.waits += "waiting" in said
            if "typed" in said:
                self.did = said
            if "saw" in said:
                self.saw = said

    def tell(self, line: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def alive(self) -> None:
        """Fail with its own words if it has ended."""
        if self.process.poll() is not None:
            assert self.process.stderr is not None
            raise AssertionError(f"{self.name} ended: {self.process.stderr.read()[-3000:]}")

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join(5)
        for stream in (self.process.stdin, self.process.stdout, self.process.stderr):
            assert stream is not None
            stream.close()


class Crew:
    """All typists of a room; a context manager."""

    def __init__(self, typists: list[TypistProcess]) -> None:
        self.typists = typists

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *reason: object) -> None:
        for typist in self.typists:
            typist.close()

    def acked(self) -> set[str]:
        """All that anybody was told is saved: "+token" for typed, "-token" for taken back."""
        return {change for typist in self.typists for change in list(typist.acked)}

    def wait_for_acks(self, more: int) -> None:
        """Until each typist had this many more of its edits acked."""
        goals = [len(typist.acked) + more for typist in self.typists]
        self._wait(lambda: all(len(t.acked) >= goal for t, goal in zip(self.typists, goals, strict=True)))

    def wait_for_silence(self) -> None:
        """Until each typist has typed as far ahead of the room as it dares."""
        goals = [typist.waits + 1 for typist in self.typists]
        self._wait(lambda: all(t.waits >= goal for t, goal in zip(self.typists, goals, strict=True)))

    def stop(self) -> tuple[set[str], set[str]]:
        """End the typing; returns what was typed and what was taken back, all of it acked now."""
        for typist in self.typists:
            typist.tell("stop")
        self._wait(lambda: all(typist.did for typist in self.typists))
        typed = {token for typist in self.typists for token in typist.did["typed"]}
        return typed, {token for typist in self.typists for token in typist.did["removed"]}

    def all_see(self, text: str) -> None:
        for typist in self.typists:
            typist.tell(json.dumps(text))
        self._wait(lambda: all(typist.saw for typist in self.typists))
        for typist in self.typists:
            assert typist.saw["saw"], f"{typist.name} sees {typist.saw['text']!r}, the room holds {text!r}"

    def _wait(self, condition: Any) -> None:
        deadline = time.monotonic() + DEADLINE_S
        while not condition():
            for typist in self.typists:
                typist.alive()
            assert time.monotonic() < deadline, {t.name: len(t.acked) for t in self.typists}
            time.sleep(0.01)
