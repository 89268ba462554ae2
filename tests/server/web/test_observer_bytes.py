"""An observer's token changes nothing, whatever bytes come with it, and reads all that is shared."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest
from tests.support import hostile
from tests.support.people import People, expect_problem
from tests.support.raw_provider import RawProvider
from tests.support.raw_socket import TEXT, Closed, RawSocket
from tests.support.server import LiveServer
from tests.support.stock_clients import StockClient, StockClients

from fourhands_protocol import envelope, hocuspocus, sync

MUTANTS = 1_500
OPEN = ("/api/invite", "/api/join", "/api/token")  # they write nothing in a room where one is already
TEXT_OF_ADA = "x = 1\nprint(x)\n"


class Watched:
    """A room in which ada has typed and shows a state; what an observer does must leave no trace in it."""

    def __init__(self, server: LiveServer, clients: StockClients) -> None:
        self.people = People(server)
        self.ada = clients.client(server, self.people.ada).connect()
        self.ivy = clients.client(server, self.people.ivy).connect()
        self.ada.insert(0, TEXT_OF_ADA)
        self.ivy.sees(TEXT_OF_ADA)
        self.ada.call("setState", state={"cursor": {"anchor": 2}})
        self.ivy.until(peer={"cursor": {"anchor": 2}})
        self.victim = self.ada.look()["id"]
        self.run = self.people.candidate.json("POST", "/runs", json={"code": "print(6 * 7)"})["run"]
        self.people.candidate.json("GET", f"/runs/{self.run}?wait=60")

    @property
    def clock(self) -> int:
        return len(TEXT_OF_ADA)

    def snapshot(self) -> dict[str, Any]:
        """All that anybody may see, without the seats of olga, which come and go."""
        http = self.people.host
        log = http.json("GET", "/timeline")["entries"]
        olga = self.people.olga.participant
        seats = ("seat.opened", "seat.lost", "seat.back", "seat.closed")
        kept = [
            (e["kind"], e["actor"], e["body"]) for e in log if e["actor"] != olga or e["kind"] not in seats
        ]
        view = http.json("GET")
        people = [{**p, "online": None, "since": None} for p in view["participants"]]
        stocks = [self._seen_by(client) for client in (self.ada, self.ivy)]
        return {
            "log": kept,
            "text": http.text(),
            "files": view["files"],
            "kernel": view["kernel"],
            "ended": view["ended"],
            "people": people,
            "seen": stocks,
        }

    def _seen_by(self, client: StockClient) -> dict[str, Any]:
        look = client.look()
        return {key: look[key] for key in ("files", "peers", "closed", "updates", "opened")}

    def offers(
        self, frame: bytes, *, ours: bool, greet: bool = True, pieces: int = 1, **details: Any
    ) -> Closed | list[bytes]:
        """Olga sends one frame, whole or in fragments: how she is shown out, or what she is told."""
        with RawSocket(self.people.server, self.people.olga, ours=ours) as link:
            if ours and greet:
                link.hello()
            size = max(1, -(-len(frame) // pieces))
            parts = [frame[at : at + size] for at in range(0, len(frame), size)] or [b""]
            for number, part in enumerate(parts):
                kind = {"opcode": 0} if number else details
                link.put(part, fin=number == len(parts) - 1, **kind)
            try:
                return link.probe()
            except Closed as closed:
                return closed

    def hears_as_provider(self, frame: bytes) -> Closed | list[bytes]:
        """The same from a Hocuspocus provider of olga's, once it has asked for the document."""
        with RawProvider(self.people.server, self.people.olga) as link:
            try:
                return link.says(sync.step1(b"\x00")).says(frame).told()
            except Closed as closed:
                return closed


@pytest.fixture(scope="module")
def watched(server: LiveServer, node_process: StockClients) -> Iterator[Watched]:
    made = Watched(server, node_process)
    yield made
    made.people.host("POST", "/end")
    node_process.destroy_all()


@pytest.fixture
def unchanged(watched: Watched) -> Iterator[Watched]:
    """The room must be the same after the test as before it."""
    before = watched.snapshot()
    yield watched
    assert watched.snapshot() == before


def test_no_frame_of_the_stock_dialect_writes(unchanged: Watched) -> None:
    for name, frame in hostile.stock_frames(unchanged.victim, unchanged.clock):
        for pieces in (1, 3):
            closed = unchanged.offers(frame, ours=False, pieces=pieces)
            assert isinstance(closed, Closed), name
            assert 4400 <= closed.code < 4500, (name, closed)
            assert closed.reason, name
            if name.startswith(("update, ", "step 2, ")) and not name.endswith("twice"):
                assert closed.code == 4403, (name, closed)


def test_no_frame_of_hocuspocus_dialect_writes(unchanged: Watched) -> None:
    for name, frame in hostile.stock_frames(unchanged.victim, unchanged.clock):
        told = unchanged.hears_as_provider(frame)
        if isinstance(told, Closed):
            assert 4400 <= told.code < 4500, (name, told)
        elif name != "auth, permission denied":  # which is a token here
            assert hocuspocus.SAVED not in told, name
            assert hocuspocus.NOT_SAVED in told or told[-1][0] == hocuspocus.CLOSE, (name, told)


