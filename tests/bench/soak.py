"""`make soak`: 100 rooms of three people for 20 minutes (`SOAK_MINUTES`), on links that fail all the time.

Everybody types, moves a cursor, chats now and then; in some rooms code runs. Links are reset, swallow all
bytes, slow down, are half closed, refuse; the server itself is stopped for a moment and goes on, and its
document worker is killed. A session lasts a fourth of the time; then it is ended, and another begins in its
place. Before it ends the links heal, and then every text must be the same everywhere, and nothing may wait
any more. The server's log may hold no error that was not injected, and the memory of the server without its
kernels may have grown by 10 % at most since rooms of all ages were there. What people write takes memory,
some 90 bytes an edit, until their session is over: rooms that come and go tell a leak from a long text.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import re
import signal
import statistics
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import cast

from tests.bench.costs import memory
from tests.bench.folk import Person
from tests.bench.idle import end_when_told, raise_limit
from tests.support.processes import children
from tests.support.server import LiveServer, Seat

ROOMS, PEOPLE = 100, 3
RUNNING_ROOMS = 5  # in which code runs: each has a kernel, and kernels take memory
MOST_GROWTH = 0.10
SAMPLE_S = 5.0
STOP_EVERY_S, STOP_S = 120.0, 1.5  # how often the server stands still, and for how long
KILL_EVERY_S = 300.0  # how often the document worker is killed
WARM = 0.25  # the part of the time that a session lasts, and after which memory counts
HEAL_S = 120.0
WRONG = re.compile(r" (ERROR|CRITICAL) |Traceback|never retrieved|was never awaited")
INJECTED = re.compile(r"document worker")


def main() -> int:
    """Run, and say what was found."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.soak", description=__doc__)
    parser.add_argument("--minutes", type=float, default=float(os.environ.get("SOAK_MINUTES", "20")))
    parser.add_argument("--rooms", type=int, default=ROOMS)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    end_when_told()
    raise_limit(10 * options.rooms * PEOPLE + 1_000)
    with tempfile.TemporaryDirectory(prefix="soak-") as scratch, LiveServer(Path(scratch)) as server:
        try:
            soak = Soak(server, rooms=options.rooms, seconds=60 * options.minutes, seed=options.seed)
            found = asyncio.run(soak.run())
        finally:
            _continue(server)
        found += [f"in the log: {line.rstrip()}" for line in server.output if wrong(line)]
    print("\n".join(found) or "nothing was lost, nothing grew, no error in the log")
    return 1 if found else 0


def wrong(line: str) -> bool:
    """Whether a line of the server's log speaks of an error that nobody injected."""
    return bool(WRONG.search(line)) and not INJECTED.search(line)


def _continue(server: LiveServer) -> None:
    assert server.process is not None
    if server.process.poll() is None:
        server.process.send_signal(signal.SIGCONT)


