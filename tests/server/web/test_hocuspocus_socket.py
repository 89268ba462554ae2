"""The socket of Hocuspocus' dialect by itself: who waits, who is let in, who is closed (rules D-1 to D-9)."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.parts import turns

from fourhands_protocol import hocuspocus, limits, sync
from fourhands_protocol.errors import BadToken, NotRecorded, ProtocolError, RoomEnded
from fourhands_protocol.varint import write_text
from fourhands_server.core.seat import Seat
from fourhands_server.web import hocuspocus as socket
from fourhands_server.web.handshake import Visit

STEP1 = sync.step1(b"\x00")
WRITES = hocuspocus.authenticated(writes=True)


class Wire:
    """The socket's own wire; `stuck` takes nothing."""

    def __init__(self) -> None:
        self.frames: list[bytes] = []
        self.closed: tuple[int, str] | None = None
        self.given = 0
        self.gone = 0
        self.stuck = False

    def write(self, frames: list[bytes]) -> None:
        self.frames += frames
        self.given += sum(map(len, frames))
        if not self.stuck:
            self.gone = self.given

    def close(self, code: int, reason: str) -> None:
        self.closed = self.closed or (code, reason)

    def buffered(self) -> int:
        return self.given - self.gone

    def taken(self) -> int:
        return self.gone

    async def drained(self) -> None:
        pass


class Room:
    """A room that notes what it is told of its seats."""

    def __init__(self) -> None:
        self.wires: dict[str, Any] = {}
        self.received: list[tuple[str, bytes]] = []
        self.left: list[tuple[str, int]] = []

    def open(self, seat: Seat, wire: Any) -> None:
        self.wires[seat.id] = wire

    def receive(self, seat_id: str, frame: bytes) -> None:
        self.received.append((seat_id, frame))

    def closed(self, seat_id: str, code: int) -> None:
        self.left.append((seat_id, code))


class House:
    """Rooms by name, a token for each person (`person` or `person:role`), and one socket."""

    def __init__(self) -> None:
        self.wire = Wire()
        self.rooms: dict[str, Room] = {}
        self.visits: list[Visit] = []
        self.error: ProtocolError | None = None
        self.gate = asyncio.Event()
        self.gate.set()
        self.connection = socket.Connection(self.enter)
        self.connection.open(Seat("socket", "", "", "hocuspocus", 0), self.wire)

    async def enter(self, visit: Visit) -> tuple[Any, Seat]:
        self.visits.append(visit)
        await self.gate.wait()
        if self.error is not None:
            raise self.error
        person, _, role = visit.token.partition(":")
        seat = Seat(f"seat-{len(self.visits)}", person, role or "candidate", "hocuspocus", len(self.visits))
        return self.rooms.setdefault(visit.room, Room()), seat

    def says(self, address: str, message: bytes) -> None:
        self.connection.receive("socket", hocuspocus.addressed(address, message))

    async def token(self, address: str, token: str = "ada") -> None:
        self.says(address, bytes((hocuspocus.AUTH, 0)) + write_text(token))
        await turns()

    def heard(self, address: str) -> list[bytes]:
        """What was sent to an address, without the address."""
        prefix = hocuspocus.addressed(address, b"")
        return [frame.removeprefix(prefix) for frame in self.wire.frames if frame.startswith(prefix)]


@pytest.fixture
async def house() -> House:
    return House()


async def test_d3_what_comes_before_the_answer_waits_in_order(house: House) -> None:
    house.says("r", STEP1)
    house.gate.clear()
    await house.token("r")
    house.says("r", b"\x03")
    assert house.wire.frames == []
    house.gate.set()
    await turns()
    assert house.heard("r") == [WRITES]
    assert house.rooms["r"].received == [("seat-1", STEP1), ("seat-1", b"\x03")]


async def test_d3_whoever_may_not_write_is_told_so(house: House) -> None:
    await house.token("r", "olga:observer")
    assert house.heard("r") == [hocuspocus.authenticated(writes=False)]


async def test_d3_a_bad_token_denies_its_document_alone(house: House) -> None:
    await house.token("good")
    house.says("bad", STEP1)
    house.error = BadToken("this token has expired")
    await house.token("bad")
    assert house.heard("bad") == [hocuspocus.permission_denied("this token has expired")]
    house.says("bad", STEP1)
    house.says("good", STEP1)
    assert [frame for _, frame in house.rooms["good"].received] == [STEP1]
    house.error = None
    await house.token("bad")
    house.says("bad", b"\x03")
    assert house.heard("bad")[-1] == WRITES
    assert [frame for _, frame in house.rooms["bad"].received] == [b"\x03"], "what was dropped stays dropped"
    assert house.wire.closed is None


