"""What stock clients are told when they may not: a close code, a reason; and nobody sees anything of it."""

from __future__ import annotations

import time

import jwt
import pytest
from tests.support.people import People
from tests.support.server import LiveServer
from tests.support.stock_clients import VERSIONS, StockClients

pytestmark = pytest.mark.parametrize("version", VERSIONS)


def expired(server: LiveServer, token: str) -> str:
    """The same token as it would be hours later, signed by the server's own key."""
    claims = jwt.decode(token, options={"verify_signature": False})
    secret = bytes.fromhex((server.data / "secret").read_text())
    return jwt.encode({**claims, "exp": int(time.time()) - 1}, secret, "HS256")


def test_an_observer_reads_but_an_edit_costs_the_connection(
    room: People, stock: StockClients, version: int
) -> None:
    olga = stock.client(room.server, room.olga, version=version).connect()
    ada = stock.client(room.server, room.ada, version=version).connect()
    ada.insert(0, "text")
    olga.sees("text")
    olga.insert(0, "graffiti ")
    seen = olga.until(closed=4403, denied=["you may read this room, not write in it"])
    assert seen["closed"][0]["reason"]
    if version == 3:
        olga.until(shouldConnect=False)  # 1.5 and 2.1 know no final codes and call again: no ban, no harm
    ada.insert(4, " goes on")
    ada.until(updates=2)
    assert ada.text() == room.host.text() == "text goes on"
    edits = [e["actor"] for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "edit"]
    assert edits == [room.ada.participant] * 2


def test_an_observer_with_offline_edits_keeps_them_to_himself(
    room: People, stock: StockClients, version: int
) -> None:
    olga = stock.client(room.server, room.olga, version=version)
    olga.insert(0, "written before connecting")
    olga.call("connect")
    olga.until(closed=4403)
    assert room.host.text() == ""


def test_an_observer_who_only_watches_is_left_in_peace(
    room: People, stock: StockClients, version: int
) -> None:
    """Its client answers the server's step 1 with what it was given; that is no edit."""
    ada = stock.client(room.server, room.ada, version=version).connect()
    ada.insert(0, "text to watch")
    ada.delete(0, 5)
    ada.until(updates=2)
    olga = stock.client(room.server, room.olga, version=version).connect()
    olga.disconnect()
    olga.connect()
    ada.insert(0, "more ")
    olga.sees("more to watch")
    assert olga.look()["denied"] == []


@pytest.mark.parametrize("kind", ["forged", "expired", "nonsense", "none", "other room"])
def test_a_bad_token_lets_nobody_in(room: People, stock: StockClients, version: int, kind: str) -> None:
    token = {
        "forged": jwt.encode({"sub": "p", "room": room.id, "exp": 2**33, "typ": "seat"}, "k" * 32, "HS256"),
        "expired": expired(room.server, room.ada.token),
        "nonsense": "é\x00%",
        "none": "",
        "other room": People(room.server).ada.token if kind == "other room" else "",
    }[kind]
    before = room.host.json("GET")["head_seq"]
    client = stock.client(room.server, room.ada, version=version, token=token)
    client.insert(0, "let me in")
    client.call("connect")
    seen = client.until(closed=4401)
    assert seen["closed"][0]["reason"]
    assert (seen["opened"], seen["synced"]) == (0, False)
    assert room.host.json("GET")["head_seq"] == before


def test_an_unknown_room_is_said_so(room: People, stock: StockClients, version: int) -> None:
    client = stock.client(room.server, room.ada, version=version, room="nowhere")
    client.call("connect")
    client.until(closed=4401)  # nobody has a token for it


def test_a_paste_too_large_is_refused_and_the_room_goes_on(
    room: People, stock: StockClients, version: int
) -> None:
    ada = stock.client(room.server, room.ada, version=version).connect()
    ivy = stock.client(room.server, room.ivy, version=version).connect()
    ada.insert(0, "x" * 256 * 1024)
    ada.until(closed=4413)
    ivy.insert(0, "fine")
    ivy.until(updates=1)
    assert room.host.text() == "fine"


def test_revoking_an_invite_ends_connections_at_once(room: People, stock: StockClients, version: int) -> None:
    ada = stock.client(room.server, room.ada, version=version).connect()
    ivy = stock.client(room.server, room.ivy, version=version).connect()
    room.interviewer.json("POST", "/revoke", json={"invite": "candidate"})
    ada.until(closed=4401)
    ada.insert(0, "still here?")
    ivy.insert(0, "no")
    ivy.until(updates=1)
    assert ivy.text() == room.host.text() == "no"


def test_after_the_end_an_edit_is_refused_as_ended(room: People, stock: StockClients, version: int) -> None:
    ada = stock.client(room.server, room.ada, version=version).connect()
    room.interviewer.json("POST", "/end")
    ada.insert(0, "too late")
    ada.until(closed=4410)
    late = stock.client(room.server, room.ivy, version=version).connect()
    assert late.text() == room.host.text() == ""
