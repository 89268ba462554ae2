"""The link between a page in a browser and its room: cut or hushed at will while the rest of HTTP goes on."""

from __future__ import annotations

import re
from typing import Any

from playwright.sync_api import Page, Route, WebSocketRoute

from fourhands_protocol import cbor, envelope

# Any code but those of a clean leave (E-16).
LOST = 4000


class PageLink:
    """Holds every way that a page has into its room: the socket, and the frames over HTTP in its place."""

    def __init__(self, page: Page) -> None:
        self.whole = True
        self.silent = False
        self.other_lineage = False
        self._open: list[tuple[WebSocketRoute, WebSocketRoute]] = []
        self._held: list[tuple[WebSocketRoute, Any]] = []
        page.route_web_socket(re.compile("/yjs/"), self._opened)
        page.route(re.compile(r"/api/rooms/[^/]+/frames"), self._asked)

    def cut(self) -> None:
        """Close what is open, and whatever is opened from now on."""
        self.whole = False
        for page, server in self._open:
            page.close(code=1012)
            server.close(code=LOST)
        self._open.clear()

    def mend(self) -> None:
        """New connections are served, and what was held back by `hush` arrives."""
        self.whole, self.silent = True, False
        for end, said in self._held:
            end.send(said)
        self._held.clear()

    def hush(self) -> None:
        """Nothing arrives any more in either direction, and nobody is told."""
        self.silent = True

    def _opened(self, page: WebSocketRoute) -> None:
        if not self.whole:
            page.close(code=1012)
            return
        server = page.connect_to_server()
        self._open.append((page, server))

        def say(said: Any) -> None:
            if self.silent:
                self._held.append((server, said))
            else:
                server.send(self._changed(said))

        def hear(said: Any) -> None:
            if self.silent:
                self._held.append((page, said))
            else:
                page.send(said)

        page.on_message(say)
        server.on_message(hear)

    def _asked(self, route: Route) -> None:
        if self.whole and not self.other_lineage:
            route.continue_()
        else:
            route.abort()

    def _changed(self, said: Any) -> Any:
        if not self.other_lineage or said[:2] != bytes([envelope.FRAME, envelope.HELLO]):
            return said
        hello = {**cbor.decode(said[2:]), "lineage": "another"}
        return said[:2] + cbor.encode(hello)
