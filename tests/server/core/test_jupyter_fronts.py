"""Jupyter front ends in a room: what they ask goes through the log, what they see is what the log holds."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tests.support.front_ends import Attached
from tests.support.world import World

from fourhands_protocol import cbor
from fourhands_server.core import effects
from fourhands_server.core.jupyter import fronts, voice
from fourhands_server.core.jupyter.cells import IN_QUEUE, WAITING, run_of
from fourhands_server.core.jupyter.complete import is_complete
from fourhands_server.core.operations import QUEUE_LIMIT


@pytest.fixture
def world() -> World:
    made = World()
    made.join("ada")
    made.join("bob", "interviewer")
    made.kernel_says("kernel", state="idle")
    made.settle()
    return made


@pytest.fixture
def bob(world: World) -> Attached:
    made = Attached(world).attach()
    world.settle()
    return made


def finish(world: World, run: str, status: str = "ok", **details: Any) -> None:
    world.kernel_says("run.finished", run=run, status=status, duration=1, **details)
    world.settle()


def say(world: World, run: str, *items: dict[str, Any]) -> None:
    world.kernel_says("run.outputs", run=run, n=0, items=list(items))
    world.settle()


def kinds(world: World) -> list[str]:
    return [entry.kind for entry in world.log]


def bodies(world: World, kind: str) -> list[dict[str, Any]]:
    return [cbor.decode(entry.body) for entry in world.log if entry.kind == kind]


ERROR = {"output_type": "error", "ename": "ValueError", "evalue": "no", "traceback": ["ValueError: no"]}


def test_a_cell_is_a_run_of_the_room_like_any_other(world: World, bob: Attached) -> None:
    asked = bob.execute("1+1")
    world.settle()
    run = run_of(asked)
    queued = next(entry for entry in world.log if entry.kind == "run.queued")
    assert (queued.actor, cbor.decode(queued.body)) == ("bob", {"run": run, "code": "1+1"})
    assert world.executed[-1].code == "1+1"
    result = {"output_type": "execute_result", "data": {"text/plain": "2"}, "metadata": {}}
    say(world, run, {**result, "execution_count": 1})
    finish(world, run, count=1)
    assert bob.types(asked) == ["busy", "execute_input", "execute_result", "execute_reply", "idle"]
    reply = {"status": "ok", "execution_count": 1, "payload": [], "user_expressions": {}}
    assert bob.reply(asked) == reply
    assert dict(bob.about(asked))["execute_input"] == {"code": "1+1", "execution_count": 1}
    world.check()


def test_nothing_is_told_before_the_log_holds_it(world: World, bob: Attached) -> None:
    asked = bob.execute("1")
    world.settle()
    world.kernel_says("run.finished", run=run_of(asked), status="ok", duration=1, count=1)
    assert bob.types(asked) == ["busy", "execute_input"]
    world.commit()
    assert bob.types(asked) == ["busy", "execute_input", "execute_reply", "idle"]


def test_both_framings_say_the_same(world: World) -> None:
    one, other = Attached(world, framing="v1").attach(), Attached(world).attach()
    asked = one.execute("1")
    world.settle()
    finish(world, run_of(asked), count=1)
    assert one.types(asked) == ["busy", "execute_input", "execute_reply", "idle"]
    assert other.types(asked) == ["busy", "execute_input", "idle"], "the reply is for whoever asked"


def test_every_kind_of_output_has_its_message(world: World, bob: Attached) -> None:
    asked = bob.execute("…")
    world.settle()
    data = {"data": {"text/plain": "x"}, "metadata": {}}
    say(
        world,
        run_of(asked),
        {"output_type": "stream", "name": "stdout", "text": "hi\n"},
        {"output_type": "display_data", **data, "display_id": "d"},
        {"output_type": "update_display_data", **data, "display_id": "d"},
        {"output_type": "clear_output", "wait": True},
        {"output_type": "dropped", "bytes": 12},
        {"output_type": "of a later version"},
        ERROR,
    )
    finish(world, run_of(asked), "error", count=1)
    told = [one for one in bob.about(asked) if one[0] not in ("status", "execute_input")]
    shown = {**data, "transient": {"display_id": "d"}}
    error = {key: ERROR[key] for key in ("ename", "evalue", "traceback")}
    assert told == [
        ("stream", {"name": "stdout", "text": "hi\n"}),
        ("display_data", shown),
        ("update_display_data", shown),
        ("clear_output", {"wait": True}),
        ("stream", {"name": "stderr", "text": "\n[12 bytes of output were left out]\n"}),
        ("error", error),
        ("execute_reply", {"status": "error", "execution_count": 1, **error}),
    ]


def test_a_run_of_the_page_is_told_with_a_parent_of_its_own_session(world: World, bob: Attached) -> None:
    world.call("ada", "candidate", "run", run="r-1", code="print(1)")
    world.settle()
    say(world, "r-1", {"output_type": "stream", "name": "stdout", "text": "1\n"})
    finish(world, "r-1", count=1)
    assert bob.types("run.r-1") == ["busy", "execute_input", "stream", "idle"]
    parents = [m["parent_header"] for m in bob.messages if m["parent_header"].get("msg_id") == "run.r-1"]
    assert {(p["session"], p["username"]) for p in parents} == {("ada", "Ada")}


def test_a_run_that_died_without_an_error_gets_words(world: World, bob: Attached) -> None:
    asked = bob.execute("while True: pass")
    world.settle()
    finish(world, run_of(asked), "timeout")
    told = dict(bob.about(asked))
    assert told["error"]["ename"] == "TimeLimit"
    assert told["execute_reply"]["evalue"] == told["error"]["evalue"]


def test_the_same_request_twice_is_one_run(world: World, bob: Attached) -> None:
    asked = bob.execute("1")
    bob.ask("execute_request", {"code": "1"}, msg_id=asked)
    world.settle()
    assert kinds(world).count("run.queued") == 1
    finish(world, run_of(asked), count=1)
    bob.ask("execute_request", {"code": "1"}, msg_id=asked)
    world.settle()
    assert kinds(world).count("run.queued") == 1
    assert bob.types(asked)[-3:] == ["busy", "execute_reply", "idle"]


def test_an_id_that_somebody_has_guessed_costs_nothing_and_forges_nothing(
    world: World, bob: Attached
) -> None:
    """Clients count their requests, so a candidate can tell what the next one's run would be called."""
    world.call("ada", "candidate", "run", run=run_of("mine"), code="'forged'")
    world.settle()
    item = {"output_type": "stream", "name": "stdout", "text": "forged"}
    say(world, run_of("mine"), item)
    finish(world, run_of("mine"), count=1)
    bob.ask("execute_request", {"code": "2"}, msg_id="mine")
    world.settle()
    active = world.room.state.active_run()
    assert active is not None
    assert (active.by, active.code) == ("bob", "2")
    finish(world, active.run, count=2)
    assert bob.types("mine") == ["busy", "execute_input", "execute_reply", "idle"]
    bob.ask("execute_request", {"code": "2"}, msg_id="mine")
    assert bob.types("mine")[-2:] == ["execute_reply", "idle"], "and it is known again"
    for n in range(12):
        world.call("ada", "candidate", "run", run=f"{run_of('x')}~{n}" if n else run_of("x"), code="1")
    bob.ask("execute_request", {"code": "2"}, msg_id="x")
    world.settle()
    assert bob.reply("x")["status"] == "error"


