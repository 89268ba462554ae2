"""Unmodified y-websocket clients, versions 1.5, 2.1 and 3.1, in rooms of a real server."""

from __future__ import annotations

import pytest
from tests.support.people import People
from tests.support.stock_clients import VERSIONS, StockClient, StockClients

pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture
def pair(stock: StockClients, room: People, version: int) -> tuple[StockClient, StockClient]:
    """The candidate and the interviewer, connected."""
    ada = stock.client(room.server, room.ada, version=version).connect()
    return ada, stock.client(room.server, room.ivy, version=version).connect()


def test_two_clients_see_what_the_other_types(pair: tuple[StockClient, StockClient], room: People) -> None:
    ada, ivy = pair
    ada.insert(0, "print('hello')\n")
    ivy.sees("print('hello')\n")
    ivy.insert(7, "😀 ")
    ivy.delete(10, 2)
    ada.sees("print('😀 llo')\n")
    assert room.host.text() == "print('😀 llo')\n"
    edits = [e for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "edit"]
    assert [e["actor"] for e in edits] == [room.ada.participant, *[room.ivy.participant] * 2]


def test_both_type_at_once_and_agree(pair: tuple[StockClient, StockClient], room: People) -> None:
    for number in range(40):
        for client, letter in zip(pair, "ai", strict=True):
            client.insert(number % 7 if number % 3 else 0, f"{letter}{number}")
    for client in pair:
        client.until(updates=80)  # each edit comes back to its writer too: that is the ack of a stock client
    texts = {pair[0].text(), pair[1].text(), room.host.text()}
    assert len(texts) == 1
    assert len(texts.pop()) == 2 * sum(len(f"a{n}") for n in range(40))


def test_a_latecomer_gets_everything(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    pair[0].insert(0, "x = 1\n" * 500)
    pair[1].sees("x = 1\n" * 500)
    pair[1].delete(6, 6 * 498)
    room.candidate.json("PUT", "/files/lib/tool.py", json={"text": "漢字"})
    late = stock.client(room.server, room.join("candidate", "Late"), version=version).connect()
    late.sees("x = 1\n" * 2)
    late.sees("漢字", file="lib/tool.py")


def test_whoever_joins_a_long_document_amid_typing_has_all_of_it_at_once(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    text = "x = 1\n" * 1_000  # long enough to be kept as it was encoded for whoever came first
    pair[0].insert(0, text)
    pair[1].sees(text)
    for number in range(4):
        late = stock.client(room.server, room.join("candidate", f"Late {number}"), version=version).connect()
        assert late.text() == text
        pair[0].insert(3 * number, f"{number}")
        text = text[: 3 * number] + f"{number}" + text[3 * number :]
        late.sees(text)


def test_edits_made_offline_merge_when_the_client_is_back(
    pair: tuple[StockClient, StockClient], room: People
) -> None:
    ada, ivy = pair
    ada.insert(0, "one two three")
    ivy.sees("one two three")
    ada.disconnect()
    ada.until(status="disconnected")
    ada.insert(13, " four")
    ada.delete(4, 4)
    ivy.insert(0, "zero ")
    assert ivy.text() == "zero one two three"
    ada.connect()
    for client in (ada, ivy):
        client.sees("zero one three four")
    assert room.host.text() == "zero one three four"


def test_a_client_of_another_room_sees_nothing(
    pair: tuple[StockClient, StockClient], room: People, stock: StockClients, version: int
) -> None:
    other = People(room.server)
    elsewhere = stock.client(room.server, other.ada, version=version).connect()
    pair[0].insert(0, "here")
    pair[1].sees("here")
    elsewhere.insert(0, "there")
    elsewhere.until(updates=1)
    assert elsewhere.text() == "there"
    assert room.host.text() == "here"
