"""Clients of every kind (`KINDS`) behind one face: stock ones in Node, pycrdt's, and our own."""

from __future__ import annotations

import asyncio
import secrets
from typing import Any, Protocol

import anyio
import pycrdt
from tests.support.provider import SocketChannel
from tests.support.returning import come_back
from tests.support.server import Seat
from tests.support.stock_clients import StockClient, StockClients
from tests.support.wire import DEADLINE_S, OurClient, dial
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import WebSocketException

Y_WEBSOCKET: dict[str, int | str] = {"y-websocket 1.5": 1, "y-websocket 2.1": 2, "y-websocket 3.1": 3}
HOCUSPOCUS: dict[str, int | str] = {"hocuspocus 3": "hp3", "hocuspocus 4": "hp4"}
IN_NODE = Y_WEBSOCKET | HOCUSPOCUS
PYCRDT = "pycrdt"
OURS = "ours"
STOCK = (*IN_NODE, PYCRDT)
KINDS = (*STOCK, OURS)


class Address(Protocol):
    """A server, or a link to it: where its rooms are."""

    @property
    def ws(self) -> str: ...


class Anyone:
    """One client; it comes back by itself when its connection ends, as long as it is wanted to."""

    async def connect(self) -> None:
        """Connect, and wait for the document."""
        raise NotImplementedError

    async def disconnect(self) -> None:
        """Be offline until `connect`."""
        raise NotImplementedError

    async def insert(self, text: str) -> None:
        """Type at the beginning of main.py."""
        raise NotImplementedError

    async def sees(self, text: str) -> None:
        """Wait until main.py reads so."""
        raise NotImplementedError

    async def text(self) -> str:
        """main.py as this client has it."""
        raise NotImplementedError

    async def is_saved(self) -> None:
        """Wait until it has been told that the server has everything, and is connected."""
        raise NotImplementedError

    async def point(self, **state: Any) -> None:
        """Say where one is."""
        raise NotImplementedError

    async def sees_people(self, *names: str) -> None:
        """Wait until exactly these others are shown."""
        raise NotImplementedError

    async def is_refused(self) -> None:
        """Wait until it has been told that it may not write."""
        raise NotImplementedError

    async def leave(self) -> None:
        """For the end of a test."""
        await self.disconnect()


class InNode(Anyone):
    """A provider in the Node process; other threads wait for its answers."""

    def __init__(self, client: StockClient, version: int | str) -> None:
        self.client = client
        self.hocuspocus = version in HOCUSPOCUS.values()

    async def connect(self) -> None:
        await asyncio.to_thread(self.client.connect)

    async def disconnect(self) -> None:
        await asyncio.to_thread(self.client.disconnect)
        await asyncio.to_thread(self.client.until, status="disconnected")

    async def is_back(self) -> None:
        """Wait until it is on its second connection."""
        await asyncio.to_thread(self.client.until, opened=2, synced=True)

    async def insert(self, text: str) -> None:
        await asyncio.to_thread(self.client.insert, 0, text)

    async def sees(self, text: str) -> None:
        await asyncio.to_thread(self.client.sees, text)

    async def text(self) -> str:
        return await asyncio.to_thread(self.client.text)

    async def is_saved(self) -> None:
        # Of y-websocket nobody can say more: its only ack is the echo.
        saved = {"unsynced": 0} if self.hocuspocus else {}
        await asyncio.to_thread(self.client.until, synced=True, **saved)

    async def point(self, **state: Any) -> None:
        await asyncio.to_thread(self.client.call, "setState", state=state)

    async def sees_people(self, *names: str) -> None:
        await asyncio.to_thread(self.client.until, peers=sorted(names))

    async def is_refused(self) -> None:
        if self.hocuspocus:
            seen = await asyncio.to_thread(self.client.until, unsaved=1, scope="readonly")
            assert seen["unsynced"] > 0
        else:
            words = ["you may read this room, not write in it"]
            await asyncio.to_thread(self.client.until, closed=4403, denied=words)


