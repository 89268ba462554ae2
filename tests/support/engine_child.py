"""A CRDT document in a process of its own, which may die of its food; `EngineChild` is the parent's side."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]


class EngineDied(AssertionError):
    """The engine panicked, refused or ended; `updates` are what it was fed."""


class EngineChild:
    """A fresh document in a child process; a context manager."""

    def __init__(self, engine: str = "Document") -> None:
        command = [sys.executable, "-m", "tests.support.engine_child", engine]
        pipe = subprocess.PIPE
        self._child = subprocess.Popen(
            command, cwd=ROOT, stdin=pipe, stdout=pipe, stderr=subprocess.DEVNULL, text=True
        )
        self.updates: list[str] = []

    def __enter__(self) -> EngineChild:
        return self

    def __exit__(self, *_: object) -> None:
        self._child.kill()
        self._child.communicate()

    def fresh(self) -> None:
        """Begin with an empty document."""
        self.updates = []
        self._ask({"fresh": True})

    def apply(self, update: bytes) -> None:
        """Apply one update; EngineDied if that goes wrong in any way."""
        self.updates.append(update.hex())
        self._ask({"apply": update.hex()})

    def read(self, roots: Iterable[str]) -> dict[str, Any]:
        """State vector (hex) and texts of the document, and texts of a second one loaded from its state."""
        return self._ask({"read": list(roots)})

    def _ask(self, question: dict[str, Any]) -> dict[str, Any]:
        assert self._child.stdin is not None
        assert self._child.stdout is not None
        try:
            self._child.stdin.write(json.dumps(question) + "\n")
            self._child.stdin.flush()
            answer = json.loads(self._child.stdout.readline() or '{"failed": "process ended"}')
        except BrokenPipeError:
            answer = {"failed": "process ended"}
        if "failed" in answer:
            raise EngineDied(f"{answer['failed']} after {self.updates}")
        return answer


def main(engine: str) -> None:
    from tests.support import documents

    make = getattr(documents, engine)
    document = make(0)
    for line in sys.stdin:
        question = json.loads(line)
        answer: dict[str, Any] = {}
        try:
            if "fresh" in question:
                document = make(0)
            elif "apply" in question:
                document.apply(bytes.fromhex(question["apply"]))
            else:
                second = make(1)
                second.apply(document.since(None))
                texts = [{root: one.text(root) for root in question["read"]} for one in (document, second)]
                answer = {"vector": document.vector().hex(), "texts": texts[0], "again": texts[1]}
                json.dumps(answer, ensure_ascii=False).encode()
        except BaseException as error:  # a panic is no Exception
            answer = {"failed": repr(error)}
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main(sys.argv[1])
