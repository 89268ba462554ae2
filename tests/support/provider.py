"""pycrdt's own Provider on a real socket: the stock client of Python programs."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pycrdt
from tests.support.server import LiveServer, Seat
from tests.support.wire import DEADLINE_S, dial
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed


class SocketChannel(pycrdt.Channel):
    """What pycrdt wants of a connection."""

    def __init__(self, link: ClientConnection, path: str) -> None:
        self._link = link
        self._path = path

    @property
    def path(self) -> str:
        return self._path

    async def send(self, message: bytes) -> None:
        await self._link.send(message)

    async def recv(self) -> bytes:
        data = await self._link.recv()
        assert isinstance(data, bytes)
        return data

    async def __anext__(self) -> bytes:
        try:
            return await self.recv()
        except ConnectionClosed:
            raise StopAsyncIteration from None


class ProvidedText:
    """One file of the room in a pycrdt document; offsets count UTF-8 bytes, as pycrdt does."""

    def __init__(self, link: ClientConnection, client_id: int, file: str = "main.py") -> None:
        self.link = link
        self.document: pycrdt.Doc = pycrdt.Doc(client_id=client_id)
        self.text = self.document.get(file, type=pycrdt.Text)

    async def sees(self, text: str) -> None:
        """Wait until the file reads so."""
        async with asyncio.timeout(DEADLINE_S), self.document.events() as changes:
            if str(self.text) == text:
                return
            async for _ in changes:
                if str(self.text) == text:
                    return


@asynccontextmanager
async def provided(
    server: LiveServer, seat: Seat, *, client_id: int | None = None
) -> AsyncIterator[ProvidedText]:
    """A pycrdt document, connected and synced.

    Its id has 32 bits, as yjs has: pycrdt would draw one of 53, which y-py cannot hold and rooms refuse.
    """
    link = await dial(server, seat, ours=False)
    made = ProvidedText(link, secrets.randbits(32) if client_id is None else client_id)
    try:
        async with pycrdt.Provider(made.document, SocketChannel(link, seat.room)) as provider:
            async with asyncio.timeout(DEADLINE_S):
                await provider.synced.wait()
            yield made
    finally:
        await link.close()
