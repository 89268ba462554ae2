"""Unmodified `@hocuspocus/provider`, lines 3 and 4, in rooms: what other clients have no words for."""

from __future__ import annotations

import pytest
from tests.support.anyone import HOCUSPOCUS
from tests.support.people import People
from tests.support.stock_clients import StockClients

each_line = pytest.mark.parametrize("version", HOCUSPOCUS.values(), ids=HOCUSPOCUS)


@each_line
def test_several_documents_go_over_one_socket(room: People, stock: StockClients, version: str) -> None:
    """And one of them may end without the others."""
    other = People(room.server)
    here = stock.client(room.server, room.ada, version=version)
    there = stock.client(room.server, other.ada, version=version, beside=here.name)
    here.connect()
    there.connect()
    here.insert(0, "here")
    there.insert(0, "there")
    here.until(unsynced=0)
    there.until(unsynced=0)
    assert (room.host.text(), other.host.text()) == ("here", "there")
    room.interviewer.json("POST", "/end")
    here.insert(0, "too late: ")
    seen = here.until(unsaved=1, left=["The room has ended; nothing more is recorded."])
    assert seen["unsynced"] == 1
    there.insert(5, " goes on")
    there.until(unsynced=0)
    assert other.host.text() == "there goes on"
    assert here.look()["closed"] == there.look()["closed"] == []


@each_line
def test_whoever_joins_a_long_document_amid_typing_has_all_of_it_at_once(
    room: People, stock: StockClients, version: str
) -> None:
    here = stock.client(room.server, room.ada, version=version).connect()
    text = "x = 1\n" * 1_000
    here.insert(0, text)
    here.until(unsynced=0)
    for number in range(3):
        late = stock.client(room.server, room.join("candidate", f"Late {number}"), version=version).connect()
        assert late.text() == text
        here.insert(0, f"{number}")
        here.until(unsynced=0)
        text = f"{number}{text}"
        late.sees(text)


@each_line
def test_a_bad_token_denies_one_document_of_a_socket(room: People, stock: StockClients, version: str) -> None:
    here = stock.client(room.server, room.ada, version=version).connect()
    elsewhere = People(room.server)
    there = stock.client(room.server, elsewhere.ada, version=version, beside=here.name, token=room.ada.token)
    there.insert(0, "let me in")
    there.call("connect")
    there.until(denied=["this token is for another room"])
    here.insert(0, "fine")
    here.until(unsynced=0)
    assert (room.host.text(), elsewhere.host.text()) == ("fine", "")
    assert there.look()["authenticated"] is False


@each_line
def test_whoever_is_removed_is_told_and_loses_only_that_document(
    room: People, stock: StockClients, version: str
) -> None:
    other = People(room.server)
    here = stock.client(room.server, room.ada, version=version).connect()
    there = stock.client(room.server, other.ada, version=version, beside=here.name)
    there.connect()
    room.interviewer.json("POST", "/revoke", json={"invite": "candidate"})
    here.until(denied=["this invite was revoked"], left=["this invite was revoked"])
    here.insert(0, "still here?")
    there.insert(0, "fine")
    there.until(unsynced=0)
    assert (room.host.text(), other.host.text()) == ("", "fine")


@each_line
def test_a_paste_too_large_closes_its_document_with_words(
    room: People, stock: StockClients, version: str
) -> None:
    ada = stock.client(room.server, room.ada, version=version).connect()
    ada.until(unsynced=0)
    ada.insert(0, "x" * 256 * 1024)
    (reason,) = ada.until(closed_documents=1)["left"]
    assert "KiB" in reason
    assert ada.look()["unsynced"] == 1
    assert room.host.text() == ""


@each_line
def test_whether_all_is_saved_can_be_asked_at_any_time(
    room: People, stock: StockClients, version: str
) -> None:
    ada = stock.client(room.server, room.ada, version=version).connect()
    ada.until(unsynced=0)
    for number in range(3):
        ada.insert(0, f"{number} ")
        ada.call("forceSync")
        ada.until(unsynced=0)
    ada.call("sendStateless", payload="nobody hears this")
    ada.insert(0, "x")
    ada.until(unsynced=0)
    assert room.host.text() == "x2 1 0 "


@each_line
def test_what_was_typed_offline_is_saved_when_all_of_it_is(
    room: People, stock: StockClients, version: str
) -> None:
    """A provider sends each edit that it kept, and the whole; it waits for one answer."""
    ada = stock.client(room.server, room.ada, version=version).connect()
    ada.until(unsynced=0)
    ada.disconnect()
    ada.until(status="disconnected")
    for number in range(10):
        ada.insert(0, f"{number} ")
    ada.connect()
    seen = ada.until(opened=2, unsynced=0)
    assert room.host.text() == ada.text()
    assert seen["saved"] == 2
    ada.insert(0, "x")
    assert ada.until(saved=3, unsynced=0)["saved"] == 3


@each_line
def test_a_document_may_be_left_and_taken_up_again(room: People, stock: StockClients, version: str) -> None:
    here = stock.client(room.server, room.ada, version=version).connect()
    there = stock.client(room.server, room.ivy, version=3).connect()
    here.call("setState", state={"cursor": 1})
    there.until(peers=["Candidate"])
    here.call("detach")
    there.until(peers=[])
    there.insert(0, "meanwhile ")
    here.insert(0, "alone ")
    here.connect()
    there.until(peers=["Candidate"])
    here.until(unsynced=0)
    there.sees(here.text())
    assert sorted(room.host.text().split()) == ["alone", "meanwhile"]


def test_two_sessions_of_one_room_share_a_socket(room: People, stock: StockClients) -> None:
    """Line 3 knows none."""
    first = stock.client(room.server, room.ada, version="hp4", session=True)
    second = stock.client(room.server, room.ivy, version="hp4", session=True, beside=first.name)
    first.connect()
    second.connect()
    first.insert(0, "one ")
    second.sees("one ")
    second.insert(4, "two")
    first.sees("one two")
    second.until(unsynced=0)
    edits = [e["actor"] for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "edit"]
    assert edits == [room.ada.participant, room.ivy.participant]
