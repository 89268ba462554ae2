"""How a newcomer gets what it lacks: the story by pages, outputs of earlier runs left out by name."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.world import OurClient, World

from fourhands_protocol import envelope
from fourhands_server.core import kept
from fourhands_server.core.state import replay


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch) -> World:
    monkeypatch.setattr(kept, "KEPT", 1_000)
    made = World()
    made.join("ada")
    made.join("eve", "observer")
    return made


def run(world: World, name: str, *texts: str, finished: bool = True) -> None:
    """A run that prints these."""
    world.call("ada", "candidate", "run", run=name, code="1")
    world.settle()
    say(world, name, *texts)
    if finished:
        world.kernel_says("run.finished", run=name, status="ok", duration=1)
    world.settle()


def say(world: World, name: str, *texts: str) -> None:
    for text in texts:
        item = {"output_type": "stream", "name": "stdout", "text": text}
        world.kernel_says("run.outputs", run=name, n=0, items=[item])
    world.commit()


def newcomer(world: World) -> OurClient:
    made = world.client("eve", role="observer")
    assert isinstance(made, OurClient)
    made.connect()
    world.settle()
    return made


def printed(client: OurClient) -> list[int]:
    return [len(entry.body) for entry in client.told if entry.kind == "run.outputs"]


def kept_of(world: World) -> dict[str, bool]:
    assert replay(world.log) == world.room.state
    return {name: bool(found.outputs) for name, found in world.room.state.runs.items()}


def test_the_outputs_of_the_latest_runs_are_kept_up_to_a_bound(world: World) -> None:
    for number in range(8):
        run(world, f"r{number}", "x" * 200)
    assert kept_of(world) == {f"r{number}": number > 4 for number in range(8)}
    assert world.room.state.kept.size <= 1_000


def test_a_run_larger_than_the_bound_is_not_kept_while_it_prints_and_after(world: World) -> None:
    run(world, "small", "x")
    run(world, "large", *["x" * 300] * 4, finished=False)
    assert kept_of(world) == {"small": False, "large": False}
    say(world, "large", "y")
    assert kept_of(world) == {"small": False, "large": False}
    world.kernel_says("run.finished", run="large", status="ok", duration=1)
    run(world, "next", "x")
    assert kept_of(world) == {"small": False, "large": False, "next": True}


def test_a_newcomer_is_told_what_is_kept_and_which_runs_are_left_out(world: World) -> None:
    for number in range(6):
        run(world, f"r{number}", "x" * 200)
    eve = newcomer(world)
    assert eve.mode == "resync"
    assert list(eve.left_out) == ["r0", "r1", "r2"]
    assert len(printed(eve)) == 3
    assert all(size > 200 for size in eve.left_out.values())
    kinds = [entry.kind for entry in eve.told]
    assert kinds.count("run.queued") == kinds.count("run.finished") == 6, "that they ran, and how it ended"


def test_a_room_with_few_outputs_leaves_nothing_out(world: World) -> None:
    run(world, "r1", "x")
    eve = newcomer(world)
    assert eve.left_out == {}
    assert len(printed(eve)) == 1


def test_what_a_run_goes_on_to_print_is_told_also_where_its_beginning_is_left_out(world: World) -> None:
    run(world, "large", *["x" * 300] * 5, finished=False)
    eve = newcomer(world)
    assert (list(eve.left_out), printed(eve)) == (["large"], [])
    say(world, "large", "more")
    world.settle()
    assert len(printed(eve)) == 1


def test_a_run_that_failed_beside_a_large_one_is_named_with_it(world: World) -> None:
    run(world, "large", "x" * 600, finished=False)
    world.call("ada", "candidate", "run", run="broken", code="1")
    world.settle()
    world.room.kernel.run_failed("broken", "no code", now=world.now)
    world.carry_out()
    world.settle()
    say(world, "large", "x" * 600)
    assert kept_of(world) == {"large": False, "broken": False}
    assert sorted(newcomer(world).left_out) == ["broken", "large"]


def test_whoever_missed_more_than_is_kept_begins_anew(world: World) -> None:
    """Else a laptop that slept through an hour of plots would read all of them on waking."""
    eve = newcomer(world)
    eve.cut()
    run(world, "r1", "x" * 200)
    eve.connect()
    world.settle()
    assert eve.mode == "resumed"
    eve.cut()
    for number in range(2, 8):
        run(world, f"r{number}", "x" * 200)
    eve.connect()
    world.settle()
    assert eve.mode == "resync"
    assert "r2" in eve.left_out


def test_whoever_missed_the_rest_of_one_run_is_told_it(world: World) -> None:
    run(world, "r1", "x" * 500, finished=False)
    eve = newcomer(world)
    eve.cut()
    say(world, "r1", "y" * 900)
    eve.connect()
    world.settle()
    assert eve.mode == "resumed"
    assert len(printed(eve)) == 2


def test_for_a_stock_client_edits_alone_are_held_back(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """It never hears of what is printed while it waits for its document, however much that is."""
    monkeypatch.setattr("fourhands_server.core.seat.HELD_BYTES", 500)
    ada, eve = world.client("ada"), world.client("eve", dialect="stock", role="observer")
    ada.connect()
    world.settle()
    eve.connect()
    eve.deliver(None)
    ada.type(0, "x")
    ada.deliver(None)
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.commit()
    say(world, "r1", "y" * 900)
    assert eve.closed_with is None
    world.settle()
    assert str(eve.text()) == "x"


def asked(world: World) -> Iterator[int]:
    """Answers what the room asks, one question after the other, and counts."""
    while world.questions:
        world.answer()
        yield len(world.questions)


def test_what_happens_while_a_newcomer_reads_a_long_story_waits_in_the_log(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    for number in range(300):
        ada.op("chat", {"text": f"{number}"})
    world.settle()
    eve = world.client("eve", role="observer")
    assert isinstance(eve, OurClient)
    eve.connect()
    eve.deliver(None)
    seat = world.room.seats[eve.seat or ""]
    states = []
    for _ in asked(world):
        ada.op("chat", {"text": "meanwhile"})
        ada.type(0, "x")
        ada.deliver(None)
        world.commit()
        states.append(type(seat.state).__name__)
        assert len(getattr(seat.state, "held", ())) < 300
    world.settle()
    assert states[0] == "Following"
    assert states[-1] == "Live"
    chats = [entry.seq for entry in eve.told if entry.kind == "chat"]
    assert chats == [entry.seq for entry in world.log if entry.kind == "chat"]
    assert str(eve.text()) == str(ada.text())
    world.check()


@pytest.mark.parametrize("packed", [True, None])
def test_E21_only_who_reads_packed_entries_gets_them_packed(
    world: World, monkeypatch: pytest.MonkeyPatch, packed: bool | None
) -> None:
    ada = world.client("ada")
    ada.connect()
    eve = newcomer(world)
    eve.cut()
    for number in range(100):
        ada.type(number, "x")
    world.settle()
    heard: list[bytes] = []
    receive = eve.receive
    monkeypatch.setattr(eve, "receive", lambda frame: (heard.append(frame), receive(frame)))
    eve.packed = packed
    eve.connect()
    world.settle()
    assert eve.mode == "resumed"
    assert str(eve.text()) == "x" * 100
    told = {frame[1] for frame in heard if frame[0] == envelope.FRAME} & {envelope.PACKED, envelope.ENTRY}
    assert told == ({envelope.PACKED} if packed else {envelope.ENTRY})
    world.check()


def test_F9_a_stock_client_has_everything_once_step_2_is_there(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For many a program that is the moment to read the text."""
    ada = world.client("ada")
    ada.connect()
    for number in range(20):
        ada.type(number, "x")
        world.settle()
    eve = world.client("eve", dialect="stock", role="observer")
    told: list[tuple[bytes, str]] = []
    receive = eve.receive

    def watched(frame: bytes) -> None:
        receive(frame)
        told.append((frame[:2], str(eve.text())))

    monkeypatch.setattr(eve, "receive", watched)
    eve.connect()
    world.settle()
    documents = [(kind, text) for kind, text in told if kind in (b"\x00\x01", b"\x00\x02")]
    assert [kind for kind, _ in documents] == [b"\x00\x02"] * (len(documents) - 1) + [b"\x00\x01"]
    assert len(documents) > 2  # the document as it once stood, and the edits since
    assert documents[-1][1] == "x" * 20