def test_awareness_of_an_observer_is_nobodys(unchanged: Watched) -> None:
    for ours in (False, True):
        for name, frame in hostile.awareness_frames(unchanged.victim):
            told = unchanged.offers(frame, ours=ours)
            if name in ("awareness, more than are read", "awareness, endless"):
                assert isinstance(told, Closed), name
                assert told.code in (4400, 4429), told
            else:
                assert isinstance(told, list), (name, told)


def test_no_frame_of_our_dialect_writes(unchanged: Watched) -> None:
    for name, frame in hostile.our_frames(unchanged.victim, unchanged.clock, unchanged.run):
        told = unchanged.offers(frame, ours=True)
        if isinstance(told, Closed):
            assert 4400 <= told.code < 4500, (name, told)
            assert told.reason, name
        else:
            assert name.startswith("op "), name
            assert refusals(told) == ["forbidden"], (name, told)


@pytest.mark.parametrize("ours", [False, True])
def test_frames_of_our_dialect_need_its_greeting(unchanged: Watched, ours: bool) -> None:
    for name, frame in hostile.our_frames(unchanged.victim, unchanged.clock, unchanged.run):
        told = unchanged.offers(frame, ours=ours, greet=False)
        if name != "a second hello" or not ours:
            assert isinstance(told, Closed), name
            assert 4400 <= told.code < 4500, (name, told)


def refusals(frames: list[bytes]) -> list[str]:
    messages = [envelope.decode(frame) for frame in frames if frame[0] == envelope.FRAME]
    return [message.code for message in messages if isinstance(message, envelope.Refused)]


def test_text_frames_are_refused(unchanged: Watched) -> None:
    for ours in (False, True):
        for payload in (b"", b"{}", b'{"kind":"chat"}', b"\x00\x02\x00"):
            closed = unchanged.offers(payload, ours=ours, opcode=TEXT)
            assert closed is not None
            assert (closed.code, closed.reason) == (4400, "this socket speaks binary frames")


def test_no_mutant_of_any_frame_writes(unchanged: Watched) -> None:
    """Every frame above, bent at random: each is refused, or has no effect."""
    chance = random.Random(1)
    stock = [f for _, f in hostile.stock_frames(unchanged.victim, unchanged.clock) if 0 < len(f) < 10_000] + [
        f for _, f in hostile.awareness_frames(unchanged.victim) if len(f) < 10_000
    ]
    ours = [f for _, f in hostile.our_frames(unchanged.victim, unchanged.clock, unchanged.run)]
    for _ in range(MUTANTS):
        dialect = chance.random() < 0.5
        frame = bytearray(chance.choice(ours if dialect else stock))
        for _ in range(chance.choice((0, 1, 1, 2, 4))):
            frame[chance.randrange(len(frame))] = chance.choice((0, 1, 2, 0x80, 0xFF, chance.randrange(256)))
        closed = unchanged.offers(bytes(frame), ours=dialect)
        assert isinstance(closed, list) or 4300 <= closed.code < 4500, (bytes(frame).hex(), closed)


def test_no_call_by_http_writes(unchanged: Watched) -> None:
    """Every writing call that the API describes."""
    people = unchanged.people
    described = people.server.call("GET", "/api/openapi.json").raise_for_status().json()
    tried = 0
    for path, calls in described["paths"].items():
        target = (
            path.replace("{room}", people.id).replace("{path}", "main.py").replace("{run}", unchanged.run)
        )
        for method in set(calls) - {"get", "parameters"}:
            if path in OPEN:
                continue
            body = {"text": "x", "code": "1", "file": "main.py", "title": "x", "invite": "candidate"}
            for json in ({}, body, {"participant": people.ada.participant}):
                answer = people.observer.at(method.upper(), target, json=json)
                if target == "/api/rooms":
                    expect_problem(answer, 401, "bad-token")
                elif "{link}" in target:  # nobody's: only a link of one's own takes frames, which are judged
                    expect_problem(answer, 410, "link-closed")
                else:
                    expect_problem(answer, 403, "forbidden")
                tried += 1
    assert tried >= 3 * 8


def test_an_observer_reads_everything(watched: Watched, stock: StockClients) -> None:
    people = watched.people
    olga = people.observer
    assert olga.text() == TEXT_OF_ADA
    told = olga.json("GET", "/timeline")["entries"]
    # Seats of connections that are gone may be given up meanwhile.
    assert told == people.host.json("GET", "/timeline")["entries"][: len(told)] != []
    assert olga.json("GET", f"/runs/{watched.run}")["outputs"] == [
        {"output_type": "stream", "name": "stdout", "text": "42\n"}
    ]
    assert olga.json("GET")["participants"] == people.host.json("GET")["participants"]
