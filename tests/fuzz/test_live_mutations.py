"""Mutated updates through live rooms: each is judged as admission says, and nobody else notices.

`FOURHANDS_MUTATIONS` says how many. The judge is an admission that is given the same updates in this process.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator
from statistics import median, quantiles

import pytest
from tests.support.admissions import few_steps
from tests.support.anyone import IN_NODE
from tests.support.mutator import Mutator
from tests.support.neighbours import Neighbours
from tests.support.people import People
from tests.support.processes import children
from tests.support.raw_socket import Closed, RawSocket
from tests.support.server import LiveServer, Seat
from tests.support.sessions import Sent, Session
from tests.support.stock_clients import StockClients

from fourhands_protocol import entries, envelope, limits, sync
from fourhands_protocol.admission import Admission
from fourhands_protocol.errors import ProtocolError

MUTATIONS = int(os.environ.get("FOURHANDS_MUTATIONS", "1500"))
IN_A_ROOM = 500
ROOTS = ("main.py", "other.py")
LAST = "last.py"
VIEWERS = tuple(IN_NODE.values())
RECONNECTS = 50  # a second; a server that slows down who was refused punishes honest clients too


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("mutations")) as live:
        yield live


@pytest.fixture(scope="module")
def clients() -> Iterator[StockClients]:
    with StockClients() as made:
        yield made


class Sender:
    """One person's connection in one dialect; connects anew when it was refused."""

    def __init__(self, server: LiveServer, seat: Seat, *, ours: bool) -> None:
        self.server = server
        self.seat = seat
        self.ours = ours
        self.connects = 0
        self._link: RawSocket | None = None
        self._pseq = 0

    def send(self, update: bytes, vector: bytes) -> tuple[int, str] | None:
        """Send one update; the close that it costs, None where it is taken."""
        link = self._link or self._connect()
        self._pseq += 1
        if self.ours:
            link.put(envelope.encode(envelope.Op(self._pseq, "edit", entries.edit_body(update))))
        else:
            link.put(sync.update(update))
        try:
            told = link.probe(vector)
        except Closed as closed:
            self.leave()
            return closed.code, closed.reason
        assert not any(f.startswith(bytes((envelope.FRAME, envelope.REFUSED))) for f in told), told
        return None

    def _connect(self) -> RawSocket:
        self.connects += 1
        self._pseq = 0
        self._link = RawSocket(self.server, self.seat, ours=self.ours)
        if self.ours:
            self._link.hello()
        else:  # until step 1 is answered, an update that comes too early is dropped without a word (F-12)
            self._link.put(sync.step2(b"\x00\x00"))
        return self._link

    def leave(self) -> None:
        if self._link is not None:
            self._link.close()
            self._link = None


class Onslaught:
    """One room: an honest session, then mutants of it by everybody, judged one by one."""

    def __init__(self, server: LiveServer, seed: int, seen: Counter[str]) -> None:
        self.people = People(server)
        self.people.candidate.json("PUT", f"/files/{ROOTS[1]}", json={"text": ""})
        seats = [self.people.ada, self.people.ivy, self.people.join("candidate", "Third")]
        self.senders = {
            f"p-{n}": [Sender(server, seat, ours=ours) for ours in (False, True)]
            for n, seat in enumerate(seats)
        }
        self.mutator = Mutator(seed)
        self.judge = Admission(ROOTS)
        self.seen = seen
        self.sent = [one for one in Session(seed, roots=ROOTS).run(60) if self.offer(one)]

    def attack(self, mutants: int) -> None:
        chance = self.mutator.chance
        updates = [one.update for one in self.sent]
        for _ in range(mutants):
            one = chance.choice(self.sent)
            mutant = self.mutator.mutate(one.update, updates, self.judge.vector())
            person = one.person if chance.random() < 0.9 else "p-1"
            if self.offer(Sent(person, mutant)):
                updates.append(mutant)
                self.sent.append(Sent(person, mutant))

    def offer(self, one: Sent) -> bool:
        """Send it in one of the dialects; the server must say what the judge says."""
        sender = self.senders[one.person][self.mutator.chance.random() < 0.3]
        expected, is_news = None, False
        try:
            with few_steps(one.update):
                is_news = self.judge.check(one.update, one.person, limit=limits.UPDATE).is_news
        except ProtocolError as error:
            expected = (error.close_code, error.reason)
        told = sender.send(one.update, sync.encode_vector(self.judge.vector()))
        self.seen["taken" if told is None else str(told[0])] += 1
        if sender.ours and len(one.update) < 2:
            expected = (4400, "edit: update is smaller than 2")
        assert told == expected, (one.update.hex(), told, expected)
        return is_news

    def connects(self) -> int:
        return sum(sender.connects for pair in self.senders.values() for sender in pair)

    def leave(self) -> None:
        for pair in self.senders.values():
            for sender in pair:
                sender.leave()


@pytest.mark.timeout(60 + MUTATIONS // 20)
def test_mutated_updates_harm_nobody(server: LiveServer, clients: StockClients) -> None:
    seen: Counter[str] = Counter()
    connects, seconds = 0, 0.0
    with Neighbours(server) as neighbours:
        processes = everything(server)
        for seed in range(-(-MUTATIONS // IN_A_ROOM)):
            room = Onslaught(server, seed, seen)
            viewer = clients.client(server, room.people.olga, version=VIEWERS[seed % len(VIEWERS)]).connect()
            began, before = time.monotonic(), room.connects()
            room.attack(IN_A_ROOM)
            seconds += time.monotonic() - began
            connects += room.connects() - before
            room.leave()
            # What was taken may still be on its way into the log; this stands behind it.
            room.people.candidate.json("PUT", f"/files/{LAST}", json={"text": "the end"})
            viewer.sees("the end", file=LAST)
            for root in ROOTS:
                viewer.sees(room.people.host.text(root), file=root)
            assert viewer.look()["closed"] == []
            clients.destroy_all()
        # Others may have begun: kernels are kept ready for rooms to come.
        assert processes <= everything(server), "a process has ended"
        neighbours.check()
    half, most = median(neighbours.delays), quantiles(neighbours.delays, n=100)[-1]
    print(f"{dict(seen)}; {connects} connects in {seconds:.0f} s;", end=" ")
    print(f"next door p50 {half * 1000:.1f} ms, p99 {most * 1000:.1f} ms, {len(neighbours.delays)} edits")
    assert {"taken", "4300", "4400", "4413", "4422", "4423"} <= set(seen), "else this would show nothing"
    assert connects / seconds > RECONNECTS
    assert half < 0.1
    assert most < 2.0


def everything(server: LiveServer) -> set[tuple[int, int]]:
    """The server, its document worker, the kernel host, and all that these have started."""
    assert server.process is not None
    assert server.process.poll() is None
    found = children(server.process.pid)
    assert len(found) >= 2, "the document worker and the kernel host at least"
    return {(process.pid, process.started) for process in found}
