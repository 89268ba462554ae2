"""Awareness states of a room: whose they are, and the clocks at which they are told."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import awareness, sync
from fourhands_protocol.awareness import State
from fourhands_protocol.varint import write_uint
from fourhands_server.core.presence import SHOWN, Presence, cursor_of
from fourhands_server.core.standing import standing


def presence() -> Presence:
    return Presence(claim=lambda client, person: None)


def offer(room: Presence, client: int, clock: int, *, seat: str, text: str | None = "{}") -> list[State]:
    return room.offer([State(client, clock, text)], seat=seat, person=f"of-{seat}", user={"name": seat})


def test_each_newcomer_is_told_of_a_state_at_a_new_clock() -> None:
    """One who was here before keeps old clocks and believes only newer ones."""
    room = presence()
    offer(room, 1, 7, seat="ada")
    told = [room.everyone_but(seat)[0].clock for seat in ("ivy", "ivy again", "olga")]
    assert told == [8, 9, 10]
    assert offer(room, 1, 8, seat="ada")[0].clock == 11


def test_a_state_that_is_gone_and_comes_back_is_believed() -> None:
    room = presence()
    offer(room, 1, 3, seat="ada")
    (gone,) = room.leave("ada")
    assert gone == State(1, 4, None)
    (back,) = offer(room, 1, 3, seat="ada anew")
    assert (back.clock, back.text is not None) == (5, True)


def test_whoever_has_just_come_is_believed_at_once() -> None:
    """Stock clients begin at clock 0, which others ignore, and renew their states after 15 seconds."""
    room = presence()
    assert [told.clock for told in offer(room, 1, 0, seat="ada")] == [1]
    assert [told.clock for told in offer(room, 1, 1, seat="ada")] == [2]


def test_a_state_that_is_only_renewed_is_news_to_nobody() -> None:
    room = presence()
    offer(room, 1, 3, seat="ada")
    assert room.renew(1, 4, seat="ada")
    assert not room.renew(1, 4, seat="ada"), "a clock that has been heard"
    assert not room.renew(1, 5, seat="ivy"), "another seat"
    assert not room.renew(2, 5, seat="ada"), "another client"
    (told,) = offer(room, 1, 5, seat="ada")
    assert told.clock == 5, "later states are believed"
    room.leave("ada")
    assert not room.renew(1, 6, seat="ada"), "who has gone comes back with news"


@given(clock=st.integers(0, 2**32), later=st.integers(0, 2**32), client=st.integers(0, 2**32 - 1))
def test_a_frame_that_says_the_same_at_another_clock_is_known(clock: int, later: int, client: int) -> None:
    text = '{"cursor":1}'
    payload = awareness.encode([State(client, clock, text)])
    known = standing(payload, State(client, clock, text))
    assert known is not None

    def again(*states: State) -> int | None:
        return known.clock(sync.awareness(awareness.encode(states)))

    same_width = len(write_uint(later)) == len(write_uint(clock)) and later < 2**28
    assert again(State(client, later, text)) == (later if same_width else None)
    assert again(State(client, clock, '{"cursor":2}')) is None
    assert again(State(client, clock, None)) is None
    assert again(State(client ^ 1, clock, text)) is None
    assert again(State(client, clock, text), State(client ^ 1, clock, text)) is None
    frame = sync.awareness(payload)
    assert known.clock(frame[:-1]) is None
    assert known.clock(frame + b"\x00") is None


def test_another_seat_cannot_speak_for_a_client_that_is_here() -> None:
    room = presence()
    offer(room, 1, 3, seat="ada")
    assert offer(room, 1, 99, seat="ivy") == []
    assert offer(room, 1, 99, seat="ivy", text=None) == []
    assert offer(room, 1, 4, seat="ada")[0].clock == 4


def test_a_clock_that_leaves_no_higher_one_is_not_taken() -> None:
    """Each newcomer is told a higher one: there would be none, and nobody could come in any more."""
    room = presence()
    assert offer(room, 1, 2**53 - 1, seat="mallory") == []
    assert room.everyone_but("ada") == []
    assert offer(room, 1, 2**32, seat="ada")[0].clock == 2**32
    assert offer(room, 1, 2**53 - 1, seat="ada") == []
    assert room.everyone_but("ivy")[0].clock == 2**32 + 1


@pytest.mark.parametrize("anchor", ["true", "1.0", '"1"', "-1", "2147483648", "null"])
def test_what_is_no_offset_is_no_cursor(anchor: str) -> None:
    text = f'{{"at":{{"file":"main.py","anchor":{anchor},"head":0}}}}'
    assert cursor_of(State(1, 1, text)) is None


def test_of_a_person_only_so_many_states_are_shown() -> None:
    """Each newcomer is told of all of them: for who is shown more often than there are tabs, nobody waits."""
    room = presence()
    offer(room, 1_000, 1, seat="ivy")
    for client in range(500):
        *gone, shown = offer(room, client, 1, seat="mallory")
        assert (shown.client, shown.text is None) == (client, False)
        assert [state.client for state in gone] == ([client - SHOWN] if client >= SHOWN else [])
        assert all(state.text is None for state in gone)
    shown_now = sorted(state.client for state in room.everyone_but("olga"))
    assert shown_now == [*range(500 - SHOWN, 500), 1_000]
    assert len(room.shown) < 100, "those that are gone are not remembered for ever"
    (*_, back) = offer(room, 1, 9, seat="mallory")
    assert (back.client, back.text is not None) == (1, True)
