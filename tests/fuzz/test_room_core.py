"""Whole rooms under a random life: typing, cuts, crashes, refusals, runs. After each: replay equals live.

`FOURHANDS_FUZZ_SEEDS` says how many lives; a seed that ever failed stays below as a named test.
"""

from __future__ import annotations

import os
import random
import re
from collections import Counter
from unittest.mock import patch

import pycrdt
import pytest
from tests.support.world import (
    SECRET,
    Client,
    OurClient,
    ProviderClient,
    StockClient,
    World,
    boundary,
    document_of,
    text_of,
)

from fourhands_protocol import cbor
from fourhands_protocol.entries import PRIVATE
from fourhands_server.core import kept, reception, syncing
from fourhands_server.core.adding import Adding
from fourhands_server.core.keystrokes import Keystrokes
from fourhands_server.core.questions import checked
from fourhands_server.core.state import DataFile

SEEDS = int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50"))
WORDS = ("a", "def f():\n", "naïve ", "日本", "😀", "🎹é", "x = 1\n", " " * 9)
STORY = {"seat.opened": "o", "seat.lost": "l", "seat.back": "b", "seat.merged": "m", "seat.closed": "c"}
PEOPLE = (("ada", "candidate"), ("bob", "interviewer"), ("cyd", "candidate"))