class InPycrdt(Anyone):
    """pycrdt's Provider, taken up anew after each end of its connection, as its programs do."""

    def __init__(self, server: Address, seat: Seat) -> None:
        self.document: pycrdt.Doc = pycrdt.Doc(client_id=secrets.randbits(32))
        self.file = self.document.get("main.py", type=pycrdt.Text)
        self.closed: list[int] = []
        self._server = server
        self._seat = seat
        self._synced = asyncio.Event()
        self._refused = asyncio.Event()
        self._task: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        self._task = asyncio.create_task(self._stay())
        await self.is_saved()

    async def disconnect(self) -> None:
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _stay(self) -> None:
        while True:
            try:
                link = await dial(self._server, self._seat, ours=False)  # type: ignore[arg-type]
                try:
                    await self._provide(link)
                finally:
                    self._synced.clear()
                    link.transport.abort()
            except* (OSError, WebSocketException, TimeoutError, anyio.TaskFailed):
                pass
            await asyncio.sleep(0.05)  # as long as it has no server

    async def _provide(self, link: ClientConnection) -> None:
        async with pycrdt.Provider(self.document, SocketChannel(link, self._seat.room)) as provider:
            synced = asyncio.create_task(provider.synced.wait())
            synced.add_done_callback(lambda done: done.cancelled() or self._synced.set())
            await link.wait_closed()
            synced.cancel()
            if link.close_code == 4403:
                self._refused.set()

    async def insert(self, text: str) -> None:
        self.file.insert(0, text)

    async def sees(self, text: str) -> None:
        async with asyncio.timeout(DEADLINE_S), self.document.events() as changes:
            if str(self.file) == text:
                return
            async for _ in changes:
                if str(self.file) == text:
                    return

    async def text(self) -> str:
        return str(self.file)

    async def is_saved(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._synced.wait()

    async def is_refused(self) -> None:
        async with asyncio.timeout(DEADLINE_S):
            await self._refused.wait()


class InOurs(Anyone):
    """A page of our own."""

    def __init__(self, server: Address, seat: Seat) -> None:
        self.page = OurClient(server, seat)  # type: ignore[arg-type]
        self._clock = 0

    async def connect(self) -> None:
        await come_back(self.page)

    async def disconnect(self) -> None:
        await self.page.leave()

    async def insert(self, text: str) -> None:
        self.page.type(0, text)

    async def sees(self, text: str) -> None:
        await self.page.sees(text)

    async def text(self) -> str:
        return self.page.text()

    async def is_saved(self) -> None:
        if self.page.closed:
            await come_back(self.page)
        await self.page.settled()

    async def point(self, **state: Any) -> None:
        self._clock += 1
        self.page.point(self._clock, state)

    async def sees_people(self, *names: str) -> None:
        await self.page.until(
            lambda: sorted(p["user"]["name"] for p in self.page.peers.values()) == sorted(names)
        )

    async def is_refused(self) -> None:
        await self.page.is_closed() if not self.page.refused else None
        assert [r.code for r in self.page.refused] == ["forbidden"] or self.page.closed[-1][0] == 4403


class Anybody:
    """Makes clients of every kind, and ends them."""

    def __init__(self, stock: StockClients) -> None:
        self._stock = stock
        self._made: list[Anyone] = []

    def client(self, kind: str, server: Address, seat: Seat, **options: Any) -> Any:
        made: Anyone
        if kind in IN_NODE:
            version = IN_NODE[kind]
            made = InNode(self._stock.client(server, seat, version=version, **options), version)
        else:
            made = InPycrdt(server, seat) if kind == PYCRDT else InOurs(server, seat)
        self._made.append(made)
        return made

    async def leave(self) -> None:
        """Everybody goes; those in Node are ended by their own fixture."""
        for client in self._made:
            if not isinstance(client, InNode):
                await client.leave()
