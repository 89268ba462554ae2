"""The load: rooms of raw connections that type, in a closed loop or at a pace, over one epoll.

One person of a room types at a time, as in an interview; the others read. A closed loop has one edit on its
way in each room, so a server is as busy as it can be and no queue grows; the next edit is typed, by the next
person, when all others have the last one. At a pace edits are due at fixed moments, whatever has become of
earlier ones, and their delay counts from the moment that they were due.
"""

from __future__ import annotations

import contextlib
import random
import select
import time
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.bench.contestants import Contestant
from tests.bench.link import Closed, Link, enter
from tests.bench.updates import Typist, client_id

GRACE_S = 10.0  # for what is still on its way when a measurement ends
STALLED_S = 20.0  # in which nothing at all came


@dataclass(slots=True, eq=False)
class Room:
    """The connections of one room, and the typist at each of them."""

    links: list[Link]
    typists: list[Typist]
    turn: int = 0
    awaited: int = 0  # deliveries of the edit on its way
    delivered: int = 0
    due: deque[float] = field(default_factory=deque)  # of edits whose ack is awaited
    sent: list[float] = field(default_factory=list)  # of every edit at a pace
    seen: list[int] = field(default_factory=list)  # how many of these each link has read


@dataclass(slots=True)
class Delays:
    """Seconds from the moment an edit was due: until another had it, until its author had the ack."""

    seen: list[float] = field(default_factory=list)
    acked: list[float] = field(default_factory=list)


@contextlib.contextmanager
def filled(contestant: Contestant, rooms: int, people: int, *, seed: int = 1) -> Iterator[list[Room]]:
    """Rooms full of people who have all synchronised, and who leave at the end."""
    chance = random.Random(seed)
    made: list[Room] = []
    try:
        for doors in contestant.doors(rooms, people):
            made.append(Room([], [Typist(client_id(chance)) for _ in doors]))
            for door in doors:
                made[-1].links.append(enter(door))
        yield made
    finally:
        for room in made:
            for link in room.links:
                link.close()


class Load:
    """Drives rooms; each connection is watched by one epoll."""

    def __init__(self, rooms: Sequence[Room]) -> None:
        self.rooms = rooms
        self._epoll = select.epoll()
        self._by_fd: dict[int, tuple[Room, Link, int]] = {}
        for room in rooms:
            room.seen = [0] * len(room.links)
            for number, link in enumerate(room.links):
                self._by_fd[link.sock.fileno()] = (room, link, number)
                self._epoll.register(link.sock.fileno(), select.EPOLLIN)

    def close(self) -> None:
        self._epoll.close()

    def turn(self, wait_s: float, came: Callable[[Room, Link, int, int], None]) -> bool:
        """Read what comes within `wait_s`, `came(room, link, number, edits)` for each link; whether any."""
        ready = self._epoll.poll(max(0.0, wait_s), 4096)
        for fd, _ in ready:
            room, link, number = self._by_fd[fd]
            with contextlib.suppress(BlockingIOError):
                came(room, link, number, link.receive())
        return bool(ready)

    # A closed loop

    def closed_loop(self, seconds: float) -> tuple[int, int]:
        """Type as fast as the server delivers; deliveries in that time, and with what came later."""
        before = sum(room.delivered for room in self.rooms)
        stop = time.perf_counter() + seconds
        for room in self.rooms:
            self._type(room)
        last = time.perf_counter()
        while (now := time.perf_counter()) < stop:
            if self.turn(0.5, self._delivered):
                last = now
            elif now - last > STALLED_S:
                raise Closed("nothing comes any more")
        counted = sum(room.delivered for room in self.rooms) - before
        self._let_arrive()
        return counted, sum(room.delivered for room in self.rooms) - before

    def _type(self, room: Room) -> None:
        room.turn = (room.turn + 1) % len(room.links)
        room.awaited = len(room.links) - 1
        link = room.links[room.turn]
        link.send(link.door.dialect.edit(room.typists[room.turn].key()))

    def _delivered(self, room: Room, link: Link, number: int, edits: int) -> None:
        if edits and number != room.turn:
            room.awaited -= edits
            room.delivered += edits
            if room.awaited <= 0:
                self._type(room)

    def _let_arrive(self) -> None:
        """Take in what is on its way, and type nothing more."""
        stop = time.perf_counter() + GRACE_S

        def count(room: Room, link: Link, number: int, edits: int) -> None:
            if number != room.turn:
                room.awaited -= edits
                room.delivered += edits

        while any(room.awaited > 0 for room in self.rooms) and time.perf_counter() < stop:
            self.turn(0.1, count)
        self._rest(0.2)  # echoes and acks

    def _rest(self, seconds: float) -> None:
        stop = time.perf_counter() + seconds
        while (now := time.perf_counter()) < stop:
            self.turn(stop - now, lambda *came: None)

    # At a pace

    def paced(self, per_second: float, seconds: float) -> tuple[Delays, int, int]:
        """Type so many edits a second in all, in turn over all rooms; delays, deliveries, deliveries due."""
        delays = Delays()
        for room in self.rooms:
            room.turn = (room.turn + 1) % len(room.links)
            room.sent, room.seen = [], [0] * len(room.links)
            room.due.clear()

        def came(room: Room, link: Link, number: int, edits: int) -> None:
            now = time.perf_counter()
            if number == room.turn:
                while link.acks and room.due:
                    link.acks -= 1
                    delays.acked.append(now - room.due.popleft())
            else:
                for _ in range(edits):
                    delays.seen.append(now - room.sent[room.seen[number]])
                    room.seen[number] += 1

        for room in self.rooms:
            for link in room.links:
                link.acks = 0
        begin, number, total = time.perf_counter(), 0, int(per_second * seconds)
        while number < total:
            due = begin + number / per_second
            now = time.perf_counter()
            if now < due:
                self.turn(due - now if due - now > 0.0002 else 0, came)
                continue
            room = self.rooms[number % len(self.rooms)]
            link = room.links[room.turn]
            room.sent.append(due)
            room.due.append(due)
            link.send(link.door.dialect.edit(room.typists[room.turn].key()))
            number += 1
            if number % 8 == 0:
                self.turn(0, came)
        expected = sum((len(room.links) - 1) * len(room.sent) for room in self.rooms)
        stop = time.perf_counter() + GRACE_S
        while (len(delays.seen) < expected or any(r.due for r in self.rooms)) and time.perf_counter() < stop:
            self.turn(0.05, came)
        return delays, len(delays.seen), expected