def test_code_of_nothing_leaves_nothing(world: World, bob: Attached) -> None:
    before = len(world.log)
    asked = bob.execute(" \n")
    assert bob.types(asked) == ["busy", "execute_reply", "idle"]
    world.settle()
    assert len(world.log) == before


def test_a_whole_notebook_leaves_room_in_the_queue(world: World, bob: Attached) -> None:
    """Forty cells at once, and the candidate runs something in between."""
    asked = [bob.execute(f"cell {n}") for n in range(40)]
    world.settle()
    assert len(world.room.state.waiting_runs()) <= IN_QUEUE
    assert not world.call("ada", "candidate", "run", run="r-1", code="1").refused
    order = []
    while run := world.room.state.active_run():
        order.append(run.code)
        finish(world, run.run)
    assert [code for code in order if code != "1"] == [f"cell {n}" for n in range(40)]
    assert order.index("1") <= IN_QUEUE + 1
    assert [bob.reply(one)["status"] for one in asked] == ["ok"] * 40
    world.check()


def test_more_cells_than_can_wait_are_refused(world: World, bob: Attached) -> None:
    asked = [bob.execute(f"cell {n}") for n in range(WAITING + IN_QUEUE + 5)]
    world.settle()
    assert bob.types(asked[-1]) == ["busy", "error", "execute_reply", "idle"]
    assert bob.reply(asked[-1])["ename"] == "TooMany"
    assert bob.types(asked[IN_QUEUE + 10]) == []


