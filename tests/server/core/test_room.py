"""The room core, one behaviour a test, in the world that has no socket, clock or disk."""

from __future__ import annotations

import pytest
from tests.support.world import World, text_of

from fourhands_protocol import cbor, entries, envelope, sync
from fourhands_server.core import effects


@pytest.fixture
def world() -> World:
    made = World()
    made.join("ada")
    made.join("bob", "interviewer")
    made.join("eve", "observer")
    return made


def test_two_people_see_each_other_type(world: World) -> None:
    ada, bob = world.client("ada"), world.client("bob", role="interviewer")
    ada.connect(), bob.connect()
    world.settle()
    ada.type(0, "hello ")
    bob.type(0, "world")
    world.settle()
    assert str(ada.text()) == str(bob.text()) == text_of(world.log)
    assert sorted(str(ada.text()).split()) == ["hello", "world"]
    world.check()


def test_nobody_sees_an_edit_before_the_log_holds_it(world: World) -> None:
    ada, bob = world.client("ada", dialect="stock"), world.client("bob")
    ada.connect(), bob.connect()
    world.settle()
    ada.type(0, "x")
    ada.deliver(None)
    assert not bob.inbox
    assert not ada.inbox
    world.commit()
    assert sync.decode(ada.inbox[-1]) == sync.Update(bytes(ada.doc.get_update()))
    bob.deliver(None)
    assert str(bob.text()) == "x"


