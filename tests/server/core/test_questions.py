"""Questions and their tests in the core: what is refused in which words, what is recorded, who is told."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.world import SECRET, OurClient, World

from fourhands_kernels.kernel import PRIVATE as KERNELS_PRIVATE
from fourhands_protocol import cbor
from fourhands_protocol.entries import PRIVATE
from fourhands_server.core import effects
from fourhands_server.core.adding import Adding
from fourhands_server.core.questions import QUESTIONS, TEXTS, BadQuestion, checked
from fourhands_server.core.runs import JOURNAL_KINDS
from fourhands_server.core.state import DataFile

TESTS: dict[str, Any] = {"files": {"test_it.py": f"# {SECRET.decode()}"}}
GOOD: dict[str, Any] = {"id": "two-sum", "title": "Two sum", "tests": TESTS}
COUNTS = {"passed": 1, "failed": 0, "errors": 0, "skipped": 0, "total": 1}


@pytest.fixture
def world() -> World:
    world = World()
    for person, role in (("ada", "candidate"), ("ivy", "interviewer")):
        world.join(person, role)
    return world


def add(world: World, raw: dict[str, Any] = GOOD, *data: DataFile) -> None:
    world.call("ivy", "interviewer", "question.add", adding=Adding(checked(raw), data))
    world.settle()


def run(world: World, judgement: str, role: str = "interviewer", question: str = "two-sum") -> Any:
    person = "ivy" if role == "interviewer" else "ada"
    call = world.call(person, role, "tests.run", judgement=judgement, question=question)
    world.settle()
    return call


def status(world: World, judgement: str) -> str:
    return world.room.state.asked.judgements[judgement].status


# The form of a question


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"id": "Two Sum"}, "id has 1 to 40"),
        ({"id": "x" * 41}, "id has 1 to 40"),
        ({"id": None}, "id has 1 to 40"),
        ({"title": " "}, "title has 1 to 200"),
        ({"title": "x" * 201}, "title has 1 to 200"),
        ({"title": "\ud800"}, "half of a surrogate pair"),
        ({"test": {}}, "has no 'test'"),
        ({"tests": {}}, "tests: files is an object"),
        ({"tests": {"files": {"notes.py": ""}}}, "needs a file of tests"),
        ({"tests": {"files": {"../test_it.py": ""}}}, "tests: files: '../test_it.py'"),
        ({"tests": {"files": {"test_it.py": 1}}}, "test_it.py has no text"),
        ({"tests": {**TESTS, "modules": []}}, "modules is a list"),
        ({"tests": {**TESTS, "modules": ["a-b"]}}, "modules is a list"),
        ({"tests": {**TESTS, "visibility": "all"}}, "visibility is one of counts, names, messages"),
        ({"tests": {**TESTS, "run_by": "host"}}, "run_by is one of"),
        ({"tests": {**TESTS, "per_call_s": 0}}, "per_call_s is a number of seconds up to 60"),
        ({"tests": {**TESTS, "total_s": True}}, "total_s is a number"),
        ({"tests": {**TESTS, "total_s": float("nan")}}, "total_s is a number"),
        ({"tests": {**TESTS, "examples": {"notes.md": ""}}}, "examples needs a file of tests"),
        ({"tests": {**TESTS, "examples": {"test_a.py": "", "TEST_A.py": ""}}}, "named twice"),
        ({"tests": {**TESTS, "examples": {"a": "", "a/test_a.py": ""}}}, "a file and a folder"),
        ({"tests": {"files": {"test_it.py": "x" * TEXTS}}}, "at most 1024 KiB together"),
    ],
)
def test_a_question_that_cannot_be_is_refused_in_words(change: dict[str, Any], words: str) -> None:
    with pytest.raises(BadQuestion, match=words.replace("(", r"\(")):
        checked({**GOOD, **change})


@pytest.mark.parametrize("raw", [None, [], "two-sum", 1])
def test_what_is_no_object_is_no_question(raw: Any) -> None:
    with pytest.raises(BadQuestion, match="A question is an object"):
        checked(raw)


def test_a_question_is_kept_whole_and_offered_without_its_tests() -> None:
    question = checked({**GOOD, "tests": {**TESTS, "examples": {"test_a.py": "x"}, "visibility": None}})
    assert checked(question.whole()) == question
    assert checked(checked(GOOD).whole()) == checked(GOOD)
    assert checked(cbor.decode(cbor.encode(question.whole()))) == question
    assert question.offered() == {
        "question": "two-sum",
        "title": "Two sum",
        "tests": {"visibility": "counts", "run_by": "interviewer", "examples": ["test_a.py"]},
    }


# Adding one


def test_all_of_a_question_is_one_append(world: World) -> None:
    data = DataFile("test_a.py", 1, "0" * 64)
    question = {**GOOD, "tests": {**TESTS, "examples": {"test_a.py": "x"}}}
    world.call("ivy", "interviewer", "question.add", adding=Adding(checked(question), (data,)))
    waiting = [(append.kind, append.stream) for append in world.waiting]
    assert waiting == [
        ("data.added", "room"),
        ("question.offered", "room"),
        ("question.kept", "interviewers"),
    ]
    world.settle()
    offered = world.log[-1]
    assert cbor.decode(world.private_log[-1].body)["after"] == offered.seq
    assert (offered.actor, world.private_log[-1].actor) == ("ivy", "ivy")
    world.check()


def test_a_question_that_is_there_is_not_added_again(world: World) -> None:
    add(world)
    before = len(world.rows)
    call = world.call("ivy", "interviewer", "question.add", adding=Adding(checked(GOOD)))
    world.settle()
    assert len(world.rows) == before
    assert call.seq == world.room.state.asked.questions["two-sum"].seq
    add(world, {**GOOD, "title": "Another"})
    assert len(world.rows) == before + 2


def test_a_room_holds_only_so_many(world: World) -> None:
    for number in range(QUESTIONS):
        add(world, {**GOOD, "id": f"q{number}"})
    call = world.call("ivy", "interviewer", "question.add", adding=Adding(checked(GOOD)))
    assert call.refused == "too-many-questions"
    add(world, {**GOOD, "id": "q0", "title": "In its place"})


def test_candidates_add_none(world: World) -> None:
    call = world.call("ada", "candidate", "question.add", adding=Adding(checked(GOOD)))
    assert call.refused == "forbidden"


def test_only_interviewers_are_told_what_is_hidden(world: World) -> None:
    """The clients of this world fail where a frame holds it."""
    ada, ivy = world.client("ada"), world.client("ivy", role="interviewer")
    stock = world.client("ada", dialect="stock")
    for client in (ada, ivy, stock):
        client.connect()
    world.settle()
    add(world)
    assert isinstance(ivy, OurClient)
    assert isinstance(ada, OurClient)
    assert (ivy.private_told, ada.private_told) == ({1}, set())
    for client in (ada, ivy, stock):
        client.cut()
    add(world, {**GOOD, "title": "Anew"})
    for client in (ada, ivy, stock):
        client.connect()
    world.settle()
    assert (ivy.mode, ada.mode) == ("resumed", "resumed")
    assert (ivy.private_told, ada.private_told) == ({1, 2}, set())


# Running tests


def test_what_the_host_says_stands_in_the_stream_that_it_belongs_to(world: World) -> None:
    add(world)
    run(world, "j")
    assert [judge.files for judge in world.judged] == [{"main.py": ""}]
    world.kernel_says("tests.started", judgement="j", visibility="counts", unisolated=False)
    one = {"judgement": "j", "n": 1, "name": "t", "outcome": "passed", "duration": 1}
    world.kernel_says("tests.record", **one, message="", printed=SECRET.decode())
    world.kernel_says("tests.finished", judgement="j", status="ok", **COUNTS, duration=5)
    world.settle()
    assert [e.kind for e in world.private_log] == ["question.kept", "tests.record"]
    assert status(world, "j") == "ok"
    world.check()


def test_every_kind_of_the_host_is_known() -> None:
    assert KERNELS_PRIVATE <= PRIVATE
    assert KERNELS_PRIVATE <= JOURNAL_KINDS


def test_an_event_of_a_newer_host_is_passed_over(world: World) -> None:
    world.kernel_says("kernel.mood", mood="good")
    world.kernel_says("kernel", state="idle")
    world.settle()
    assert world.log[-1].kind == "kernel"
    assert not [e for e in world.log if e.kind == "kernel.mood"]


def test_who_may_run_and_stop_them(world: World) -> None:
    assert run(world, "j", question="nothing").refused == "no-such-question"
    add(world, {"id": "two-sum", "title": "No tests"})
    assert run(world, "j").refused == "no-tests"
    add(world)
    assert run(world, "j", "candidate").refused == "forbidden"
    run(world, "j")
    assert world.call("ada", "candidate", "tests.cancel", judgement="j").refused == "forbidden"
    add(world, {**GOOD, "tests": {**TESTS, "run_by": "candidate"}})
    assert not run(world, "mine", "candidate").refused
    assert not world.call("ada", "candidate", "tests.cancel", judgement="mine").refused
    assert world.call("ada", "candidate", "tests.cancel", judgement="none").refused == "no-such-judgement"
    for number in range(4):
        last = run(world, f"more-{number}")
    assert last.refused == "queue-full"


def test_tests_of_a_question_that_was_replaced_meanwhile_are_not_run(world: World) -> None:
    add(world)
    world.call("ivy", "interviewer", "tests.run", judgement="j", question="two-sum")
    add(world, {**GOOD, "title": "Another"})
    assert (status(world, "j"), world.judged) == ("error", [])
    assert "replaced" in (world.room.state.asked.judgements["j"].detail or "")


def test_a_known_id_is_not_run_again(world: World) -> None:
    add(world)
    first, again = run(world, "j"), run(world, "j")
    assert first.seq == again.seq
    assert len(world.judged) == 1, world.room.state.asked.judgements


def test_tests_that_were_not_handed_over_yet_end_at_once_when_they_are_stopped(world: World) -> None:
    add(world)
    world.call("ivy", "interviewer", "tests.run", judgement="j", question="two-sum")
    world.commit()
    world.call("ivy", "interviewer", "tests.cancel", judgement="j")
    world.settle()
    assert (status(world, "j"), world.judged) == ("cancelled", [])


def test_tests_that_the_host_has_are_ended_by_the_host(world: World) -> None:
    add(world)
    run(world, "j")
    world.call("ivy", "interviewer", "tests.cancel", judgement="j")
    world.settle()
    assert world.kernel_effects == [effects.CancelJudgement("j")]
    assert status(world, "j") == "queued"
    world.kernel_says("tests.finished", judgement="j", status="cancelled", **COUNTS, duration=5)
    world.settle()
    assert status(world, "j") == "cancelled"


def attach(world: World, *known: str) -> None:
    world.room.kernel.attached("journal-2", {}, "none", None, known, now=world.now)
    world.carry_out()
    world.settle()


def test_after_a_restart_tests_go_on_or_begin_or_end(world: World) -> None:
    add(world)
    for name in ("goes-on", "waits", "lost"):
        run(world, name)
    for name in ("goes-on", "lost"):
        world.kernel_says("tests.started", judgement=name, visibility="counts", unisolated=False)
    world.settle()
    world.crash()
    world.judged.clear()
    attach(world, "goes-on")
    assert [judge.judgement for judge in world.judged] == ["waits"]
    assert (status(world, "goes-on"), status(world, "lost")) == ("running", "error")
    assert "replaced" in (world.room.state.asked.judgements["lost"].detail or "")
    world.check()


def test_what_was_stopped_while_the_server_died_is_stopped_after_it(world: World) -> None:
    add(world)
    run(world, "known")
    run(world, "unknown")
    for name in ("known", "unknown"):
        world.call("ivy", "interviewer", "tests.cancel", judgement=name)
    world.settle()
    world.crash()
    world.kernel_effects.clear()
    attach(world, "known")
    assert effects.CancelJudgement("known") in world.kernel_effects
    assert status(world, "unknown") == "cancelled"


def test_what_was_stopped_while_no_host_was_there_ends_with_the_next_host(world: World) -> None:
    add(world)
    run(world, "j")
    world.kernel_says("tests.started", judgement="j", visibility="counts", unisolated=False)
    world.call("ivy", "interviewer", "tests.cancel", judgement="j")
    world.settle()
    attach(world)  # the server lives: it has handed them to a host, which another has replaced
    assert status(world, "j") == "cancelled"
    world.check()


def test_only_interviewers_are_told_why_tests_were_refused(world: World) -> None:
    add(world)
    run(world, "j")
    world.room.kernel.judgement_failed("j", SECRET.decode(), now=world.now)
    run(world, "k")
    world.room.kernel.judgement_failed("k", "no kernel can be had", now=world.now, public=True)
    world.carry_out()
    world.settle()
    assert (status(world, "j"), status(world, "k")) == ("error", "error")
    assert world.room.state.asked.judgements["k"].detail == "no kernel can be had"
    assert not [entry for entry in world.log if SECRET in entry.body]
    assert world.private_log[-1].kind == "tests.detail"


def test_the_end_of_a_room_waits_for_tests_and_then_does_not(world: World) -> None:
    add(world)
    run(world, "j")
    world.call("ivy", "interviewer", "end")
    world.settle()
    assert world.room.state.ended_at is None
    world.now += 3_000_000
    world.room.tick(now=world.now)
    world.carry_out()
    world.settle()
    assert world.room.state.ended_at is not None
    assert status(world, "j") == "cancelled"
    assert effects.CancelJudgement("j") in world.kernel_effects
    world.check()
