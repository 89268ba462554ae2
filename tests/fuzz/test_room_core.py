"""Whole rooms under a random life: typing, cuts, crashes, refusals, runs. After each: replay equals live.

`FOURHANDS_FUZZ_SEEDS` says how many lives; a seed that ever failed stays below as a named test.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from tests.support.world import Client, OurClient, StockClient, World, boundary, text_of

SEEDS = int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50"))
WORDS = ("a", "def f():\n", "naïve ", "日本", "😀", "🎹é", "x = 1\n", " " * 9)
PEOPLE = (("ada", "candidate"), ("bob", "interviewer"), ("cyd", "candidate"))


class Life:
    """One random life of a room."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)
        self.world = World()
        for person, role in (*PEOPLE, ("eve", "observer")):
            self.world.join(person, role)
        self.writers: list[Client] = []
        for person, role in PEOPLE:
            dialect = self.chance.choice(["fourhands", "stock"])
            self.writers.append(self.world.client(person, dialect=dialect, role=role))
        self.reader = self.world.client("eve", dialect="stock", role="observer")
        self.acked: dict[str, set[int]] = {}
        self.names = 0

    def live(self, steps: int) -> None:
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
            self.time: 3,
        }
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

    def crash(self) -> None:
        self.world.crash()
        self._attach()

    def _attach(self) -> None:
        runs = {e.run: "running" for e in self.world.executed}
        if runs:
            self.world.room.kernel_attached("journal-1", runs, "busy", None, now=self.world.now)
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

    def time(self) -> None:
        self.world.now += self.chance.randint(1, 12_000_000)
        self.world.room.tick(now=self.world.now)
        self.world.carry_out()

    def heal(self) -> None:
        """All links come back and everything arrives."""
        self._attach()
        for _ in range(3):
            for client in self.world.clients:
                if client.seat is None:
                    client.connect()
            self.world.settle()

    def check(self) -> None:
        self.world.check()
        text = text_of(self.world.log)
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
        for person in self.world.room.state.people.values():
            assert len(person.seats) == 1, "one seat a client, no ghosts"


def live(seed: int, steps: int = 250) -> None:
    life = Life(seed)
    life.live(steps)
    life.heal()
    life.check()


@pytest.mark.parametrize("seed", range(SEEDS))
def test_replay_of_the_log_equals_the_live_room(seed: int) -> None:
    live(seed)


def test_stock_and_own_clients_are_both_exercised() -> None:
    kinds = {type(w) for seed in range(8) for w in Life(seed).writers}
    assert kinds == {OurClient, StockClient}


@pytest.mark.parametrize("seed", [87, 546, 558])
def test_a_client_cut_off_between_story_and_document_lacks_nothing(seed: int) -> None:
    """It once resumed from the seqs of the story, which leaves edits out, and never got them."""
    live(seed)