class Life:
    """One random life of a room."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        for person, role in (*PEOPLE, ("eve", "observer"), ("ina", "interviewer")):
            self.world.join(person, role)
        self.begun = len(self.world.log)
        self.writers: list[Client] = []
        for person, role in PEOPLE:
            dialect = self.chance.choice(["fourhands", "stock"])
            if dialect == "stock" and seed % 5 in (0, 4):
                dialect = "hocuspocus"
            self.writers.append(self.world.client(person, dialect=dialect, role=role))
        self.reader = self.world.client("eve", dialect="stock", role="observer")
        self.world.client("ina", role="interviewer")
        self.observer = self.world.client("eve", role="observer")
        self.judged: dict[str, int] = {}
        self.acked: dict[str, set[int]] = {}
        self.names = 0

    def live(self, steps: int, **rather: int) -> None:
        moves = {
            self.type: 30,
            self.delete: 12,
            self.deliver: 40,
            self.commit: 25,
            self.answer: 20,
            self.link: 8,
            self.crash: 1,
            self.operate: 6,
            self.kernel: 5,
            self.question: 2,
            self.tests: 4,
            self.time: 3,
            self.stall: 0,
            self.lose: 0,
        }
        moves |= {getattr(self, name): weight for name, weight in rather.items()}
        for move in self.chance.choices(list(moves), list(moves.values()), k=steps):
            move()

    def type(self) -> None:
        who = self.chance.choice(self.writers)
        who.type(boundary(self.chance, str(who.text())), self.chance.choice(WORDS))

    def delete(self) -> None:
        who = self.chance.choice(self.writers)
        text = str(who.text())
        start, stop = sorted((boundary(self.chance, text), boundary(self.chance, text)))
        if start < stop:
            who.delete(start, stop)

    def deliver(self) -> None:
        self.chance.choice(self.world.clients).deliver(self.chance.randint(1, 5))

    def commit(self) -> None:
        self.world.commit(self.chance.randint(1, 4))

    def answer(self) -> None:
        self.world.answer()

    def link(self) -> None:
        who = self.chance.choice(self.world.clients)
        if who.seat is None:
            who.connect()
        elif self.chance.random() < 0.4:
            who.cut()

    def stall(self) -> None:
        """Somebody's network is full, or takes all that waited in it."""
        who = self.chance.choice(self.world.clients)
        if who.stalled:
            who.read_on()
        else:
            who.stalled = True

    def lose(self) -> None:
        """An older copy of the log takes its place."""
        self.world.lose(self.chance.randint(self.begun, len(self.world.log)))

    def crash(self) -> None:
        self.world.crash()
        self._attach()

    def _attach(self) -> None:
        runs = {e.run: "running" for e in self.world.executed}
        if runs or self.judged:
            judged = set(self.judged)
            self.world.room.kernel.attached("journal-1", runs, "busy", None, judged, now=self.world.now)
            self.world.carry_out()

    def operate(self) -> None:
        who = self.chance.choice([c for c in self.world.clients if isinstance(c, OurClient)] or [None])
        self.names += 1
        kind, body = self.chance.choice(
            [
                ("chat", {"text": "hello"}),
                ("file.create", {"path": f"f{self.names % 4}.py"}),
                ("file.delete", {"file": "f1.py"}),
                ("file.rename", {"file": "f2.py", "path": f"g{self.names % 3}.py"}),
                ("run", {"run": f"r{self.names % 6}", "file": "main.py"}),
                ("run", {"run": f"s{self.names}", "code": "1"}),
                ("interrupt", {}),
                ("restart", {}),
            ]
        )
        if who is not None:
            who.op(kind, body)
        else:
            self.world.call("bob", "interviewer", kind, **body)

    def kernel(self) -> None:
        run = self.world.room.state.active_run()
        if run is None or run.run not in {e.run for e in self.world.executed}:
            return
        if self.chance.random() < 0.5:
            item = {"output_type": "stream", "name": "stdout", "text": "out"}
            self.world.kernel_says("run.outputs", run=run.run, n=0, items=[item])
        else:
            self.world.kernel_says("run.finished", run=run.run, status="ok", duration=1)

    def question(self) -> None:
        """An interviewer adds a question, replaces one, or sends the last one again."""
        self.names += self.chance.random() < 0.7
        secret = SECRET.decode()
        tests = {"files": {"test_it.py": f"# {secret} {self.names}"}, "run_by": "candidate"}
        if self.chance.random() < 0.5:
            tests["examples"] = {"test_example.py": "def test(): ..."}
        question = checked({"id": f"q{self.names % 2}", "title": f"Title {self.names}", "tests": tests})
        data = tuple(DataFile(path, 1, "0" * 64) for path in question.examples)
        self.world.call("ina", "interviewer", "question.add", adding=Adding(question, data))

    def tests(self) -> None:
        """Somebody runs hidden tests, or stops them, or the kernel host has something to say of them."""
        self.names += 1
        person, role = self.chance.choice(PEOPLE)
        waiting = [one for one in self.world.judged if one.judgement not in self.judged]
        running = [name for name, step in self.judged.items() if step < 9]
        match self.chance.randrange(4):
            case 0:
                body = {"judgement": f"j{self.names % 5}", "question": f"q{self.names % 2}"}
                self.world.call(person, role, "tests.run", **body)
            case 1:
                self.world.call(person, role, "tests.cancel", judgement=f"j{self.names % 5}")
            case 2 if waiting:
                name = waiting[0].judgement
                self.judged[name] = 0
                self.world.kernel_says("tests.started", judgement=name, visibility="names", unisolated=False)
            case 3 if running:
                self._tested(self.chance.choice(running))

    def _tested(self, name: str) -> None:
        self.judged[name] += self.chance.randint(1, 4)
        step = self.judged[name]
        one = {"judgement": name, "n": step, "name": f"t{step}", "outcome": "passed", "duration": 1}
        if step < 9:
            self.world.kernel_says("tests.record", **one, message=SECRET.decode(), printed="")
            self.world.kernel_says("tests.result", **one, total=12)
        else:
            self.world.kernel_says("tests.detail", judgement=name, text=SECRET.decode())
            counts = {"passed": 1, "failed": 2, "errors": 0, "skipped": 0, "total": 3}
            self.world.kernel_says("tests.finished", judgement=name, status="ok", **counts, duration=5)
            self.world.kernel_says("service", port=8080, state=self.chance.choice(("running", "failed")))
            self.world.kernel_says("service.detail", port=8080, text=SECRET.decode())

    def time(self) -> None:
        self.world.now += self.chance.randint(1, 12_000_000)
        self.world.room.tick(now=self.world.now)
        self.world.carry_out()

    def heal(self) -> None:
        """All links come back and everything arrives."""
        self.held = self._held()
        self._attach()
        for _ in range(3):
            for client in self.world.clients:
                if client.stalled:
                    client.read_on()
                if client.seat is None:
                    client.connect()
            self.world.settle()

    def _held(self) -> str:
        """The text of all that anybody has, the log too."""
        whole = document_of(self.world.log)
        for client in self.world.clients:
            whole.apply_update(client.doc.get_update())
        return str(whole.get("main.py", type=pycrdt.Text))

    def check(self) -> None:
        self.world.check()
        text = text_of(self.world.log)
        assert text == self.held, "whatever somebody has is there in the end"
        assert not self.world.reports, "nobody knows more than a log of the same name"
        for client in self.world.clients:
            assert str(client.text()) == text, client.person
        for client in self.writers:
            if isinstance(client, OurClient):
                assert not client.pending
                applied = Counter(
                    row.pseq
                    for row in self.world.rows
                    if row.producer == f"{client.person}/{client.instance}"
                )
                assert not applied or max(applied.values()) == 1
            if isinstance(client, ProviderClient):
                assert client.unsaved == 0
        for client in self.world.clients:
            if isinstance(client, OurClient):
                self._knows_all_outputs(client)
        for person in self.world.room.state.people.values():
            seats = sum(client.person == person.id for client in self.world.clients)
            assert len(person.seats) == seats, "one seat a client, no ghosts"
            assert not person.lost
        self._knows_its_seats()
        self._knows_its_streams()
        self._newcomer(text)

    def _knows_its_seats(self) -> None:
        """No cursor without a connection; the log tells of each seat in an order that makes sense."""
        room = self.world.room
        here = {seat.name for seat in room.seats.values()}
        assert {one.seat for one in room._presence.shown.values() if one.state is not None} <= here
        stories: dict[str, str] = {}
        for entry in self.world.log:
            if entry.kind.startswith("seat."):
                seat = cbor.decode(entry.body)["seat"]
                stories[seat] = stories.get(seat, "") + STORY[entry.kind]
        for seat, story in stories.items():
            assert re.fullmatch("o(l?[bm]+)*(l?c)?", story), (seat, story)
            assert (story[-1] in "obm") == (seat in here), (seat, story)

    def _knows_its_streams(self) -> None:
        """Interviewers are told all that is private but old records of tests; others are told none of it."""
        log = self.world.private_log
        assert [entry.seq for entry in log] == list(range(1, len(log) + 1))
        must = {entry.seq for entry in log if entry.kind != "tests.record"}
        for client in self.world.clients:
            if isinstance(client, OurClient):
                assert client.role == "interviewer" or not client.private_told
                assert client.role != "interviewer" or must <= client.private_told, client.person

    def _newcomer(self, text: str) -> None:
        """Somebody comes late."""
        client = self.world.client("eve", role="observer")
        assert isinstance(client, OurClient)
        client.connect()
        self.world.settle()
        self._knows_all_outputs(client)
        assert str(client.text()) == text
        self.world.check()

    def _knows_all_outputs(self, client: OurClient) -> None:
        """Told to it, or named as left out: nothing is missing unsaid, nothing is named that is not there."""
        printed: Counter[str] = Counter()
        told = {entry.seq for entry in client.told}
        for entry in self.world.log:
            if entry.kind == "run.outputs":
                run = cbor.decode(entry.body)["run"]
                printed[run] += len(entry.body)
                assert entry.seq in told or run in client.left_out, (client.person, entry.seq)
        for run, size in client.left_out.items():
            assert 0 < size <= printed[run], (client.person, run)


