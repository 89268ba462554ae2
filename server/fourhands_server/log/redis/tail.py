"""Follows rooms as they grow, whoever writes to them: how a server hears what another has committed.

Each reader is one connection that waits in XREAD. It is stopped by a flag and a wake-up entry, for a client
may swallow the cancellation of a read that blocks. XREAD says nothing of a stream that ends before the
cursor, nor of a hole: seqs are dense, so both are found by counting.
"""

from __future__ import annotations

import asyncio
import logging
import secrets
from collections.abc import Callable
from typing import Any, Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from fourhands_server.log.log import ROOM
from fourhands_server.log.redis import keys
from fourhands_server.log.redis.connect import ask, connection, waiting_connection
from fourhands_server.log.redis.fields import Stored, seq_of, stored

_log = logging.getLogger(__name__)

ROOMS_EACH: Final = 200  # of a reader; XREAD looks at each stream every time
COUNT: Final = 500  # entries of a stream in one answer
WAIT_MS: Final = 5_000  # in one XREAD; then the ends of the streams are looked at
AGAIN_S: Final = 0.5  # after a failure

Told = Callable[[str, list[Stored]], None]
"""told(room, entries): the next entries of the room's stream, in order and without a hole."""

Lost = Callable[[str, str], None]
"""lost(room, why): the room has to be read anew; it is followed no more."""


class Tail:
    """All rooms that are followed."""

    def __init__(self, url: str, *, told: Told, lost: Lost) -> None:
        self._url = url
        self._told = told
        self._lost = lost
        self._readers: list[_Reader] = []

    def follow(self, room: str, *, after: int) -> None:
        """Tell the room's entries from `after` on."""
        for reader in self._readers:
            if len(reader.cursors) < ROOMS_EACH:
                break
        else:
            reader = _Reader(self._url, told=self._told, lost=self._lost)
            self._readers.append(reader)
        reader.cursors[room] = after
        reader.wake()

    def leave(self, room: str) -> None:
        """Tell no more of it."""
        for reader in self._readers:
            if reader.cursors.pop(room, None) is not None:
                reader.wake()

    @property
    def readers(self) -> int:
        """How many connections wait."""
        return len(self._readers)

    async def aclose(self) -> None:
        """Stop; nothing is told from here on."""
        await asyncio.gather(*(reader.aclose() for reader in self._readers))


class _Reader:
    """One connection that waits, over at most `ROOMS_EACH` streams and one of its own that wakes it."""

    def __init__(self, url: str, *, told: Told, lost: Lost) -> None:
        self.cursors: dict[str, int] = {}
        self._told = told
        self._lost = lost
        self._waiting: Redis = waiting_connection(url, at_most_s=3 * WAIT_MS / 1000)
        self._commands: Redis = connection(url)
        self._wake_key = f"fourhands:wake:{secrets.token_hex(8)}"
        self._woken = "0-0"
        self._wakes: set[asyncio.Task[None]] = set()
        self._stopped = asyncio.Event()
        self._task = asyncio.create_task(self._read())

    def wake(self) -> None:
        """What is followed has changed."""
        task = asyncio.create_task(self._say_wake())
        self._wakes.add(task)
        task.add_done_callback(self._wakes.discard)

    async def aclose(self) -> None:
        """Stop, and return when the connection has been let go."""
        self._stopped.set()
        await self._say_wake()
        await self._waiting.connection_pool.disconnect()  # where Redis does not answer, nor would it wake us
        await asyncio.gather(self._task, *self._wakes)
        await self._waiting.aclose()
        await self._commands.aclose()

    async def _say_wake(self) -> None:
        try:
            if self._stopped.is_set():
                await ask(self._commands, "UNLINK", self._wake_key)
            else:
                await ask(self._commands, "XADD", self._wake_key, "MAXLEN", 1, "*", "w", "1")
        except (RedisError, OSError):
            return  # then the reader has lost its connection too, and looks at everything anew

    async def _read(self) -> None:
        while not self._stopped.is_set():
            try:
                await self._check()
                while not self._stopped.is_set():
                    await self._turn()
            except (RedisError, OSError) as error:
                if not self._stopped.is_set():
                    _log.warning("following rooms: Redis: %s", error)
                    await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(AGAIN_S):
                await self._stopped.wait()
        except TimeoutError:
            return

    async def _turn(self) -> None:
        """One XREAD."""
        rooms = list(self.cursors)
        names = [self._wake_key, *(keys.stream(room, ROOM) for room in rooms)]
        after = [self._woken, *(f"{self.cursors[room]}-0" for room in rooms)]
        found = await ask(self._waiting, "XREAD", "COUNT", COUNT, "BLOCK", WAIT_MS, "STREAMS", *names, *after)
        if not found:
            await self._check()
        of_stream = dict(zip(names, ["", *rooms], strict=True))
        for name, entries in found or ():
            room = of_stream[name.decode()]
            if room:
                self._tell(room, entries)
            elif entries:
                self._woken = entries[-1][0].decode()

    def _tell(self, room: str, entries: list[Any]) -> None:
        if self._stopped.is_set() or room not in self.cursors:
            return
        after = self.cursors[room]
        if seq_of(entries[0][0]) != after + 1:
            self._lose(room, f"{after + 1} is missing")
            return
        self.cursors[room] = seq_of(entries[-1][0])
        self._told(room, [stored(ROOM, *one) for one in entries])

    async def _check(self) -> None:
        """Find the streams that end before their cursor."""
        for room, after in list(self.cursors.items()):
            seq = int(await ask(self._commands, "HGET", keys.meta(room), f"seq:{ROOM}") or 0)
            if seq < after and self.cursors.get(room) == after:
                self._lose(room, f"it ends at {seq}, before {after}")

    def _lose(self, room: str, why: str) -> None:
        del self.cursors[room]
        if not self._stopped.is_set():
            self._lost(room, why)
