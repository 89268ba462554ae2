"""A server that goes away: pages are told when to be back, each at a time of its own, and all are closed."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.parts import House, Wire, turns

from fourhands_protocol import envelope, sync
from fourhands_server.live import drain


def hello(instance: str) -> bytes:
    return envelope.encode(envelope.Hello(version=1, instance=instance * 16, last={}))


def waits(wires: list[Wire]) -> list[int]:
    frames = [frame for wire in wires for frame in wire.sent if frame[:2] == bytes((112, envelope.GOAWAY))]
    found = [envelope.decode(frame) for frame in frames]
    return [message.wait for message in found if isinstance(message, envelope.GoAway)]


async def test_a_few_pages_are_asked_back_soon() -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada", dialect="fourhands")
    host.receive(seat, hello("a"))
    _, stock = house.connect(host, "ivy")
    await turns()
    await house.hub.drain()
    (wait,) = waits([wire])
    assert 300 <= wait < 800
    assert wire.closed == stock.closed == (1001, "the server is restarting")
    assert waits([stock]) == []
    assert not host.room.seats


async def test_a_thousand_pages_do_not_come_back_in_one_moment() -> None:
    house = House()
    wires: list[Wire] = []
    for _ in range(4):
        host = await house.room()
        wires += [house.connect(host, "ada", dialect="fourhands")[1] for _ in range(250)]
    await house.hub.drain()
    told = sorted(waits(wires))
    assert len(told) == 1_000
    for second in range(4):
        assert 100 < sum(second * 1_000 <= wait - 300 < (second + 1) * 1_000 for wait in told) < 400
    assert 300 <= told[0] <= told[-1] < 4_300


async def test_what_is_under_way_is_acknowledged_before_the_end(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    host = await house.room()
    _, wire = house.connect(host, "ivy")
    held: list[asyncio.Future[None]] = []
    append = house.log.append

    def late(*intents: object) -> asyncio.Future[object]:
        answer: asyncio.Future[object] = asyncio.get_running_loop().create_future()
        gate: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        gate.add_done_callback(
            lambda _: append(*intents).add_done_callback(lambda done: answer.set_result(done.result()))  # type: ignore[arg-type]
        )
        held.append(gate)
        return answer

    monkeypatch.setattr(house.log, "append", late)
    saying = asyncio.create_task(host.call("ada", "candidate", "chat", {"text": "one more thing"}))
    await turns()
    going = asyncio.create_task(house.hub.drain())
    await turns()
    assert wire.closed is None
    assert not going.done()
    held[0].set_result(None)
    await saying
    await going
    assert wire.closed is not None


async def test_a_log_that_stands_still_holds_nobody_up_for_long(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "SETTLE_S", 0.05)
    house = House()
    host = await house.room()
    _, wire = house.connect(host, "ivy")
    never: asyncio.Future[object] = asyncio.get_running_loop().create_future()
    monkeypatch.setattr(house.log, "append", lambda *intents: never)
    saying = asyncio.create_task(host.call("ada", "candidate", "chat", {"text": "lost"}))
    await turns()
    await house.hub.drain()
    assert wire.closed is not None
    assert not saying.done()
    saying.cancel()


async def test_stock_clients_are_closed_a_few_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(drain, "RETURNS", 1_000)
    house = House()
    host = await house.room()
    wires = [house.connect(host, "ada")[1] for _ in range(25)]
    host.receive("seat-1", sync.step1(b"\x00"))
    going = asyncio.create_task(house.hub.drain())
    seen = set[int]()
    while not going.done():
        seen.add(sum(wire.closed is not None for wire in wires))
        await asyncio.sleep(0)
    assert {10, 20, 25} <= seen | {sum(wire.closed is not None for wire in wires)}
