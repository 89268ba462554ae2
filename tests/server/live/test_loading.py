"""A long log is folded in parts, between which other rooms have their turn."""

from __future__ import annotations

import threading
from collections.abc import Iterable

import pytest
from tests.support.parts import House, turns
from tests.support.updates import typed

from fourhands_protocol import sync
from fourhands_protocol.entries import Entry
from fourhands_server.core.room import Room
from fourhands_server.live import hub

CLIENT = 3_000_000_001


async def test_a_room_is_loaded_in_parts(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    clock = 0
    # Much that is small, and a few that are large.
    for text in ["x"] * 350 + ["y" * 6_000] * 9 + ["z" * 40_000] * 2:
        update = typed(CLIENT, clock, text, after=(CLIENT, clock - 1) if clock else None)
        host.receive(seat, sync.update(update))
        clock += len(text)
        await turns(2)
    assert wire.closed is None
    head = host.state.head
    head = host.state.head
    parts: list[list[Entry]] = []
    beside: list[int] = []
    replay = Room.replay

    def watched(room: Room, history: Iterable[Entry]) -> None:
        parts.append(list(history))
        if threading.current_thread() is not threading.main_thread():
            beside.append(len(parts) - 1)
        replay(room, parts[-1])

    monkeypatch.setattr(Room, "replay", watched)
    again = House(log=house.log)
    loaded = await again.hub.room(host.room.room)
    assert loaded.room.admission.vector() == {CLIENT: clock}
    assert [entry.seq for part in parts for entry in part] == list(range(1, head + 1))
    assert max(map(len, parts)) == hub.SLICE
    large = [part for part in parts if sum(len(entry.body) for entry in part) > hub.SLICE_BYTES]
    assert [len(part) for part in large] == [1, 1], "an entry stays whole, and alone"
    assert [parts[n] for n in beside] == large, "and goes to a thread"
