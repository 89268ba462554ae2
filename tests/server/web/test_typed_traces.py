"""Real typing: traces of people who wrote code, typed by stock clients, end as they ended.

Beside these busy rooms are quiet ones, whose clients must still be there at the end.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from tests.support.people import People
from tests.support.server import LiveServer
from tests.support.stock_clients import VERSIONS, StockClient, StockClients
from tests.support.traces import read_trace, text_after, texts_of_replay, trace_path, type_trace

# The longest ones are for the long campaigns.
LONG = "FOURHANDS_FUZZ_SEEDS" in os.environ
BY_TURNS = [("sveltecomponent", [2, 3]), ("rustcode", [3, 1])]
TYPED = None if LONG else 2_500  # transactions of a trace; None: all


@dataclass(frozen=True)
class Bystanders:
    """Stock clients that are connected while the others type; none of them edits."""

    silent: list[StockClient]  # without an awareness state: they never send a word
    talking: list[StockClient]  # each re-sends the states of the others, as stock clients do


@pytest.fixture(scope="module", autouse=True)
def bystanders(server: LiveServer) -> Iterator[Bystanders]:
    quiet, lively = People(server), People(server)
    with StockClients() as clients:
        silent = [clients.client(server, quiet.olga, version=version) for version in VERSIONS]
        for viewer in silent:
            viewer.call("setState", state=None)
        seats = [lively.join("candidate", f"v{version}") for version in VERSIONS]
        talking = [clients.client(server, s, version=v) for s, v in zip(seats, VERSIONS, strict=True)]
        for client in (*silent, *talking):
            client.connect()
        yield Bystanders(silent, talking)


def check(room: People, result: dict[str, Any], expected: str) -> None:
    """The text must be the same everywhere: at the clients, on the server, at the end of every replay."""
    assert result["closed"] == []
    texts = {f"client {n}": text for n, text in enumerate(result["texts"])}
    texts |= {"server": room.host.text(), **texts_of_replay(room.server.timeline(room.olga))}
    assert [place for place, text in texts.items() if text != expected] == []


@pytest.mark.parametrize(("name", "versions"), BY_TURNS)
def test_two_people_type_code_by_turns(room: People, name: str, versions: list[int]) -> None:
    path = trace_path(name)
    result = type_trace("type_in_turns", path, room.server, [room.ada, room.ivy], versions, limit=TYPED)
    assert result["turns"] > 20
    check(room, result, text_after(read_trace(path), TYPED))


@pytest.mark.skipif(not LONG, reason="takes long; `make fuzz` has it")
def test_three_people_type_at_once(room: People) -> None:
    """Each author sees of the others just what it saw when this was recorded; the server has more."""
    path = trace_path("clownschool")
    seats = [room.ada, room.ivy, room.join("candidate", "Third")]
    result = type_trace("type_at_once", path, room.server, seats, [1, 2, 3])
    assert result["unseen"] > 10_000, "else nothing here was concurrent"
    check(room, result, read_trace(path)["endContent"])


def test_clients_that_say_nothing_stay_connected(bystanders: Bystanders) -> None:
    """A stock client leaves when it hears nothing for 30 seconds; every 10 to 20 it is told something."""
    for viewer in bystanders.silent:
        seen = viewer.until(keepalives=4, seconds=60)
        assert (seen["closed"], seen["synced"], seen["opened"]) == ([], True, 1)


def test_clients_that_resend_each_others_states_stay_connected(bystanders: Bystanders) -> None:
    for version, client in zip(VERSIONS, bystanders.talking, strict=True):
        others = [f"v{other}" for other in VERSIONS if other != version]
        seen = client.until(keepalives=2, peers=others, seconds=60)
        assert (seen["closed"], seen["synced"], seen["opened"]) == ([], True, 1)
        assert seen["resent"] >= 3, "y-websocket sends every state on that it is told"