def test_a_full_queue_is_waited_for(world: World, bob: Attached) -> None:
    for n in range(QUEUE_LIMIT + 1):
        world.call("ada", "candidate", "run", run=f"r-{n}", code="1")
        world.settle()
    asked = bob.execute("2")
    world.settle()
    assert bob.types(asked) == []
    while run := world.room.state.active_run():
        finish(world, run.run)
    assert bob.reply(asked)["status"] == "ok"


def test_code_that_is_too_large_is_refused_with_words(world: World, bob: Attached) -> None:
    asked = bob.execute("é" * 140_000)
    assert bob.reply(asked)["ename"] == "TooLarge"
    assert "run.queued" not in kinds(world)


def test_cells_behind_one_that_fails_are_taken_back(world: World, bob: Attached) -> None:
    asked = [bob.execute(f"cell {n}") for n in range(10)]
    world.call("ada", "candidate", "run", run="r-1", code="1")
    world.settle()
    finish(world, run_of(asked[0]), "error")
    assert [bob.reply(one)["status"] for one in asked] == ["error"] + ["aborted"] * 9
    cancelled = [b["run"] for b in bodies(world, "run.finished") if b["status"] == "aborted"]
    assert cancelled == [run_of(one) for one in asked[1 : IN_QUEUE + 1]], "only what the room had heard of"
    active = world.room.state.active_run()
    assert active is not None
    assert active.run == "r-1", "other people's runs go on"
    world.check()


def test_a_request_may_say_that_errors_stop_nothing(world: World, bob: Attached) -> None:
    asked = [bob.execute(f"cell {n}", stop_on_error=False) for n in range(3)]
    world.settle()
    for one in asked:
        finish(world, run_of(one), "error")
    assert [bob.reply(one)["status"] for one in asked] == ["error"] * 3


def test_no_run_begins_between_a_failure_and_its_entry(world: World, bob: Attached) -> None:
    first = bob.execute("1")
    world.settle()
    second = bob.execute("2")
    world.commit()
    world.kernel_says("run.finished", run=run_of(first), status="error", duration=1)
    world.settle()  # the code of the second is read only now
    assert [b["run"] for b in bodies(world, "run.started")] == [run_of(first)]
    assert bob.reply(second)["status"] == "aborted"


def test_input_is_asked_of_whoever_ran_it(world: World, bob: Attached) -> None:
    other = Attached(world).attach()
    asked = bob.execute("input('who? ')")
    world.settle()
    world.kernel_says("run.input_asked", run=run_of(asked), prompt="who? ", password=False)
    world.settle()
    assert dict(bob.about(asked))["input_request"] == {"prompt": "who? ", "password": False}
    assert "input_request" not in other.types(asked)
    other.ask("input_reply", {"value": "not me"}, channel="stdin")
    bob.ask("input_reply", {"value": "me"}, channel="stdin")
    world.settle()
    assert bodies(world, "run.input") == [{"run": run_of(asked), "text": "me"}]
    bob.ask("input_reply", {"value": "too late"}, channel="stdin")
    world.settle()
    assert len(bodies(world, "run.input")) == 1
    assert bob.closed_with is None


def test_a_password_is_not_recorded(world: World, bob: Attached) -> None:
    asked = bob.execute("getpass()")
    world.settle()
    world.kernel_says("run.input_asked", run=run_of(asked), prompt="", password=True)
    world.settle()
    bob.ask("input_reply", {"value": "s3cret"}, channel="stdin")
    world.settle()
    assert bodies(world, "run.input") == [{"run": run_of(asked)}]
    assert effects.AnswerInput(run_of(asked), "s3cret") in world.kernel_effects


