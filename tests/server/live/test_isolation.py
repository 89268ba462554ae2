"""Faults at every seam of one room or one client: no other room is disturbed, nor the loop, nor others."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from tests.support.documents import Document
from tests.support.parts import House, turns

from fourhands_kernels.kernel import KernelError
from fourhands_protocol import envelope, sync
from fourhands_protocol.entries import Entry
from fourhands_server.core import reception
from fourhands_server.core.state import RoomState
from fourhands_server.live.calls import RoomFailed
from fourhands_server.live.host import RoomHost
from fourhands_server.log.log import Intent

STEP1 = sync.step1(b"\x00")


class Member:
    """Somebody with a stock client: a seat, its wire and a document."""

    def __init__(self, house: House, host: RoomHost, person: str, client: int) -> None:
        self.host = host
        self.document = Document(client)
        role = "interviewer" if person == "ivy" else "candidate"
        self.seat, self.wire = house.connect(host, person, role=role)
        host.receive(self.seat, STEP1)

    def types(self, text: str) -> bytes:
        frame = sync.update(self.document.edit("main.py", 0, insert=text))
        self.host.receive(self.seat, frame)
        return frame


class Injected(Exception):
    """What the seams throw here; nothing expects it."""


def fails(*what: Any, **how: Any) -> Any:
    raise Injected("an injected fault")


def failing(original: Callable[..., Any], when: Callable[..., bool]) -> Callable[..., Any]:
    """The same, but it fails where it is about one room or one client."""

    def either(*what: Any, **how: Any) -> Any:
        return fails() if when(*what) else original(*what, **how)

    return either


async def two_rooms(house: House) -> tuple[Member, Member]:
    """A member in each of two rooms, whose documents are there."""
    first = Member(house, await house.room(), "ada", 71)
    second = Member(house, await house.room(), "ada", 72)
    await turns()
    return first, second


async def is_undisturbed(member: Member) -> None:
    """Its room takes an edit and echoes it; nobody was closed."""
    echo = member.types("goes on ")
    await turns()
    assert member.wire.closed is None
    assert echo in member.wire.sent
    assert member.host.failed is None


async def is_back(house: House, member: Member) -> None:
    """Its room is built anew from the log, and takes edits again."""
    again = Member(house, await house.hub.room(member.host.id), "ada", 1_000)
    await turns()
    await is_undisturbed(again)


def _break_log(house: House, room: str, patch: pytest.MonkeyPatch) -> None:
    def of_room(first: Intent, *more: Intent) -> bool:
        return first.room == room

    patch.setattr(house.log, "append", failing(house.log.append, of_room))


def _break_engine(house: House, room: str, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(house.documents, "apply", failing(house.documents.apply, lambda of, *more: of == room))


def _break_fold(house: House, room: str, patch: pytest.MonkeyPatch) -> None:
    state = house.hub.hosts[room].state

    def of_room(its: RoomState, entry: Entry) -> bool:
        return its is state

    patch.setattr(RoomState, "apply", failing(RoomState.apply, of_room))


def _break_delivery(house: House, room: str, patch: pytest.MonkeyPatch) -> None:
    patch.setattr(house.hub.hosts[room].room, "committed", fails)


@pytest.mark.parametrize("break_it", [_break_log, _break_engine, _break_fold, _break_delivery])
async def test_a_fault_over_one_rooms_edits_is_that_rooms_alone(
    break_it: Callable[[House, str, pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    one, other = await two_rooms(house)
    break_it(house, one.host.id, monkeypatch)
    one.types("over this it fails ")
    await turns()
    assert one.wire.closed is not None
    assert one.wire.closed[0] == 4302
    await is_undisturbed(other)
    monkeypatch.undo()
    await is_back(house, one)
    await is_undisturbed(other)


@pytest.mark.parametrize("verb", ["write", "buffered", "taken"])
async def test_a_fault_of_one_connection_is_that_connections_alone(verb: str) -> None:
    house = House()
    one, other = await two_rooms(house)
    neighbour = Member(house, one.host, "ivy", 73)
    await turns()
    setattr(one.wire, verb, fails)
    neighbour.types("this goes to both ")
    await turns()
    for _ in range(3):
        one.wire.stuck, one.wire.waiting = True, 10
        one.host.tick()
        await turns()
    assert one.wire.closed == (1011, "the connection failed; try again")
    assert one.seat not in one.host.room.seats
    await is_undisturbed(neighbour)
    await is_undisturbed(other)


async def test_a_connection_that_cannot_be_closed_keeps_no_other_open() -> None:
    house = House()
    one, other = await two_rooms(house)
    neighbour = Member(house, one.host, "ivy", 73)
    await turns()
    one.wire.close = fails  # type: ignore[method-assign]
    house.log.refuse("disk full")
    neighbour.types("this is not recorded ")
    await turns()
    house.log.accept()
    assert neighbour.wire.closed is not None
    assert neighbour.wire.closed[0] == 4302
    await is_undisturbed(other)
    await is_back(house, neighbour)


@pytest.mark.parametrize("dialect", ["stock", "fourhands"])
async def test_a_fault_over_a_frame_costs_its_sender_alone(
    dialect: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House()
    one, other = await two_rooms(house)
    seat, wire = house.connect(one.host, "ivy", dialect=dialect, role="interviewer")
    name, codec = ("sync", sync) if dialect == "stock" else ("envelope", envelope)
    monkeypatch.setattr(reception, name, _Broken(codec))
    one.host.receive(seat, STEP1 if dialect == "stock" else envelope.encode(envelope.TokenRequest()))
    await turns()
    monkeypatch.undo()
    assert wire.closed == (1011, "the server failed over this frame; try again")
    await is_undisturbed(one)
    await is_undisturbed(other)


class _Broken:
    """A codec whose `decode` fails, and nothing else of it."""

    decode = staticmethod(fails)

    def __init__(self, codec: Any) -> None:
        self._codec = codec

    def __getattr__(self, name: str) -> Any:
        return getattr(self._codec, name)


async def test_a_fault_of_one_rooms_clock_stops_no_other_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    one, other = await two_rooms(house)
    ticked: list[str] = []
    monkeypatch.setattr(one.host, "tick", fails)
    monkeypatch.setattr(other.host, "tick", lambda: ticked.append(other.host.id))
    monkeypatch.setattr("fourhands_server.live.hub.TICK_S", 0)
    async with house.hub:
        while len(ticked) < 2:
            house.now += 1_000_000
            await turns()
    monkeypatch.undo()
    await is_undisturbed(one)


async def test_a_kernel_host_that_fails_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    answer = house.kernels.availability
    asked = 0

    async def fails_once() -> Any:
        nonlocal asked
        asked += 1
        if asked == 2:
            raise KernelError("an injected fault")
        return await answer()

    monkeypatch.setattr(house.kernels, "availability", fails_once)
    monkeypatch.setattr("fourhands_server.live.hub.AVAILABILITY_S", 0)
    async with house.hub:
        while asked < 4:
            await turns()
    assert house.hub.kernel_refused is None


async def test_a_kernel_command_that_fails_disturbs_no_other_room(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    one, other = await two_rooms(house)
    monkeypatch.setattr(house.kernels, "execute", fails)
    await one.host.call("ada", "candidate", "run", {"run": "r1", "code": "1"})
    await turns()
    monkeypatch.undo()
    await is_undisturbed(other)
    await is_back(house, one)


async def test_whoever_waits_for_a_room_that_fails_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    one, other = await two_rooms(house)
    _break_fold(house, one.host.id, monkeypatch)
    with pytest.raises(RoomFailed):
        await one.host.call("ada", "candidate", "chat", {"text": "over this it fails"})
    await is_undisturbed(other)
    monkeypatch.undo()
