"""Admission against real sessions: those of yjs (the vectors) and of both engines; its two ways compared."""

import random
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import limits, sync
from fourhands_protocol.admission import Admission, order, tree
from fourhands_protocol.admission import admission as module
from fourhands_protocol.admission.ranges import Ranges
from fourhands_protocol.admission.short import admit_short
from fourhands_protocol.admission.update import DELETED, GC, STRING, read_update
from fourhands_protocol.errors import ProtocolError
from tests.support.admissions import spans_of, state_of
from tests.support.documents import ENGINES
from tests.support.mutator import Mutator
from tests.support.sessions import Sent, Session, units
from tests.support.updates import Struct, write_update
from tests.support.vectors import load

YJS = load("updates")["sessions"]
KINDS = {"string": STRING, "deleted": DELETED, "gc": GC}


def log_of(session) -> list[Sent]:
    return [
        Sent(one["person"], bytes.fromhex(one["hex"]), one["kind"] == "step2") for one in session["updates"]
    ]


@pytest.mark.parametrize("session", YJS, ids=lambda session: session["name"])
def test_A2_updates_hold_what_yjs_says_they_hold(session):
    for one in session["updates"]:
        update = read_update(bytes.fromhex(one["hex"]))
        structs = [(c, struct) for c, section in update.sections.items() for struct in section.structs]
        for (client, ours), theirs in zip(structs, one["structs"], strict=True):
            ids = [list(pair) if pair else None for pair in (ours.origin, ours.right)]
            assert [client, ours.clock, ours.length, ours.kind, *ids, ours.root] == [
                theirs["client"], theirs["clock"], theirs["length"], KINDS[theirs["kind"]],
                theirs["origin"], theirs["right"], theirs["root"],
            ]  # fmt: skip
        # yjs joins neighbouring ranges as it reads; the clocks are the same.
        assert covered(update.deletions) == covered(one["deletes"], lengths=True)


def covered(ranges, *, lengths: bool = False) -> set[tuple[int, int]]:
    return {(c, clock) for c, a, b in ranges for clock in range(a, a + b if lengths else b)}


@pytest.mark.parametrize("session", YJS, ids=lambda session: session["name"])
def test_every_update_of_yjs_is_admitted(session):
    room = Admission(session["roots"])
    balance = take_all(room, log_of(session))
    assert room.vector() == {int(client): clock for client, clock in session["vector"].items()}
    assert balance == sum(units(text) for text in session["texts"].values())
    assert {root: text_of(room, log_of(session), root) for root in session["roots"]} == session["texts"]


def take_all(room: Admission, log: list[Sent]) -> int:
    """Check every update; the length of text that is left of them."""
    balance = 0
    for sent in log:
        limit = limits.STEP2 if sent.is_step2 else limits.UPDATE
        admitted = room.check(sent.update, sent.person, limit=limit)
        assert not admitted.relayed
        balance += admitted.inserted - admitted.deleted
    return balance


