"""uvicorn's HTTP connection, with an end for peers that say and take nothing.

Whoever is there and reads nothing keeps a connection for ever: closing waits until what was written has gone,
and it never goes. So does whoever sends half a request.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import h11
from starlette.requests import Request
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

LOOK_S = 60.0  # between two looks; a download may be paused for a moment, and an upload stand still
ABORT = "fourhands.abort"


class HttpConnection(H11Protocol):
    """One connection. Its application may cut it off (`abort_of`)."""

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self._next_look: asyncio.TimerHandle | None = None
        self._came = False  # anything, since the last look
        self._left = 0  # bytes that waited for the network at the last look, and that it is to take
        app = self.app

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            scope[ABORT] = self.transport.abort
            await app(scope, receive, send)

        self.app = answer

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn's
        """Somebody is there."""
        super().connection_made(transport)
        self._look_later()

    def connection_lost(self, exc: Exception | None) -> None:
        """The network is done with it."""
        super().connection_lost(exc)
        self._look_no_more()

    def handle_websocket_upgrade(self, event: h11.Request) -> None:
        """From here on it is a socket's."""
        self._look_no_more()
        super().handle_websocket_upgrade(event)

    def data_received(self, data: bytes) -> None:
        """Bytes came."""
        self._came = True
        super().data_received(data)

    def resume_writing(self) -> None:
        """The network keeps up again."""
        super().resume_writing()
        self._left = 0

    def _look(self) -> None:
        left = self.transport.get_write_buffer_size()
        cycle = self.cycle
        asked = cycle is not None and (not cycle.more_body or self.flow.read_paused)
        if (not asked and not self._came) or left >= self._left > 0:
            self.transport.abort()
            return
        # What waits while the network keeps up may be something else each time.
        self._left = left if self.flow.write_paused or self.transport.is_closing() else 0
        self._came = False
        self._look_later()

    def _look_later(self) -> None:
        self._next_look = self.loop.call_later(LOOK_S, self._look)

    def _look_no_more(self) -> None:
        if self._next_look is not None:
            self._next_look.cancel()
            self._next_look = None


def abort_of(request: Request) -> Callable[[], None]:
    """What cuts off the connection that a request came on."""
    found: Callable[[], None] = request.scope.get(ABORT, lambda: None)
    return found
