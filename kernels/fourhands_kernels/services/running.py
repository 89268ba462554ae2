"""One running service: from its start until nothing of it is left, with what it says of itself."""

import asyncio
import json
import logging
import socket
from collections.abc import Callable
from typing import Final

from ..sandbox.process import KernelProcess
from ..service import Service
from .port import Port
from .stage import Stage

log = logging.getLogger(__name__)

READY_SECONDS: Final = 15.0  # for the program to begin; it takes 0.1 s on an idle machine
_MESSAGE: Final = 64 * 1024
_MESSAGES: Final = 200  # of one service: it tells each fault once, whoever tells more is not listened to
_TEXT: Final = 4_000  # characters


class Running:
    """A service; `fault` is called with each text for its interviewer, `died` once it is gone by itself."""

    def __init__(
        self, service: Service, *, fault: Callable[[str], None], died: Callable[["Running"], None]
    ) -> None:
        self.service = service
        self._fault = fault
        self._died = died
        self._loop = asyncio.get_running_loop()
        self._ready: asyncio.Future[bool] = self._loop.create_future()
        self._process: KernelProcess | None = None
        self._link: socket.socket | None = None
        self._left = _MESSAGES
        self._explained = False
        self._ended = False

    async def start(self, stage: Stage, environment: str, port: Port) -> bool:
        """Start it and wait until it answers; False, with its faults told, where it does not come to that.
        KernelUnavailable where no sandbox can be had.
        """
        self._link, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._link.setblocking(False)
        self._loop.add_reader(self._link, self._on_message)
        try:
            self._process = await stage.start(environment, self.service, listener=port.fd, link=theirs)
        except BaseException:
            await self.end()
            raise
        if self._ended:
            await self.end()
            return False
        self._process.exited.add_done_callback(lambda _: self._on_exit())
        await asyncio.wait((self._ready,), timeout=READY_SECONDS)
        if not self._ready.done():
            self._fault(f"it did not begin within {READY_SECONDS:g} s")
        if self._ready.done() and self._ready.result() and not self._ended:
            return True
        await self.end()
        return False

    def kill(self) -> None:
        """End it; nothing more is heard of it."""
        self._ended = True
        if self._process is not None:
            self._process.kill()

    async def end(self) -> None:
        """End it, and wait until it is gone."""
        self.kill()
        if self._process is not None:
            await self._process.wait()
        self._hang_up()

    def _on_exit(self) -> None:
        self._on_message()
        self._hang_up()
        was_ready = self._ready.done() and self._ready.result()
        if not self._ready.done():
            self._ready.set_result(False)
        if self._ended:
            return
        assert self._process is not None
        if not self._explained:
            words = self._process.last_words
            self._fault(f"it {self._process.exited.result()}" + (f"\n{words}" if words else ""))
        if was_ready:
            self._ended = True
            self._died(self)

    def _on_message(self) -> None:
        while self._link is not None:
            try:
                data = self._link.recv(_MESSAGE)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._left -= 1
            if not data or self._left < 0:
                self._hang_up()
                return
            self._hear(data)

    def _hear(self, data: bytes) -> None:
        """What it says is its own: any code of its program can say it."""
        try:
            message = json.loads(data)
        except (ValueError, RecursionError):
            message = None
        match message:
            case {"ready": True}:
                if not self._ready.done():
                    self._ready.set_result(True)
            case {"fault": str(text)} | {"broken": str(text)}:
                self._explained |= "broken" in message
                if not self._ended:
                    self._fault(text[:_TEXT].encode(errors="replace").decode())

    def _hang_up(self) -> None:
        if self._link is not None:
            self._loop.remove_reader(self._link)
            self._link.close()
            self._link = None
