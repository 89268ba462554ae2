"""Mutated updates against admission: what it lets in, a real engine takes, and both agree on what there is.

`FOURHANDS_FUZZ_SEEDS` says how many sessions; a seed that ever failed stays below as a named test.
"""

from __future__ import annotations

import os
import random
from collections import Counter

import pytest
from tests.support.admissions import few_steps
from tests.support.documents import ENGINES
from tests.support.engine_child import EngineChild
from tests.support.mutator import Mutator
from tests.support.sessions import Sent, Session
from tests.support.updates import typed

from fourhands_protocol import limits, sync
from fourhands_protocol.admission import Admission
from fourhands_protocol.errors import ProtocolError

SEEDS = int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50"))
MUTANTS = 150
ROOTS = ("main.py", "other.py")


def live(seed: int, child: EngineChild, seen: Counter[str]) -> None:
    """A session of honest people, then one in which everybody sends mutants of what was sent before."""
    session = Session(seed, roots=ROOTS[: 1 + seed % 2])
    admission = Admission(ROOTS)
    child.fresh()
    sent = [one for one in session.run(60) if offer(admission, child, one, seen)]
    mutator = Mutator(seed)
    updates = [one.update for one in sent] or [b"\x00\x00"]
    for _ in range(MUTANTS):
        one = mutator.chance.choice(sent or [Sent("p-0", b"\x00\x00")])
        mutant = mutator.mutate(one.update, updates, admission.vector())
        person = one.person if mutator.chance.random() < 0.9 else "p-1"
        seen["mutants"] += 1
        if offer(admission, child, Sent(person, mutant), seen):
            updates.append(mutant)
            sent.append(Sent(person, mutant))
    state = child.read(ROOTS)
    assert sync.decode_vector(bytes.fromhex(state["vector"])) == admission.vector()
    # A latecomer, who gets the document and not its history, sees what the others see.
    assert state["texts"] == state["again"]


def offer(admission: Admission, child: EngineChild, sent: Sent, seen: Counter[str]) -> bool:
    try:
        with few_steps(sent.update):
            admitted = admission.check(sent.update, sent.person, limit=limits.STEP2)
    except ProtocolError as error:
        seen[type(error).__name__] += 1
        return False
    seen["news" if admitted.is_news else "no news"] += 1
    if admitted.is_news:
        child.apply(sent.update)
    return admitted.is_news


@pytest.mark.parametrize("engine", [engine.__name__ for engine in ENGINES])
def test_engines_survive_what_is_admitted(engine: str) -> None:
    seen: Counter[str] = Counter()
    with EngineChild(engine) as child:
        for seed in range(SEEDS):
            live(seed, child, seen)
    print(dict(seen))
    # Else this would show nothing: mutants must come in every kind, and some must get through.
    assert seen["news"] > 20 * SEEDS
    assert {"MalformedFrame", "NotAdmitted", "CausalGap", "ForeignClient"} <= set(seen)


@pytest.mark.parametrize("engine", [engine.__name__ for engine in ENGINES])
def test_latecomers_see_what_the_others_see(engine: str) -> None:
    """Text between any two texts: refused, or at the same place for all, in whatever order they read it."""
    placed = 0
    with EngineChild(engine) as child:
        for seed in range(10 * SEEDS):
            chance, admission = random.Random(seed), Admission(ROOTS[:1])
            child.fresh()
            for _ in range(14):
                client, vector = chance.randrange(1, 5), admission.vector()
                ids = [(one, clock) for one, end in vector.items() for clock in range(end)]
                after, before = chance.choice([None, *ids]), chance.choice([None, *ids])
                update = typed(
                    client, vector.get(client, 0), "ab"[: chance.randint(1, 2)], after=after, before=before
                )
                placed += offer(admission, child, Sent(f"p-{client}", update), Counter())
            state = child.read(ROOTS[:1])
            assert state["texts"] == state["again"], f"seed {seed}"
    assert placed > 30 * SEEDS
