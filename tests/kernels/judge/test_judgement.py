"""Who hears what of a judgement, without any sandbox."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_kernels.judgement import PRIVATE, BadJudgement, Judgement, Sheet

results = st.lists(
    st.tuples(
        st.sampled_from([f"test_{letter}" for letter in "abcdefgh"]),
        st.sampled_from(["passed", "failed", "error", "skipped", "nonsense"]),
        st.integers(-5, 10**9),
    ),
    max_size=12,
)


def sheet(**settings: Any) -> Sheet:
    return Sheet(Judgement("j", {"main.py": b""}, {"test_a.py": b""}, **settings))


@given(
    results, st.sampled_from(["counts", "names", "messages"]), st.sampled_from(["ok", "timeout", "cancelled"])
)
def test_the_room_never_hears_more_than_its_visibility(given_: Any, visibility: Any, status: Any) -> None:
    found = sheet(visibility=visibility)
    events = found.start(unisolated=False)
    found.collected(5)
    for name, outcome, duration in given_:
        events += found.result(name, outcome, duration=duration, message="secret", printed="secret")
    events += found.finish(status, duration=1, detail="secret")
    assert found.finish(status, duration=1) == []
    public = [event for event in events if not event.private]
    assert all(event.kind not in PRIVATE for event in public)
    text = repr([dict(event.body) for event in public])
    assert "secret" not in text or (visibility == "messages" and "printed" not in text)
    assert "test_" not in text or visibility != "counts"
    last = dict(events[-1].body)
    counted = last["passed"] + last["failed"] + last["errors"] + last["skipped"]
    assert counted == len({name for name, outcome, _ in given_ if outcome != "nonsense"}) <= last["total"]
    assert last["status"] != "ok" or counted == last["total"] > 0


def test_the_first_outcome_of_a_test_is_the_one() -> None:
    found = sheet()
    found.collected(1)
    assert found.result("test_a", "failed", duration=1) != []
    assert found.result("test_a", "passed", duration=1) == []
    assert dict(found.finish("ok", duration=1)[-1].body)["passed"] == 0


def test_tests_without_an_outcome_are_no_good_end() -> None:
    found = sheet()
    found.collected(2)
    found.result("test_a", "passed", duration=1)
    detail, finished = found.finish("ok", duration=1)
    assert detail.body["text"] == "1 of 2 tests came to an end"
    assert finished.body["status"] == "error"


def test_nothing_is_told_after_the_end() -> None:
    found = sheet(visibility="messages")
    found.finish("timeout", duration=1)
    assert found.result("test_a", "passed", duration=1) == []


@pytest.mark.parametrize(
    "wrong",
    [
        {"modules": ()},
        {"modules": ("os",)},
        {"modules": ("pytest",)},
        {"modules": ("a.b",)},
        {"files": {"/etc/passwd": b""}},
        {"files": {"a" * 300: b""}},
        {"files": {"a.py": b"x" * 3_000_000}},
        {"tests": {}},
        {"total_s": 0},
        {"per_call_s": float("nan")},
        {"id": ""},
        {"fresh": "never"},
    ],
)
def test_what_cannot_be_judged(wrong: dict[str, Any]) -> None:
    fields: dict[str, Any] = {"id": "j", "files": {}, "tests": {"test_a.py": b""}, **wrong}
    with pytest.raises(BadJudgement):
        Judgement(**fields).check()
