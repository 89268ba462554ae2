"""Readers whose network is full: nothing is piled up for them, and one piece makes up for what went past."""

from __future__ import annotations

from collections.abc import Iterator
from unittest.mock import patch

import pytest
from tests.support.world import Client, OurClient, World, text_of

from fourhands_protocol import awareness, envelope, sync
from fourhands_server.core import reception
from fourhands_server.core.seat import Lagging


@pytest.fixture
def world() -> World:
    made = World()
    for person in ("ada", "bob"):
        made.join(person)
    return made


@pytest.fixture
def few() -> Iterator[None]:
    """Eight entries are many."""
    with patch.object(reception, "RESUME_LIMIT", 8):
        yield


def connected(world: World, person: str, dialect: str = "fourhands") -> Client:
    client = world.client(person, dialect=dialect)
    client.connect()
    world.settle()
    return client


def stall(world: World, slow: Client) -> None:
    """From the next thing on that it is told, its network is full."""
    slow.stalled = True
    world.call("ada", "candidate", "chat", text="the last that it is told")
    world.call("ada", "candidate", "file.create", path="also.py")
    world.commit()


def types(world: World, who: Client, count: int) -> None:
    for number in range(count):
        who.type(0, f"{number}\n")
        world.settle()


@pytest.mark.parametrize("dialect", ["stock", "fourhands"])
def test_e20_what_goes_on_goes_past_whoever_does_not_read(world: World, dialect: str) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", dialect)
    bob.stalled = True
    types(world, ada, 30)
    assert len(bob.inbox) < 5
    bob.read_on()
    world.settle()
    assert str(bob.text()) == str(ada.text()) == text_of(world.log)


def test_e20_a_stock_client_is_told_in_one_piece(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob", "stock")
    bob.stalled = True
    types(world, ada, 30)
    bob.read_on()
    world.answer()
    frames = [sync.decode(frame) for frame in bob.inbox]
    assert [type(frame) for frame in frames] == [sync.Step2]
    assert isinstance(frames[0], sync.Step2)
    assert b"29\n" in frames[0].update
    assert b"0\n" not in frames[0].update.split(b"1\n")[-1], "what it was told before is not told again"


def test_e20_our_client_is_told_by_the_log(world: World) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    assert isinstance(bob, OurClient)
    bob.stalled = True
    types(world, ada, 30)
    bob.read_on()
    world.settle()
    assert bob.mode == "resumed"
    assert [entry.kind for entry in bob.entries].count("edit") == 30


def test_e20_our_client_is_told_by_story_and_document_where_the_log_is_longer(
    world: World, few: None
) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    assert isinstance(bob, OurClient)
    bob.stalled = True
    types(world, ada, 30)
    bob.read_on()
    world.settle()
    assert bob.mode == "resync"
    assert [entry.kind for entry in bob.told].count("edit") == 0
    assert str(bob.text()) == str(ada.text())


def test_e20_its_own_edits_are_acked_all_the_while(world: World, few: None) -> None:
    ada, bob = connected(world, "ada"), connected(world, "bob")
    assert isinstance(bob, OurClient)
    bob.stalled = True
    for _ in range(10):
        types(world, ada, 1)
        types(world, bob, 1)
    bob.read_on()
    world.settle()
    assert not bob.pending
    assert str(bob.text()) == str(ada.text()) == text_of(world.log)
    world.check()


def test_e20_what_is_admitted_when_its_network_fills_is_told_once_committed(world: World) -> None:
    """The vector that stands for what it was told names that already."""
    ada, bob = connected(world, "ada"), connected(world, "bob", "stock")
    world.call("ada", "candidate", "chat", text="with this its network is full")
    ada.type(0, "under way\n")
    ada.deliver(None)
    assert bob.seat is not None
    assert world.room.filled(bob.seat)
    lagging = world.room.seats[bob.seat].state
    assert isinstance(lagging, Lagging)
    assert lagging.vector == {ada.client_id: len("under way\n")}
    types(world, ada, 10)
    bob.read_on()
    world.settle()
    assert str(bob.text()) == str(ada.text()) == text_of(world.log)


def test_w4_awareness_that_went_past_it_is_told_as_it_is_now(world: World) -> None:
    ada, bob = connected(world, "ada", "stock"), connected(world, "bob", "stock")
    gone = connected(world, "ada", "stock")
    bob.stalled = True
    types(world, ada, 1)
    for clock in range(5, 40):
        ada.outbox.append(shown(ada.client_id, clock, f'{{"n":{clock}}}'))
        ada.deliver(None)
    gone.cut()
    assert len(bob.inbox) < 5
    bob.inbox.clear()
    told: list[awareness.State] = []
    assert bob.seat is not None
    world.room.drained(bob.seat, now=world.now)
    for frame in world.room.seats[bob.seat].out:
        if frame[0] == 1:
            told += awareness.decode(sync.decode(frame).payload)  # type: ignore[union-attr]
    assert {state.client for state in told} == {ada.client_id, gone.client_id}
    assert {state.client: state.text is None for state in told} == {
        ada.client_id: False,
        gone.client_id: True,
    }
    assert '"n":39' in next(state.text or "" for state in told if state.client == ada.client_id)


def shown(client: int, clock: int, text: str) -> bytes:
    return sync.awareness(awareness.encode([awareness.State(client, clock, text)]))


def test_e20_an_answer_still_comes_to_a_client_whose_network_is_full(world: World) -> None:
    bob = connected(world, "bob")
    stall(world, bob)
    bob.inbox.clear()
    bob.outbox.append(envelope.encode(envelope.Ping(7)))
    bob.deliver(None)
    assert [type(envelope.decode(frame)) for frame in bob.inbox] == [envelope.Pong]