def text_of(room: Admission, log: list[Sent], root: str) -> str:
    """The text of a file by admission's own order: every unit in its place, the deleted ones left out."""
    written: dict[tuple[int, int], bytes] = {}
    for sent in log:
        for client, section in read_update(sent.update).sections.items():
            for struct in section.structs:
                unit = struct.text.encode("utf-16-le")
                for n in range(len(unit) // 2):
                    written.setdefault((client, struct.clock + n), unit[2 * n : 2 * n + 2])
    deleted = {client: known.deleted for client, known in room._clients.items()}
    return b"".join(
        written[client, clock]
        for client, start, end in spans_of(room, root)
        for clock in range(start, end)
        if not deleted[client].covers(clock, clock + 1)
    ).decode("utf-16-le")


@pytest.mark.parametrize("engine", ENGINES, ids=lambda engine: engine.__name__)
@pytest.mark.parametrize("seed", range(12))
def test_every_update_of_the_engines_is_admitted(engine, seed):
    roots = ("main.py", "tests/läuft.py") if seed % 3 == 0 else ("main.py",)
    session = Session(seed, roots=roots, engine=engine)
    room = Admission(roots)
    balance = take_all(room, session.run(120))
    assert room.vector() == sync.decode_vector(session.server.vector())
    assert balance == sum(units(session.server.text(root)) for root in roots)
    for root in roots:
        assert text_of(room, session.log, root) == session.server.text(root)
    for typist in session.typists:
        assert [typist.document.text(root) for root in roots] == [session.server.text(root) for root in roots]


@pytest.mark.parametrize("session", YJS, ids=lambda session: session["name"])
def test_A21_the_log_alone_gives_the_same_state(session):
    live, replayed = Admission(session["roots"]), Admission(session["roots"])
    for sent in log_of(session):
        if live.check(sent.update, sent.person, limit=limits.STEP2).is_news:
            replayed.replay(sent.update, sent.person)
    assert state_of(replayed) == state_of(live)


def test_A21_a_relayed_update_too():
    live, replayed = Admission(["main.py"]), Admission(["main.py"])
    for sent in log_of(YJS[0]):
        admitted = live.check(sent.update, "p-0", limit=limits.STEP2, may_relay=True)
        if admitted.is_news:
            replayed.replay(sent.update, "p-0", relayed=admitted.relayed)
    assert state_of(replayed) == state_of(live)
    assert live.owner(next(iter(live.vector()))) is None


class OneWay:
    """An admission that never takes the short path."""

    def __init__(self, monkeypatch, roots):
        self.room = Admission(roots)
        self._monkeypatch = monkeypatch

    def check(self, update: bytes, person: str):
        with self._monkeypatch.context() as patched:
            patched.setattr(module, "admit_short", lambda *_, **__: None)
            return self.room.check(update, person)


def outcome(check, sent: Sent):
    try:
        return check(sent.update, sent.person)
    except ProtocolError as error:
        return type(error), error.reason


@pytest.mark.parametrize("seed", range(30))
def test_A20_the_short_path_says_what_the_whole_parse_says(seed, monkeypatch):
    """On everything honest, and on mutants of the updates that the short path is for."""
    session = Session(seed, roots=("main.py", "b.py")[: 1 + seed % 2])
    both, whole = Admission(session.roots), OneWay(monkeypatch, session.roots)
    for sent in session.run(80):
        assert outcome(both.check, sent) == outcome(whole.check, sent), sent.update.hex()
    common = [sent for sent in session.log if len(sent.update) < 60] or session.log
    mutator, updates = Mutator(seed), [sent.update for sent in common]
    for n in range(600):
        sent = mutator.chance.choice(common)
        mutant = mutator.mutate(sent.update, updates, both.vector() if n % 2 else None)
        one = Sent(mutator.chance.choice((sent.person, sent.person, "p-1")), mutant)
        assert outcome(both.check, one) == outcome(whole.check, one), mutant.hex()
    assert state_of(both) == state_of(whole.room)


class ByTree:
    """An admission that leaves every stretch of text to the tree, with nodes so small that it grows high."""

    def __init__(self, monkeypatch, roots):
        self.room = Admission(roots)
        self._monkeypatch = monkeypatch

    def check(self, update: bytes, person: str):
        with self._monkeypatch.context() as patched:
            patched.setattr(order, "_WALK", -1)
            patched.setattr(tree, "_MOST", 4)
            return self.room.check(update, person)


@pytest.mark.parametrize("seed", range(12))
def test_A12_the_tree_says_what_a_walk_says(seed, monkeypatch):
    """People who often write at one place without having read each other, and at times make things up."""
    chance = random.Random(seed)
    walk, by_tree = Admission(["main.py"]), ByTree(monkeypatch, ["main.py"])
    clients = [chance.randrange(1, 100) for _ in range(6)]
    read: dict[int, dict[int, int]] = {client: {} for client in clients}
    taken = 0
    for _ in range(40):
        client, vector = chance.choice(clients), walk.vector()
        if chance.random() < 0.3:
            read[client] = vector
        ids = [
            (one, clock) for one, start, end in walk._order.spans("main.py") for clock in range(start, end)
        ]
        seen = [one for one in ids if one[0] == client or one[1] < read[client].get(one[0], 0)]
        at, clock, structs = chance.randint(0, len(seen)), vector.get(client, 0), []
        for _ in range(chance.choice((1, 1, 3, 9))):
            left, right = seen[at - 1] if at else None, seen[at] if at < len(seen) else None
            if chance.random() < 0.05:
                left, right = chance.choice([None, *ids]), chance.choice([None, *ids])
            structs.append(Struct("ab"[: chance.randint(1, 2)], left, right))
            seen[at:at] = [(client, clock + n) for n in range(len(str(structs[-1].content)))]
            clock += len(str(structs[-1].content))
            at = chance.choice((at, at + 1, chance.randint(0, len(seen))))
        sent = Sent(f"p-{client}", write_update({(client, vector.get(client, 0)): structs}))
        told = outcome(walk.check, sent)
        # Of two reasons the one or the other may be found first.
        assert outcome(by_tree.check, sent)[0] == told[0]
        assert spans_of(by_tree.room, "main.py") == spans_of(walk, "main.py")
        taken += told[0] is True
    assert taken > 10
    assert state_of(by_tree.room) == state_of(walk)


def test_A20_the_short_path_is_taken():
    """Else the comparison above would compare one thing with itself."""
    room, taken = Admission(["main.py"]), 0
    for sent in Session(5, people=1).run(200):
        if admit_short(sent.update, sent.person, room._codes, room._order) is None:
            room.check(sent.update, sent.person, limit=limits.STEP2)
        else:
            taken += 1
    assert taken > 20


@given(st.lists(st.tuples(st.integers(0, 30), st.integers(1, 8))))
def test_ranges_are_a_set_of_clocks(pairs):
    ranges, model = Ranges(), set()
    for start, length in pairs:
        new = set(range(start, start + length)) - model
        assert ranges.covers(start, start + length) == (not new)
        assert ranges.add(start, start + length) == len(new)
        model |= new
    found = list(ranges)
    assert [c for a, b in found for c in range(a, b)] == sorted(model)
    assert all(one[1] < next_one[0] for one, next_one in pairwise(found))
