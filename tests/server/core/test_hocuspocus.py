"""Seats of Hocuspocus' dialect: when the room says that something is saved (rules D-4 to D-6), and F-12."""

from __future__ import annotations

import pytest
from tests.support.updates import typed
from tests.support.world import ProviderClient, World, text_of

from fourhands_protocol import hocuspocus, limits, sync
from fourhands_protocol.hocuspocus import NOT_SAVED, SAVED


@pytest.fixture
def world() -> World:
    made = World()
    made.join("ada")
    made.join("bob", "interviewer")
    made.join("eve", "observer")
    return made


def provider(world: World, person: str, role: str = "candidate") -> ProviderClient:
    made = world.client(person, dialect="hocuspocus", role=role)
    assert isinstance(made, ProviderClient)
    return made


def live(world: World, person: str) -> ProviderClient:
    made = provider(world, person)
    made.connect()
    world.settle()
    assert made.unsaved == 0
    made.told.clear()
    return made


def test_d4_the_room_asks_when_it_is_asked(world: World) -> None:
    ada = provider(world, "ada")
    ada.connect()
    assert ada.inbox == []
    world.settle()
    assert [frame[:2] for frame in ada.told if frame[0] == sync.SYNC] == [b"\x00\x00", b"\x00\x01"]
    ada.outbox.append(sync.step1(ada.doc.get_state()))
    ada.unsaved = 1
    world.settle()
    assert ada.unsaved == 0, "its application may ask at any time whether all is saved"


def test_d5_an_edit_is_saved_when_it_is_in_the_log_and_does_not_come_back(world: World) -> None:
    ada = live(world, "ada")
    ada.type(0, "hello")
    ada.deliver(None)
    assert ada.told == []
    world.commit()
    ada.deliver(None)
    assert ada.told == [SAVED]


def test_d5_edits_of_others_come_as_they_do_to_stock_clients(world: World) -> None:
    ada, bob = live(world, "ada"), world.client("bob", dialect="stock", role="interviewer")
    bob.connect()
    world.settle()
    bob.type(0, "from bob")
    world.settle()
    assert str(ada.text()) == "from bob"
    assert [frame[:2] for frame in ada.told if frame[0] == sync.SYNC] == [b"\x00\x02"]


def test_d5_nothing_is_saved_before_the_document_has_come(world: World) -> None:
    """A provider would say that it has the document, and show an empty one."""
    live(world, "bob").type(0, "there")
    world.settle()
    ada = provider(world, "ada")
    ada.type(0, "mine ")
    ada.connect()
    ada.deliver(None)
    ada.deliver(None)
    ada.deliver(None)
    world.commit()
    ada.deliver(None)
    assert SAVED not in ada.told, "the engine has not answered"
    world.settle()
    assert ada.told.index(SAVED) > [f[:2] for f in ada.told].index(b"\x00\x01")
    assert ada.unsaved == 0


def test_d5_what_is_no_news_is_saved_with_all_that_was_admitted_before(world: World) -> None:
    """A provider that is back before its last edit is in the log brings it again."""
    ada = live(world, "ada")
    ada.type(0, "hello")
    ada.deliver(None)
    assert len(world.waiting) == 1
    again = provider(world, "ada")
    again.apply(ada.doc.get_update())
    ada.seat, waiting = None, list(world.waiting)
    again.connect()
    for _ in range(3):
        again.deliver(None)
        world.answer()
    assert again.synced
    assert SAVED not in again.told
    assert world.waiting[: len(waiting)] == waiting
    world.settle()
    assert again.unsaved == 0
    assert text_of(world.log) == "hello"


def test_d6_news_from_an_observer_is_not_saved_and_costs_nothing(world: World) -> None:
    eve = provider(world, "eve", "observer")
    eve.connect()
    world.settle()
    eve.told.clear()
    eve.type(0, "graffiti")
    world.settle()
    assert eve.told == [NOT_SAVED]
    assert (eve.unsaved, eve.closed_with) == (1, None)
    ada = live(world, "ada")
    ada.type(0, "text")
    world.settle()
    assert text_of(world.log) == "text"
    assert "text" in str(eve.text())


def test_d6_after_the_end_news_is_closed(world: World) -> None:
    ada = live(world, "ada")
    world.call("bob", "interviewer", "end")
    world.settle()
    ada.type(0, "too late")
    world.settle()
    assert ada.closed_with == 4410


