"""A server's side of the kernel host when the host, or the way to it, misbehaves."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels import wire
from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.connection import Connection
from fourhands_kernels.kernel import Attachment, Availability, HostLost, HostRefused, Notice


@dataclass
class ScriptedHost:
    """Greets, and answers each call with what `answer` returns; its links can be cut."""

    path: Path
    attached: list[str] = field(default_factory=list)
    before_attach: Callable[[str], Awaitable[None]] | None = None
    greeting: bytes = wire.write({"version": wire.VERSION, "host": "scripted", "options": {}})
    links: list[asyncio.StreamWriter] = field(default_factory=list)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.links.append(writer)
        writer.write(self.greeting)
        while (message := await wire.read(reader)) is not None:
            if "id" in message:
                writer.write(wire.write({"id": message["id"], "result": await self.answer(message)}))
        writer.close()

    async def answer(self, message: wire.Message) -> Any:
        if message["call"] != "attach":
            return {"ok": True, "reason": None}
        if self.before_attach is not None:
            await self.before_attach(message["room"])
        self.attached.append(message["room"])
        return wire.attachment_message(Attachment(message["room"], "journal", "idle"))

    def cut(self) -> None:
        for link in self.links:
            link.close()
        self.links.clear()


@asynccontextmanager
async def scripted(folder: Path) -> AsyncIterator[ScriptedHost]:
    host = ScriptedHost(folder / "host.sock")
    server = await asyncio.start_unix_server(host.serve, host.path)
    yield host
    server.close()
    host.cut()


async def attach(client: KernelHostClient, *rooms: str) -> "asyncio.Queue[Notice]":
    """Attach; what the rooms are told from then on."""
    told: asyncio.Queue[Notice] = asyncio.Queue()
    for room in rooms:
        await client.attach(room, told.put_nowait)
    return told


async def attached_again(told: "asyncio.Queue[Notice]", room: str) -> None:
    async with asyncio.timeout(20):
        while not (isinstance(notice := await told.get(), Attachment) and notice.room == room):
            pass


async def test_a_room_that_is_let_go_while_others_come_back_holds_up_none(tmp_path: Path) -> None:
    async with scripted(tmp_path) as host:
        client = KernelHostClient(host.path)
        told = await attach(client, "a", "b", "c")
        leaving: list[asyncio.Task[None]] = []

        async def leave(room: str) -> None:
            if not leaving:
                leaving.append(asyncio.create_task(client.detach("b")))
                await asyncio.sleep(0)

        host.before_attach = leave
        host.cut()
        await attached_again(told, "c")
        await asyncio.gather(*leaving)
        assert host.attached == ["a", "b", "c", "a", "c"]
        await client.aclose()


async def test_a_host_that_could_not_be_started_is_tried_again(tmp_path: Path) -> None:
    """A full disk or a lack of processes passes."""
    failures = [
        OSError(28, "No space left on device"),
        HostRefused("another version"),
        HostLost("ended at once"),
    ]

    async def ensure() -> None:
        if ready and failures:
            raise failures.pop()

    ready = False
    async with scripted(tmp_path) as host:
        client = KernelHostClient(host.path, ensure=ensure)
        told = await attach(client, "a")
        ready = True
        host.cut()
        await attached_again(told, "a")
        assert not failures
        assert (await client.availability()).ok
        await client.aclose()


async def test_a_greeting_that_is_none_is_a_lost_host(tmp_path: Path) -> None:
    async with scripted(tmp_path) as host:
        host.greeting = b"HTTP/1.1 400 Bad Request\r\n\r\n"
        client = KernelHostClient(host.path)
        with pytest.raises(HostLost):
            await client.connect()
        assert not (await client.availability()).ok
        await client.aclose()


class BrokenHouse:
    """A kernel host's rooms, with a mistake in them."""

    async def availability(self) -> Availability:
        raise RuntimeError("a mistake of ours")


@dataclass
class Links:
    house: Any

    def end(self) -> None: ...

    def take_over(self, room: str, connection: Connection) -> None: ...


async def test_a_mistake_of_the_host_is_an_answer(tmp_path: Path) -> None:
    """Whoever asked would wait for ever, and with it all that the room has to say to its kernel."""

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connection = Connection(Links(BrokenHouse()), reader, writer)
        await connection.serve({"version": wire.VERSION, "host": "h", "options": {}})

    server = await asyncio.start_unix_server(serve, tmp_path / "host.sock")
    client = KernelHostClient(tmp_path / "host.sock")
    found = await asyncio.wait_for(client.availability(), 10)
    assert not found.ok
    await client.aclose()
    server.close()
