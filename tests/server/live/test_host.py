"""The host of a room whose surroundings fail it: questions without an answer, readers that do not read."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from tests.support.documents import Document
from tests.support.parts import Documents, House, turns

from fourhands_kernels.kernel import KernelEvent
from fourhands_protocol import envelope, sync
from fourhands_protocol.entries import edit_body
from fourhands_server.core.runs import Runs
from fourhands_server.core.state import RoomState
from fourhands_server.engine.engine import Refused
from fourhands_server.engine.errors import EngineUnavailable
from fourhands_server.live.calls import RoomFailed
from fourhands_server.log.errors import Unreadable

STEP1 = sync.step1(b"\x00")
HELLO = envelope.encode(envelope.Hello(version=1, instance="instance-of-test", last={}))


async def test_whoever_asks_again_and_again_and_reads_nothing_is_answered_once() -> None:
    house = House(documents=Documents(answer=bytes(300_000)))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    host.receive(seat, STEP1)
    await turns()
    wire.stuck = True
    for _ in range(100):
        host.receive(seat, STEP1)
        await turns()
    assert wire.waiting < 1_000_000


async def test_whoever_reads_nothing_is_not_waited_for_for_ever() -> None:
    house = House(documents=Documents(answer=bytes(300_000)))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    wire.stuck = True
    host.receive(seat, STEP1)
    await turns()
    for _ in range(29):
        host.tick()
        house.now += 1_000_000
    assert wire.closed is None
    house.now += 3_000_000
    host.tick()
    assert wire.closed == (4301, "nothing was read for 30 seconds")


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


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (EngineUnavailable("no worker"), 4300),
        (Unreadable("overloaded"), 4302),
        (Refused("this vector cannot be read"), 4400),
    ],
)
async def test_a_newcomer_who_gets_no_document_is_told_to_come_back(error: Exception, code: int) -> None:
    house = House(documents=Documents(answer=error))
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    host.receive(seat, STEP1)
    await turns()
    assert wire.closed is not None
    assert wire.closed[0] == code
    assert seat not in host.room.seats


async def test_a_newcomer_who_gets_no_story_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada", dialect="fourhands")
    monkeypatch.setattr(house.log, "read", _unreadable)
    host.receive(seat, HELLO)
    await turns()
    assert wire.closed is not None
    assert wire.closed[0] == 4302


async def _unreadable(*wanted: Any, **how: Any) -> Any:
    raise Unreadable("the disk fails")


@pytest.mark.parametrize("error", [EngineUnavailable("no worker"), Unreadable("overloaded")])
async def test_a_run_whose_code_cannot_be_read_ends_and_holds_up_no_other(error: Exception) -> None:
    house = House(documents=Documents(answer=error))
    host = await house.room()
    await host.call("ada", "candidate", "run", {"run": "r1", "file": "main.py"})
    house.documents.answer = b""
    await host.call("ada", "candidate", "run", {"run": "r2", "code": "1"})
    await turns()
    assert host.state.runs["r1"].status == "kernel_died"
    assert [execution.run for execution in house.kernels.executed] == ["r2"]


async def test_a_slow_reader_who_asks_for_a_token_loses_no_entry_unseen() -> None:
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada", dialect="fourhands")
    host.receive(seat, HELLO)
    await turns()
    wire.waiting = 10_000_000
    host.receive(seat, envelope.encode(envelope.TokenRequest()))
    assert wire.closed is not None
    assert wire.closed[0] == 4301


async def test_a_mistake_in_the_fold_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    """The log has the entry and the room in memory has not: it is built anew, and goes on."""
    house = House()
    host = await house.room()
    seat, wire = house.connect(host, "ada")
    host.receive(seat, STEP1)
    await turns()
    monkeypatch.setattr(RoomState, "apply", _mistake)
    host.receive(seat, sync.update(Document(77).edit("main.py", 0, insert="kept")))
    await turns()
    monkeypatch.undo()
    assert wire.closed is not None
    assert wire.closed[0] == 4302
    again = await house.hub.room(host.id)
    assert again is not host
    assert again.room.admission.vector() == {77: 4}


async def test_a_mistake_over_an_answer_is_no_silence(monkeypatch: pytest.MonkeyPatch) -> None:
    house = House()
    host = await house.room()
    monkeypatch.setattr(Runs, "code", _mistake)
    await host.call("ada", "candidate", "run", {"run": "r1", "file": "main.py"})
    await turns()
    monkeypatch.undo()
    again = await house.hub.room(host.id)
    await turns()
    assert [execution.run for execution in house.kernels.executed] == ["r1"]
    assert again.state.runs["r1"].status == "running"


async def test_a_mistake_over_a_call_or_in_the_middle_of_effects_leaves_no_half_told_room(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    house = House()
    host = await house.room()
    monkeypatch.setattr(Documents, "apply", _mistake)
    update = Document(77).edit("main.py", 0, insert="kept")
    with pytest.raises(RoomFailed):
        await host.edit("ada", "candidate", update, edit_body(update))
    host = await house.hub.room(host.id)
    assert host.room.admission.vector() == {77: 4}
    monkeypatch.setattr(RoomState, "living_files", _mistake)
    with pytest.raises(KeyError):
        await host.call("ada", "candidate", "file.create", {"path": "x.py"})
    monkeypatch.undo()
    assert await house.hub.room(host.id) is not host


def _mistake(*what: Any, **how: Any) -> Any:
    raise KeyError("a mistake of ours")


async def test_a_failed_room_keeps_nobody_waiting_for_changes() -> None:
    house = House()
    host = await house.room()
    house.log.refuse("disk full")
    with pytest.raises(RoomFailed):
        await host.call("ada", "candidate", "chat", {"text": "lost"})
    with pytest.raises(RoomFailed):
        await asyncio.wait_for(host.changed(), 5)


def kernel_says(house: House, room: str, n: int, kind: str, **body: Any) -> None:
    house.kernels.listeners[room](KernelEvent(room, "journal", n, kind, body))


async def test_a_room_that_ended_leaves_memory_though_its_kernel_was_last_seen_idle() -> None:
    house = House()
    host = await house.room()
    await host.call("ada", "candidate", "run", {"run": "r1", "code": "1"})
    await turns()
    kernel_says(house, host.id, 1, "kernel", state="idle")
    kernel_says(house, host.id, 2, "run.finished", run="r1", status="ok", duration=1)
    await turns()
    await host.call("ivy", "interviewer", "end", {})
    await turns()
    kernel_says(house, host.id, 3, "kernel", state="none")
    await turns()
    assert (host.state.kernel, host.idle) == ("idle", True)
    assert house.kernels.stopped == [host.id]


async def test_a_hung_kernel_host_keeps_nobody_out_of_a_room() -> None:
    house = House()
    host = await house.room()
    await host.call("ada", "candidate", "run", {"run": "r1", "code": "1"})
    await turns()
    house.log.refuse("disk full")
    with pytest.raises(RoomFailed):
        await host.call("ada", "candidate", "chat", {"text": "lost"})
    house.log.accept()
    house.kernels.hung = True
    again = await asyncio.wait_for(house.hub.room(host.id), 5)
    assert again.state.active_run() is not None
    again.let_go()


async def test_a_mistake_in_one_command_leaves_the_next_ones_their_turn() -> None:
    house = House()
    host = await house.room()
    taken, house.kernels.executed = house.kernels.executed, None  # type: ignore[assignment]
    await host.call("ada", "candidate", "run", {"run": "r1", "code": "1"})
    await turns()
    run = host.state.runs["r1"]
    assert (run.status, run.outputs[0]["ename"]) == ("kernel_died", "KernelUnavailable")
    house.kernels.executed = taken
    await host.call("ada", "candidate", "run", {"run": "r2", "code": "2"})
    await turns()
    assert [execution.run for execution in taken] == ["r2"]


async def test_an_event_of_the_kernel_is_acknowledged_only_once_it_is_in_the_log() -> None:
    house = House()
    host = await house.room()
    await host.call("ada", "candidate", "run", {"run": "r1", "code": "1"})
    await turns()
    house.log.hold()
    kernel_says(house, host.id, 1, "kernel", state="busy")
    kernel_says(house, host.id, 1, "kernel", state="busy")  # a link that broke tells it again
    await turns()
    assert house.kernels.acknowledged == []
    house.log.release()
    await turns()
    kernel_says(house, host.id, 1, "kernel", state="busy")
    assert house.kernels.acknowledged == [1, 1]