def live(seed: int, steps: int = 250, **rather: int) -> Life:
    life = Life(seed)
    # Outputs that are kept, and pages near the head, are small here, so that lives come to their bounds.
    bound, near = random.Random(f"bounds {seed}").choice([(kept.KEPT, 200), (100, 200), (300, 0), (100, 3)])
    with patch.object(kept, "KEPT", bound), patch.object(syncing, "NEAR_ENTRIES", near):
        life.live(steps, **rather)
        life.heal()
        life.check()
    return life


@pytest.mark.parametrize("seed", range(SEEDS))
def test_replay_of_the_log_equals_the_live_room(seed: int) -> None:
    live(seed)


@pytest.mark.parametrize("seed", range(0, SEEDS, 2))
def test_whatever_is_printed_is_told_or_named_as_left_out(seed: int) -> None:
    live(seed, kernel=60, operate=30, commit=60)


@pytest.mark.parametrize("seed", range(SEEDS // 3))
def test_whoever_reads_slowly_is_told_all_the_same(seed: int) -> None:
    """By the log where that is short, else by story and document; here 8 entries are many."""
    with patch.object(reception, "RESUME_LIMIT", (5_000, 8)[seed % 2]):
        live(seed, stall=25)


@pytest.mark.parametrize("seed", range(SEEDS // 5))
def test_the_short_way_of_typing_leads_where_the_long_one_does(seed: int) -> None:
    short = live(seed).world
    with (
        patch.object(Keystrokes, "receive", lambda *_, **__: None),
        patch.object(Keystrokes, "committed", lambda *_: False),
    ):
        long = live(seed).world
    assert long.shortened == 0
    assert short.rows == long.rows
    assert short.told == long.told


def test_typing_goes_the_short_way() -> None:
    assert sum(live(seed).world.shortened for seed in (6, 7, 8)) > 20


TEXT_ALONE = {"operate": 0, "kernel": 0, "question": 0, "tests": 0}


@pytest.mark.parametrize("seed", range(SEEDS // 3))
def test_a_log_that_lost_its_tail_is_given_it_back(seed: int) -> None:
    """Text alone: all else that was lost is lost."""
    life = live(seed, lose=3, stall=5, **TEXT_ALONE)
    assert life.world.loss is None or life.world.room.state.created_at < life.world.loss.since


def test_some_lives_leave_out_outputs_and_some_none() -> None:
    lives = [live(seed, kernel=60, operate=30, commit=60) for seed in range(1, 40, 2)]
    own = [client for life in lives for client in life.world.clients if isinstance(client, OurClient)]
    told = {(bool(c.left_out), any(e.kind == "run.outputs" for e in c.told)) for c in own}
    assert {(True, True), (False, True)} <= told


def test_stock_and_own_clients_are_both_exercised() -> None:
    kinds = {type(w) for seed in range(8) for w in Life(seed).writers}
    assert kinds == {OurClient, StockClient, ProviderClient}


@pytest.mark.parametrize("seed", [87, 546, 558])
def test_a_client_cut_off_between_story_and_document_lacks_nothing(seed: int) -> None:
    """It once resumed from the seqs of the story, which leaves edits out, and never got them."""
    live(seed)


def test_lives_are_full_of_what_only_interviewers_may_know() -> None:
    lives = [live(seed, question=20, tests=60, commit=60) for seed in range(6)]
    kinds = {entry.kind for life in lives for entry in life.world.private_log}
    assert kinds == PRIVATE
    ends = {e.kind for life in lives for e in life.world.log if e.kind.startswith("tests.")}
    assert ends == {f"tests.{end}" for end in ("queued", "started", "result", "cancelled", "finished")}
