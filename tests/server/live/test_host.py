"""The host of a room whose surroundings fail it: questions without an answer, readers that do not read."""

from __future__ import annotations

from tests.support.parts import Documents, House, turns

from fourhands_protocol import sync

STEP1 = sync.step1(b"\x00")


async def test_whoever_asks_again_and_again_and_reads_nothing_is_too_slow() -> None:
    house = House(documents=Documents(answer=bytes(300_000)))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    host.receive(seat, STEP1)
    await turns()
    wire.stuck = True
    for _ in range(100):
        host.receive(seat, STEP1)
        await turns()
    assert wire.closed is not None
    assert wire.closed[0] == 4301
    assert wire.waiting < 3_000_000


async def test_a_document_larger_than_the_bound_arrives_at_a_slow_reader() -> None:
    house = House(documents=Documents(answer=bytes(5_000_000)))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    wire.stuck = True
    host.receive(seat, STEP1)
    await turns()
    host.receive(seat, STEP1)
    await turns()
    assert wire.closed is None
    assert sum(len(frame) > 5_000_000 for frame in wire.sent) == 2


async def test_one_question_of_a_seat_is_under_way_at_a_time() -> None:
    """A thousand of them would leave other rooms without an answer."""
    house = House(documents=Documents(answer=None))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    for _ in range(1_000):
        host.receive(seat, STEP1)
    assert len(house.documents.asked) == 1
    house.documents.asked[0].set_result(b"\x00\x00")
    await turns()
    assert [frame for frame in wire.sent if frame[:2] == b"\x00\x01"] == [sync.step2(b"\x00\x00")]
    host.receive(seat, STEP1)
    assert len(house.documents.asked) == 2, "the next one is answered as well"
