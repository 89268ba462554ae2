"""A17, E18: after the log lost its tail, what its people still hold of the documents comes back."""

from __future__ import annotations

from dataclasses import replace

import pycrdt
import pytest
from tests.support.world import Client, OurClient, World, document_of, text_of

from fourhands_protocol import awareness, cbor, entries, envelope, sync
from fourhands_protocol.entries import EDIT
from fourhands_server.core import healing


@pytest.fixture
def world() -> World:
    made = World()
    for person in ("ada", "bob", "cyd"):
        made.join(person)
    made.join("eve", "observer")
    return made


def connected(world: World, person: str, dialect: str = "fourhands", role: str = "candidate") -> Client:
    client = world.client(person, dialect=dialect, role=role)
    client.connect()
    world.settle()
    return client


def types(world: World, who: Client, text: str, file: str = "main.py") -> None:
    who.type(0, text, file)
    world.settle()


def relayed(world: World) -> list[str]:
    return [e.actor for e in world.log if e.kind == EDIT and entries.edit(e.body).relayed]


def edits(world: World) -> list[str]:
    return [e.actor for e in world.log if e.kind == EDIT]


@pytest.mark.parametrize("dialect", ["stock", "fourhands"])
@pytest.mark.parametrize("first", ["its own", "another"])
def test_a17_the_lost_tail_comes_back_by_whoever_is_back_first(
    world: World, dialect: str, first: str
) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", dialect)
    types(world, ada, "kept ")
    head = len(world.log)
    types(world, ada, "lost ")
    types(world, bob, "too ")
    before = str(ada.text())
    world.lose(head)
    back = (ada, bob) if first == "its own" else (bob, ada)
    for client in back:
        client.connect()
        world.settle()
    assert text_of(world.log) == str(ada.text()) == str(bob.text()) == before
    assert relayed(world) == [back[0].person]
    assert world.log[-1].kind != EDIT or edits(world)[-1] == back[0].person
    world.check()


