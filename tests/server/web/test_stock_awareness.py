"""Awareness of stock clients: who they are is what the server says, and nobody speaks for anybody else."""

from __future__ import annotations

import pytest
from tests.support.people import People
from tests.support.stock_clients import VERSIONS, StockClient, StockClients

pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def pair(stock: StockClients, room: People, version: int) -> tuple[StockClient, StockClient]:
    """The candidate and the interviewer, each with a state."""
    ada = stock.client(room.server, room.ada, version=version).connect()
    ivy = stock.client(room.server, room.ivy, version=version).connect()
    ada.call("setState", state={"user": {"name": "Root", "id": "p-1"}, "cursor": {"anchor": 3}})
    ivy.call("setState", state={"user": {"name": "Nobody"}})
    return ada, ivy


def test_a_state_goes_round_with_the_user_that_the_token_names(
    pair: tuple[StockClient, StockClient], room: People
) -> None:
    ada, ivy = pair
    (told,) = ivy.until(peers=["Candidate"], peer={"cursor": {"anchor": 3}})["peers"]
    assert told["client"] == ada.look()["id"]
    assert told["user"]["id"] == room.ada.participant
    assert told["user"]["role"] == "candidate"
    (told,) = ada.until(peers=["Interviewer"])["peers"]
    assert told["user"]["id"] == room.ivy.participant


def test_whoever_leaves_is_gone_and_whoever_comes_back_is_shown(
    pair: tuple[StockClient, StockClient], room: People
) -> None:
    """At once: a stock client renews its state only every 15 seconds."""
    ada, ivy = pair
    ivy.until(peers=["Candidate"])
    ada.until(peers=["Interviewer"])
    ada.disconnect()
    ivy.until(peers=[], seconds=5)
    ada.connect()
    ivy.until(peers=["Candidate"], seconds=5)
    ada.until(peers=["Interviewer"], seconds=5)


def test_a_newcomer_is_told_who_is_here(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    pair[0].until(peers=["Interviewer"])
    late = stock.client(room.server, room.join("candidate", "Late"), version=version).connect()
    late.until(peers=["Candidate", "Interviewer"])


def test_nobody_speaks_for_anybody_else(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    ada, ivy = pair
    watcher = stock.client(room.server, room.olga, version=version).connect()
    watcher.until(peers=["Candidate", "Interviewer"])
    victim = ivy.look()["id"]
    ada.call("forgeState", of=victim, clock=1000, state={"user": {"name": "forged"}, "lies": True})
    ada.call("forgeState", of=victim, clock=1001, state=None)
    ada.call("setState", state={"after": "the forgeries"})
    shown = watcher.until(peer={"after": "the forgeries"})["peers"]
    assert [p["user"]["name"] for p in shown if p["client"] == victim] == ["Interviewer"]
    assert not any("lies" in peer for peer in shown)
    ivy.call("setState", state={"still": "heard"})
    watcher.until(peer={"client": victim, "still": "heard"})
    assert ada.look()["closed"] == [], "re-sending others' states is what stock clients do"


def test_an_observer_is_not_shown_whatever_his_client_says(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    ada, ivy = pair
    olga = stock.client(room.server, room.olga, version=version)
    olga.call("setState", state={"user": {"name": "Somebody"}, "cursor": {"anchor": 1}})
    olga.connect().until(peers=["Candidate", "Interviewer"])
    olga.disconnect()
    olga.connect()  # by now the room has read all that the first connection said
    ivy.call("setState", state={"seen": True})
    assert ada.until(peer={"seen": True})["peers"] == [{**ada.look()["peers"][0], "seen": True}]
    assert [c["code"] for c in olga.look()["closed"]] in ([], [1005])
    clients: list[str] = []  # what awareness shows may be a moment ahead of the log
    while len(clients) < 2:
        entries = room.host.json("GET", "/timeline")["entries"]
        clients = [entry["actor"] for entry in entries if entry["kind"] == "client"]
    assert sorted(clients) == sorted((room.ada.participant, room.ivy.participant))
