"""Serving: the process around the parts — event loop, listening socket, signals, and what it says on
stdout.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import logging
import signal
import socket
import sys
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace
from types import FrameType

import uvicorn
import uvloop

from fourhands_kernels.kernel import KernelError
from fourhands_server.app import Server, running
from fourhands_server.config import Config
from fourhands_server.log.errors import NotOpened
from fourhands_server.web.auth import Keys, KeysUnusable, load_keys
from fourhands_server.web.http import HttpConnection

logger = logging.getLogger("fourhands")
SIGNALS = (signal.SIGINT, signal.SIGTERM)
# A young collection takes 5 ms, no longer than a commit, and finds garbage where people come and go, hardly
# any where they type; what outlives it is looked at again after a million objects.
COLLECT = (10_000, 100, 20)
GRACE_S = 5  # that connections get to close when the server stops
UNSENT = 64 * 1024  # bytes that the kernel takes for a connection beyond those that are on their way


def serve(config: Config, *, with_room: bool) -> int:
    """Serve until SIGTERM or Ctrl-C; returns the exit status."""
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(name)s: %(message)s")
    # Two lines for each socket tell nobody anything.
    logging.getLogger("websockets.server").setLevel(logging.WARNING)
    try:
        listener = _listen(config)
    except OSError as error:
        print(f"fourhands: cannot listen on {config.host}:{config.port}: {error.strerror}", file=sys.stderr)
        return 1
    with listener:
        bound = replace(config, port=listener.getsockname()[1])
        try:
            keys, new = load_keys(config.data, config.admin_key)
            uvloop.run(_serve(bound, keys, listener, with_room=with_room, new_key=new))
        except asyncio.CancelledError:
            return 0  # stopped before it was up
        except (NotOpened, KeysUnusable, KernelError) as error:
            print(f"fourhands: {error}", file=sys.stderr)
            return 1
    return 0


async def _serve(
    config: Config, keys: Keys, listener: socket.socket, *, with_room: bool, new_key: bool
) -> None:
    _cancel_when_stopped()
    async with running(config, keys) as server:
        settings = uvicorn.Config(
            server.http,
            http=HttpConnection,
            ws=server.socket,
            lifespan="off",
            access_log=False,
            log_config=None,
            server_header=False,
            timeout_graceful_shutdown=GRACE_S,
        )
        process = _Process(settings)
        greeting = await _greeting(config, keys, server, with_room=with_room, new_key=new_key)
        process.on_started = lambda: print(greeting, flush=True)
        process.on_stopping = server.hub.drain
        gc.freeze()
        gc.set_threshold(*COLLECT)
        await process.serve([listener])


def _cancel_when_stopped() -> None:
    """Until uvicorn takes the signals: a server that is stopped while it starts ends what it has started."""
    starting = asyncio.current_task()
    loop = asyncio.get_running_loop()

    def stop() -> None:
        for number in SIGNALS:  # once is enough: a second time would cut the ending short
            signal.signal(number, signal.SIG_IGN)
        if starting is not None:
            starting.cancel()

    for number in SIGNALS:
        loop.add_signal_handler(number, stop)


class _Process(uvicorn.Server):
    """uvicorn with its signals kept: it would end the process before our parts are stopped in order."""

    on_started: Callable[[], None]
    on_stopping: Callable[[], Awaitable[None]]

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self.on_started()

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        for server in self.servers:
            server.close()  # nobody new comes in
        await self.on_stopping()
        await super().shutdown(sockets)

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        def stop(number: int, frame: FrameType | None) -> None:
            self.handle_exit(number, frame)
            self._captured_signals.clear()

        for number in SIGNALS:
            asyncio.get_running_loop().remove_signal_handler(number)
            signal.signal(number, stop)
        try:
            yield
        finally:
            # A second Ctrl-C while the parts are being stopped must not leave sandboxes behind.
            for number in SIGNALS:
                signal.signal(number, signal.SIG_IGN)


def _bound_kernel_buffers(listener: socket.socket) -> None:
    """Connections inherit it: what is on its way may be as much as the link takes, what waits may not.

    Else the kernel would take megabytes for each stalled reader, and the room would learn of it late.
    """
    if (option := getattr(socket, "TCP_NOTSENT_LOWAT", None)) is not None:
        listener.setsockopt(socket.IPPROTO_TCP, option, UNSENT)


def _listen(config: Config) -> socket.socket:
    """The listening socket, bound before anything else starts so that a taken port is told at once."""
    family = socket.AF_INET6 if ":" in config.host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _bound_kernel_buffers(listener)
        listener.bind((config.host, config.port))
    except OSError:
        listener.close()
        raise
    return listener


async def _greeting(config: Config, keys: Keys, server: Server, *, with_room: bool, new_key: bool) -> str:
    """What stdout gets once the server listens. Links hold secrets, so they never go through a logger."""
    lines = ["", f"Fourhands is ready at {config.address}"]
    if new_key:
        lines += [
            "",
            f"Admin key (shown this once, kept in {config.data / 'admin-key'}):",
            f"  {keys.admin}",
        ]
    if server.hub.kernel_refused:
        lines += ["", f"No code can run here: {server.hub.kernel_refused}"]
    if with_room:
        links = await server.rooms.ready_made()
        lines += [
            "",
            "A room is ready. Open each link in a browser of its own:",
            f"  interviewer  {links.interviewer}",
            f"  candidate    {links.candidate}",
        ]
    lines += ["", "Stop with Ctrl-C.", ""]
    return "\n".join(lines)
