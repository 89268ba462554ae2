"""Every kind of client that a room serves, held to the same: y-websocket's three lines, Hocuspocus' two,
pycrdt's, our own.
"""

from __future__ import annotations

import asyncio
import os
import random
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from tests.support.anyone import HOCUSPOCUS, IN_NODE, KINDS, OURS, PYCRDT, STOCK, Anybody, Anyone, InOurs
from tests.support.bad_link import BadLink, Weather
from tests.support.people import People
from tests.support.records import entries_of, text_of
from tests.support.server import LiveServer
from tests.support.stock_clients import StockClients

SHOWN = tuple(kind for kind in KINDS if kind != PYCRDT)  # pycrdt's Provider knows no awareness
SAYING = (*HOCUSPOCUS, OURS)  # that all is saved; of the others nobody can tell
SEEDS = max(1, int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50")) // 25)
every_kind = pytest.mark.parametrize("kind", KINDS)


@pytest.fixture
async def anybody(stock: StockClients) -> AsyncIterator[Anybody]:
    made = Anybody(stock)
    yield made
    await made.leave()


@dataclass
class Link:
    """The address of a server behind a link."""

    port: int

    @property
    def ws(self) -> str:
        return f"ws://127.0.0.1:{self.port}/yjs"


async def all_see(clients: list[Anyone], text: str) -> None:
    for client in clients:
        await client.sees(text)


async def all_agree(clients: list[Anyone], room: People, words: set[str]) -> None:
    """Everybody has the same text, and each word is in it once; one of them is a page of our own."""
    for client in clients:
        await client.is_saved()
    page = next(client.page for client in clients if isinstance(client, InOurs))
    await page.until(lambda: words <= set(page.text().split()))
    await all_see(clients, page.text())
    assert sorted(page.text().split()) == sorted(words)
    assert await asyncio.to_thread(room.host.text) == page.text()


@every_kind
async def test_what_one_types_the_other_sees(anybody: Anybody, room: People, kind: str) -> None:
    ada, ivy = anybody.client(kind, room.server, room.ada), anybody.client(OURS, room.server, room.ivy)
    await ada.connect()
    await ivy.connect()
    await ada.insert("é from ada ")
    await ivy.sees("é from ada ")
    await ivy.insert("from ivy 😀 ")
    await ada.sees("from ivy 😀 é from ada ")
    await ada.is_saved()
    edits = [e["actor"] for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "edit"]
    assert edits == [room.ada.participant, room.ivy.participant]


@every_kind
async def test_edits_made_offline_merge(anybody: Anybody, room: People, kind: str) -> None:
    ada, ivy = anybody.client(kind, room.server, room.ada), anybody.client(OURS, room.server, room.ivy)
    await ada.insert("before ")
    await ada.connect()
    await ivy.connect()
    await ivy.sees("before ")
    await ada.disconnect()
    await ada.insert("offline ")
    await ivy.insert("meanwhile ")
    await ada.connect()
    await all_agree([ada, ivy], room, {"before", "offline", "meanwhile"})


@every_kind
async def test_an_observer_reads_and_is_refused_what_it_writes(
    anybody: Anybody, room: People, kind: str
) -> None:
    ada, olga = anybody.client(OURS, room.server, room.ada), anybody.client(kind, room.server, room.olga)
    await ada.connect()
    await ada.insert("text ")
    await olga.connect()
    await olga.sees("text ")
    await olga.insert("graffiti ")
    await olga.is_refused()
    await ada.insert("more ")
    await ada.page.settled()
    assert ada.page.text() == room.host.text() == "more text "


@pytest.mark.parametrize("kind", SHOWN)
async def test_who_is_here_is_shown_and_who_leaves_is_not(anybody: Anybody, room: People, kind: str) -> None:
    ada, ivy = anybody.client(kind, room.server, room.ada), anybody.client(OURS, room.server, room.ivy)
    await ada.connect()
    await ivy.connect()
    await ada.point(user={"name": "Somebody else"}, cursor=3)
    await ivy.point(cursor=4)
    await ivy.sees_people("Candidate")
    await ada.sees_people("Interviewer")
    await ada.disconnect()
    await ivy.sees_people()
    await ada.connect()
    await ada.point(cursor=5)
    await ivy.sees_people("Candidate")
    await ada.sees_people("Interviewer")


async def test_all_kinds_come_back_after_a_cut(anybody: Anybody, room: People) -> None:
    async with BadLink(room.server.port) as link:
        clients = {
            kind: anybody.client(kind, Link(link.port), room.join("candidate", kind)) for kind in KINDS
        }
        for client in clients.values():
            await client.connect()
        for number in range(2):
            link.refuse()
            for kind, client in clients.items():
                await client.insert(f"{kind.replace(' ', '-')}/{number} ")
            await link.accept()
        words = {f"{kind.replace(' ', '-')}/{number}" for kind in KINDS for number in range(2)}
        await all_agree(list(clients.values()), room, words)
    people = room.host.json("GET")["participants"]
    assert {p["name"] for p in people} >= set(KINDS)


async def test_all_kinds_come_back_after_the_server_was_killed(anybody: Anybody, tmp_path: Path) -> None:
    with LiveServer(tmp_path / "data") as server:
        room = People(server)
        clients = {kind: anybody.client(kind, server, room.join("candidate", kind)) for kind in KINDS}
        for client in clients.values():
            await client.connect()
        for kind, client in clients.items():
            await client.insert(f"{kind.replace(' ', '-')}/before ")
        for kind in SAYING:
            await clients[kind].is_saved()
        server.kill()
        logged = text_of(await asyncio.to_thread(entries_of, server.data, room.id)).split()
        assert {f"{kind.replace(' ', '-')}/before" for kind in SAYING} <= set(logged)
        for kind, client in clients.items():
            await client.insert(f"{kind.replace(' ', '-')}/while ")
        await asyncio.to_thread(server.start)
        words = {f"{kind.replace(' ', '-')}/{when}" for kind in KINDS for when in ("before", "while")}
        await all_agree(list(clients.values()), room, words)
        await anybody.leave()
        for kind in IN_NODE:
            await clients[kind].disconnect()
        assert "Traceback" not in "".join(server.output)


@pytest.mark.parametrize("kind", IN_NODE)
async def test_who_is_back_before_the_old_link_is_known_to_be_dead_is_shown_at_once(
    anybody: Anybody, room: People, kind: str
) -> None:
    """Half open: the server goes on hearing nothing of a connection that its client has given up."""
    async with BadLink(room.server.port) as link:
        ada = anybody.client(kind, Link(link.port), room.ada)
        ivy = anybody.client(OURS, room.server, room.ivy)
        await ada.connect()
        await ivy.connect()
        await ada.point(cursor=1)
        await ivy.page.until(lambda: [p.get("cursor") for p in ivy.page.peers.values()] == [1])
        link.strand()
        await ada.is_back()
        await ada.point(cursor=2)
        await ivy.page.until(lambda: [p.get("cursor") for p in ivy.page.peers.values()] == [2], seconds=5)
        await ada.insert("here ")
        await ivy.sees("here ")
        await ada.disconnect()


async def test_all_kinds_in_one_room_converge(anybody: Anybody, room: People) -> None:
    clients = {kind: anybody.client(kind, room.server, room.join("candidate", kind)) for kind in KINDS}
    for client in clients.values():
        await client.connect()
    for number in range(5):
        for kind, client in clients.items():
            await client.insert(f"{kind.replace(' ', '-')}/{number} ")
    words = {f"{kind.replace(' ', '-')}/{number}" for kind in KINDS for number in range(5)}
    await all_agree(list(clients.values()), room, words)


@pytest.mark.parametrize("seed", range(SEEDS))
async def test_all_kinds_on_a_bad_link_lose_nothing(anybody: Anybody, room: People, seed: int) -> None:
    """Resets, refusals, half-open links, slow and sliced bytes, in any order, while everybody types."""
    chance, words = random.Random(seed), set[str]()
    async with BadLink(room.server.port, seed=seed) as link:
        clients = {
            kind: anybody.client(kind, Link(link.port), room.join("candidate", kind)) for kind in STOCK
        }
        watcher = anybody.client(OURS, room.server, room.ivy)
        for client in (*clients.values(), watcher):
            await client.connect()
        for number in range(60):
            kind = chance.choice(STOCK)
            words.add(f"{kind.replace(' ', '-')}/{number}")
            await clients[kind].insert(f"{kind.replace(' ', '-')}/{number} ")
            match chance.randrange(20):
                case 0:
                    link.reset()
                case 1:
                    link.strand()
                case 2:
                    link.refuse()
                    await link.accept()
                case 3 | 4:
                    link.weather = Weather(latency=chance.random() / 20, slice=chance.choice([None, 7]))
        link.heal()
        await all_agree([*clients.values(), watcher], room, words)
