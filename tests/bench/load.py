"""The load: rooms of raw connections that type, in a closed loop or at a pace, over one epoll.

One person of a room types at a time, as in an interview; the others read. A closed loop has one edit on its
way in each room, so a server is as busy as it can be and no queue grows; the next edit is typed, by the next
person, when all others have the last one. At a pace edits are due at fixed moments, whatever has become of
earlier ones, and their delay counts from the moment that they were due.
"""

from __future__ import annotations

import contextlib
import itertools
import json
import random
import select
import time
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

from tests.bench.contestants import Contestant
from tests.bench.link import Closed, Door, Link, begin
from tests.bench.updates import Typist, client_id, side_by_side

GRACE_S = 10.0  # for what is still on its way when a measurement ends
QUIET_S = 0.5  # without anything: a server that gives no acks
STALLED_S = 20.0  # in which nothing at all came
TOGETHER = 25  # rooms that are entered at once
WINDOW = 100  # edits on their way while a document is typed


@dataclass(slots=True, eq=False)
class Room:
    """The connections of one room, and the typist at each of them."""

    name: str
    links: list[Link]
    typists: list[Typist]
    turn: int = 0
    awaited: int = 0  # deliveries of what is on its way
    delivered: int = 0
    due: deque[float] = field(default_factory=deque)  # of edits whose ack is awaited
    sent: list[float] = field(default_factory=list)  # of every edit at a pace
    seen: list[int] = field(default_factory=list)  # how many of these each link has read

    def next_turn(self) -> None:
        self.turn = (self.turn + 1) % len(self.links)

    def key(self) -> None:
        """The one whose turn it is types a key."""
        link = self.links[self.turn]
        link.send(link.door.dialect.edit(self.typists[self.turn].key()))


@dataclass(slots=True)
class Delays:
    """Seconds from the moment an edit was due: until another had it, until its author had the ack."""

    seen: list[float] = field(default_factory=list)
    acked: list[float] = field(default_factory=list)
    due: int = 0  # deliveries that had to come


Named = tuple[str, list[Door]]
Came = Callable[[Room, Link, int, int], None]
"""came(room, link, its number in the room, edits that came)"""


def cursor(number: int) -> str:
    """An awareness state as y-codemirror writes it, and with the place that our own page adds."""
    place = {"type": None, "tname": "main.py", "item": {"client": 305_419_896, "clock": number}, "assoc": 0}
    user = {"name": "Ada", "color": "#30bced", "colorLight": "#30bced33"}
    at = {"file": "main.py", "anchor": 0, "head": 0}
    return json.dumps({"user": user, "cursor": {"anchor": place, "head": place}, "at": at})


def batches(rooms: Iterator[Named]) -> Iterator[list[Named]]:
    """A few at a time, so that they enter together."""
    while batch := list(itertools.islice(rooms, TOGETHER)):
        yield batch


@contextlib.contextmanager
def filled(
    contestant: Contestant, rooms: int, people: int, *, seed: int = 1, erases: bool = True
) -> Iterator[Load]:
    """Rooms full of people who have all synchronised, and who leave at the end."""
    chance = random.Random(seed)
    load = Load()
    try:
        for batch in batches(contestant.doors(rooms, people)):
            entering = [(name, [begin(door) for door in doors]) for name, doors in batch]
            for name, links in entering:
                for link in links:
                    link.until_welcome()
                typists = [Typist(client_id(chance), erases=erases) for _ in links]
                side_by_side(typists)
                load.add(Room(name, links, typists))
            load.turn(0)
        yield load
    finally:
        load.close()


