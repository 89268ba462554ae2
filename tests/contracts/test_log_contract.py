"""What every room log does, whatever it is made of."""

from __future__ import annotations

import asyncio
import hashlib
import struct
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from tests.contracts.log_stores import HandClock, MemoryStore, Producer, RedisStore, SqliteStore, Store

from fourhands_protocol.entries import Entry
from fourhands_server.log.errors import Fenced, NotRecorded, PseqReused, Unreadable
from fourhands_server.log.log import RoomLog


@pytest.fixture(params=["memory", "sqlite", "redis"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    match request.param:
        case "memory":
            return MemoryStore()
        case "sqlite":
            return SqliteStore(tmp_path)
        case _:
            return RedisStore(tmp_path, request.getfixturevalue("redis_server"))


@pytest.fixture
def durable(store: Store) -> Store:
    if not store.durable:
        pytest.skip("keeps nothing")
    return store


@pytest.fixture
def clock() -> HandClock:
    return HandClock()


@pytest.fixture
async def log(store: Store, clock: HandClock) -> AsyncIterator[RoomLog]:
    log = await store.open(clock)
    yield log
    await log.aclose()


async def seqs(log: RoomLog, room: str = "r1", stream: str = "room") -> list[int]:
    return [entry.seq for entry in await log.read(room, stream)]


def chain(entries: list[Entry]) -> bytes:
    """The hash chain written out by hand, independently of the protocol's code."""

    def number(value: int) -> bytes:
        if value < 24:
            return bytes([value])
        for code, form, bound in (
            (24, ">BB", 2**8),
            (25, ">BH", 2**16),
            (26, ">BI", 2**32),
            (27, ">BQ", 2**64),
        ):
            if value < bound:
                return struct.pack(form, code, value)
        raise AssertionError

    def text(value: str) -> bytes:
        return bytes([0x60 + len(value)]) + value.encode()

    previous = bytes(32)
    for entry in entries:
        item = b"\x86\x58\x20" + previous + number(entry.seq) + number(entry.at) + text(entry.kind)
        item += text(entry.actor) + b"\x58\x20" + hashlib.sha256(entry.body).digest()
        previous = hashlib.sha256(item).digest()
    return previous


async def test_an_entry_is_what_was_intended_with_seq_and_time(log: RoomLog, clock: HandClock) -> None:
    ada = Producer()
    [(entry, fresh)] = await log.append(ada.intent("chat", b"\xa1\x64text\x62hi"))
    assert entry == Entry("room", 1, clock.now, "ada", "chat", b"\xa1\x64text\x62hi")
    assert fresh
    assert await log.read("r1") == [entry]


async def test_seqs_are_dense_in_each_stream_of_each_room(log: RoomLog) -> None:
    ada, elsewhere = Producer(), Producer(room="r2")
    for stream in ("room", "room", "person/ada", "interviewers", "room", "person/ada"):
        await log.append(ada.intent(stream=stream))
    await log.append(elsewhere.intent())
    assert await seqs(log) == [1, 2, 3]
    assert await seqs(log, stream="person/ada") == [1, 2]
    assert await seqs(log, stream="interviewers") == [1]
    assert await seqs(log, "r2") == [1]


async def test_streams_hold_their_own_entries_only(log: RoomLog) -> None:
    ada = Producer()
    await log.append(ada.intent("chat"), ada.intent("note", stream="interviewers"))
    assert [e.kind for e in await log.read("r1")] == ["chat"]
    assert [e.kind for e in await log.read("r1", "interviewers")] == ["note"]
    assert await log.read("r1", "person/ada") == []


async def test_a_room_at_rest_goes_on_where_it_was(log: RoomLog) -> None:
    ada = Producer()
    first = ada.intent()
    [(entry, _)] = await log.append(first)
    log.rest("r1")
    log.rest("never-there")
    assert await log.append(first) == [(entry, False)]
    last = log.append(ada.intent())
    log.rest("r1")
    await last
    await log.append(ada.intent())
    assert await seqs(log) == [1, 2, 3]


async def test_a_retry_is_answered_with_the_first_entry(log: RoomLog, clock: HandClock) -> None:
    ada = Producer()
    intents = [ada.intent(), ada.intent(stream="person/ada"), ada.intent()]
    first = [await log.append(intent) for intent in intents]
    clock.now += 10
    again = [await log.append(intent) for intent in intents]
    assert [[(made.entry, False) for made in answer] for answer in first] == again
    assert await seqs(log) == [1, 2]


async def test_a_retry_before_the_first_is_committed_makes_no_second_entry(log: RoomLog) -> None:
    intent = Producer().intent()
    first, second = log.append(intent), log.append(intent)
    assert [(made.entry.seq, made.fresh) for made in [*await first, *await second]] == [(1, True), (1, False)]


async def test_a_retry_within_one_call_makes_no_second_entry(log: RoomLog) -> None:
    intent = Producer().intent()
    assert [(made.entry.seq, made.fresh) for made in await log.append(intent, intent)] == [
        (1, True),
        (1, False),
    ]


async def test_the_same_numbers_of_two_producers_are_two_entries(log: RoomLog) -> None:
    made = [await log.append(Producer(name).intent()) for name in ("ada-1", "ada-2")]
    assert [answer[0].entry.seq for answer in made] == [1, 2]


async def test_numbers_may_have_gaps_and_a_gap_cannot_be_filled(log: RoomLog) -> None:
    ada = Producer()
    await log.append(ada.numbered(3))
    await log.append(ada.numbered(7))
    with pytest.raises(PseqReused) as refused:
        await log.append(ada.numbered(5))
    assert (refused.value.pseq, refused.value.highest) == (5, 7)
    assert await seqs(log) == [1, 2]


@pytest.mark.parametrize("changed", [{"kind": "run.queued"}, {"stream": "interviewers"}])
async def test_a_number_used_for_something_else_is_refused(log: RoomLog, changed: dict[str, str]) -> None:
    ada = Producer()
    await log.append(ada.numbered(1))
    with pytest.raises(PseqReused):
        await log.append(ada.numbered(1, **changed))


async def test_time_never_goes_back_in_a_room(log: RoomLog, clock: HandClock) -> None:
    ada = Producer()
    start = clock.now
    times = []
    for now, stream in ((0, "room"), (50, "interviewers"), (-3_600_000_000, "room"), (60, "person/ada")):
        clock.now = start + now
        [(entry, _)] = await log.append(ada.intent(stream=stream))
        times.append(entry.at - start)
    assert times == [0, 50, 50, 60]


async def test_reading_starts_and_ends_where_it_is_told(log: RoomLog) -> None:
    ada = Producer()
    await asyncio.gather(*(log.append(ada.intent()) for _ in range(10)))

    async def read(**bounds: int) -> list[int]:
        return [entry.seq for entry in await log.read("r1", **bounds)]

    assert await read() == list(range(1, 11))
    assert await read(after=7) == [8, 9, 10]
    assert await read(after=2, limit=3) == [3, 4, 5]
    assert await read(upto=4) == [1, 2, 3, 4]
    assert await read(after=3, upto=5) == [4, 5]
    assert await read(after=10) == await read(after=99) == await read(limit=0) == await read(upto=0) == []


async def test_a_page_ends_with_the_entry_that_fills_it(log: RoomLog) -> None:
    """However large the entries of a room are, a reader holds a page of them."""
    ada = Producer()
    await asyncio.gather(*(log.append(ada.intent(body=bytes(100))) for _ in range(10)))

    async def read(**bounds: int) -> list[int]:
        return [entry.seq for entry in await log.read("r1", **bounds)]

    assert await read(size=250) == [1, 2, 3]
    assert await read(after=3, size=300) == [4, 5, 6]
    assert await read(size=250, limit=2) == [1, 2]
    assert await read(after=8, size=10**6) == [9, 10]
    assert await read(after=8, size=1) == [9]


async def test_reading_filters_by_kind(log: RoomLog) -> None:
    ada = Producer()
    for kind in ("edit", "chat", "edit", "cursor", "edit", "run.queued"):
        await log.append(ada.intent(kind))

    async def read(without: str = "", only: str | None = None, limit: int = 9) -> list[int]:
        chosen = None if only is None else frozenset(only.split())
        found = await log.read("r1", without=frozenset(without.split()), only=chosen, limit=limit)
        return [entry.seq for entry in found]

    assert await read(without="edit cursor") == [2, 6]
    assert await read(only="edit") == [1, 3, 5]
    assert await read(only="edit", limit=2) == [1, 3]
    assert await read(only="edit chat", without="edit") == [2]
    assert await read(without="unheard") == [1, 2, 3, 4, 5, 6]
    assert await read(only="unheard") == await read(only="") == []


async def test_an_unknown_room_is_empty(log: RoomLog) -> None:
    assert await log.read("nowhere") == []
    head = await log.head("nowhere")
    assert (head.seq, head.at, head.hash) == (0, 0, bytes(32))
    assert await log.settled("nowhere", "ada-1") == 0
    assert await log.producers("nowhere") == {}
    assert await log.rooms() == []


async def test_answers_come_in_the_order_of_calls(log: RoomLog) -> None:
    answered: list[int] = []
    calls = []
    for number in range(50):
        producer = Producer(f"p{number % 5}", room=f"r{number % 7}")
        call = log.append(producer.numbered(number + 1))
        call.add_done_callback(lambda _, number=number: answered.append(number))
        calls.append(call)
    await asyncio.gather(*calls)
    assert answered == list(range(50))


async def test_an_error_is_answered_in_its_turn(log: RoomLog) -> None:
    ada = Producer()
    answered: list[str] = []
    calls = [log.append(ada.numbered(pseq)) for pseq in (2, 1, 3)]
    for name, call in zip("abc", calls, strict=True):
        call.add_done_callback(lambda call, name=name: answered.append(name + "!" * bool(call.exception())))
    await asyncio.wait(calls)
    assert answered == ["a", "b!", "c"]
    assert await seqs(log) == [1, 2]


async def test_a_call_of_several_intents_is_recorded_whole_or_not_at_all(log: RoomLog) -> None:
    ada, bob = Producer("ada-1"), Producer("bob-1")
    await log.append(ada.numbered(5))
    before = await log.head("r1")
    with pytest.raises(PseqReused):
        await log.append(bob.numbered(1), ada.numbered(6), ada.numbered(4), bob.numbered(2))
    assert await log.head("r1") == before
    assert await log.producers("r1") == {"ada-1": 5}
    made = await log.append(bob.numbered(1), ada.numbered(6), bob.numbered(2))
    assert [(entry.seq, fresh) for entry, fresh in made] == [(2, True), (3, True), (4, True)]
    assert (await log.head("r1")).hash == chain(await log.read("r1"))


async def test_an_owner_that_was_replaced_is_fenced_off(log: RoomLog) -> None:
    old, new = Producer("node-1"), Producer("node-2")
    await log.append(old.intent(fence=3))
    await log.append(new.intent(fence=4))
    with pytest.raises(Fenced) as refused:
        await log.append(old.intent(fence=3))
    assert (refused.value.fence, refused.value.highest) == (3, 4)
    await log.append(Producer(room="r2").intent(fence=1))
    assert await seqs(log) == [1, 2]


async def test_the_head_is_the_end_of_the_hash_chain(log: RoomLog, clock: HandClock) -> None:
    ada = Producer()
    for number in range(300):
        clock.now += number
        await log.append(
            ada.intent("chat", bytes([number % 256]) * number), ada.intent(stream="interviewers")
        )
    entries = await log.read("r1")
    head = await log.head("r1")
    assert (head.seq, head.at, head.hash) == (300, entries[-1].at, chain(entries))
    private = await log.head("r1", "interviewers")
    assert (private.seq, private.at, private.hash) == (300, entries[-1].at, b"")
    assert private.incarnation == head.incarnation != ""


async def test_producers_are_settled_up_to_their_highest_number(log: RoomLog) -> None:
    ada, bob = Producer("ada-1"), Producer("bob-1")
    await asyncio.gather(*(log.append(p.intent(stream=s)) for p in (ada, bob) for s in ("room", "person/x")))
    await log.append(ada.intent())
    assert await log.producers("r1") == {"ada-1": 3, "bob-1": 2}
    assert await log.settled("r1", "ada-1") == 3
    assert await log.settled("r1", "eve-1") == 0


async def test_rooms_are_listed_with_their_first_and_last_entry(log: RoomLog) -> None:
    for room in ("r2", "r1", "r3"):
        ada = Producer(room=room)
        await log.append(ada.intent("room.created"), ada.intent("chat"), ada.intent(stream="interviewers"))
    await log.append(Producer("only-private", room="r4").intent("room", stream="interviewers"))
    assert [(r.room, r.first.kind, r.last.kind, r.last.seq) for r in await log.rooms()] == [
        (room, "room.created", "chat", 2) for room in ("r2", "r1", "r3")
    ]


async def test_a_call_must_make_sense(log: RoomLog) -> None:
    with pytest.raises(ValueError, match="at least one"):
        log.append()
    with pytest.raises(ValueError, match="one room"):
        log.append(Producer().intent(), Producer(room="r2").intent())
    for pseq in (0, -1, 2**63):
        with pytest.raises(ValueError, match="pseq"):
            log.append(Producer().numbered(pseq))
    with pytest.raises(ValueError, match="surrogates"):
        log.append(Producer(actor="\ud800").intent())
    assert await seqs(log) == []


async def test_a_caller_that_goes_away_cancels_nothing(log: RoomLog) -> None:
    ada = Producer()
    call = log.append(ada.intent())
    call.cancel()
    await log.append(ada.intent())
    assert await seqs(log) == [1, 2]


async def test_many_tasks_get_one_order(log: RoomLog) -> None:
    made: dict[str, list[int]] = {"r1": [], "r2": []}

    async def write(producer: Producer) -> None:
        for _ in range(40):
            [(entry, _)] = await log.append(producer.intent())
            made[producer.room].append(entry.seq)

    await asyncio.gather(*(write(Producer(f"p{n}", room=f"r{1 + n % 2}")) for n in range(20)))
    for room, seen in made.items():
        assert sorted(seen) == list(range(1, 401)) == await seqs(log, room)
        assert (await log.head(room)).hash == chain(await log.read(room))


async def test_a_failed_append_is_as_if_it_had_not_been_tried(store: Store, log: RoomLog) -> None:
    ada, bob = Producer(), Producer("bob-1", room="r2")
    await log.append(ada.intent())
    head = await log.head("r1")
    lost = ada.intent(body=b"\x59\x20\x00" + bytes(8192))
    with store.full(log):
        with pytest.raises(NotRecorded):
            await log.append(lost)
        with pytest.raises(NotRecorded):
            await log.append(bob.intent(body=bytes(8192)), bob.intent(stream="interviewers"))
    assert await log.reopen("r1") == head
    assert (await log.reopen("r2")).seq == 0
    assert await log.producers("r2") == {}
    [(entry, fresh)] = await log.append(lost)
    assert (entry.seq, fresh) == (2, True)
    assert [
        e.seq for e, _ in await log.append(*(bob.intent(stream=s) for s in ("room", "interviewers")))
    ] == [1, 1]
    assert (await log.head("r1")).hash == chain(await log.read("r1"))


async def test_after_a_failed_append_a_room_takes_none_until_it_is_reopened(
    store: Store, log: RoomLog
) -> None:
    ada, bob = Producer(), Producer("bob-1", room="r2")
    await log.append(ada.intent())
    await log.append(bob.intent())
    with store.full(log), pytest.raises(NotRecorded):
        await log.append(ada.intent(body=bytes(8192)))
    with pytest.raises(NotRecorded, match="earlier"):
        await log.append(ada.intent())
    await log.append(bob.intent())
    await log.head("r1")
    with pytest.raises(NotRecorded, match="earlier"):
        await log.append(ada.intent())
    await log.reopen("r1")
    await log.append(ada.intent())
    assert await seqs(log) == [1, 2]
    assert await seqs(log, "r2") == [1, 2]


async def test_calls_that_were_under_way_behind_a_failed_one_fail_with_it(store: Store, log: RoomLog) -> None:
    ada = Producer()
    with store.full(log):
        calls = [log.append(ada.intent(body=bytes(8192))) for _ in range(20)]
        await asyncio.wait(calls)
    assert all(isinstance(call.exception(), NotRecorded) for call in calls)
    assert await seqs(log) == []


async def test_a_closed_log_says_so(store: Store, clock: HandClock) -> None:
    log = await store.open(clock)
    waiting = log.append(Producer().intent())
    await log.aclose()
    assert [(made.entry.seq, made.fresh) for made in await waiting] == [(1, True)]
    with pytest.raises(NotRecorded, match="closed"):
        await log.append(Producer("late").intent())
    for question in (log.read("r1"), log.head("r1"), log.reopen("r1"), log.producers("r1"), log.rooms()):
        with pytest.raises(Unreadable):
            await question
    await log.aclose()


async def test_everything_is_there_when_the_store_is_opened_again(durable: Store, clock: HandClock) -> None:
    log = await durable.open(clock)
    ada, bob = Producer(), Producer("bob-1")
    for _ in range(10):
        await log.append(ada.intent(fence=2), bob.intent(stream="interviewers", fence=2))
    head, private = await log.head("r1"), await log.head("r1", "interviewers")
    entries = await log.read("r1")
    await log.aclose()

    clock.now -= 1_000_000
    log = await durable.open(clock)
    assert (await log.head("r1"), await log.head("r1", "interviewers")) == (head, private)
    assert await log.read("r1") == entries
    assert await log.producers("r1") == {"ada-1": 10, "bob-1": 10}
    assert await log.loss("r1") is None
    assert (await log.append(ada.numbered(4, fence=2)))[0] == (entries[3], False)
    with pytest.raises(Fenced):
        await log.append(ada.intent(fence=1))
    [(entry, _)] = await log.append(ada.intent(fence=2))
    assert (entry.seq, entry.at) == (11, head.at)
    assert (await log.head("r1")).hash == chain([*entries, entry])
    await log.aclose()