async def test_d3_only_so_much_waits(house: House) -> None:
    for number in range(limits.EARLY_FRAMES):
        house.says(f"r{number % limits.DOCUMENTS}", STEP1)
    assert house.wire.closed is None
    house.says("r0", STEP1)
    assert house.wire.closed == (4429, "too much came before the token was judged")


async def test_d3_only_so_many_bytes_wait(house: House) -> None:
    for _ in range(2):
        house.says("r", sync.update(bytes(limits.FRAME - 10)))
    assert house.wire.closed is None
    house.says("s", sync.update(bytes(100)))
    assert house.wire.closed is not None


async def test_d3_what_waited_counts_no_more_when_it_is_through(house: House) -> None:
    for _ in range(10):
        for _ in range(limits.EARLY_FRAMES):
            house.says("r", STEP1)
        await house.token("r")
        house.says("r", bytes((hocuspocus.CLOSE,)))
    assert house.wire.closed is None
    assert len(house.rooms["r"].received) == 10 * limits.EARLY_FRAMES
    assert [code for _, code in house.rooms["r"].left] == [1000] * 10


async def test_d3_a_socket_has_only_so_many_documents(house: House) -> None:
    for number in range(limits.DOCUMENTS):
        await house.token(f"r{number}")
    assert house.wire.closed is None
    await house.token("one more")
    assert house.wire.closed == (4429, "more than 50 documents on one socket")


async def test_d3_whoever_is_denied_again_and_again_is_shown_out(house: House) -> None:
    house.error = BadToken("no")
    for _ in range(socket.REFUSALS):
        await house.token("r")
    assert house.wire.closed is None
    await house.token("r")
    assert house.wire.closed is not None
    assert house.wire.closed[0] == 4429