@pytest.mark.parametrize("dialect", ["stock", "hocuspocus"])
def test_f12_what_is_typed_before_the_answer_waits_for_it(world: World, dialect: str) -> None:
    """An edit made offline, and one on top of it before the room has asked for the first."""
    ada = world.client("ada", dialect=dialect)
    ada.type(0, "offline ")
    ada.connect()
    first, ada.inbox = ada.inbox, []
    ada.type(8, "and on")
    ada.deliver(None)
    assert text_of(world.log) == ""
    ada.inbox = first + ada.inbox
    world.settle()
    assert ada.closed_with is None
    assert text_of(world.log) == "offline and on"
    if isinstance(ada, ProviderClient):
        assert ada.unsaved == 0
    world.check()


@pytest.mark.parametrize("dialect", ["stock", "hocuspocus"])
def test_f12_after_the_answer_a_gap_is_a_gap(world: World, dialect: str) -> None:
    ada = world.client("ada", dialect=dialect)
    ada.connect()
    world.settle()
    ada.outbox.append(sync.update(typed(77, 5, "x", after=(77, 4))))
    world.settle()
    assert ada.closed_with == 4300


def test_f12_an_update_that_was_dropped_is_saved_with_the_answer_alone(world: World) -> None:
    """Not with an edit that happens to be admitted between."""
    bob = live(world, "bob")
    bob.type(0, "b")
    world.settle()
    ada = provider(world, "ada")
    ada.apply(bob.doc.get_update())
    ada.type(1, "offline ")
    ada.connect()
    ada.type(9, "more")
    ada.delete(0, 1)
    ada.deliver(1)
    ada.deliver(None)
    world.settle()
    assert (ada.unsaved, ada.closed_with) == (0, None)
    assert text_of(world.log) == str(ada.text()) == "offline more"


def test_a_seat_is_on_the_record_with_its_dialect(world: World) -> None:
    live(world, "ada")
    assert {seat.dialect for seat in world.room.seats.values()} == {"hocuspocus"}
    opened = [entry for entry in world.log if entry.kind == "seat.opened"]
    assert b"hocuspocus" in opened[-1].body


def test_keepalives_go_to_providers_too(world: World) -> None:
    ada = live(world, "ada")
    world.now += 11_000_000
    world.room.tick(now=world.now)
    world.carry_out()
    ada.deliver(None)
    assert ada.told == [b"\x01\x01\x00"]
    assert hocuspocus.addressed("r", ada.told[0]) == b"\x01r\x01\x01\x00"


def test_d5_what_was_typed_offline_and_is_sent_after_all_is_not_counted(world: World) -> None:
    """A provider sends such updates when it is back, but counts anew: its answer to us stands for them."""
    ada = provider(world, "ada")
    queued: list[bytes] = []
    ada.changed = queued.append  # type: ignore[method-assign]
    for number in range(5):
        ada.type(0, f"{number} ")
    del ada.__dict__["changed"]
    ada.connect()
    ada.outbox += [sync.update(update) for update in queued]
    ada.type(0, "live ")
    ada.deliver(None)
    world.answer()
    world.commit(3)
    ada.deliver(None)
    assert SAVED not in ada.told
    world.settle()
    assert ada.told.count(SAVED) == 2, "for its answer, and for what it typed since"
    assert ada.unsaved == 0
    assert text_of(world.log) == "live 4 3 2 1 0 "
    ada.type(0, "more ")
    assert ada.unsaved == 1
    world.settle()
    assert (ada.unsaved, ada.told.count(SAVED)) == (0, 3)


def test_d5_whoever_asks_while_edits_are_under_way_counts_anew(world: World) -> None:
    ada = live(world, "ada")
    ada.type(0, "one ")
    ada.type(0, "two ")
    ada.outbox.append(sync.step1(ada.doc.get_state()))
    ada.unsaved = 1
    ada.type(0, "three ")
    ada.deliver(None)
    world.commit(2)
    ada.deliver(None)
    assert SAVED not in ada.told
    world.settle()
    assert ada.told.count(SAVED) == 2
    assert (ada.unsaved, text_of(world.log)) == (0, "three two one ")


def test_what_a_vector_names_is_kept_for_ones_own_ids_alone(world: World) -> None:
    """A vector may name a hundred thousand clients, and the answer to ours never come."""
    bob = live(world, "bob")
    bob.type(0, "b")
    world.settle()
    ada = provider(world, "ada")
    ada.connect()
    many = {bob.client_id: 1} | {number: 1 for number in range(10, 1000)}
    ada.outbox = [sync.step1(sync.encode_vector(many))]
    ada.deliver(None)
    assert ada.seat is not None
    said = world.room.seats[ada.seat].said
    assert said is not None
    assert len(said) == limits.CLIENT_IDS
    assert bob.client_id not in said
