"""Seats: kept while a page is away, taken again by the same page, given up (E-16, E-17, E-19)."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.world import Client, OurClient, World, text_of

from fourhands_protocol import awareness, cbor, envelope, sync

SECOND = 1_000_000


@pytest.fixture
def world() -> World:
    made = World()
    made.join("ada")
    made.join("ivy", "interviewer")
    return made


def here(world: World, person: str = "ada", **options: Any) -> OurClient:
    client = world.client(person, **options)
    assert isinstance(client, OurClient)
    client.connect()
    world.settle()
    return client


def passes(world: World, seconds: float, *heard: Client) -> None:
    """Time passes; those who are `heard` ping as they should."""
    for _ in range(int(seconds)):
        world.now += SECOND
        for client in heard:
            client.outbox.append(envelope.encode(envelope.Ping(1)))
            client.deliver(None)
        world.room.tick(now=world.now)
        world.carry_out()
    world.commit()


def told(world: World, since: int = 0) -> list[tuple[str, dict[str, Any]]]:
    """What the log says of seats, from an entry on."""
    kinds = ("seat.opened", "seat.lost", "seat.back", "seat.merged", "seat.closed")
    return [(e.kind.removeprefix("seat."), cbor.decode(e.body)) for e in world.log[since:] if e.kind in kinds]


def points(client: Client, clock: int, text: str = "{}") -> None:
    """The client says where it is."""
    state = awareness.State(client.client_id, clock, text)
    client.outbox.append(sync.awareness(awareness.encode([state])))
    client.deliver(None)


class Eyes:
    """Watches what a client is told of awareness."""

    def __init__(self, client: Client) -> None:
        self.client = client
        self.frames: list[bytes] = []
        self.receive = client.receive
        client.receive = self._watch  # type: ignore[method-assign]

    def _watch(self, frame: bytes) -> None:
        if frame[:1] == b"\x01":
            self.frames.append(frame)
        self.receive(frame)

    def see(self, other: Client) -> list[str | None]:
        """What was told of another since this was asked last."""
        self.client.deliver(None)
        frames, self.frames = self.frames, []
        found = [sync.decode(frame) for frame in frames]
        states = [s for f in found if isinstance(f, sync.AwarenessFrame) for s in awareness.decode(f.payload)]
        return [state.text for state in states if state.client == other.client_id]


def test_E16_a_page_whose_link_drops_has_its_seat_again(world: World) -> None:
    ada = here(world)
    seat = world.room.seats[ada.seat or ""].name
    before = len(world.log)
    ada.cut()
    world.commit()
    person = world.room.state.people["ada"]
    assert (person.seats, person.online) == ({seat}, False)
    passes(world, 14)
    ada.connect()
    world.settle()
    assert told(world, before) == [
        ("lost", {"seat": seat, "code": 1006}),
        ("back", {"seat": seat, "away": 14 * SECOND, "pending": 0}),
    ]
    assert ada.welcome_seat == seat
    assert (person.seats, person.online) == ({seat}, True)
    passes(world, 30, ada)
    assert len(told(world, before)) == 2
    world.check()


def test_E16_nobody_came_back_in_time(world: World) -> None:
    ada = here(world)
    seat = ada.welcome_seat
    before = len(world.log)
    ada.cut()
    passes(world, 18)
    assert [kind for kind, _ in told(world, before)] == ["lost"]
    passes(world, 1)
    assert told(world, before)[1:] == [("closed", {"seat": seat, "code": 1006})]
    assert not world.room.expects
    passes(world, 11)
    ada.connect()
    world.settle()
    opened = {"dialect": "fourhands", "again": seat, "away": 30 * SECOND, "pending": 0}
    assert told(world, before)[2:] == [("opened", {"seat": ada.seat, **opened})]
    assert ada.welcome_seat == ada.seat != seat
    world.check()


@pytest.mark.parametrize("code", [1000, 1001, 4401, 4410])
def test_E16_who_leaves_or_may_not_come_back_keeps_no_seat(world: World, code: int) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    points(ada, 1)
    assert eyes.see(ada)[-1] is not None
    world.room.closed(ada.seat or "", code, now=world.now)
    world.carry_out()
    world.commit()
    assert told(world)[-1] == ("closed", {"seat": ada.welcome_seat, "code": code})
    assert eyes.see(ada) == [None]
    assert not world.room.expects


def test_E10_a_page_that_falls_silent_is_lost_and_then_gone_within_20_seconds(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    points(ada, 1, '{"cursor":1}')
    eyes.see(ada)
    before = len(world.log)
    passes(world, 13, ivy)
    assert ada.closed_with is None
    passes(world, 1, ivy)
    assert ada.closed_with == 4304
    passes(world, 4, ivy)
    lost = {"seat": ada.welcome_seat, "code": 4304, "silent": 14 * SECOND}
    assert told(world, before) == [("lost", lost)]
    assert world.room.state.people["ada"].since == world.now - 18 * SECOND
    assert eyes.see(ada) == []
    passes(world, 1, ivy)
    assert told(world, before)[1:] == [("closed", {"seat": ada.welcome_seat, "code": 4304})]
    assert eyes.see(ada) == [None]


def test_E16_the_cursor_of_a_page_that_comes_back_stays(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    points(ada, 7, '{"cursor":1}')
    ada.cut()
    passes(world, 5, ivy)
    ada.connect()
    world.settle()
    eyes.see(ada)
    points(ada, 8, '{"cursor":2}')
    (state,) = eyes.see(ada)
    assert state is not None
    assert '"cursor":2' in state
    passes(world, 20, ada, ivy)
    assert eyes.see(ada) == []


def test_E16_a_page_that_was_loaded_anew_leaves_no_second_cursor(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    points(ada, 7, '{"cursor":1}')
    ada.cut()
    world.settle()
    eyes.see(ada)
    anew = world.client("ada")
    assert isinstance(anew, OurClient)
    anew.instance = ada.instance
    anew.connect()
    world.settle()
    assert anew.welcome_seat == ada.welcome_seat
    points(anew, 1, '{"cursor":3}')
    assert eyes.see(ada) == [None]
    points(anew, 2, '{"cursor":4}')
    assert eyes.see(ada) == []


def test_E16_a_page_that_was_loaded_anew_does_not_see_its_own_old_cursor(world: World) -> None:
    ada = here(world)
    anew = world.client("ada")
    assert isinstance(anew, OurClient)
    eyes = Eyes(anew)
    anew.instance = ada.instance
    anew.connect()
    points(ada, 7, '{"cursor":1}')
    world.settle()
    points(anew, 1, '{"cursor":2}')
    assert eyes.see(ada)[-1] is None


def test_E16_what_was_shown_before_hello_goes_with_its_connection(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    ada.cut()
    world.settle()
    ada.connect()
    state = awareness.State(ada.client_id, 7, '{"cursor":1}')
    ada.outbox.insert(0, sync.awareness(awareness.encode([state])))
    world.settle()
    shown, gone = eyes.see(ada)
    assert (shown is None, gone) == (False, None)


def test_E3_a_page_that_connects_anew_before_its_loss_is_known_has_its_seat_too(world: World) -> None:
    ada = here(world)
    seat, before = ada.welcome_seat, len(world.log)
    passes(world, 7)
    ada.seat = None  # its network is gone, and the server does not know
    ada.connect()
    world.settle()
    assert ada.welcome_seat == seat
    assert told(world, before) == [("back", {"seat": seat, "away": 7 * SECOND, "pending": 0})]
    assert len(world.room.seats) == 1
    passes(world, 30, ada)
    assert len(told(world, before)) == 1


def test_E17_edits_made_while_away_are_counted_when_they_are_in_the_log(world: World) -> None:
    ada = here(world)
    before = len(world.log)
    ada.cut()
    for letter in "abc":
        ada.type(0, letter)
    ada.op("chat", {"text": "hello?"})
    ada.type(0, "d")
    ada.connect()
    ada.type(0, "e")
    world.settle()
    assert told(world, before)[1:] == [
        ("back", {"seat": ada.welcome_seat, "away": 0, "pending": 5}),
        ("merged", {"seat": ada.welcome_seat, "edits": 4}),
    ]
    kinds = [e.kind for e in world.log[before:] if e.kind in ("edit", "seat.merged")]
    assert kinds.count("edit") == 5
    assert kinds.index("seat.merged") >= 4
    assert text_of(world.log) == "edcba"
    world.check()


def test_E17_what_was_in_the_log_already_is_not_counted_again(world: World) -> None:
    ada = here(world)
    ada.type(0, "logged, its ack lost")
    ada.deliver(None)
    world.commit()
    ada.cut()
    before = len(world.log)
    ada.connect()
    world.settle()
    assert [(kind, body.get("pending")) for kind, body in told(world, before)] == [
        ("lost", None),
        ("back", 0),
    ]
    world.check()


def test_E17_a_link_that_drops_again_says_how_far_it_got(world: World) -> None:
    ada = here(world)
    ada.cut()
    for letter in "abcdef":
        ada.type(0, letter)
    before = len(world.log)
    ada.connect()
    world.answer(), world.commit()
    while not ada.live:
        ada.deliver(1)
        world.answer(), world.commit()
    ada.deliver(2)  # two of six
    ada.cut()
    world.commit()
    ada.connect()
    world.settle()
    merged = [body["edits"] for kind, body in told(world, before) if kind == "merged"]
    assert sum(merged) == 6
    assert len(merged) == 2
    world.check()


def test_E16_a_person_shown_out_has_no_seat_to_come_back_to(world: World) -> None:
    ada = here(world)
    ada.cut()
    world.commit()
    world.call("ivy", "interviewer", "revoke", invite="candidate/1")
    world.commit()
    assert told(world)[-1] == ("closed", {"seat": ada.welcome_seat, "code": 1006})
    assert world.room.why_unwelcome("ada") == "this invite was revoked"
    ivy = here(world, "ivy", role="interviewer")
    ivy.op("remove", {"person": "ada"})
    world.settle()
    assert world.room.why_unwelcome("ada") == "you were removed from this room"


def test_E10_time_in_which_the_server_stood_still_is_nobodys_silence(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    ivy.cut()
    world.now += 40 * SECOND
    world.room.stood_still(39 * SECOND)
    world.room.tick(now=world.now)
    world.carry_out()
    assert ada.closed_with is None
    assert world.room.expects
    ivy.connect()
    world.settle()
    assert told(world)[-1] == ("back", {"seat": ivy.welcome_seat, "away": SECOND, "pending": 0})


def test_E19_a_token_that_is_not_renewed_costs_the_connection_after_a_minute(world: World) -> None:
    ada, ivy = here(world), here(world, "ivy", role="interviewer")
    stock = world.client("ada", dialect="stock")
    stock.connect()
    world.settle()
    for client in (ada, ivy, stock):
        world.room.seats[client.seat or ""].expires_at = world.now + 2 * SECOND
    world.room.seats[ivy.seat or ""].expires_at += 3600 * SECOND  # as its host does at a renewal
    passes(world, 61, ada, ivy)
    assert ada.closed_with is None
    passes(world, 1, ada, ivy)
    assert (ada.closed_with, ivy.closed_with, stock.closed_with) == (4401, None, None)


def test_W4_a_stock_client_that_is_back_before_its_old_link_is_dead_has_its_cursor_at_once(
    world: World,
) -> None:
    ivy = here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    ada = world.client("ada", dialect="stock")
    ada.connect()
    world.settle()
    points(ada, 5, '{"cursor":1}')
    old, ada.seat = ada.seat, None
    eyes.see(ada)
    ada.connect()
    world.settle()
    assert eyes.see(ada)[-1] is not None
    points(ada, 6, '{"cursor":2}')
    (state,) = eyes.see(ada)
    assert '"cursor":2' in str(state)
    world.room.closed(old or "", 1006, now=world.now)
    world.carry_out()
    assert eyes.see(ada) == [], "the old link's end takes nothing from the new one"


def test_W4_a_second_stock_tab_does_not_take_the_cursor_of_the_first(world: World) -> None:
    """It sends on whatever it is told, as y-websocket does."""
    ivy = here(world, "ivy", role="interviewer")
    eyes = Eyes(ivy)
    first, second = world.client("ada", dialect="stock"), world.client("ada", dialect="stock")
    first.connect()
    second.connect()
    world.settle()
    points(first, 5, '{"cursor":1}')
    echoes = [frame for frame in second.inbox if frame[:1] == b"\x01"]
    assert echoes
    second.outbox += echoes
    world.settle()
    eyes.see(first)
    points(first, 6, '{"cursor":2}')
    assert len(eyes.see(first)) == 1
    world.room.closed(second.seat or "", 1006, now=world.now)
    world.carry_out()
    assert eyes.see(first) == []
