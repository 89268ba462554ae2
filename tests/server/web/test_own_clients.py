"""Clients of `fourhands.v1` on real sockets: acks, resumption, retries; every kind of client in one room."""

from __future__ import annotations

import asyncio

from tests.support.people import People
from tests.support.provider import provided
from tests.support.stock_clients import VERSIONS, StockClients
from tests.support.wire import OurClient


def edits(room: People) -> list[str]:
    """The actors of all edits, in order."""
    return [e["actor"] for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "edit"]


async def test_edits_are_acked_and_seen(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.type(0, "x = 😀\n")
        await ivy.sees("x = 😀\n")
        ivy.type(0, "y", delete=1)
        await ada.sees("y = 😀\n")
        await ada.settled()
        await ivy.settled()
        own = [e for client in (ada, ivy) for e in client.entries if e.kind == "edit"]
        assert [e.actor for e in own] == [room.ivy.participant, room.ada.participant], "no echo, only acks"
    assert room.host.text() == "y = 😀\n"


async def test_a_client_that_was_away_gets_only_what_it_missed(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ivy.type(0, "long text " * 5_000)
        await ada.sees("long text " * 5_000)
        await ada.cut()
        ivy.type(0, "short ")
        await ivy.settled()
        before = ada.bytes_in
        assert (await ada.connect()).mode == "resumed"
        await ada.sees("short " + "long text " * 5_000)
        assert ada.bytes_in - before < 1_500


async def test_what_was_typed_while_away_arrives_once(room: People) -> None:
    """Some of it was on its way when the link broke: nobody knows what arrived, all of it is sent again."""
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        expected = ""
        for number in range(10):
            ada.type(len(expected), f"{number} on its way\n")
            await ada.cut()
            expected += f"{number} on its way\n"
            ada.type(len(expected), f"{number} offline\n")
            expected += f"{number} offline\n"
            ada.op("chat", text=f"{number}")
            await ada.connect()
            await ada.settled()
        await ivy.sees(expected)
        await ivy.until(lambda: len([e for e in ivy.entries if e.kind == "chat"]) == 10)
    assert edits(room) == [room.ada.participant] * 20
    assert room.host.text() == expected


async def test_the_same_page_connecting_anew_supersedes_its_old_connection(room: People) -> None:
    async with OurClient(room.server, room.ada) as page:
        old = OurClient(room.server, room.ada)
        old.instance = page.instance
        await old.connect()
        assert (await page.is_closed())[0] == 4303
        await old.leave()


async def test_two_tabs_of_one_person_are_two_seats(room: People) -> None:
    async with OurClient(room.server, room.ada) as first, OurClient(room.server, room.ada) as second:
        first.type(0, "one")
        await second.sees("one")
        second.type(3, " two")
        await first.sees("one two")
        opened = [e.body for e in second.entries if e.kind == "seat.opened"]
        assert len(opened) == len(set(opened)) >= 1
        assert first.closed == second.closed == []


async def test_every_kind_of_client_in_one_room(room: People, stock: StockClients) -> None:
    stocks = [
        await asyncio.to_thread(stock.client(room.server, room.join("candidate", f"v{v}"), version=v).connect)
        for v in VERSIONS
    ]
    async with (
        OurClient(room.server, room.ada) as ada,
        OurClient(room.server, room.ivy) as ivy,
        provided(room.server, room.join("candidate", "pycrdt")) as python,
    ):
        expected = ""
        for turn in range(5):
            ada.type(0, f"ada {turn}\n")
            expected = f"ada {turn}\n" + expected
            for version, client in zip(VERSIONS, stocks, strict=True):
                await asyncio.to_thread(client.sees, expected)
                client.insert(0, f"v{version} é\n")
                expected = f"v{version} é\n" + expected
            await python.sees(expected)
            python.text.insert(0, "pycrdt 😀\n")
            expected = "pycrdt 😀\n" + expected
            await ivy.sees(expected)
            ivy.type(0, "", delete=2)
            expected = expected[2:]
            await ada.sees(expected)
        for client in stocks:
            await asyncio.to_thread(client.sees, expected)
        await python.sees(expected)
        assert python.link.close_code is None
    assert room.host.text() == expected
    assert len(edits(room)) == 5 * 6
