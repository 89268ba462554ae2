"""The oracles speak up: each finds what it is there for, and nothing where all is well."""

from __future__ import annotations

import base64
from types import SimpleNamespace
from typing import Any

import pytest

from tests.chaos import oracles
from tests.chaos.play import Return
from tests.support.documents import Document

SAVED_AT = 1_000


class Teller:
    """A tab that says what the test wants."""

    def __init__(self, *events: dict[str, Any], person: str = "p", open_now: bool = True) -> None:
        self.name = f"tab of {person}"
        self.person = person
        self.open_now = open_now
        self.followed = False
        self.events = [{"t": 0, **event} for event in events]

    def told(self, event: str) -> list[dict[str, Any]]:
        return [one for one in self.events if one["event"] == event]

    @property
    def words(self) -> list[str]:
        return [one["word"] for one in self.told("typed")]


def typed(*words: str) -> list[dict[str, Any]]:
    return [{"event": "typed", "word": word} for word in words]


def claims(count: int, *, erased: int = 0) -> dict[str, Any]:
    return {"event": "saved", "typed": count, "erased": erased, "t": SAVED_AT}


def erases(word: str) -> dict[str, Any]:
    return {"event": "erased", "word": word}


def play(*tabs: Teller) -> Any:
    return SimpleNamespace(every=tabs, schedule=SimpleNamespace(acts=()))


def edits(*lines: str, at: int = SAVED_AT) -> list[dict[str, Any]]:
    """The record of these lines, each an edit, at a time in ms."""
    document = Document(1)
    updates = [document.edit("main.py", 0, insert=line + "\n") for line in lines]
    return [
        {"kind": "edit", "at": at * 1000, "body": {"update": base64.b64encode(update).decode()}}
        for update in updates
    ]


def entry(kind: str, actor: str = "p", **body: Any) -> dict[str, Any]:
    return {"kind": kind, "actor": actor, "at": 0, "body": body}


@pytest.mark.parametrize(
    ("there", "said", "open_now", "wrong"),
    [
        (["#a"], [*typed("#a")], True, ""),
        ([], [*typed("#a")], True, "#a is there 0 times"),
        (["#a", "#a"], [*typed("#a")], True, "#a is there 2 times"),
        (["#b"], [], True, "nobody typed '#b'"),
        ([], [*typed("#a"), erases("#a")], True, ""),
        (["#a"], [*typed("#a"), erases("#a")], True, "was taken back and is there"),
        # A tab that is gone could not send all that was typed, but what it was told is saved must be there.
        ([], [*typed("#a")], False, ""),
        (["#a"], [*typed("#a")], False, ""),
        ([], [*typed("#a"), claims(1)], False, "#a is there 0 times"),
        (["#a"], [*typed("#a"), erases("#a"), claims(1, erased=1)], False, "was taken back and is there"),
        (["#a"], [{"event": "begins", "word": "#a"}], False, ""),
        (["#bo#a"], [*typed("#a"), *({"event": "begins", "word": w} for w in ("#a", "#bob1"))], True, ""),
        (["#bo#a"], [*typed("#a"), {"event": "begins", "word": "#a"}], True, "#a is there 0 times"),
        (["#bo#a"], [*typed("#a"), claims(1), *typed("#bob1")], False, ""),
        ([], [*typed("#a"), claims(1), *({"event": "begins", "word": "#a"} for _ in "ab")], False, ""),
    ],
)
def test_words(there: list[str], said: list[dict[str, Any]], open_now: bool, wrong: str) -> None:
    found = [*oracles.words(play(Teller(*said, open_now=open_now)), edits(*there))]
    assert bool(found) == bool(wrong)
    assert any(wrong in one for one in found) or not wrong


@pytest.mark.parametrize("followed", [False, True])
def test_what_a_tab_kept_must_come_by_the_next_one(followed: bool) -> None:
    gone = Teller(*typed("#a"), {**claims(1), "event": "kept"}, open_now=False)
    gone.followed = followed
    assert bool([*oracles.words(play(gone), [])]) == followed


@pytest.mark.parametrize(("late_ms", "count", "wrong"), [(0, 1, 0), (5, 1, 1), (5, 0, 0), (-5, 1, 0)])
def test_claims(late_ms: int, count: int, wrong: int) -> None:
    tab = Teller(*typed("#a"), claims(count))
    assert len([*oracles.claims(play(tab), edits("#a", at=SAVED_AT + late_ms))]) == wrong