def test_an_append_that_was_lost_is_sent_again_and_applied_once(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    ada.type(0, "kept")
    ada.deliver(None)
    world.crash()
    assert text_of(world.log) == ""
    ada.connect()
    world.settle()
    assert text_of(world.log) == "kept"
    assert not ada.pending
    world.check()


def test_an_ack_that_was_lost_does_not_double_the_edit(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    ada.type(0, "once")
    ada.deliver(None)
    world.commit()
    ada.cut()
    ada.connect()
    world.settle()
    assert ada.mode == "resumed"
    assert text_of(world.log) == "once"
    assert [e.kind for e in world.log].count("edit") == 1


def test_an_observer_reads_and_cannot_write(world: World) -> None:
    ada, eve = world.client("ada"), world.client("eve", dialect="stock", role="observer")
    ada.connect(), eve.connect()
    ada.type(0, "abc")
    world.settle()
    ada.delete(0, 1)
    world.settle()
    assert str(eve.text()) == "bc"
    eve.cut()
    eve.connect()
    world.settle()
    assert eve.closed_with is None, "its own step 2 is no offence"
    before = len(world.log)
    eve.type(0, "evil")
    world.settle()
    assert eve.closed_with == 4403
    assert text_of(world.log) == "bc"
    assert [e.kind for e in world.log[before:]] == ["seat.closed"]


@pytest.mark.parametrize("kind", ["chat", "run", "file.create", "end", "interrupt", "restart"])
def test_an_observers_operations_are_refused(world: World, kind: str) -> None:
    eve = world.client("eve", role="observer")
    eve.connect()
    world.settle()
    bodies = {"chat": {"text": "x"}, "run": {"run": "r1", "code": "1"}, "file.create": {"path": "x"}}
    head = len(world.log)
    pseq = eve.op(kind, dict(bodies.get(kind, {})))
    world.settle()
    assert eve.refused == [(pseq, "forbidden")]
    assert len(world.log) == head


def test_a_client_id_belongs_to_who_used_it_first(world: World) -> None:
    ada, bob = world.client("ada", dialect="stock"), world.client("bob", dialect="stock")
    ada.connect()
    ada.type(0, "mine")
    world.settle()
    thief = world.client("bob", dialect="stock")
    thief.client_id = ada.client_id
    thief.__post_init__()
    bob.connect(), thief.connect()
    world.settle()
    thief.type(0, "forged")
    world.settle()
    assert thief.closed_with == 4423
    assert bob.closed_with is None
    assert text_of(world.log) == "mine"


def test_runs_queue_and_keep_the_code_of_their_moment(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    ada.type(0, "print(1)")
    world.settle()
    ada.op("run", {"run": "r1", "file": "main.py"})
    ada.deliver(None)
    ada.type(8, "\nprint(2)")
    ada.op("run", {"run": "r2", "file": "main.py"})
    world.settle()
    assert [(e.run, e.code) for e in world.executed] == [("r1", "print(1)")]
    world.kernel_says("run.finished", run="r1", status="ok", duration=5)
    world.settle()
    assert [(e.run, e.code) for e in world.executed][1:] == [("r2", "print(1)\nprint(2)")]
    world.check()


def test_a_selection_runs_as_the_part_of_its_file(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    ada.type(0, "x = 1\n1 / 0\n")
    world.settle()
    ada.op("run", {"run": "r1", "file": "main.py", "code": "1 / 0", "first_line": 2})
    world.settle()
    files = {"main.py": "x = 1\n1 / 0\n"}
    assert world.executed == [effects.Execute("r1", "1 / 0", "main.py", 2, files)]


def test_a_line_of_the_console_says_so(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    ada.op("run", {"run": "r1", "code": "1 + 1", "console": True})
    world.settle()
    assert world.room.state.runs["r1"].console
    assert world.executed == [effects.Execute("r1", "1 + 1", "<console>", 1, {"main.py": ""})]
    world.check()


def test_a_run_keeps_the_time_limit_that_it_had(world: World) -> None:
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    assert world.room.state.runs["r1"].limit == 120


def test_a_waiting_run_is_taken_back_by_whoever_queued_it_or_an_interviewer(world: World) -> None:
    for run in ("r1", "r2", "r3"):
        world.call("ada", "candidate", "run", run=run, code="1")
    world.settle()
    assert world.call("cy", "candidate", "run.cancel", run="r2").refused == "forbidden"
    assert world.call("ada", "candidate", "run.cancel", run="r1").refused == "not-waiting"
    assert world.call("ada", "candidate", "run.cancel", run="nothing").refused == "not-waiting"
    world.call("ada", "candidate", "run.cancel", run="r2")
    world.call("bob", "interviewer", "run.cancel", run="r3")
    world.settle()
    world.kernel_says("run.finished", run="r1", status="ok", duration=5)
    world.settle()
    assert [world.room.state.runs[run].status for run in ("r1", "r2", "r3")] == ["ok", "aborted", "aborted"]
    assert [e.run for e in world.executed] == ["r1"]
    assert [e.actor for e in world.log if e.kind == "run.finished"] == ["ada", "bob", "kernel"]
    world.check()


def test_a_run_asked_for_twice_runs_once(world: World) -> None:
    first = world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    second = world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    assert first.seq == second.seq
    assert len(world.executed) == 1


def test_kernel_events_replayed_after_a_crash_are_logged_once(world: World) -> None:
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    out = {"output_type": "stream", "name": "stdout", "text": "a"}
    world.kernel_says("run.outputs", run="r1", n=0, items=[out])
    world.settle()
    world.crash()
    world.room.kernel.attached("journal-1", {"r1": "running"}, "busy", None, now=world.now)
    world.room.kernel.event(
        "journal-1", 1, "run.outputs", {"run": "r1", "n": 0, "items": [out]}, now=world.now
    )
    world.kernel_says("run.finished", run="r1", status="ok", duration=5)
    world.settle()
    assert [e.kind for e in world.log].count("run.outputs") == 1
    assert world.room.state.runs["r1"].status == "ok"
    world.check()


def test_a_run_that_the_kernel_host_never_heard_of_has_died(world: World) -> None:
    world.kernel_says("kernel", state="idle")
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    world.crash()
    world.room.kernel.attached("journal-2", {}, "none", None, now=world.now)
    world.carry_out()
    world.settle()
    assert world.room.state.runs["r1"].status == "kernel_died"


def test_a_run_is_handed_over_again_where_no_kernel_host_was_ever_heard(world: World) -> None:
    """The server died between the entry and the host: there was nothing yet that could have died with it."""
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    world.crash()
    world.executed.clear()
    world.room.kernel.attached("journal-1", {}, "none", None, now=world.now)
    world.carry_out()
    world.settle()
    assert len(world.executed) == 1
    assert world.room.state.runs["r1"].status == "running"


def test_the_end_is_the_last_entry_and_ending_twice_is_ending_once(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    first = world.call("bob", "interviewer", "end")
    world.settle()
    again = world.call("bob", "interviewer", "end")
    world.settle()
    assert first.seq == again.seq == len(world.log)
    ada.type(0, "late")
    world.settle()
    assert ada.refused == [(1, "ended")]
    ada.cut()
    world.settle()
    assert world.log[-1].kind == "room.ended"
    world.check()


def test_a_run_gets_three_seconds_at_the_end(world: World) -> None:
    world.call("ada", "candidate", "run", run="r1", code="while True: pass")
    world.call("ada", "candidate", "run", run="r2", code="2")
    world.settle()
    ended = world.call("bob", "interviewer", "end")
    world.settle()
    assert ended.seq is None
    world.now += 2_900_000
    world.room.tick(now=world.now)
    world.settle()
    assert ended.seq is None
    world.now += 200_000
    world.room.tick(now=world.now)
    world.carry_out()
    world.settle()
    assert ended.seq == len(world.log)
    assert world.room.state.runs["r1"].status == "interrupted"
    assert world.room.state.runs["r2"].status == "aborted"
    assert any(isinstance(e, effects.StopKernel) for e in world.kernel_effects)
    world.check()


def test_an_end_is_acked_once_it_is_in_the_log(world: World) -> None:
    """Ended over a socket, with a run that still has its moment; a crash in between ends nothing."""
    bob = world.client("bob", role="interviewer")
    world.join("bob", "interviewer")
    bob.connect()
    world.call("ada", "candidate", "run", run="r1", code="while True: pass")
    world.settle()
    end = bob.op("end", {})
    world.settle()
    assert end in bob.pending
    world.crash()
    bob.connect()
    world.settle()
    assert end in bob.pending
    world.now += 3_100_000
    world.room.tick(now=world.now)
    world.carry_out()
    assert end in bob.pending, "the entry is not in the log yet"
    world.settle()
    assert world.log[-1].kind == "room.ended"
    assert end in bob.acked
    world.check()


def test_a_run_asked_for_twice_at_once_is_answered_when_it_is_in_the_log(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    first = world.call("ada", "candidate", "run", run="r1", code="1")
    again = world.call("ada", "candidate", "run", run="r1", code="1")
    typed = ada.op("chat", {"text": "before"})
    ours = ada.op("run", {"run": "r1", "code": "1"})
    ada.deliver(None)
    assert first.seq is again.seq is None
    assert ada.pending.keys() == {typed, ours}
    world.commit(1)
    ada.deliver(None)
    assert first.seq is not None
    assert ours in ada.pending, "what came before it is not in the log"
    world.settle()
    assert first.seq == again.seq
    assert ada.acked >= {typed, ours}
    world.check()


def test_who_was_removed_during_a_call_changes_nothing(world: World) -> None:
    world.join("zoe")
    world.room.call(world._call("remove", "bob", "interviewer"), "remove", {"person": "zoe"}, now=world.now)
    world.carry_out()
    world.settle()
    assert world.call("zoe", "candidate", "chat", text="still here").refused == "forbidden"
    origin = world._call("edit", "zoe", "candidate")
    update = bytes.fromhex("010163000401076d61696e2e7079016100")
    world.room.edit(origin, update, entries.edit_body(update), now=world.now)
    world.carry_out()
    assert world.calls[origin.pseq].refused == "forbidden"
    world.settle()
    assert text_of(world.log) == ""


def test_a_file_too_large_to_run_says_so_and_the_room_goes_on(world: World) -> None:
    """Also for a room whose log holds such a run from earlier: each load asks for its code again."""
    ada = world.client("ada")
    ada.connect()
    world.settle()
    for _ in range(3):
        ada.type(0, "#" * 100_000)
        world.settle()
    world.call("ada", "candidate", "run", run="r1", file="main.py")
    world.commit()
    world.crash()
    world.settle()
    run = world.room.state.runs["r1"]
    assert run.status == "aborted"
    assert "256 KiB" in run.outputs[0]["evalue"]
    world.call("ada", "candidate", "run", run="r2", code="1")
    world.settle()
    assert [e.run for e in world.executed] == ["r2"]
    world.check()


def test_a_kernel_that_nobody_came_back_to_is_let_go_on_the_record(world: World) -> None:
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    world.kernel_says("kernel", state="idle")
    world.kernel_says("run.finished", run="r1", status="ok", duration=1)
    ada = world.client("ada")
    ada.connect()
    world.settle()

    def pass_by(seconds: int) -> list[effects.Effect]:
        world.kernel_effects.clear()
        world.now += seconds * 1_000_000
        if ada.seat:
            world.room.receive(ada.seat, envelope.encode(envelope.Ping(1)), now=world.now)
        world.room.tick(now=world.now)
        world.carry_out()
        world.settle()
        return [e for e in world.kernel_effects if isinstance(e, effects.StopKernel)]

    assert not pass_by(3 * 3600), "somebody is here"
    ada.cut()
    assert not pass_by(7100), "a laptop may be closed for an hour"
    (stop,) = pass_by(200)
    assert stop.why
    assert "nobody" in stop.why
    world.kernel_says("kernel", state="none", detail=stop.why)
    assert not pass_by(8000)


def test_the_kernel_of_a_room_that_ended_is_stopped_though_the_server_died(world: World) -> None:
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    world.kernel_says("kernel", state="idle")
    world.kernel_says("run.finished", run="r1", status="ok", duration=1)
    world.call("bob", "interviewer", "end")
    world.settle()
    world.kernel_effects.clear()
    world.crash()
    assert any(isinstance(e, effects.StopKernel) for e in world.kernel_effects)


def test_file_rules(world: World) -> None:
    bob = ("bob", "interviewer")
    assert world.call(*bob, "file.create", path="a/b.py").refused == ""
    assert world.call(*bob, "file.create", path="A/B.py").refused == "path-taken", "even before the commit"
    assert world.call(*bob, "file.create", path="../x").refused == "bad-path"
    world.settle()
    assert world.call(*bob, "file.delete", file="a/b.py").refused == ""
    assert world.call(*bob, "file.create", path="a/b.py").refused == ""
    world.settle()
    assert [f.id for f in world.room.state.living_files()] == ["main.py", "a/b.py~2"]
    assert world.call("ada", "candidate", "file.delete", file="main.py").refused == "forbidden"
    world.check()


def test_a_second_connection_of_one_instance_takes_the_place_of_the_first(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    old, ada.seat = ada.seat, None
    ada.connect()
    world.settle()
    assert old not in world.room.seats
    assert len(world.room.state.people["ada"].seats) == 1


def test_presence_is_rewritten_bound_and_withdrawn(world: World) -> None:
    ada = world.client("ada", dialect="stock")
    bob = world.client("bob", dialect="stock", role="interviewer")
    ada.connect(), bob.connect()
    world.settle()
    seen: list[str | None] = []
    bob.receive = lambda frame: seen.append(_awareness_of(frame, ada.client_id))  # type: ignore[method-assign]
    forged = awareness_frame(bob.client_id, 9, '{"user":{"name":"Mallory"}}')
    own = awareness_frame(ada.client_id, 9, '{"user":{"name":"Mallory"},"cursor":1}')
    ada.outbox += [forged, own]
    world.settle()
    ada.cut()
    world.settle()
    told = [s for s in seen if s != "nothing"]
    assert '"name":"Ada"' in str(told[0])
    assert '"color":"#1f63c9"' in str(told[0])
    assert "Mallory" not in str(told)
    assert told[-1] is None
    assert any(e.kind == "client" and cbor.decode(e.body) == {"client": ada.client_id} for e in world.log)


@pytest.mark.parametrize(
    ("clock", "state"),
    [
        (2**53 - 1, "{}"),
        (5, r'{"name":"\ud800"}'),
        (5, '{"at":{"file":"main.py","anchor":true,"head":0}}'),
        (5, '{"at":{"file":"main.py","anchor":0,"head":1e9}}'),
    ],
)
def test_no_awareness_state_keeps_newcomers_out(world: World, clock: int, state: str) -> None:
    ada, bob = world.client("ada", dialect="stock"), world.client("bob", dialect="stock")
    ada.connect()
    world.settle()
    ada.outbox.append(awareness_frame(ada.client_id, clock, state))
    world.settle()
    bob.connect()
    bob.type(0, "here")
    world.settle()
    assert (ada.closed_with, bob.closed_with) == (None, None)
    assert text_of(world.log) == "here"
    world.check()


def test_a_revoked_invite_shows_its_people_out(world: World) -> None:
    ada, bob = world.client("ada"), world.client("bob", role="interviewer")
    ada.connect(), bob.connect()
    world.settle()
    world.call("bob", "interviewer", "revoke", invite="candidate/1")
    world.settle()
    assert ada.closed_with == 4401
    assert bob.closed_with is None
    assert not world.room.welcome("ada")


def test_a_silent_client_is_asked_before_its_link_counts_as_dead(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    world.settle()
    world.now += 9_000_000
    world.room.tick(now=world.now)
    world.carry_out()
    assert envelope.decode(ada.inbox[-1]) == envelope.Ping(world.now)
    ada.outbox.append(envelope.encode(envelope.Pong(world.now, 0)))
    ada.deliver(None)
    for seconds, closed in ((13, None), (1, 4304)):
        world.now += seconds * 1_000_000
        world.room.tick(now=world.now)
        world.carry_out()
        assert ada.closed_with == closed


@pytest.mark.parametrize(
    "frame",
    [
        b"",
        b"\x00",
        b"\x00\x02",
        b"\x80\x00\x02\x00",
        b"\x00\x82\x00\x02\x00\x00",
        b"\x00\x02\x02\x00\x00\x00",
        sync.update(b"\xff" * 10 + b"\x01"),
        sync.update(bytes.fromhex("01014d00040104636f646501a000")),
        envelope.encode(envelope.Ping(1)),
        b"\x05",
    ],
)
def test_bytes_that_no_stock_client_sends_cost_the_connection_alone(world: World, frame: bytes) -> None:
    ada, bob = world.client("ada", dialect="stock"), world.client("bob")
    ada.connect(), bob.connect()
    world.settle()
    ada.outbox.append(frame)
    world.settle()
    assert ada.closed_with is not None
    assert ada.closed_with >= 4400
    bob.type(0, "on")
    world.settle()
    assert text_of(world.log) == "on"
    world.check()


def awareness_frame(client: int, clock: int, state: str) -> bytes:
    from fourhands_protocol import awareness

    return sync.awareness(awareness.encode([awareness.State(client, clock, state)]))


def _awareness_of(frame: bytes, client: int) -> str | None:
    from fourhands_protocol import awareness

    message = sync.decode(frame)
    if not isinstance(message, sync.AwarenessFrame):
        return "nothing"
    return next((s.text for s in awareness.decode(message.payload) if s.client == client), "nothing")
