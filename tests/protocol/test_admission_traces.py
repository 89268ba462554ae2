"""Real people's typing passes: each edit as it was made, and all of them as the step 2 of a latecomer."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

import pytest

from fourhands_protocol import sync
from fourhands_protocol.admission import Admission
from tests.support.admissions import few_steps
from tests.support.documents import Document, YpyDocument
from tests.support.traces import read_trace, trace_path

EDITS = 12_000  # of each trace: more than an hour's
NO_LIMIT = 2**24

pytestmark = pytest.mark.skipif(
    Document is not YpyDocument, reason="pycrdt counts bytes, at a price a keystroke"
)


def typed_by_all(trace: dict[str, Any]) -> Iterator[tuple[int, bytes]]:
    """What each author of a trace sends, who has read what the trace says and no more: (agent, update)."""
    typists = [Document(3_000_000_001 + 7 * agent) for agent in range(trace.get("numAgents", 1))]
    read: list[set[int]] = [set() for _ in typists]
    made: dict[int, list[bytes]] = defaultdict(list)
    if trace.get("startContent"):
        yield 0, typists[0].edit("main.py", 0, insert=trace["startContent"])
    for n, step in enumerate(trace["txns"][:EDITS]):
        agent = step.get("agent", 0)
        for earlier in _unread(trace["txns"], step.get("parents", ()), read[agent]):
            for update in made[earlier]:
                typists[agent].apply(update)
        for at, deleted, inserted in step["patches"]:
            made[n].append(typists[agent].edit("main.py", at, delete=deleted, insert=inserted))
            yield agent, made[n][-1]
        read[agent].add(n)
        if len(typists) == 1:
            del made[n]


def _unread(steps: list[dict[str, Any]], wanted: Any, read: set[int]) -> list[int]:
    todo, found = list(wanted), []
    while todo:
        one = todo.pop()
        if one not in read:
            read.add(one)
            found.append(one)
            todo += steps[one].get("parents", ())
    return sorted(found)


@pytest.mark.parametrize("name", ["rustcode", "sveltecomponent", "clownschool"])
def test_nothing_of_a_trace_is_refused(name: str) -> None:
    room, whole = Admission(["main.py"]), Document(1)
    for agent, update in typed_by_all(read_trace(trace_path(name))):
        with few_steps(update):
            assert room.check(update, f"p-{agent}").is_news
        whole.apply(update)
    assert room.vector() == sync.decode_vector(whole.vector())
    late = Admission(["main.py"])
    assert late.check(whole.since(None), "p-9", may_relay=True, limit=NO_LIMIT).is_news
    assert late.vector() == room.vector()
