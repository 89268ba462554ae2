"""Who is here, away and since when: the fold of seats, by vectors that hold for the page's fold too."""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.vectors import load

from fourhands_protocol import entries
from fourhands_protocol.entries import Entry
from fourhands_server.core.state import replay

BEFORE: list[tuple[float, str, dict[str, Any]]] = [
    (0, "room.created", {"title": "T", "lineage": "l", "settings": {}, "version": 1}),
    (0, "person.joined", {"name": "Ada", "role": "candidate", "colour": 0, "invite": "candidate/1"}),
]


@pytest.mark.parametrize("case", load("seats")["cases"], ids=lambda case: case["name"])
def test_K2_seats(case: dict[str, Any]) -> None:
    state = replay(
        Entry("room", seq, int(second * 1_000_000), "ada", kind, entries.body(kind, body))
        for seq, (second, kind, body) in enumerate([*BEFORE, *case["entries"]], 1)
    )
    ada = state.people["ada"]
    assert (ada.seats, ada.lost) == (set(case["seats"]), set(case["lost"]))
    assert (ada.online, ada.since) == (case["online"], case["since"])
    assert state.seats == dict.fromkeys(case["seats"], "ada")