def test_a_front_end_without_stdin_leaves_questions_to_the_room(world: World, bob: Attached) -> None:
    asked = bob.execute("input()", allow_stdin=False)
    world.settle()
    world.kernel_says("run.input_asked", run=run_of(asked), prompt="", password=False)
    world.settle()
    assert "input_request" not in bob.types(asked)
    assert not world.call("ada", "candidate", "input", run=run_of(asked), text="x").refused


def test_interrupts_and_restarts_are_operations_of_the_room(world: World, bob: Attached) -> None:
    asked = bob.execute("1")
    world.settle()
    stop = bob.ask("interrupt_request", {}, channel="control")
    assert bob.types(stop) == [], "not before it is recorded"
    world.settle()
    assert bob.reply(stop) == {"status": "ok"}
    assert bob.types(stop)[-1] == "idle"
    assert effects.Interrupt() in world.kernel_effects
    finish(world, run_of(asked), "interrupted")
    again = bob.ask("interrupt_request", {}, channel="control")
    assert bob.reply(again) == {"status": "ok"}, "it may just have ended"
    fresh = bob.ask("shutdown_request", {"restart": True}, channel="control")
    world.settle()
    assert bob.reply(fresh) == {"status": "ok", "restart": True}
    assert effects.Restart() in world.kernel_effects
    assert [entry.actor for entry in world.log if entry.kind.startswith("kernel.")] == ["bob", "bob"]


def test_the_kernel_is_not_a_front_ends_to_end(world: World, bob: Attached) -> None:
    before = len(world.log)
    asked = bob.ask("shutdown_request", {"restart": False}, channel="control")
    world.settle()
    assert bob.reply(asked)["status"] == "error"
    assert len(world.log) == before


def test_counts_follow_the_kernel(world: World, bob: Attached) -> None:
    def count_of(asked: str) -> int:
        return int(dict(bob.about(asked))["execute_input"]["execution_count"])

    for number in (1, 2):
        asked = bob.execute("1")
        world.settle()
        assert count_of(asked) == number
        finish(world, run_of(asked), count=number)
    late = Attached(world).attach()
    nothing = late.execute("")
    assert late.reply(nothing)["execution_count"] == 2
    world.kernel_says("kernel", state="dead")
    world.settle()
    asked = bob.execute("1")
    world.settle()
    assert count_of(asked) == 1


def test_what_the_kernel_does_is_told(world: World, bob: Attached) -> None:
    def states() -> list[str]:
        bob.deliver(None)
        found = [m["content"]["execution_state"] for m in bob.messages if m["parent_header"] == {}]
        bob.messages.clear()
        return found

    for state in ("dead", "starting", "idle"):
        world.kernel_says("kernel", state=state)
    world.settle()
    assert states() == ["restarting", "starting", "idle"]


def test_small_questions_are_answered_at_once(world: World, bob: Attached) -> None:
    info = bob.ask("kernel_info_request", {})
    assert bob.types(info) == ["busy", "kernel_info_reply", "idle"]
    content = bob.reply(info)
    assert content["language_info"]["version"] == "3.11.2"
    assert (content["status"], content["protocol_version"]) == ("ok", "5.3")
    control = bob.ask("kernel_info_request", {}, channel="control")
    bob.deliver(None)
    assert [m["channel"] for m in bob.messages if m["parent_header"].get("msg_id") == control][1] == "control"
    assert bob.reply(bob.ask("comm_info_request", {})) == {"status": "ok", "comms": {}}
    assert bob.reply(bob.ask("history_request", {"hist_access_type": "tail"}))["history"] == []
    assert bob.reply(bob.ask("is_complete_request", {"code": "if x:"}))["status"] == "incomplete"
    debug = bob.reply(bob.ask("debug_request", {"command": "initialize"}, channel="control"))
    assert debug["status"] == "error"
    comm = bob.ask("comm_open", {"comm_id": "c", "target_name": "t", "data": {}})
    assert dict(bob.about(comm)) == {"comm_close": {"comm_id": "c", "data": {}}}
    assert bob.types(bob.ask("comm_msg", {"comm_id": "c"})) == []
    assert bob.closed_with is None


