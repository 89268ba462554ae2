"""One person of the soak: types, chats, runs code, on a link that fails, and comes back each time."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import Awaitable, Callable
from contextlib import suppress

from websockets.exceptions import WebSocketException

from tests.support.bad_link import BadLink, Weather
from tests.support.documents import PycrdtDocument
from tests.support.server import LiveServer, Seat
from tests.support.wire import OurClient

ACT_EVERY_S = 2.0  # on average
FAULT_EVERY_S = 45.0
JUMPS = (
    0.13  # so much of what is typed begins elsewhere; recorded typing of code makes a new piece in four edits
)
LONGEST, SHORTER = 2_000, 400  # characters: a text that is longer loses so many at once
NOTICED_S = 4.0  # a page that hears nothing for so long dials anew
WORDS = ("word ", "x = 1\n", "# why\n", "(", "print(x)\n")
_runs = itertools.count(1)


class Through(LiveServer):
    """The server as seen through a link."""

    def __init__(self, server: LiveServer, link: BadLink) -> None:
        super().__init__(server.data)
        self.port = link.port


class Person:
    """Somebody with a page."""

    client: OurClient
    _document: PycrdtDocument
    _caret: Callable[[], int] | None = None

    def __init__(self, server: LiveServer, seat: Seat, chance: random.Random, *, runs: bool = False) -> None:
        self.seat = seat
        self.edits = self.faults = self.returns = 0
        self._server = server
        self._chance = chance
        self._runs = runs
        self._link = BadLink(server.port, seed=chance.getrandbits(32))
        self._clock = itertools.count(1)
        self._faults: list[Callable[[], Awaitable[None]]] = [
            self._reset,
            self._swallow,
            self._slow,
            self._strand,
            self._half_close,
            self._refuse,
            self._reload,
        ]

    async def come(self) -> None:
        """Open the page."""
        await self._link.__aenter__()
        await self._open()

    async def leave(self) -> None:
        """Close the page."""
        with suppress(WebSocketException, OSError, TimeoutError, AssertionError):
            async with asyncio.timeout(5):
                await self.client.leave()
        await self._link.__aexit__()

    async def live(self, stop: asyncio.Event) -> None:
        """Do what people do, until it is over."""
        while not stop.is_set():
            pause = self._chance.expovariate(1 / ACT_EVERY_S)
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), pause)
            if stop.is_set():
                return
            if self._chance.random() < ACT_EVERY_S / FAULT_EVERY_S:
                self.faults += 1
                await self._chance.choice(self._faults)()
                await self._back()
            else:
                self._act()
            if not self._linked:
                await self._back()

    async def heal(self) -> None:
        """The link is fair again, and the page is back."""
        self._link.heal()
        await self._link.accept()
        await self._back()

    async def settled(self) -> None:
        """Nothing waits any more."""
        if not self._linked:
            await self._back()
        await self.client.settled()

    # Doing

    def _act(self) -> None:
        what = self._chance.random()
        client = self.client
        if what < 0.8:
            self._type(client)
            self.edits += 1
        elif what < 0.97:
            number = next(self._clock)
            client.point(number, {"at": {"file": "main.py", "anchor": 0, "head": 0}})
        elif what < 0.99 or not self._runs:
            client.op("chat", text="hello")
        else:
            client.op("run", run=f"soak-{next(_runs)}", code="sum(range(1000))")
        client.entries.clear()

    def _type(self, client: OurClient) -> None:
        """A word where the last one ended, or now and then elsewhere; a long text is cut down."""
        length = len(client.text())
        if length > LONGEST:
            client.type(self._chance.randint(0, length - SHORTER), "", delete=SHORTER)
            return
        jumps = self._caret is None or self._chance.random() < JUMPS
        at = self._chance.randint(0, length) if jumps or self._caret is None else self._caret()
        word = self._chance.choice(WORDS)
        client.type(at, word)
        self._caret = self._document.caret("main.py", at + len(word))

    # The link

    async def _open(self) -> None:
        self.client = OurClient(Through(self._server, self._link), self.seat)
        self.client.document = self._document = PycrdtDocument(self.client.client_id)
        self._caret = None
        await self.client.connect()

    @property
    def _linked(self) -> bool:
        reader = self.client._reader
        return reader is not None and not reader.done()

    async def _back(self) -> None:
        """Dial until somebody answers, as a page does."""
        self._link.heal()
        await self._link.accept()
        while not self._linked or self.client.welcome is None:
            await self.client.cut()
            await asyncio.sleep(self._chance.uniform(0.05, 0.5))
            with suppress(OSError, TimeoutError, WebSocketException, AssertionError):
                await self.client.connect()
                self.returns += 1

    async def _reset(self) -> None:
        self._link.reset()

    async def _swallow(self) -> None:
        """A black hole; a long one is noticed by the page, which gives the connection up."""
        self._link.hole()
        seconds = self._chance.uniform(0.5, 12)
        self._act()
        await asyncio.sleep(seconds)
        if seconds > NOTICED_S:
            await self.client.cut()

    async def _slow(self) -> None:
        self._link.weather = self._chance.choice(
            [Weather(latency=0.3, jitter=0.2), Weather(rate=2_000), Weather(slice=7)]
        )
        for _ in range(5):
            self._act()
            await asyncio.sleep(self._chance.uniform(0.2, 1.5))

    async def _strand(self) -> None:
        """The page knows that its link is gone, and the server does not."""
        self._link.strand()
        await self.client.cut()

    async def _half_close(self) -> None:
        self._link.half_close(self._chance.choice(["up", "down"]))
        await asyncio.sleep(self._chance.uniform(0.1, 2))

    async def _refuse(self) -> None:
        self._link.refuse()
        await asyncio.sleep(self._chance.uniform(0.5, 3))

    async def _reload(self) -> None:
        """A new page of the same person, once the old one's work is safe."""
        with suppress(AssertionError, WebSocketException, OSError):
            await self.client.settled()
            await self.client.leave()
            await self._open()
