"""Awareness payloads and the JSON in them (W rules)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fourhands_protocol import awareness, limits, sync
from fourhands_protocol.awareness import State
from fourhands_protocol.errors import MalformedFrame, TooLarge, TooMany
from tests.support.vectors import load

VECTORS = load("awareness")
STATES = st.builds(
    State, st.integers(0, 2**32 - 1), st.integers(0, 2**53 - 1), st.none() | st.text(max_size=50)
)


@pytest.mark.parametrize("case", VECTORS["payloads"], ids=lambda case: case["name"])
def test_W1_payloads_as_y_protocols_writes_them(case):
    payload = bytes.fromhex(case["payload"])
    states = [State(one["client"], one["clock"], one["text"]) for one in case["states"]]
    assert awareness.decode(payload) == states
    assert awareness.encode(states) == payload
    assert sync.decode(bytes.fromhex(case["frame"])) == sync.AwarenessFrame(payload)


@pytest.mark.parametrize("case", VECTORS["refused"], ids=lambda case: case["why"])
def test_W1_other_payloads_are_refused(case):
    with pytest.raises(MalformedFrame):
        awareness.decode(bytes.fromhex(case["payload"]))


@given(st.lists(STATES.filter(lambda state: state.text != "null"), max_size=10))
def test_W1_states_come_back(states):
    assert awareness.decode(awareness.encode(states)) == states


def test_W2_a_state_has_a_largest_size():
    largest = '"' + "x" * (limits.AWARENESS_STATE - 4) + '"'
    assert awareness.decode(awareness.encode([State(1, 1, largest)]))[0].text == largest
    with pytest.raises(TooLarge):
        awareness.decode(awareness.encode([State(1, 1, largest + "xxx")]))


def test_W2_a_frame_has_a_largest_number_of_states():
    states = [State(n, 1, "{}") for n in range(limits.AWARENESS_STATES + 1)]
    assert len(awareness.decode(awareness.encode(states[1:]))) == limits.AWARENESS_STATES
    with pytest.raises(TooMany):
        awareness.decode(awareness.encode(states))


@pytest.mark.parametrize(
    "text",
    ["", "[]", "1", '"x"', "null", "{", "{'a':1}", '{"a":NaN}', '{"a":-Infinity}', '{"a":1e999}', '{"a":01}']
    + ['{"a":' + "[" * n + "]" * n + "}" for n in (33, 4000)]
    + [
        '{"a":' + "9" * 5000 + "}",
        '{"a":1}{}',
        r'{"a":"\ud800"}',
        r'{"\udc00":1}',
        r'{"a":["\ude00\ud83d"]}',
    ],
)
def test_W3_a_state_is_an_object_that_every_browser_can_read(text):
    with pytest.raises(MalformedFrame):
        awareness.read_state(text)


def test_W3_escapes_of_whole_characters_are_text():
    assert awareness.read_state(r'{"a":"\ud83d\ude00\u00e9"}') == {"a": "😀é"}


def test_W3_brackets_in_text_are_not_depth():
    assert awareness.read_state('{"a":"' + "[" * 100 + '"}') == {"a": "[" * 100}
    assert awareness.read_state('{"a":' + "[" * 31 + "]" * 31 + "}")


@given(
    st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), st.integers() | st.text() | st.none())
)
def test_W3_states_come_back(state):
    assert awareness.read_state(awareness.write_state(state)) == state
