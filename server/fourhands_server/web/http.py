"""uvicorn's HTTP connection, with an end for answers that nobody takes.

A reader that is there and reads nothing keeps a connection for ever: closing waits until what was written has
gone, and it never goes.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from starlette.requests import Request
from uvicorn.config import Config
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

STALLED_S = 120.0  # in which nothing went of an answer that waits; a download may be paused for a moment
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
        self._stalled: asyncio.TimerHandle | None = None
        self._left = 0
        app = self.app

        async def answer(scope: Any, receive: Any, send: Any) -> None:
            scope[ABORT] = self.transport.abort
            await app(scope, receive, send)

        self.app = answer

    def connection_lost(self, exc: Exception | None) -> None:
        """The network is done with it."""
        super().connection_lost(exc)
        self._stop_watching()

    def pause_writing(self) -> None:
        """The network does not keep up."""
        super().pause_writing()
        self._watch()

    def resume_writing(self) -> None:
        """The network keeps up again."""
        super().resume_writing()
        self._stop_watching()

    def timeout_keep_alive_handler(self) -> None:
        """Nothing more was asked; it is closed when what was written has gone."""
        super().timeout_keep_alive_handler()
        self._watch()

    def _watch(self) -> None:
        if self._stalled is None:
            self._left = self.transport.get_write_buffer_size()
            self._stalled = self.loop.call_later(STALLED_S, self._look)

    def _look(self) -> None:
        self._stalled = None
        if self.transport.get_write_buffer_size() >= self._left > 0:
            self.transport.abort()
        elif self._left:
            self._watch()

    def _stop_watching(self) -> None:
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None


def abort_of(request: Request) -> Callable[[], None]:
    """What cuts off the connection that a request came on."""
    found: Callable[[], None] = request.scope.get(ABORT, lambda: None)
    return found
