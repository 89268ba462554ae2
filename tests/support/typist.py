"""A client in a process of its own: it types tokens, takes some back, and comes back whenever it is cut off.

Its stdin: "stop" ends the typing; then a JSON text is what it should see in the end. Its stdout, in JSON
lines: what was acked ("+token" for typed, "-token" for taken back), and that it waits for acks; in the end
all that it did, and what it saw.
"""

from __future__ import annotations

import asyncio
import json
import random
import sys
from contextlib import suppress
from types import SimpleNamespace
from typing import Any

from tests.support.documents import Document
from tests.support.returning import try_to_connect, until
from tests.support.server import Seat
from tests.support.wire import OurClient, dial
from websockets.asyncio.client import ClientConnection
from websockets.exceptions import ConnectionClosed, WebSocketException

from fourhands_protocol import sync

BACKLOG = 150  # edits that may be unacked before it waits for the room
PACE_S = 0.004  # between two edits


class OwnPage(OurClient):
    """A page of our own client; what is acked is known by numbers."""

    def __init__(self, server: Any, seat: Seat) -> None:
        super().__init__(server, seat)
        self._sent: dict[int, str] = {}

    def edit(self, change: str, at: int, text: str, *, delete: int = 0) -> None:
        self._sent[self.type(at, text, delete=delete)] = change

    @property
    def unacked(self) -> int:
        return len(self.pending)

    def take_acked(self) -> list[str]:
        settled = [pseq for pseq in self._sent if pseq not in self.pending]
        return [self._sent.pop(pseq) for pseq in settled]

    async def stay(self) -> None:
        """Connect, and stay until the link ends."""
        if not await try_to_connect(self):
            return
        await self.is_closed()
        assert not self.refused, self.refused
        assert self.closed[-1][0] < 4400, self.closed


class StockPage:
    """A page that speaks y-websocket; the echo of an edit is its ack, a step 2 heals what was in between."""

    def __init__(self, server: Any, seat: Seat, *, client: int) -> None:
        self.server = server
        self.seat = seat
        self.document = Document(client)
        self._sent: dict[bytes, str] = {}
        self._acked: list[str] = []
        self._link: ClientConnection | None = None

    def text(self) -> str:
        return self.document.text("main.py")

    def edit(self, change: str, at: int, text: str, *, delete: int = 0) -> None:
        update = self.document.edit("main.py", at, delete=delete, insert=text)
        if self._link is not None:
            self._sent[update] = change
            self._write(sync.update(update))

    @property
    def unacked(self) -> int:
        return len(self._sent)

    def take_acked(self) -> list[str]:
        taken, self._acked = self._acked, []
        return taken

    async def stay(self) -> None:
        link = await dial(self.server, self.seat, ours=False)
        try:
            await link.send(sync.step1(self.document.vector()))
            while True:
                self._receive(link, sync.decode(bytes(await link.recv())))
        except ConnectionClosed:
            assert (link.close_code or 0) < 4400, link.close_reason
        finally:
            self._link = None
            self._sent.clear()  # whether these arrived is for the next step 2 to find out

    def _receive(self, link: ClientConnection, message: sync.Frame) -> None:
        match message:
            case sync.Step1(vector):
                self._link = link
                missing = self.document.since(vector)
                self._sent[missing] = ""
                self._write(sync.step2(missing))
                if missing == b"\x00\x00":  # nothing to echo
                    del self._sent[missing]
            case sync.Step2(update) | sync.Update(update):
                if update in self._sent:
                    self._acked += filter(None, [self._sent.pop(update)])
                else:
                    self.document.apply(update)

    def _write(self, frame: bytes) -> None:
        link = self._link
        if link is not None and link.protocol.state.name == "OPEN":
            link.protocol.send_binary(frame)
            link.send_data()


class Typist:
    """What one person does: type a token, take one back, say what was acked."""

    def __init__(self, page: Any, name: str, seed: int) -> None:
        self.page = page
        self.name = name
        self.chance = random.Random(seed)
        self.typed: list[str] = []
        self.removed: list[str] = []
        self.kept: list[str] = []

    async def come_back(self) -> None:
        while True:
            with suppress(OSError, WebSocketException, TimeoutError):
                await self.page.stay()
            await asyncio.sleep(self.chance.uniform(0.02, 0.2))  # as a client waits before it tries again

    async def work(self, stop: asyncio.Event) -> None:
        waiting = False
        while not stop.is_set():
            if self.page.unacked < BACKLOG:
                self.act()
                waiting = False
            elif not waiting:
                say({"waiting": True})
                waiting = True
            self.say_acked()
            await asyncio.sleep(PACE_S)

    def act(self) -> None:
        text = self.page.text()
        if len(self.kept) > 5 and self.chance.random() < 0.25:
            token = self.kept.pop(self.chance.randrange(len(self.kept)))
            self.removed.append(token)
            self.page.edit("-" + token, text.index(token), "", delete=len(token))
            return
        token = f"{self.name}{len(self.typed)};"
        self.typed.append(token)
        self.kept.append(token)
        ends = [0, *(at + 1 for at, letter in enumerate(text) if letter == ";")]
        self.page.edit("+" + token, self.chance.choice(ends), token)

    def say_acked(self) -> None:
        if acked := self.page.take_acked():
            say({"acked": acked})

    async def settle(self) -> None:
        await until(lambda: not self.page.unacked)
        self.say_acked()
        say({"typed": self.typed, "removed": self.removed})

    async def see(self, text: str) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(20):
                await until(lambda: self.page.text() == text)
        say({"saw": self.page.text() == text, "text": self.page.text()})


def say(message: dict[str, Any]) -> None:
    print(json.dumps(message), flush=True)


async def main() -> None:
    wanted = json.loads(sys.argv[1])
    seat, server = Seat(**wanted["seat"]), SimpleNamespace(ws=wanted["ws"])
    page: Any = OwnPage(server, seat) if wanted["ours"] else StockPage(server, seat, client=wanted["client"])
    if wanted["ours"]:
        page.instance, page.document = wanted["name"] * 20, Document(wanted["client"])
    typist = Typist(page, wanted["name"], wanted["seed"])
    staying = asyncio.create_task(typist.come_back())
    stop = asyncio.Event()
    working = asyncio.create_task(typist.work(stop))
    assert await asyncio.to_thread(sys.stdin.readline) == "stop\n"
    stop.set()
    await working
    await typist.settle()
    await typist.see(json.loads(await asyncio.to_thread(sys.stdin.readline)))
    staying.cancel()


if __name__ == "__main__":
    asyncio.run(main())