async def test_d3_a_socket_without_a_good_token_is_closed_in_time(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(socket, "OPEN_S", 0)
    late = House()
    await turns()
    assert late.wire.closed is not None
    assert late.wire.closed[0] == 4401
    assert house.wire.closed is None


async def test_d3_a_newer_token_takes_the_place_of_the_first(house: House) -> None:
    await house.token("r")
    await house.token("r")
    assert [visit.token for visit in house.visits] == ["ada", "ada"]
    assert house.heard("r") == [WRITES], "Hocuspocus' server says nothing to that either"
    house.says("r", STEP1)
    assert house.rooms["r"].received == [("seat-1", STEP1)]


async def test_d3_a_newer_token_that_is_bad_or_somebody_elses_closes_the_document(house: House) -> None:
    await house.token("r")
    await house.token("s")
    await house.token("r", "ivy:interviewer")
    house.error = BadToken("this token has expired")
    await house.token("s")
    for room, reason in (("r", "this token is somebody else's"), ("s", "this token has expired")):
        assert house.heard(room)[1:] == [hocuspocus.permission_denied(reason), hocuspocus.close(reason)]
        assert len(house.rooms[room].left) == 1
    assert house.wire.closed is None


async def test_d8_a_room_that_cannot_be_read_costs_the_socket_for_it_will_come_back(house: House) -> None:
    await house.token("s")
    house.error = NotRecorded("the room cannot be read")
    await house.token("r")
    assert house.wire.closed == (4302, "the room cannot be read")


async def test_d8_a_mistake_of_ours_is_told_as_one(
    house: House, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(house, "gate", None)
    await house.token("r")
    assert house.wire.closed == (1011, "the server failed; try again")
    assert "a document could not be entered" in caplog.text


async def test_d8_final_codes_close_the_document_alone(house: House) -> None:
    await house.token("r")
    await house.token("s")
    wire = house.rooms["r"].wires["seat-1"]
    wire.close(RoomEnded.close_code, "the room has ended")
    assert house.heard("r")[1:] == [hocuspocus.close("the room has ended")]
    house.says("r", STEP1)
    house.says("s", STEP1)
    assert house.rooms["r"].received == []
    assert len(house.rooms["s"].received) == 1
    assert house.wire.closed is None


async def test_d8_other_codes_close_the_socket(house: House) -> None:
    await house.token("r")
    await house.token("s")
    house.rooms["r"].wires["seat-1"].close(4301, "this client reads too slowly")
    assert house.wire.closed == (4301, "this client reads too slowly")
    house.connection.closed("socket", 1006)
    assert house.rooms["s"].left == [("seat-2", 1006)]
    assert house.rooms["r"].left == [], "its room closed it"


async def test_d1_sessions_of_one_room_are_seats_of_their_own(house: House) -> None:
    await house.token("r\0one")
    await house.token("r\0two")
    house.says("r\0two", STEP1)
    assert [visit.room for visit in house.visits] == ["r", "r"]
    assert house.rooms["r"].received == [("seat-2", STEP1)]
    assert house.heard("r\0one") == house.heard("r\0two") == [WRITES]


async def test_d9_pings_are_answered_and_stateless_messages_lead_to_nothing(house: House) -> None:
    await house.token("r")
    house.connection.receive("socket", hocuspocus.PING_FRAME)
    house.connection.receive("socket", hocuspocus.PONG_FRAME)
    house.says("r", bytes((hocuspocus.STATELESS,)) + write_text("hello"))
    assert house.wire.frames[1:] == [hocuspocus.PONG_FRAME]
    assert house.rooms["r"].received == []


async def test_d9_whoever_reads_no_answer_to_pings_gets_no_more_of_them(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    house.wire.stuck = True
    monkeypatch.setattr(socket, "LIMIT", 100)
    for _ in range(socket.LIMIT + 2):
        if house.wire.closed is None:
            house.connection.receive("socket", hocuspocus.PING_FRAME)
    assert house.wire.closed is not None
    assert house.wire.closed[0] == 4301
    assert house.wire.given <= socket.LIMIT + 1


@pytest.mark.parametrize(
    "frame", [b"", b"\x00", b"\x01r\x0b", b"\x01r\x06\x00", b"\xff" * 20, b"\x01r\x02\x01\x00"]
)
async def test_d2_what_no_provider_sends_costs_the_socket(house: House, frame: bytes) -> None:
    await house.token("r")
    house.connection.receive("socket", frame)
    assert house.wire.closed is not None
    assert house.wire.closed[0] == 4400


async def test_whoever_leaves_while_being_let_in_takes_no_seat(house: House) -> None:
    house.gate.clear()
    await house.token("r")
    house.says("r", bytes((hocuspocus.CLOSE,)))
    house.gate.set()
    await turns()
    assert house.rooms.get("r", Room()).wires == {}
    assert house.wire.frames == []


async def test_a_socket_that_ends_while_somebody_is_let_in_leaves_nothing_behind(house: House) -> None:
    house.gate.clear()
    await house.token("r")
    house.connection.closed("socket", 1006)
    house.gate.set()
    await turns()
    assert house.wire.frames == []


async def test_what_waits_for_one_document_is_not_the_fault_of_another(house: House) -> None:
    await house.token("r")
    await house.token("s")
    first, second = house.rooms["r"].wires["seat-1"], house.rooms["s"].wires["seat-2"]
    house.wire.stuck = True
    first.write([bytes(1000)])
    second.write([bytes(10)])
    first.write([bytes(2000)])
    assert (first.buffered(), second.buffered()) == (3004, 12)
    house.wire.gone += 1002
    assert (first.buffered(), second.buffered()) == (2002, 12)
    house.wire.gone += 6
    assert (first.buffered(), second.buffered()) == (2002, 6)
    house.wire.gone = house.wire.given
    assert (first.buffered(), second.buffered()) == (0, 0)
    assert first.taken() == house.wire.gone


MESSAGES = st.sampled_from(
    [
        bytes((hocuspocus.AUTH, 0)) + write_text("ada"),
        bytes((hocuspocus.AUTH, 0)) + write_text("ivy:interviewer") + write_text("4.8.0"),
        bytes((hocuspocus.STATELESS,)) + write_text("{}"),
        bytes((hocuspocus.CLOSE,)),
        STEP1,
        sync.update(b"\x00\x00"),
    ]
)
ADDRESSED = st.builds(hocuspocus.addressed, st.sampled_from(["r", "s", "r\0one"]), MESSAGES)
TURN = st.none()
GONE = st.integers(0, 2)


@settings(max_examples=40)
@given(st.lists(ADDRESSED | st.binary(max_size=12) | TURN | GONE, max_size=40))
def test_whatever_comes_seats_and_documents_stay_in_step(steps: list[bytes | int | None]) -> None:
    """Frames, turns of the loop, and rooms that close a seat, in any order: each seat is left once."""

    async def live() -> None:
        house = House()
        for step in steps:
            if house.wire.closed is not None:
                break
            if isinstance(step, bytes):
                house.connection.receive("socket", step)
            elif step is None:
                await turns()
            else:
                _close_one(house, step)
        house.connection.closed("socket", 1006)
        await turns()
        for room in house.rooms.values():
            left = [seat for seat, _ in room.left]
            assert len(left) == len(set(left))
            assert set(left) == set(room.wires), "nobody stays, and nobody leaves who was not there"

    asyncio.run(live())


def _close_one(house: House, number: int) -> None:
    """A room closes one of its seats, as it would after a refused frame."""
    for room in house.rooms.values():
        present = [seat for seat in room.wires if seat not in {left for left, _ in room.left}]
        if number < len(present):
            room.left.append((present[number], 4400))
            room.wires[present[number]].close(4400, "refused")
            return
