"""From messages to output items: checked, capped, marked, coalesced."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fourhands_kernels.outputs import EVENT, STREAM_ITEM, Caps, RunOutputs
from fourhands_protocol import cbor, entries, envelope, limits, outputs

PNG = "image/png"


def said(*messages: tuple[str, dict[str, Any]], caps: Caps | None = None) -> list[dict[str, Any]]:
    """All items of a run that said this."""
    run = RunOutputs(caps)
    for kind, content in messages:
        run.say(kind, content)
    return all_of(run)


def all_of(run: RunOutputs) -> list[dict[str, Any]]:
    run.close()
    items: list[dict[str, Any]] = []
    while run.waiting:
        first, some = run.take()
        assert first == len(items)
        items += some
    return items


def stream(text: object, name: object = "stdout") -> tuple[str, dict[str, Any]]:
    return "stream", {"name": name, "text": text}


def display(data: object, **more: Any) -> tuple[str, dict[str, Any]]:
    return "display_data", {"data": data, "metadata": {}, "transient": {}, **more}


def test_text_is_joined_while_it_waits() -> None:
    assert said(stream("a"), stream("b"), stream("c", "stderr")) == [
        {"output_type": "stream", "name": "stdout", "text": "ab"},
        {"output_type": "stream", "name": "stderr", "text": "c"},
    ]


def test_numbers_go_on_over_events() -> None:
    run = RunOutputs()
    run.say(*stream("a"))
    assert run.take()[0] == 0
    run.say(*stream("b"))
    assert run.take()[0] == 1


def test_text_beyond_the_cap_is_cut_with_one_mark() -> None:
    items = said(stream("é" * 10), stream("x" * 90), caps=Caps(text=25))
    assert items[0]["text"] == "é" * 10 + "x" * 5
    assert items[1] == {"output_type": "dropped", "bytes": 85}


def test_no_character_is_cut_in_two() -> None:
    items = said(stream("😀" * 3), caps=Caps(text=9))
    assert items[0]["text"] == "😀😀"
    assert outputs.dropped(items) == 4


def test_marks_sum_up_to_what_was_dropped() -> None:
    run = RunOutputs(Caps(text=10))
    run.say(*stream("x" * 20))
    first = run.take()[1]
    run.say(*stream("y" * 30))
    items = first + all_of_rest(run)
    assert outputs.dropped(items) == run.dropped == 40


def all_of_rest(run: RunOutputs) -> list[dict[str, Any]]:
    run.close()
    return run.take()[1]


def test_an_error_is_seen_after_a_flood() -> None:
    error = {"ename": "E", "evalue": "v", "traceback": ["t"]}
    items = said(stream("x" * 100), ("error", error), caps=Caps(text=10, total=10))
    assert items[-1] == {"output_type": "error", "ename": "E", "evalue": "v", "traceback": ["t"]}


def test_known_types_alone_are_shown() -> None:
    data = {
        "text/plain": "a",
        "application/javascript": "alert(1)",
        "text/html": ["<b>", "</b>"],
        PNG: "QUJD\n",
    }
    (item,) = said(display(data))
    assert item["data"] == {"text/plain": "a", "text/html": "<b></b>", PNG: "QUJD"}


def test_an_unknown_type_alone_shows_nothing() -> None:
    assert said(display({"application/javascript": "alert(1)"})) == []


def test_the_largest_representation_goes_first() -> None:
    items = said(display({"text/plain": "small", "text/html": "h" * 2000}), caps=Caps(item=1000))
    assert items[0] == {"output_type": "dropped", "bytes": 2000}
    assert items[1]["data"] == {"text/plain": "small"}


def test_the_largest_event_is_an_entry_that_every_client_reads() -> None:
    """A strict client refuses an ENTRY with a larger body."""
    assert 2 * max(Caps().item, EVENT) < limits.BODY
    (item,) = said(display({PNG: "QUJD" * (Caps().item // 4)}))
    body = entries.body("run.outputs", {"run": "r-1", "n": 0, "items": [item]})
    entry = entries.Entry("room", 1, 1, "server", "run.outputs", body)
    frame = envelope.encode(envelope.Entries((entry,)))
    assert envelope.decode(frame) == envelope.Entries((entry,))


def test_results_keep_their_number_and_displays_their_id() -> None:
    result = ("execute_result", {"data": {"text/plain": "1"}, "metadata": {}, "execution_count": 3})
    update = ("update_display_data", {"data": {"text/plain": "2"}, "transient": {"display_id": "d"}})
    items = said(result, display({"text/plain": "1"}, transient={"display_id": "d"}), update)
    assert items[0]["execution_count"] == 3
    assert [item["display_id"] for item in items[1:]] == ["d", "d"]
    assert outputs.fold_all(items)[1]["data"] == {"text/plain": "2"}


def test_clears_go_through() -> None:
    assert said(("clear_output", {"wait": True})) == [{"output_type": "clear_output", "wait": True}]


def test_json_is_kept_where_an_entry_can_hold_it() -> None:
    assert said(display({"application/json": {"a": [1, None]}}))[0]["data"]["application/json"] == {
        "a": [1, None]
    }
    assert said(display({"application/json": {"a": 2**53}})) == []
    assert said(display({"application/json": {"a": [-(2**53)]}})) == []
    assert said(display({"application/json": float("nan")})) == []
    assert said(display({"application/json": [[]] * 30_000})) == []
    deep: list[Any] = []
    for _ in range(40):
        deep = [deep]
    assert said(display({"application/json": deep})) == []


def test_text_that_is_none_is_made_text() -> None:
    assert said(stream("a\ud800b"))[0]["text"] == "a?b"
    assert said(display({"text/plain": "\udfff"}))[0]["data"]["text/plain"] == "?"


def test_carriage_returns_stay() -> None:
    assert said(stream("1\r2\r"))[0]["text"] == "1\r2\r"


def test_what_the_kernel_dropped_is_counted() -> None:
    assert said(("display_data", {"fourhands_dropped": 99})) == [{"output_type": "dropped", "bytes": 99}]


def test_an_event_is_bounded_unless_one_item_is_larger() -> None:
    run = RunOutputs()
    for _ in range(40):
        run.say(*stream("x" * STREAM_ITEM))
    assert run.behind
    sizes = []
    while run.waiting:
        sizes.append(len(cbor.encode(run.take()[1])))
    assert len(sizes) == 3
    assert max(sizes) < EVENT * 1.01
    assert not run.behind


@pytest.mark.parametrize("kind", ["comm_open", "execute_input", "status", "x", ""])
def test_other_messages_are_no_output(kind: str) -> None:
    assert said((kind, {"text": "a", "name": "stdout", "data": {"text/plain": "a"}})) == []


ANYTHING = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4),
    max_leaves=12,
)
KEYS = st.sampled_from(
    [
        "name",
        "text",
        "data",
        "metadata",
        "transient",
        "wait",
        "ename",
        "evalue",
        "traceback",
        "execution_count",
    ]
)
TYPES = st.sampled_from(["text/plain", "text/html", PNG, "application/json", "display_id"])
KINDS = st.sampled_from(
    ["stream", "display_data", "execute_result", "update_display_data", "error", "clear_output"]
)
CONTENT = st.dictionaries(KEYS, ANYTHING | st.dictionaries(TYPES, ANYTHING, max_size=3), max_size=8)


@settings(max_examples=80, deadline=None)
@given(st.lists(st.tuples(KINDS, CONTENT), max_size=8))
def test_whatever_comes_becomes_items_that_can_be_recorded(
    messages: list[tuple[str, dict[str, Any]]],
) -> None:
    items = said(*messages, caps=Caps(text=200, total=4000, item=100))
    assert cbor.decode(cbor.encode(items)) == items
    outputs.nbformat(outputs.fold_all(items))
