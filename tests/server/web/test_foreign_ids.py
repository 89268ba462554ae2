"""Client ids belong to whoever used them first: nobody writes under another's, in either dialect."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.people import People
from tests.support.provider import provided
from tests.support.server import Seat
from tests.support.stock_clients import StockClients
from tests.support.updates import erased, typed
from tests.support.wire import OurClient, dial, end_of

from fourhands_protocol import awareness, entries, envelope, sync

VICTIM = 4_242


async def offer(room: People, seat: Seat, update: bytes, *, ours: bool) -> tuple[int, str]:
    """Send one edit as a forger would; the close code and reason that it brings."""
    link = await dial(room.server, seat, ours=ours)
    if ours:
        hello = envelope.Hello(version=1, instance="forger-of-the-tests", last={})
        await link.send(envelope.encode(hello))
        await link.send(envelope.encode(envelope.Op(1, "edit", entries.edit_body(update))))
    else:
        await link.send(sync.update(update))
    code, reason, _ = await end_of(link)
    return code, reason


@pytest.mark.parametrize("ours", [False, True])
@pytest.mark.parametrize(
    "update",
    [
        typed(VICTIM, 5, "next", after=(VICTIM, 4)),
        typed(VICTIM, 5, "next at the start"),
        typed(VICTIM, 3, "lo!!", after=(VICTIM, 2)),
    ],
    ids=["next clock", "next clock, elsewhere", "overlapping"],
)
async def test_an_edit_under_anothers_id_is_refused(room: People, update: bytes, ours: bool) -> None:
    async with OurClient(room.server, room.ada) as ada:
        ada.op("edit", entries.edit_body(typed(VICTIM, 0, "hello")))
        await ada.settled()
        code, reason = await offer(room, room.ivy, update, ours=ours)
        assert (code, reason) == (4423, "an edit under somebody else's client id")
        assert room.host.text() == "hello"
        ada.op("edit", entries.edit_body(typed(VICTIM, 5, " goes on", after=(VICTIM, 4))))
        await ada.settled()
    assert room.host.text() == "hello goes on"


@pytest.mark.parametrize("ours", [False, True])
async def test_an_id_that_was_only_shown_is_taken_too(room: People, ours: bool) -> None:
    """Who has a cursor but has not typed yet owns the id: else a forger could be first to type."""
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.point(1, {"at": {"file": "main.py", "anchor": 0, "head": 0}})
        await ivy.until(lambda: ada.client_id in ivy.peers)
        assert (await offer(room, room.ivy, typed(ada.client_id, 0, "x"), ours=ours))[0] == 4423
        ada.type(0, "mine")
        await ivy.sees("mine")


async def test_anyone_may_delete_what_anyone_wrote(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("edit", entries.edit_body(typed(VICTIM, 0, "hello")))
        await ivy.sees("hello")
        ivy.op("edit", entries.edit_body(erased(VICTIM, 1, 3)))
        await ivy.settled()
        assert room.host.text() == "ho"


async def test_a_person_keeps_an_id_over_tabs_and_reloads(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada:
        ada.op("edit", entries.edit_body(typed(VICTIM, 0, "hello")))
        await ada.settled()
    again = room.join("candidate", "Candidate", resume=room.ada.resume)
    async with OurClient(room.server, again) as ada:
        ada.op("edit", entries.edit_body(typed(VICTIM, 5, "!", after=(VICTIM, 4))))
        await ada.settled()
    assert room.host.text() == "hello!"


async def test_nobody_writes_under_the_id_of_edits_by_http(room: People) -> None:
    """`PUT` of a file edits under an id of the person's own, made by the server."""
    room.candidate.json("PUT", "/files/main.py", json={"text": "by http"})
    async with OurClient(room.server, room.ivy) as ivy:
        (client,) = sync.decode_vector(ivy.document.vector())
        assert (await offer(room, room.ivy, typed(client, 7, "!", after=(client, 6)), ours=False))[0] == 4423


def test_a_stock_client_with_a_taken_id_does_no_harm(room: People, stock: StockClients) -> None:
    """Two browsers may draw the same id: yjs then takes a new one by itself."""
    ada = stock.client(room.server, room.ada, clientId=VICTIM).connect()
    ada.insert(0, "first")
    ada.until(updates=1)
    ivy = stock.client(room.server, room.ivy, clientId=VICTIM).connect()
    ivy.sees("first")
    ivy.insert(5, " second")
    ada.sees("first second")
    assert ivy.look()["id"] != VICTIM
    assert ivy.look()["closed"] == []


@pytest.mark.parametrize("ours", [False, True])
async def test_a_forged_awareness_state_is_dropped_and_the_forger_stays(room: People, ours: bool) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.olga) as olga:
        ada.point(1, {"here": True})
        await olga.until(lambda: ada.client_id in olga.peers)
        link = await dial(room.server, room.ivy, ours=ours)
        if ours:
            hello = envelope.Hello(version=1, instance="forger-of-the-tests", last={})
            await link.send(envelope.encode(hello))
        forged = [
            awareness.State(ada.client_id, 99, '{"forged":true}'),
            awareness.State(ada.client_id, 100, None),
            awareness.State(77, 1, '{"own":true}'),
        ]
        await link.send(sync.awareness(awareness.encode(forged)))
        await olga.until(lambda: 77 in olga.peers)
        assert olga.peers[ada.client_id]["here"] is True
        assert olga.peers[77]["user"]["id"] == room.ivy.participant
        await link.close()


async def test_an_id_of_more_than_32_bits_is_refused_in_words(room: People) -> None:
    """pycrdt draws ids of 53 bits unless it is told one; y-py would cut them off."""
    async with provided(room.server, room.ada, client_id=2**40) as python:
        python.text.insert(0, "x")
        await asyncio.wait_for(python.link.wait_closed(), 10)
        assert python.link.close_code == 4400
        assert "32 bits; with pycrdt: Doc(client_id=" in (python.link.close_reason or "")