def test_a_word_is_recorded_when_it_is_whole() -> None:
    document = Document(1)
    record = [
        {"kind": "edit", "at": at, "body": {"update": base64.b64encode(update).decode()}}
        for at, letter in enumerate("#ab\n")
        if (update := document.edit("main.py", at, insert=letter))
    ]
    assert oracles.recorded_at(record)["#ab"] == 2


def test_lines_and_runs() -> None:
    said = {"event": "said", "line": "hello"}
    asked = {"event": "ran", "code": "print(1)", "ok": True}
    good = [
        entry("chat", text="hello"),
        entry("run.queued", run="r", code="print(1)"),
        entry("run.outputs", run="r", items=[{"text": "1\n"}]),
        entry("run.finished", run="r", status="ok"),
    ]
    there = play(Teller(said, asked))
    assert not [*oracles.lines_and_runs(there, good)]
    assert len([*oracles.lines_and_runs(there, good[1:])]) == 1, "the line is missing"
    assert [*oracles.lines_and_runs(there, [good[0], *good])], "the line is there twice"
    assert len([*oracles.lines_and_runs(there, good[:1])]) == 1, "the run is missing"
    assert [*oracles.lines_and_runs(there, [*good, good[1]])], "the run is there twice"
    assert [*oracles.lines_and_runs(there, [*good[:3], good[2], good[3]])], "its output is there twice"
    assert [*oracles.lines_and_runs(there, [*good[:3], entry("run.finished", run="r", status="error")])]


def test_seats() -> None:
    tab = Teller()
    opened = entry("seat.opened", seat="s")
    assert not [*oracles.seats([tab], [opened])]
    assert [*oracles.seats([tab], [])]
    assert [*oracles.seats([tab], [opened, entry("seat.opened", seat="t")])], "a second seat"
    assert [*oracles.seats([tab], [opened, entry("seat.lost", seat="s")])]
    assert not [*oracles.seats([tab], [opened, entry("seat.lost", seat="s"), entry("seat.back", seat="s")])]
    assert [*oracles.seats([], [opened])], "a seat of nobody"


def test_ghosts() -> None:
    ada, bob, page = Teller(person="ada"), Teller(person="bob"), Teller(person="page")
    cursor = {"id": 2, "person": "bob", "at": None}
    looks: Any = [
        (ada, {"id": 1, "at": None, "others": [cursor]}),
        (bob, {"id": 2, "at": None, "others": []}),
    ]
    assert not [*oracles.ghosts(ada, looks[0][1], looks)]
    assert [*oracles.ghosts(bob, looks[1][1], looks)], "ada is not seen"
    assert [*oracles.ghosts(ada, looks[0][1], looks[:1])], "bob is gone"
    moved = {"id": 2, "at": {"file": "main.py"}, "others": []}
    assert [*oracles.ghosts(ada, looks[0][1], [looks[0], (bob, moved)])], "bob is elsewhere"
    blind: Any = [*looks, (page, {"id": None})]
    assert [*oracles.ghosts(ada, looks[0][1], blind)], "the page is not seen"


def test_sockets() -> None:
    def of(served: int) -> Any:
        link = SimpleNamespace(served=lambda _: served)
        return SimpleNamespace(links={"ada": link}, seats={"ada": SimpleNamespace(participant="p")})

    looks: Any = [(Teller(), {"way": "websocket"})]
    assert not [*oracles.sockets(of(1), looks)]
    assert [*oracles.sockets(of(2), looks)]
    assert not [*oracles.sockets(of(0), [(Teller(), {"way": "http"})])]


@pytest.mark.parametrize(
    ("phases", "until", "took"),
    [
        ([(1, "live")], 20, 0.0),
        ([(1, "live"), (12, "backoff"), (13, "live")], 20, 3.0),
        ([(1, "backoff"), (17, "live")], 20, 7.0),
        ([(1, "live"), (12, "backoff")], 13, None),
        ([(1, "live"), (12, "backoff")], 16, 6.0),
    ],
)
def test_how_long_a_return_took(phases: list[tuple[int, str]], until: int, took: float | None) -> None:
    events = [{"event": "phase", "t": at * 1000, "phase": phase} for at, phase in phases]
    tab: Any = Teller(*events)
    assert Return(tab, at=10, until=until).took == took
