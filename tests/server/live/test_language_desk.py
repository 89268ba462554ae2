"""The desk of the editor's help: who may stay, who is dropped, and what the language server is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any

import pytest
from tests.support.parts import Wire

from fourhands_kernels.kernel import Answer, KernelUnavailable, Question
from fourhands_server.core.seat import Seat
from fourhands_server.live import language_server
from fourhands_server.live.language import BURST, LanguageDesk, LanguageDesks
from fourhands_server.live.outbox import LIMIT

NOW = 1_000_000_000_000_000


@dataclass
class Kernels:
    """A language server that notes what it is asked; `holds` is what it was told of files."""

    asked: list[Question] = field(default_factory=list)
    holds: dict[str, str] = field(default_factory=dict)
    life: int = 1
    lost: bool = False

    async def complete(self, room: str, code: str, cursor: int) -> dict[str, Any] | None:
        found = {"status": "ok", "matches": ["from_kernel"], "metadata": {}}
        return {**found, "cursor_start": 0, "cursor_end": cursor}

    async def consult(self, room: str, question: Question) -> Answer:
        self.asked.append(question)
        if self.lost:
            raise KernelUnavailable("no sandbox")
        if question.known and question.known != f"life {self.life}":
            return Answer("", stale=True)
        if not question.known:
            self.holds = {}
        for path, text in question.files.items():
            if text is None:
                del self.holds[path]
            else:
                self.holds[path] = text
        items = [{"label": "from_server"}]
        return Answer(f"life {self.life}", {"items": items, "more": False})


class Host:
    """As much of a live room as the desk needs."""

    def __init__(self, texts: dict[str, str] | None = None) -> None:
        self.id, self.failed = "room", None
        self.texts = {"main.py": "committed"} if texts is None else texts
        self.gone: set[str] = set()
        self.state: Any = SimpleNamespace(ended_at=None, settings={}, head=1, living_files=self._files)
        self.room = SimpleNamespace(welcome=lambda person: person not in self.gone)

    def _files(self) -> list[Any]:
        return [SimpleNamespace(id=path, path=path) for path in self.texts]

    async def text(self, file: str) -> tuple[str, int]:
        return self.texts[file], self.state.head


class Page:
    """One connection."""

    def __init__(self, desk: LanguageDesk, name: str, *, expires_at: int = NOW + 1) -> None:
        self.desk, self.name, self.wire = desk, name, Wire()
        seat = Seat(
            id=name, person=name, role="candidate", dialect="fourhands", expires_at=expires_at, invite="c/1"
        )
        desk.open(seat, self.wire)
        document = {"uri": "file:///main.py", "version": 0, "text": "fr"}
        self.tells("textDocument/didOpen", {"textDocument": document})

    def tells(self, method: str, params: Any, number: int | None = None) -> None:
        message = {"method": method, "params": params} | ({} if number is None else {"id": number})
        self.desk.receive(self.name, json.dumps(message).encode())

    async def completes(self, number: int = 1) -> list[str]:
        place = {"line": 0, "character": 2}
        before = len(self.wire.sent)
        document = {"uri": "file:///main.py"}
        self.tells("textDocument/completion", {"textDocument": document, "position": place}, number)
        for _ in range(1000):
            if len(self.wire.sent) > before:
                break
            await asyncio.sleep(0)
        return [item["label"] for item in json.loads(self.wire.sent[-1])["result"]["items"]]


def made(host: Host, kernels: Kernels) -> LanguageDesk:
    desks = LanguageDesks(kernels, clock=lambda: NOW)  # type: ignore[arg-type]
    return desks.desk(host)  # type: ignore[arg-type]


async def test_kernel_and_language_server_answer_together_and_apart() -> None:
    kernels = Kernels()
    page = Page(made(Host(), kernels), "ada")
    assert await page.completes() == ["from_kernel", "from_server"]
    kernels.lost = True
    assert await page.completes(2) == ["from_kernel"]


async def test_files_are_told_once_and_all_again_after_a_new_start(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(language_server, "LOOK_S", 0.0)
    kernels, host = Kernels(), Host({"main.py": "m", "helper.py": "one", "notes.md": "n"})
    page = Page(made(host, kernels), "ada")
    await page.completes()
    assert kernels.holds == {"helper.py": "one"}  # of what is asked about, the page's text counts
    await page.completes(2)
    assert kernels.asked[-1].files == {}
    host.texts = {"main.py": "m", "other.py": "two"}
    host.state.head = 2
    await page.completes(3)
    assert kernels.asked[-1].files == {"other.py": "two", "helper.py": None}
    kernels.life = 2
    assert "from_server" in await page.completes(4)
    assert kernels.holds == {"other.py": "two"}


def without(desk: LanguageDesk, page: Page) -> Mapping[str, Any]:
    page.tells("initialize", {}, 1)
    assert page.wire.closed is not None
    return {"code": page.wire.closed[0]}


async def test_whoever_may_not_stay_is_sent_away_at_the_next_word() -> None:
    host = Host()
    desk = made(host, Kernels())
    old = Page(desk, "old", expires_at=NOW)
    assert old.wire.closed is not None
    assert old.wire.closed[0] == 4401
    gone = Page(desk, "gone")
    host.gone = {"gone"}
    assert without(desk, gone) == {"code": 4401}
    ended = Page(desk, "ended")
    host.state.ended_at = NOW
    assert without(desk, ended) == {"code": 4410}
    host.state.ended_at = None
    failed = Page(desk, "failed")
    host.failed = "not recorded"  # type: ignore[assignment]
    assert without(desk, failed) == {"code": 4302}


async def test_a_page_that_reads_nothing_is_dropped_and_no_other() -> None:
    desk = made(Host(), Kernels())
    stuck, well = Page(desk, "stuck"), Page(desk, "well")
    stuck.wire.stuck, stuck.wire.waiting = True, LIMIT + 1
    assert without(desk, stuck) == {"code": 4301}
    assert await well.completes() == ["from_kernel", "from_server"]


async def test_a_page_that_asks_too_much_is_dropped() -> None:
    desk = made(Host(), Kernels())
    page = Page(desk, "ada")
    for number in range(int(BURST)):
        page.tells("initialize", {}, number)
    assert page.wire.closed == (4429, "too many messages")


async def test_what_waits_for_a_page_that_left_is_dropped() -> None:
    kernels = Kernels()
    desk = made(Host(), kernels)
    page = Page(desk, "ada")
    page.tells("textDocument/hover", {"textDocument": {"uri": "file:///main.py"}}, 1)
    desk.closed("ada", 1000)
    desk.receive("ada", b"{}")
    await asyncio.sleep(0)
    assert kernels.asked == []