def test_whoever_asks_during_a_run_hears_that_it_goes_on(world: World, bob: Attached) -> None:
    bob.execute("1")
    world.settle()
    late = Attached(world).attach()
    late.ask("kernel_info_request", {})
    late.deliver(None)
    assert late.messages[-1]["content"] == {"execution_state": "busy"}


def test_the_kernel_is_asked_how_code_goes_on(world: World, bob: Attached) -> None:
    before = len(world.log)
    asked = bob.ask("complete_request", {"code": "im", "cursor_pos": 2})
    question = next(e for e in world.kernel_effects if isinstance(e, effects.AskKernel))
    assert (question.what, question.code, question.cursor) == ("complete", "im", 2)
    assert bob.types(asked) == []
    content = {"status": "ok", "matches": ["import"], "cursor_start": 0, "cursor_end": 2, "metadata": {}}
    world.room.kernel.answered(question.number, content, now=world.now)
    world.carry_out()
    assert bob.reply(asked) == content
    world.settle()
    assert len(world.log) == before, "questions leave no entry"


def test_a_kernel_that_has_no_answer_is_no_error(world: World, bob: Attached) -> None:
    asked = bob.ask("inspect_request", {"code": "x", "cursor_pos": 1, "detail_level": 1})
    question = world.kernel_effects[-1]
    assert isinstance(question, effects.AskKernel)
    assert (question.what, question.detail) == ("inspect", 1)
    world.room.kernel.answered(question.number, None, now=world.now)
    world.carry_out()
    assert bob.reply(asked) == {"status": "ok", "found": False, "data": {}, "metadata": {}}


def test_only_so_many_questions_are_with_the_kernel(world: World, bob: Attached) -> None:
    asked = [bob.ask("complete_request", {"code": "i", "cursor_pos": 1}) for _ in range(50)]
    assert sum(isinstance(e, effects.AskKernel) for e in world.kernel_effects) == 8
    assert bob.reply(asked[-1])["matches"] == []


def test_a_front_end_is_a_seat_on_the_record(world: World, bob: Attached) -> None:
    assert world.room.state.people["bob"].seats == {bob.seat}
    assert bodies(world, "seat.opened")[-1] == {"seat": bob.seat, "dialect": "jupyter"}
    bob.cut()
    world.settle()
    assert bodies(world, "seat.closed")[-1]["code"] == 1006
    assert not world.room.state.people["bob"].seats
    world.check()


def test_somebody_whose_invite_is_revoked_is_cut_off_at_once(world: World, bob: Attached) -> None:
    bob.execute("1")
    world.settle()
    world.call("ivy", "host", "revoke", invite="interviewer/1")
    world.settle()
    assert bob.closed_with == 4401


def test_the_end_of_the_room_closes_it(world: World, bob: Attached) -> None:
    world.call("bob", "interviewer", "end")
    world.settle()
    assert bob.closed_with == 4410
    assert kinds(world)[-1] == "room.ended"
    world.check()


def test_an_ending_room_refuses_with_words(world: World, bob: Attached) -> None:
    world.call("ada", "candidate", "run", run="r-1", code="1")
    world.settle()
    world.call("bob", "interviewer", "end")
    asked = bob.execute("2")
    assert "ended" in bob.reply(asked)["evalue"]


def test_a_kernel_that_cannot_be_had_is_told(world: World, bob: Attached) -> None:
    world.room.kernel_refused = "no isolation here"
    asked = bob.execute("1")
    assert bob.types(asked) == ["busy", "error", "execute_reply", "idle"]
    assert bob.reply(asked)["evalue"] == "no isolation here"


def test_a_front_end_that_comes_back_gets_its_replies(world: World) -> None:
    front = Attached(world, session="page").attach()
    asked = front.execute("1")
    world.settle()
    front.cut()
    stranger, again = Attached(world, session="other").attach(), Attached(world, session="page").attach()
    finish(world, run_of(asked), count=1)
    assert again.reply(asked)["status"] == "ok"
    assert "execute_reply" not in stranger.types(asked)