class Load:
    """Drives rooms; each connection is watched by one epoll."""

    def __init__(self) -> None:
        self.rooms: list[Room] = []
        self._epoll = select.epoll()
        self._by_fd: dict[int, tuple[Room, Link, int]] = {}

    def add(self, room: Room) -> None:
        """Watch the connections of one more room."""
        self.rooms.append(room)
        for number, link in enumerate(room.links):
            self._by_fd[link.sock.fileno()] = (room, link, number)
            self._epoll.register(link.sock.fileno(), select.EPOLLIN)

    def close(self) -> None:
        """All leave."""
        self._epoll.close()
        for _, link, _ in self._by_fd.values():
            link.close()

    @contextlib.contextmanager
    def only(self, rooms: int) -> Iterator[Load]:
        """Only the first so many rooms do anything; the others are still listened to."""
        everywhere, self.rooms = self.rooms, self.rooms[:rooms]
        try:
            yield self
        finally:
            self.rooms = everywhere

    def turn(self, wait_s: float, came: Came | None = None) -> bool:
        """Read what comes within `wait_s`; whether anything did."""
        ready = self._epoll.poll(max(0.0, wait_s), 4096)
        for fd, _ in ready:
            room, link, number = self._by_fd[fd]
            with contextlib.suppress(BlockingIOError):
                edits = link.receive()
                if came is not None:
                    came(room, link, number, edits)
        return bool(ready)

    def rest(self, seconds: float) -> None:
        """Listen, and do nothing."""
        stop = time.perf_counter() + seconds
        while (now := time.perf_counter()) < stop:
            self.turn(stop - now)

    # A closed loop

    def closed_loop(self, seconds: float) -> tuple[int, int]:
        """Type as fast as the server delivers; deliveries in that time, and with what came later."""
        before = self._delivered()
        stop = time.perf_counter() + seconds

        def came(room: Room, link: Link, number: int, edits: int) -> None:
            if edits and number != room.turn:
                room.awaited -= edits
                room.delivered += edits
                if room.awaited <= 0:
                    self._begin(room)

        for room in self.rooms:
            self._begin(room)
        self._while(came, lambda: time.perf_counter() < stop)
        in_time = self._delivered() - before
        self._let_arrive()
        self.rest(0.2)  # echoes and acks
        return in_time, self._delivered() - before

    def typed(self, edits: int) -> None:
        """Type so many edits in the first room, as fast as may be; returns when the others have them all."""
        room = self.rooms[0]
        while edits > 0:
            now = min(WINDOW, edits)
            room.next_turn()
            room.awaited = now * (len(room.links) - 1)
            for _ in range(now):
                room.key()
            self._let_arrive()
            edits -= now

    def _begin(self, room: Room) -> None:
        room.next_turn()
        room.awaited = len(room.links) - 1
        room.key()

    def _let_arrive(self) -> None:
        """Take in what is on its way, and type nothing more."""

        def came(room: Room, link: Link, number: int, edits: int) -> None:
            if number != room.turn:
                room.awaited -= edits
                room.delivered += edits

        self._while(came, lambda: any(room.awaited > 0 for room in self.rooms))

    def _while(self, came: Came, going: Callable[[], bool]) -> None:
        last = time.perf_counter()
        while going():
            if self.turn(QUIET_S, came):
                last = time.perf_counter()
            elif time.perf_counter() - last > STALLED_S:
                raise Closed("nothing comes any more")

    def _delivered(self) -> int:
        return sum(room.delivered for room in self.rooms)

    # At a pace

    def paced(self, per_second: float, seconds: float, *, wait: bool = True) -> Delays:
        """Type so many edits a second in all, by turns over all rooms, and `wait` for what is on its way."""
        delays = Delays()
        for room in self.rooms:
            room.next_turn()
            room.sent, room.seen = [], [0] * len(room.links)
            room.due.clear()
            for link in room.links:
                link.acks = 0

        def came(room: Room, link: Link, number: int, edits: int) -> None:
            now = time.perf_counter()
            if number == room.turn:
                while link.acks > 0 and room.due:
                    link.acks -= 1
                    delays.acked.append(now - room.due.popleft())
            else:
                for _ in range(edits):
                    delays.seen.append(now - room.sent[room.seen[number]])
                    room.seen[number] += 1

        def type_one(room: Room, due: float) -> None:
            room.sent.append(due)
            room.due.append(due)
            room.key()

        self._at_a_pace(per_second, seconds, type_one, came)
        delays.due = sum((len(room.links) - 1) * len(room.sent) for room in self.rooms)
        stop = time.perf_counter() + GRACE_S
        while wait and time.perf_counter() < stop:
            all_seen = len(delays.seen) >= delays.due
            if all_seen and not any(room.due for room in self.rooms):
                break
            if not self.turn(QUIET_S, came) and all_seen:
                break
        return delays

    def cursors(self, per_second: float, seconds: float) -> int:
        """Move so many cursors a second in all, by turns over all rooms; how many movements others saw."""
        readers = [link for room in self.rooms for n, link in enumerate(room.links) if n != room.turn]
        before = sum(link.cursors for link in readers)
        clock = itertools.count(1)

        def move(room: Room, due: float) -> None:
            link, client, number = room.links[room.turn], room.typists[room.turn].client, next(clock)
            link.send(link.door.dialect.cursor(client, number, cursor(number)))

        self._at_a_pace(per_second, seconds, move, None)
        self.rest(1.0)
        return sum(link.cursors for link in readers) - before

    def _at_a_pace(
        self, per_second: float, seconds: float, act: Callable[[Room, float], None], came: Came | None
    ) -> None:
        begin, number, total = time.perf_counter(), 0, max(1, int(per_second * seconds))
        while number < total:
            due = begin + number / per_second
            early = due - time.perf_counter()
            if early > 0:
                self.turn(early if early > 0.0002 else 0, came)
                continue
            act(self.rooms[number % len(self.rooms)], due)
            number += 1
            if number % 8 == 0:
                self.turn(0, came)
