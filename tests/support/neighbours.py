"""Two people at work in a room of their own while a test does bad things elsewhere: what they notice."""

from __future__ import annotations

import asyncio
import threading
import time
from types import TracebackType

from tests.support.people import People
from tests.support.server import LiveServer
from tests.support.wire import OurClient

PAUSE_S = 0.02  # between two edits, for they share two processors with all others


class Neighbours:
    """They type by turns, each when it has seen the other's edit. A context manager; runs in a thread."""

    def __init__(self, server: LiveServer) -> None:
        self.room = People(server)
        self.delays: list[float] = []  # seconds from typing to the other's seeing it
        self.closed: list[tuple[int, str]] = []
        self.failure: BaseException | None = None
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> Neighbours:
        self.room.candidate.run("kept = 41")
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        self._thread.join(60)

    def check(self) -> None:
        """Leave them; nothing of what happened elsewhere may have reached them."""
        self.__exit__(None, None, None)
        assert self.failure is None, self.failure
        assert self.closed == []
        assert self.room.host.text() == "x" * len(self.delays)
        outputs = self.room.candidate.run("print(kept + 1)")["outputs"]
        assert [output["text"] for output in outputs] == ["42\n"]

    def _run(self) -> None:
        try:
            asyncio.run(self._type())
        except BaseException as failure:
            self.failure = failure

    async def _type(self) -> None:
        server, room = self.room.server, self.room
        async with OurClient(server, room.ada) as ada, OurClient(server, room.ivy) as ivy:
            pair = (ada, ivy)
            while not self._stop.is_set():
                began = time.perf_counter()
                pair[0].type(0, "x")
                await pair[1].until(lambda: len(ivy.text()) == len(ada.text()))
                self.delays.append(time.perf_counter() - began)
                pair = pair[::-1]
                await asyncio.sleep(PAUSE_S)
            self.closed = ada.closed + ivy.closed