def test_a17_nothing_is_relayed_without_a_loss(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    assert isinstance(bob, OurClient)
    types(world, ada, "text")
    update = document_of(world.log).get_update()
    bob.op("relay", {"update": update})
    world.settle()
    assert bob.refused == [(1, "forbidden")]
    bob.cut()
    bob.known["incarnation"] = "an incarnation that never was"
    bob.connect()
    world.settle()
    assert bob.mode == "resync"
    assert [envelope.decode(f) for f in bob.inbox] == []
    assert bob.refused == [(1, "forbidden")]


def test_a17_a_stock_client_may_not_bring_others_text_without_a_loss(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", "stock")
    types(world, ada, "mine ")
    ada.cut()
    ada.type(0, "forged ")
    bob.outbox.append(sync.step2(ada.doc.get_update()))
    bob.deliver(None)
    assert bob.closed_with == 4423


def test_e18_a_page_that_knows_more_than_the_log_takes_its_word_and_the_operator_is_told(
    world: World,
) -> None:
    """A disk that was put back whole, mark and all: what a client claims is not enough to heal by."""
    ada, bob = connected(world, "ada"), connected(world, "bob")
    head = len(world.log)
    types(world, ada, "lost ")
    world.rows = [row for row in world.rows if row.entry.stream != "room" or row.entry.seq <= head]
    assert isinstance(bob, OurClient)
    bob.last += 10
    world.crash()
    bob.connect()
    world.settle()
    assert (bob.mode, str(bob.text())) == ("reset", "")
    for _ in range(2):
        bob.last += 10
        bob.cut()
        bob.connect()
        world.settle()
    assert ["rooms.db.mark" in words for words in world.reports] == [True], "once"


def test_a17_edits_made_while_away_follow_what_they_stand_on(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    types(world, ada, "one ")
    head = len(world.log)
    types(world, bob, "two ")
    bob.cut()
    world.lose(head)
    bob.type(4, "three ")
    assert isinstance(bob, OurClient)
    bob.op("chat", {"text": "and a word"})
    bob.type(0, "four ")
    bob.connect()
    world.settle()
    ada.connect()
    world.settle()
    assert text_of(world.log) == str(ada.text()) == str(bob.text()) == "four two three one "
    assert not bob.pending
    assert not bob.refused
    assert [e.kind for e in world.log].count("chat") == 1
    world.check()


def test_a17_a_link_that_goes_before_the_ack_heals_on_the_next(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    head = len(world.log)
    types(world, ada, "lost ")
    world.lose(head)
    bob.connect()
    bob.deliver(None)
    while not bob.outbox:
        world.commit()
        world.answer()
        bob.deliver(None)
    bob.cut()
    bob.connect()
    world.settle()
    assert text_of(world.log) == "lost "
    ada.connect()
    world.settle()
    assert relayed(world) == ["bob"]
    assert isinstance(bob, OurClient)
    assert not bob.pending


def test_a17_deletions_come_back_too(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    types(world, ada, "keep this not that")
    head = len(world.log)
    ada.delete(9, 18)
    world.settle()
    world.lose(head)
    assert text_of(world.log) == "keep this not that"
    bob.connect()
    world.settle()
    assert text_of(world.log) == "keep this"


def test_a17_a_file_that_was_made_in_the_lost_tail_comes_back_with_its_text(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", "stock")
    head = len(world.log)
    world.call("ada", "candidate", "file.create", path="util.py")
    world.settle()
    types(world, ada, "import this", "util.py")
    world.lose(head)
    bob.connect()
    world.settle()
    assert [file.path for file in world.room.state.living_files()] == ["main.py", "util.py"]
    assert text_of(world.log, "util.py") == "import this"
    world.check()


def test_a17_somebody_whose_joining_was_lost_is_known_again(world: World) -> None:
    head = len(world.log)
    world.join("dan")
    dan = connected(world, "dan")
    types(world, dan, "here I am")
    world.lose(head)
    assert "dan" not in world.room.state.people
    dan.connect()
    world.settle()
    assert world.room.state.people["dan"].role == "candidate"
    assert text_of(world.log) == "here I am"


def test_a17_a_name_is_taken_back_as_it_would_be_taken_at_the_door(world: World) -> None:
    head = len(world.log)
    world.join("dan")
    dan = connected(world, "dan")
    world.lose(head)
    dan.connect()
    hello = envelope.decode(dan.outbox[0])
    assert isinstance(hello, envelope.Hello)
    dan.outbox[0] = envelope.encode(replace(hello, name="Dan\u202e\n the \x00 host"))
    world.settle()
    assert world.room.state.people["dan"].name == "Dan the host"


@pytest.mark.parametrize("dialect", ["stock", "fourhands"])
def test_a17_nobody_writes_under_the_id_of_somebody_who_is_here(world: World, dialect: str) -> None:
    """A forged next clock would take the place of the next words of whoever it belongs to."""
    ada, bob = connected(world, "ada", dialect), connected(world, "bob")
    types(world, ada, "kept ")
    head = len(world.log)
    types(world, ada, "lost ")
    world.lose(head)
    ada.connect()
    world.settle()
    state = awareness.State(ada.client_id, 1, "{}")
    ada.outbox.append(sync.awareness(awareness.encode([state])))
    world.settle()
    bob.connect()
    world.settle()
    forged = pycrdt.Doc(client_id=ada.client_id)
    forged.apply_update(ada.doc.get_update())
    forged.get("main.py", type=pycrdt.Text).insert(0, "forged ")
    assert isinstance(bob, OurClient)
    bob.op("relay", {"update": forged.get_update(ada.doc.get_state())})
    world.settle()
    assert bob.closed_with == 4423
    types(world, ada, "own ")
    assert text_of(world.log) == str(ada.text()) == "own lost kept "


@pytest.mark.parametrize("dialect", ["stock", "fourhands"])
def test_r1_an_observer_brings_nothing_back_and_is_not_closed_for_what_it_holds(
    world: World, dialect: str
) -> None:
    ada, eve = connected(world, "ada"), connected(world, "eve", dialect, "observer")
    head = len(world.log)
    types(world, ada, "lost ")
    world.lose(head)
    eve.connect()
    world.settle()
    assert eve.closed_with is None
    assert text_of(world.log) == ""
    if isinstance(eve, OurClient):
        assert (eve.mode, str(eve.text())) == ("reset", "")
    ada.connect()
    world.settle()
    assert text_of(world.log) == str(eve.text()) == "lost "


def test_a17_what_comes_back_after_a_day_is_no_healing(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    head = len(world.log)
    types(world, ada, "lost ")
    world.lose(head)
    world.now += healing.WINDOW + 1
    bob.connect()
    world.settle()
    assert isinstance(bob, OurClient)
    assert (bob.mode, str(bob.text())) == ("reset", "")
    assert text_of(world.log) == ""


def test_a17_a_room_made_after_the_loss_has_nothing_to_be_given_back(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", "stock")
    types(world, ada, "mine ")
    world.loss = healing.Loss(world.room.state.created_at, frozenset({"before"}))
    world.crash()
    ada.type(0, "forged ")
    bob.connect()
    world.settle()
    bob.outbox.append(sync.step2(ada.doc.get_update()))
    bob.deliver(None)
    assert bob.closed_with == 4423


def test_e18_the_vector_stands_in_state_where_the_client_came_from_another_incarnation(world: World) -> None:
    ada = connected(world, "ada")
    types(world, ada, "kept ")
    head = len(world.log)
    world.lose(head)
    ada.connect()
    while True:
        world.commit()
        world.answer()
        states = [envelope.decode(f) for f in ada.inbox if f[0] == envelope.FRAME]
        state = next((s for s in states if isinstance(s, envelope.State)), None)
        if state is not None:
            break
        ada.deliver(1)
    assert state.vector is not None
    assert sync.decode_vector(state.vector) == {ada.client_id: 5}
    assert cbor.decode(world.log[0].body)["lineage"] == "lineage-1"