def test_what_a_front_end_misses_is_kept_for_it(world: World) -> None:
    front = Attached(world, session="page", framing="v1").attach()
    asked = [front.execute(f"cell {n}") for n in range(8)]
    world.settle()
    front.cut()
    item = {"output_type": "stream", "name": "stdout", "text": "missed"}
    say(world, run_of(asked[0]), item)
    while run := world.room.state.active_run():
        finish(world, run.run)
    again = Attached(world, session="page").attach()
    world.settle()
    assert again.types(asked[0]) == ["stream", "execute_reply", "idle"]
    assert again.types(asked[7]) == ["busy", "execute_input", "execute_reply", "idle"]
    third = Attached(world, session="page").attach()
    assert third.types(asked[0]) == [], "once"


def test_what_is_kept_has_bounds(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice, "AWAY_BYTES", 3_000)
    fronts = [Attached(world, session=f"page {n}").attach() for n in range(voice.AWAY_MOST + 3)]
    asked = fronts[-1].execute("1")
    fronts[-1].execute("2", stop_on_error=False)
    world.settle()
    for front in fronts:
        front.cut()
    item = {"output_type": "stream", "name": "stdout", "text": "x" * 500}
    for _ in range(20):
        say(world, run_of(asked), item)
    first = Attached(world, session="page 0").attach()
    last = Attached(world, session=fronts[-1].session).attach()
    assert first.types(asked) == [], "the first to leave is forgotten first"
    assert last.types(asked) == [], "who has missed too much is told nothing of it"
    finish(world, run_of(asked), count=1)
    assert last.types(asked) == ["execute_reply", "idle"]
    last.cut()
    active = world.room.state.active_run()
    assert active is not None
    say(world, active.run, {**item, "text": "missed"})
    world.now += voice.AWAY + 1
    world.room.tick(now=world.now)
    world.carry_out()
    late = Attached(world, session=last.session).attach()
    while run := world.room.state.active_run():
        finish(world, run.run)
    assert [m["header"]["msg_type"] for m in late.messages] == ["execute_reply", "status"]


def test_nothing_runs_for_somebody_who_was_removed_while_away(world: World) -> None:
    front = Attached(world, session="page").attach()
    for n in range(20):
        front.execute(f"cell {n}")
    world.settle()
    front.cut()
    world.call("ivy", "host", "revoke", invite="interviewer/1")
    world.settle()
    while run := world.room.state.active_run():
        finish(world, run.run)
    assert len(bodies(world, "run.queued")) <= IN_QUEUE + 1


KNOWN = [kind for kind in fronts._REQUESTS] + ["input_reply", "comm_open", "comm_msg", "x_request"]
FIELDS = st.sampled_from(
    ["code", "cursor_pos", "detail_level", "value", "restart", "stop_on_error", "allow_stdin", "comm_id"]
)
CONTENTS = st.dictionaries(
    FIELDS | st.text(max_size=5),
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text() | st.lists(st.text()),
)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(st.sampled_from(KNOWN), CONTENTS, st.sampled_from(["shell", "control", "stdin", "iopub"])),
        max_size=12,
    )
)
def test_whatever_a_front_end_asks_the_room_goes_on(asked: list[tuple[str, dict[str, Any], str]]) -> None:
    world = World()
    world.join("bob", "interviewer")
    front = Attached(world, session="page").attach()
    for kind, content, channel in asked:
        if front.seat is None:
            front = Attached(world, session="page").attach()
        front.ask(kind, content, channel=channel)
        world.settle()
    assert front.closed_with in (None, 4400, 4413)
    while run := world.room.state.active_run():
        finish(world, run.run)
    world.check()


def test_after_a_crash_the_run_still_names_its_request(world: World) -> None:
    front = Attached(world).attach()
    asked = front.execute("1")
    world.settle()
    world.crash()
    again, other = Attached(world).attach(), Attached(world, "ivy").attach()
    finish(world, run_of(asked), count=1)
    assert again.types(asked)[-2:] == ["execute_reply", "idle"]
    assert other.types(asked)[-1] == "idle"
    assert "execute_reply" not in other.types(asked)
    world.check()


