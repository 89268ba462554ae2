"""Coming back: after a reload, in a second tab, from far behind, with a token that has run out meanwhile."""

from __future__ import annotations

import time
from typing import Any

import jwt
import pytest
from tests.support.people import People
from tests.support.server import Seat
from tests.support.wire import OurClient, dial, end_of

from fourhands_protocol import cbor

RESUME_LIMIT = 5_000  # entries; whoever is further behind gets the document instead of its history


def run_out(room: People, seat: Seat) -> Seat:
    """The same seat with a token that has just expired."""
    claims = jwt.decode(seat.token, options={"verify_signature": False})
    secret = bytes.fromhex((room.server.data / "secret").read_text())
    token = jwt.encode(claims | {"exp": int(time.time()) - 1}, secret, "HS256")
    return Seat(seat.room, seat.role, seat.participant, token, seat.resume)


def people_of(room: People) -> dict[str, bool]:
    return {p["id"]: p["online"] for p in room.host.json("GET")["participants"]}


async def test_a_reload_brings_back_the_same_participant(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        async with OurClient(room.server, room.ada) as before:
            before.type(0, "x = 1\n")
            await before.settled()
        again = room.join("candidate", "", resume=room.ada.resume)
        async with OurClient(room.server, again) as after:
            assert after.welcome is not None
            assert after.welcome.participant == room.ada.participant
            assert after.text() == "x = 1\n"
            after.type(6, "y = 2\n")
            await ivy.sees("x = 1\ny = 2\n")
    joined = [e for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "person.joined"]
    assert len(joined) == 3


async def test_a_second_tab_is_a_second_seat_of_the_same_participant(room: People) -> None:
    tab = room.join("candidate", "", resume=room.ada.resume)
    async with OurClient(room.server, room.ada) as first:
        async with OurClient(room.server, tab) as second:
            assert first.welcome is not None
            assert second.welcome is not None
            assert first.welcome.participant == second.welcome.participant
            assert first.welcome.seat != second.welcome.seat
            second.type(0, "from the second")
            await first.sees("from the second")
        assert people_of(room)[room.ada.participant], "one tab is closed, the person is still there"
        await first.until(lambda: [e.kind for e in first.entries[-1:]] == ["seat.closed"])
    await first.leave()
    opened = [e for e in room.host.json("GET", "/timeline")["entries"] if e["kind"] == "seat.opened"]
    assert len({e["body"]["seat"] for e in opened}) == 2
    assert {e["actor"] for e in opened} == {room.ada.participant}


async def test_a_link_that_drops_is_on_the_record_with_what_was_done_meanwhile(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        ada = OurClient(room.server, room.ada)
        welcome = await ada.connect()

        def told() -> list[tuple[str, dict[str, Any]]]:
            mine = [e for e in ivy.entries if e.actor == room.ada.participant]
            return [(e.kind, cbor.decode(e.body)) for e in mine if e.kind.startswith("seat.")][1:]

        await ada.cut()
        await ivy.until(told)
        assert not people_of(room)[room.ada.participant]
        for letter in "abc":
            ada.type(0, letter)
        assert (await ada.connect()).seat == welcome.seat
        await ivy.sees("cba")
        await ivy.until(lambda: len(told()) == 3)
        away = told()[1][1]["away"]
        assert 0 < away < 20_000_000
        seat = {"seat": welcome.seat}
        assert told() == [
            ("seat.lost", {**seat, "code": 1006}),
            ("seat.back", {**seat, "away": away, "pending": 3}),
            ("seat.merged", {**seat, "edits": 3}),
        ]
        assert people_of(room)[room.ada.participant]
        await ada.leave()
        await ivy.until(lambda: len(told()) == 4)
        assert told()[3] == ("seat.closed", {**seat, "code": 1000})


async def test_an_hour_away_with_an_expired_token_loses_nothing(room: People) -> None:
    """The page kept what it typed; it gets a new token by its resume, and comes back as itself."""
    async with OurClient(room.server, room.ivy) as ivy:
        ada = OurClient(room.server, room.ada)
        await ada.connect()
        ada.type(0, "before\n")
        await ada.settled()
        await ada.cut()
        ada.type(7, "offline\n")
        ada.op("chat", text="are you there?")
        ivy.type(0, "# meanwhile\n")
        await ivy.settled()
        ada.seat = run_out(room, room.ada)
        code, reason, frames = await end_of(await dial(room.server, ada.seat))
        assert (code, frames) == (4401, [])
        assert "expired" in reason
        ada.seat = room.join("candidate", "", resume=room.ada.resume)
        assert (await ada.connect()).mode == "resumed"
        await ada.settled()
        assert not ada.refused
        both = sorted(ada.text().splitlines())
        assert both == ["# meanwhile", "before", "offline"]
        await ivy.sees(ada.text())
        await ivy.until(lambda: [e.kind for e in ivy.entries].count("chat") == 1)
        await ada.leave()


async def test_a_client_far_behind_gets_the_document_instead_of_its_history(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        ada = OurClient(room.server, room.ada)
        await ada.connect()
        await ada.cut()
        ada.type(0, "ada was offline")
        for number in range(RESUME_LIMIT + 1):
            ivy.type(0, str(number % 10))
            if number % 1_000 == 0:
                await ivy.settled()
        await ivy.settled()
        assert (await ada.connect()).mode == "resync"
        await ada.settled()
        assert ada.text().count("ada was offline") == 1
        assert len(ada.text()) == RESUME_LIMIT + 1 + len("ada was offline")
        assert "edit" not in {entry.kind for entry in ada.entries}, "a story leaves edits out"
        await ivy.sees(ada.text())
        await ada.leave()
    assert room.host.text() == ada.text()


async def test_a_client_that_claims_what_never_was_starts_from_the_document(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        ivy.type(0, "as it is")
        await ivy.settled()
        beyond, never = (10_000, None, "reset"), (1, "0" * 16, "resync")
        for last, incarnation, mode in (beyond, never, (2**53 - 1, None, "reset")):
            ada = OurClient(room.server, room.ada)
            await ada.connect()
            welcome = ada.welcome
            assert welcome is not None
            await ada.cut()
            ada.last = last
            ada.welcome = type(welcome)(
                **{name: getattr(welcome, name) for name in welcome.__slots__}
                | ({"incarnation": incarnation} if incarnation else {})
            )
            assert (await ada.connect()).mode == mode
            assert ada.text() == "as it is"
            await ada.leave()


@pytest.mark.parametrize("kind", ["expired", "forged", "another room", "none", "resume", "invite"])
async def test_a_socket_without_a_good_token_is_told_nothing(room: People, kind: str) -> None:
    token = {
        "expired": run_out(room, room.ada).token,
        "forged": room.ada.token[:-4] + "AAAA",
        "another room": People(room.server).ada.token,
        "none": "",
        "resume": room.ada.resume,
        "invite": room.invites["candidate"],
    }[kind]
    seat = Seat(room.id, "candidate", room.ada.participant, token, "")
    code, reason, frames = await end_of(await dial(room.server, seat))
    assert (code, frames) == (4401, [])
    assert "token" in reason
    assert token not in reason or not token
    assert not people_of(room)[room.ada.participant]


async def test_a_room_that_is_not_there_is_said(room: People) -> None:
    claims = jwt.decode(room.ada.token, options={"verify_signature": False})
    secret = bytes.fromhex((room.server.data / "secret").read_text())
    nowhere = Seat("nope", "candidate", "p", jwt.encode(claims | {"room": "nope"}, secret, "HS256"), "")
    assert (await end_of(await dial(room.server, nowhere)))[0] == 4404


@pytest.mark.parametrize("how", ["revoke", "remove"])
async def test_who_is_shown_out_loses_every_connection_at_once(room: People, how: str) -> None:
    tab = room.join("candidate", "", resume=room.ada.resume)
    async with OurClient(room.server, room.ivy) as ivy, OurClient(room.server, room.ada) as first:
        async with OurClient(room.server, tab) as second:
            target = {"revoke": {"invite": "candidate"}, "remove": {"participant": room.ada.participant}}
            room.interviewer.json("POST", f"/{how}", json=target[how])
            for page in (first, second):
                assert (await page.is_closed())[0] == 4401
        await ivy.until(lambda: [e.kind for e in ivy.entries].count("seat.closed") == 2)
        assert (await end_of(await dial(room.server, room.ada)))[0] == 4401
        assert not ivy.closed


async def test_an_interviewer_shows_somebody_out_from_the_room_itself(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy, OurClient(room.server, room.ada) as ada:
        ada.op("remove", person=room.ivy.participant)
        await ada.settled()
        assert [r.code for r in ada.refused] == ["forbidden"]
        ivy.op("revoke", invite="candidate/9")
        await ivy.settled()
        assert [r.code for r in ivy.refused] == ["no-such-invite"]
        ivy.op("remove", person=room.ada.participant)
        assert (await ada.is_closed())[0] == 4401