class Soak:
    """One run."""

    def __init__(self, server: LiveServer, *, rooms: int, seconds: float, seed: int) -> None:
        self.server = server
        self.rooms = rooms
        self.seconds = seconds
        self.chance = random.Random(seed)
        self.people: dict[int, list[Person]] = {}
        self.found: list[str] = []
        self.told: Counter[str] = Counter()
        self.killed = 0
        self.samples: list[tuple[float, int]] = []

    async def run(self) -> list[str]:
        """What was found; nothing where all held."""
        print(f"{self.rooms} rooms of {PEOPLE} for {self.seconds / 60:g} minutes", flush=True)
        stop = asyncio.Event()
        tasks = [asyncio.create_task(self._sessions(number, stop)) for number in range(self.rooms)]
        tasks += [asyncio.create_task(work(stop)) for work in (self._watch, self._pause, self._kill)]
        try:
            await self._until_over(tasks)
            stop.set()
            await asyncio.gather(*tasks)
        finally:
            stop.set()
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)
            for room in self.people.values():
                await asyncio.gather(*(person.leave() for person in room), return_exceptions=True)
        return self.found + self._grown() + self._said()

    async def _sessions(self, number: int, stop: asyncio.Event) -> None:
        """One session after the other; those of all rooms end at different times."""
        life = self.seconds * WARM
        ends = life * (number + 1) / self.rooms
        while not stop.is_set():
            room = self.people[number] = await self._room(runs=number < RUNNING_ROOMS)
            ended = asyncio.Event()
            living = [asyncio.create_task(person.live(ended)) for person in room]
            try:
                await over(stop, ends)
                ended.set()
                await asyncio.gather(*living)
            finally:
                for task in living:
                    task.cancel()
            self.found += await self._healed(room)
            await asyncio.to_thread(self._end, room[0].seat.room)
            for person in room:
                await person.leave()
                self.told.update(edits=person.edits, faults=person.faults, returns=person.returns)
            del self.people[number]
            self.told["sessions"] += 1
            ends = life

    async def _room(self, *, runs: bool) -> list[Person]:
        made = await asyncio.to_thread(self.server.create, "Soak")
        seats = [
            cast(Seat, await asyncio.to_thread(self.server.join, made["candidate"], f"Person {number}"))
            for number in range(PEOPLE)
        ]
        people = [Person(self.server, seat, random.Random(self.chance.random()), runs=runs) for seat in seats]
        for person in people:
            await person.come()
        return people

    def _end(self, room: str) -> None:
        with self.server.http() as http:
            http.post(f"/api/rooms/{room}/end").raise_for_status()

    async def _until_over(self, tasks: list[asyncio.Task[None]]) -> None:
        """Until the time is over; who fails ends it at once."""
        done, _ = await asyncio.wait(tasks, timeout=self.seconds, return_when=asyncio.FIRST_COMPLETED)
        for task in done:
            task.result()

    # What befalls the server

    async def _watch(self, stop: asyncio.Event) -> None:
        assert self.server.process is not None
        began, told = time.monotonic(), 0.0
        while not await over(stop, SAMPLE_S):
            now = time.monotonic() - began
            size = await asyncio.to_thread(memory, self.server.process.pid, kernels=False)
            self.samples.append((now, size))
            if now - told >= 60:
                told = now
                sessions, edits = self.told["sessions"], self.told["edits"]
                print(
                    f"{now / 60:.0f} min: {size / 1e6:.1f} MB, {sessions} sessions of {edits} edits",
                    flush=True,
                )

    async def _pause(self, stop: asyncio.Event) -> None:
        assert self.server.process is not None
        while not await over(stop, min(STOP_EVERY_S, self.seconds / 5)):
            self.server.process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(STOP_S)
            self.server.process.send_signal(signal.SIGCONT)

    async def _kill(self, stop: asyncio.Event) -> None:
        assert self.server.process is not None
        while not await over(stop, min(KILL_EVERY_S, self.seconds / 3)):
            for child in children(self.server.process.pid):
                if "fourhands_server.engine" in child.command:
                    child.signal(signal.SIGKILL)
                    self.killed += 1

    # What must hold

    async def _healed(self, room: list[Person]) -> list[str]:
        """Everybody is back, and all have the same text."""
        await asyncio.gather(*(person.heal() for person in room))
        found: list[str] = []
        try:
            async with asyncio.timeout(HEAL_S):
                for person in room:
                    await person.settled()
                text = await asyncio.to_thread(self.server.text, room[0].seat)
                for person in room:
                    await person.client.sees(text)
        except (AssertionError, TimeoutError) as error:
            found.append(f"room {room[0].seat.room}: {error!s:.300}")
        return found + [
            f"room {person.seat.room}: refused {person.client.refused[:3]}"
            for person in room
            if person.client.refused
        ]

    def _grown(self) -> list[str]:
        full = [size for at, size in self.samples if WARM <= at / self.seconds <= WARM + 0.1]
        last = [size for at, size in self.samples if at / self.seconds >= 0.9]
        if not full or not last:
            return ["the run was too short to say anything of memory"]
        growth = statistics.median(last) / statistics.median(full) - 1
        print(
            f"memory {statistics.median(full) / 1e6:.1f} MB when full,"
            f" {statistics.median(last) / 1e6:.1f} MB at the end: {100 * growth:+.1f} %"
        )
        return [f"memory grew by {100 * growth:.1f} %"] if growth > MOST_GROWTH else []

    def _said(self) -> list[str]:
        told = self.told
        print(f"{told['sessions']} sessions, {told['edits']} edits, {told['faults']} faults", end=", ")
        print(f"{told['returns']} returns, {self.killed} workers killed")
        return [] if told["edits"] and told["faults"] else ["nothing happened"]


async def over(stop: asyncio.Event, seconds: float) -> bool:
    """Wait so long, or until it is over; whether it is."""
    try:
        await asyncio.wait_for(stop.wait(), seconds)
    except TimeoutError:
        return False
    return True


if __name__ == "__main__":
    sys.exit(main())