def test_what_ended_after_a_crash_is_told_whole_to_whoever_comes_back(world: World) -> None:
    front = Attached(world, session="page").attach()
    old = front.execute("0")
    world.settle()
    finish(world, run_of(old), count=1)
    asked, next_one = front.execute("1"), front.execute("2")
    world.settle()
    item = {"output_type": "stream", "name": "stdout", "text": "seen "}
    say(world, run_of(asked), item)
    world.now += 1_000
    world.crash()
    say(world, run_of(asked), {**item, "text": "missed"})
    finish(world, run_of(asked), count=2)
    again = Attached(world, session="page").attach()
    world.settle()
    assert again.types(asked) == ["busy", "clear_output", "stream", "execute_reply", "idle"]
    assert dict(again.about(asked))["stream"]["text"] == "seen missed"
    assert again.types(next_one)[:1] == ["busy"], "it has begun meanwhile"
    assert again.types(old) == [], "that was answered before"
    finish(world, run_of(next_one), count=3)
    assert again.types(next_one)[-2:] == ["execute_reply", "idle"]
    assert not Attached(world).attach().deliver(None), "who names no session has forgotten as well"


HOSTILE: list[tuple[str, dict[str, Any], str]] = [
    ("execute_request", {}, "shell"),
    ("execute_request", {"code": 1}, "shell"),
    ("execute_request", {"code": "1", "stop_on_error": "yes"}, "shell"),
    ("complete_request", {"code": "x", "cursor_pos": -1}, "shell"),
    ("inspect_request", {"code": "x", "cursor_pos": 1.5}, "shell"),
    ("is_complete_request", {"code": None}, "shell"),
    ("shutdown_request", {"restart": "no"}, "control"),
    ("input_reply", {"value": ["x"]}, "stdin"),
]


@pytest.mark.parametrize(("kind", "content", "channel"), HOSTILE)
def test_content_of_the_wrong_shape_costs_the_connection(
    world: World, bob: Attached, kind: str, content: dict[str, Any], channel: str
) -> None:
    bob.ask(kind, content, channel=channel)
    world.settle()
    assert bob.closed_with == 4400


@pytest.mark.parametrize("frame", [b"", b"\x00", b"{", b"\xff" * 100, b"x" * 600_000])
def test_a_frame_that_is_none_costs_the_connection(world: World, bob: Attached, frame: bytes) -> None:
    bob.send(frame)
    assert bob.closed_with in (4400, 4413)
    assert Attached(world).attach().reply  # the room goes on


def test_an_answer_that_is_too_long_costs_the_connection(world: World, bob: Attached) -> None:
    bob.ask("input_reply", {"value": "x" * 70_000}, channel="stdin")
    assert bob.closed_with == 4413


def test_an_observers_seat_could_do_nothing(world: World) -> None:
    """Nobody lets one in; were one let in, the room's own rules would still hold."""
    world.join("eve", "observer")
    eve = Attached(world, "eve", "observer").attach()
    asked = eve.execute("1")
    eve.ask("interrupt_request", {}, channel="control")
    eve.ask("shutdown_request", {"restart": True}, channel="control")
    world.settle()
    assert eve.reply(asked)["status"] == "error"
    assert not {"run.queued", "kernel.interrupted", "kernel.restarted"} & set(kinds(world))


@pytest.mark.parametrize(
    ("code", "status"),
    [
        ("1+1", "complete"),
        ("", "complete"),
        ("if x:", "incomplete"),
        ("for i in x:\n    print(i)", "incomplete"),
        ("for i in x:\n    print(i)\n", "complete"),
        ("f(1,", "incomplete"),
        ("'''abc", "incomplete"),
        ("x = 1 \\", "incomplete"),
        ("'abc", "invalid"),
        ("a = [1}", "invalid"),
        ("if 1:\n  a\n b", "invalid"),
        ("a\0b", "invalid"),
        ("%matplotlib inline", "complete"),
        ("!ls", "complete"),
        ("print?", "complete"),
        ("x" * 70_000, "unknown"),
    ],
)
def test_whether_code_is_complete(code: str, status: str) -> None:
    assert is_complete(code)["status"] == status


def test_the_next_line_is_indented_as_it_should_be() -> None:
    assert is_complete("if x:")["indent"] == "    "
    assert is_complete("def f():\n  if x:")["indent"] == "      "
    assert is_complete("for i in x:\n    print(i)")["indent"] == "    "
