"""Newcomers of a room with many outputs: what they cost the server, and what is read when asked for."""

from __future__ import annotations

from itertools import count

import pytest
from tests.support.parts import House, Wire, turns

from fourhands_kernels.kernel import KernelEvent
from fourhands_protocol import envelope
from fourhands_server.core import kept
from fourhands_server.live import pages
from fourhands_server.live.host import RoomHost

IMAGE = 100_000  # bytes
NUMBERS = count(1)  # of the journal; gaps are fine


def hello() -> bytes:
    return envelope.encode(envelope.Hello(version=1, instance="instance-of-test", last={}))


async def runs(house: House, host: RoomHost, wanted: int, *, images: int = 1) -> None:
    """Runs that print images and end."""
    await turns()
    for number in range(wanted):
        run = f"r{number}"
        await host.call("ada", "candidate", "run", {"run": run, "code": "1"})
        await turns()
        for image in range(images):
            data = {"image/png": f"{number}/{image} " + "A" * IMAGE}
            item = {"output_type": "display_data", "data": data, "metadata": {}}
            tell(house, host, "run.outputs", run=run, n=image, items=[item])
        tell(house, host, "run.finished", run=run, status="ok", duration=1)
        await turns()


def tell(house: House, host: RoomHost, kind: str, **body: object) -> None:
    house.kernels.listeners[host.id](KernelEvent(host.id, "journal", next(NUMBERS), kind, body))


def received(wire: Wire) -> list[envelope.Message]:
    return [envelope.decode(frame) for frame in wire.sent if frame[:1] == b"\x70"]


async def test_a_newcomer_who_reads_nothing_costs_a_page(monkeypatch: pytest.MonkeyPatch) -> None:
    """Six of them once raised the server's memory by gigabytes."""
    monkeypatch.setattr(kept, "KEPT", 10_000_000)
    monkeypatch.setattr(pages, "PAGE_BYTES", 2 * IMAGE)
    house = House()
    host = await house.room()
    await runs(house, host, 30)
    seat, wire = house.connect(host, "ivy", dialect="fourhands", role="interviewer")
    wire.stuck = True
    host.receive(seat, hello())
    await turns(100)
    assert 0 < wire.waiting < 4 * IMAGE
    assert wire.closed is None
    await host.call("ada", "candidate", "chat", {"text": "meanwhile"})
    await turns(100)
    assert wire.waiting < 4 * IMAGE
    wire.free()
    await turns(500)
    told = [e for m in received(wire) if isinstance(m, envelope.Entries) for e in m.entries]
    assert sum(entry.kind == "run.outputs" for entry in told) == 30
    assert [entry.kind for entry in told].count("chat") == 1
    assert [type(m).__name__ for m in received(wire)].count("State") == 1
    assert [entry.seq for entry in told] == sorted({entry.seq for entry in told})


async def test_an_image_on_its_way_makes_no_slow_reader() -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ivy", dialect="fourhands", role="interviewer")
    host.receive(seat, hello())
    await turns()
    wire.stuck = True
    await host.call("ada", "candidate", "run", {"run": "r", "code": "1"})
    await turns()
    item = {"output_type": "display_data", "data": {"image/png": "A" * 2_000_000}, "metadata": {}}
    tell(house, host, "run.outputs", run="r", n=0, items=[item])
    for _ in range(10):
        await host.call("ada", "candidate", "chat", {"text": "look"})
    assert wire.closed is None
    for n in range(1, 10):
        tell(house, host, "run.outputs", run="r", n=n, items=[item])
        await turns()
    assert wire.waiting < 3_000_000
    wire.free()
    await turns(100)
    assert wire.closed is None
    told = [e for m in received(wire) if isinstance(m, envelope.Entries) for e in m.entries]
    assert [entry.kind for entry in told].count("run.outputs") == 10
    assert [entry.kind for entry in told].count("chat") == 10
    assert [m.mode for m in received(wire) if isinstance(m, envelope.Welcome)] == ["resync", "resumed"]


async def test_a_link_that_moves_lives_though_its_reader_says_nothing() -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ivy", dialect="fourhands", role="interviewer")
    host.receive(seat, hello())
    await turns()
    wire.stuck, wire.waiting = True, 900_000
    for _ in range(8):
        house.now += 10_000_000
        wire.waiting -= 1_000
        host.tick()
        assert wire.closed is None
    for _ in range(3):
        house.now += 6_000_000
        host.tick()
    assert wire.closed is not None


async def test_outputs_that_are_not_kept_are_read_from_the_log(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT", 3 * IMAGE)
    monkeypatch.setattr(pages, "PAGE_BYTES", 2 * IMAGE)
    house = House()
    host = await house.room()
    await runs(house, host, 4, images=5)
    assert not any(run.outputs for run in host.state.runs.values())
    for number in range(4):
        found = await host.told.outputs(f"r{number}")
        assert [o["data"]["image/png"].split()[0] for o in found] == [f"{number}/{n}" for n in range(5)]


async def test_a_room_that_is_loaded_again_keeps_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept, "KEPT", 3 * IMAGE)
    house = House()
    host = await house.room()
    await runs(house, host, 6)
    assert [run for run, found in host.state.runs.items() if found.outputs] == ["r4", "r5"]
    host.let_go()
    loaded = await house.hub.room(host.id)
    assert loaded.state.kept == host.state.kept
    assert loaded.state.runs == host.state.runs
