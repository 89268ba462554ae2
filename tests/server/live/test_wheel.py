"""The timer wheel, and rooms that rest in it."""

from __future__ import annotations

import gc
import weakref

from tests.support.parts import House, turns

from fourhands_protocol import awareness, envelope, sync
from fourhands_server.live.hub import IDLE, LEFT
from fourhands_server.live.wheel import Wheel


def test_nobody_is_handed_out_before_their_time_and_each_is_once() -> None:
    wheel: Wheel[str] = Wheel(10)
    wheel.put("late", 95)
    wheel.put("early", 21)
    wheel.put("now", 0)
    assert wheel.turn(29) == ["now"]
    assert wheel.turn(30) == ["early"]
    assert wheel.turn(99) == []
    assert wheel.turn(200) == ["late"]
    assert wheel.turn(300) == []


def test_who_is_put_in_again_waits_in_the_new_place_alone() -> None:
    wheel: Wheel[str] = Wheel(10)
    wheel.put("sooner", 100)
    wheel.put("sooner", 5)
    wheel.put("later", 5)
    wheel.put("later", 100)
    wheel.put("gone", 5)
    wheel.drop("gone")
    wheel.drop("gone")
    assert wheel.turn(10) == ["sooner"]
    assert wheel.turn(100) == ["later"]


async def test_a_room_in_which_nothing_happens_is_left_alone_until_somebody_must_be_told() -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada", dialect="fourhands")
    host.receive(seat, envelope.encode(envelope.Hello(version=1, instance="instance-of-test", last={})))
    await turns()
    woken: list[str] = []
    host.woken = woken.append
    house.now += 4_000_000
    host.tick()
    until = host.rest_until()
    assert until > house.now
    wire.sent.clear()
    host.receive(seat, envelope.encode(envelope.Ping(5)))
    assert wire.sent == [envelope.encode(envelope.Pong(5, house.now))]
    assert not woken
    assert host.rest_until() == until
    house.now += 9_000_000
    host.tick()
    assert wire.sent[1:] == [envelope.encode(envelope.Ping(house.now))]
    assert not woken
    assert host.rest_until() > house.now
    host.receive(seat, envelope.encode(envelope.TokenRequest()))
    assert woken == [host.id]


async def test_a_cursor_that_stands_still_is_kept_in_view_by_the_server() -> None:
    house = House()
    host = await house.room()
    (ada, _), (ivy, wire) = house.connect(host, "ada"), house.connect(host, "ivy", role="interviewer")
    for seat in (ada, ivy):
        host.receive(seat, sync.step1(b"\x00"))
    await turns()
    host.receive(ada, shown(1))
    (before,) = told(wire.sent[-1])
    wire.sent.clear()
    woken: list[str] = []
    host.tick()
    assert host.rest_until() > house.now
    host.woken = woken.append
    house.now += 8_000_000
    host.receive(ada, shown(2))
    assert (wire.sent, woken) == ([], [])
    host.tick()
    (after,) = told(wire.sent[-1])
    assert after.clock > before.clock
    assert after.text == before.text


def shown(clock: int) -> bytes:
    return sync.awareness(awareness.encode([awareness.State(7, clock, '{"cursor":null}')]))


def told(frame: bytes) -> list[awareness.State]:
    message = sync.decode(frame)
    assert isinstance(message, sync.AwarenessFrame)
    return awareness.decode(message.payload)


async def test_rooms_that_nobody_is_in_leave_memory_without_waiting_for_python_to_look() -> None:
    house = House()
    rooms = [weakref.ref((await house.room()).room) for _ in range(LEFT)]
    await turns()
    gc.disable()
    try:
        house.now += IDLE + 1_000_000
        house.hub.turn(house.now)
        await turns()
        assert not house.hub.hosts
        house.hub.turn(house.now + 1_000_000)
        assert sum(room() is not None for room in rooms) <= 1  # a double may remember the last
    finally:
        gc.enable()
