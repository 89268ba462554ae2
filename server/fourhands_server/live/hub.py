"""All rooms of this process: loaded from the log when somebody comes, let go when nobody is left."""

from __future__ import annotations

import asyncio
import gc
import logging
import secrets
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from fourhands_protocol.entries import Entry
from fourhands_protocol.roles import INTERVIEWERS, ROOM
from fourhands_server.core.adding import Adding
from fourhands_server.core.healing import Loss
from fourhands_server.core.room import Room
from fourhands_server.live.drain import drain
from fourhands_server.live.host import RoomHost
from fourhands_server.live.pages import pages
from fourhands_server.live.parts import Parts
from fourhands_server.live.together import Together
from fourhands_server.live.wheel import Wheel

logger = logging.getLogger(__name__)

ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"  # nothing that is misread when a link is read out
TICK_S = 1.0
SLOT = 250_000  # µs to which it is known when a room is to be looked at
LATE = 2_000_000  # µs between two ticks, beyond which time that passed is held against nobody
SLICE = 100  # entries of a log that are folded in one go, some 2 ms of typing
SLICE_BYTES = 32 * 1024  # and so many bytes: 50 ms of the hardest edits; a larger entry goes to a thread
IDLE = 60_000_000  # µs that an empty room stays in memory
LEFT = 20  # rooms that have left memory, or a fourth of those in it, are worth a collection
AVAILABILITY_S = 15.0  # between two looks at whether code can run here


class NoSuchRoom(Exception):
    """The log has no room of this id."""

    def __init__(self, room: str) -> None:
        super().__init__(f"there is no room {room}")
        self.room = room


class Hub:
    """Finds, loads, makes and unloads rooms. `async with` starts and stops its clock."""

    def __init__(self, parts: Parts) -> None:
        self.parts = parts
        self.kernel_refused: str | None = "the kernel host is still starting"
        self._hosts: dict[str, RoomHost] = {}
        self._together = Together()
        self._wheel: Wheel[str] = Wheel(SLOT)
        self._left = 0
        self._loading: dict[str, asyncio.Task[RoomHost]] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Hub:
        await self._look_at_kernels()
        self._tasks = [asyncio.create_task(self._tick()), asyncio.create_task(self._watch_kernels())]
        return self

    async def __aexit__(self, *reason: object) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def hosts(self) -> Mapping[str, RoomHost]:
        """The rooms in memory."""
        return self._hosts

    async def room(self, room: str) -> RoomHost:
        """The live room; raises NoSuchRoom, or a LogError where the log cannot be read."""
        host = self._hosts.get(room)
        if host is not None and host.failed is None:
            host.used_at = self.parts.clock()
            return host
        loading = self._loading.get(room)
        if loading is None:
            loading = self._loading[room] = asyncio.create_task(self._load(room))
            loading.add_done_callback(lambda done: self._loading.pop(room, None))
        return await asyncio.shield(loading)

    async def create(
        self, *, title: str, settings: Mapping[str, Any], questions: Sequence[Adding] = ()
    ) -> RoomHost:
        """Make a room; it is in the log when this returns. Raises RoomFailed, or Refused for a question."""
        room = "".join(secrets.choice(ALPHABET) for _ in range(10))
        host = await self._host(room)
        host.room.awaken({}, now=self.parts.clock())
        lineage, now = secrets.token_hex(8), self.parts.clock()
        host.room.create(title=title, lineage=lineage, settings=settings, now=now, questions=questions)
        self._settle(host)
        while host.state.head == 0:
            await host.changed()
        return host

    async def drain(self) -> None:
        """The process is about to end: send everybody away in good order."""
        await drain(self._hosts.values())

    async def _load(self, room: str) -> RoomHost:
        """Fold the log into a new core, then go on from there."""
        head = await self.parts.log.reopen(room)
        if head.seq == 0:
            raise NoSuchRoom(room)
        host = await self._host(room)
        for stream in (ROOM, INTERVIEWERS):
            async for page in pages(self.parts.log, room, stream=stream):
                for part in _slices(page):
                    # A long log must not keep other rooms waiting; nobody else has this room yet.
                    if sum(len(entry.body) for entry in part) > SLICE_BYTES:
                        await asyncio.to_thread(host.room.replay, part)
                    else:
                        host.room.replay(part)
                        await asyncio.sleep(0)
        producers = await self.parts.log.producers(room)
        self.parts.documents.drop(room)
        host.room.awaken(producers, now=self.parts.clock())
        self._settle(host)
        host.kernel.attach_again()
        return host

    def _settle(self, host: RoomHost) -> None:
        """The room is in memory from here on."""
        self._hosts[host.id] = host
        self._wake(host.id)
        host.carry_out()

    def _wake(self, room: str) -> None:
        self._wheel.put(room, 0)

    async def _host(self, room: str) -> RoomHost:
        head = await self.parts.log.head(room)
        boot = secrets.token_hex(6)
        lost = await self.parts.log.loss(room)
        loss = None if lost is None else Loss(lost.since, lost.before)
        core = Room(room, boot=boot, incarnation=head.incarnation, loss=loss)
        core.kernel_refused = self.kernel_refused
        return RoomHost(core, self.parts, boot=boot, together=self._together, woken=self._wake)

    async def _tick(self) -> None:
        last = self.parts.clock()
        while True:
            await asyncio.sleep(TICK_S)
            now = self.parts.clock()
            pause, last = now - last - int(TICK_S * 1_000_000), now
            if abs(pause) > LATE:
                self._stood_still(pause)
            self.turn(now)

    def turn(self, now: int) -> None:
        """Look at the rooms that are due."""
        for room in self._wheel.turn(now):
            host = self._hosts.get(room)
            if host is not None:
                self._look_at(room, host)
        if self._left >= max(LEFT, len(self._hosts) // 4):
            self._left = 0
            gc.collect()  # each is a ring of old objects, at which Python itself looks rarely

    def _look_at(self, room: str, host: RoomHost) -> None:
        until = 0
        try:
            host.tick()
            until = host.rest_until()
            if not until and self._let_go_if_idle(room, host):
                return
        except Exception:
            logger.exception("room %s: its clock failed", room)
        self._wheel.put(room, until)

    def _stood_still(self, pause: int) -> None:
        for room, host in self._hosts.items():
            host.room.stood_still(pause)
            self._wake(room)

    def _let_go_if_idle(self, room: str, host: RoomHost) -> bool:
        gone = host.failed is not None or (host.idle and self.parts.clock() - host.used_at > IDLE)
        if gone:
            host.let_go()
            self.parts.documents.drop(room)
            self.parts.log.rest(room)
            del self._hosts[room]
            self._left += 1
        return gone

    async def _watch_kernels(self) -> None:
        while True:
            await asyncio.sleep(AVAILABILITY_S)
            try:
                await self._look_at_kernels()
            except Exception:
                logger.exception("whether code can run here could not be found out")

    async def _look_at_kernels(self) -> None:
        available = await self.parts.kernels.availability()
        self.kernel_refused = None if available.ok else (available.reason or "no kernel can be had")
        for host in self._hosts.values():
            host.room.kernel_refused = self.kernel_refused


def _slices(page: Sequence[Entry]) -> Iterator[list[Entry]]:
    """Cut a page of the log into parts between which others may have their turn; an entry stays whole."""
    part: list[Entry] = []
    size = 0
    for entry in page:
        if part and (len(part) == SLICE or size + len(entry.body) > SLICE_BYTES):
            yield part
            part, size = [], 0
        part.append(entry)
        size += len(entry.body)
    if part:
        yield part
