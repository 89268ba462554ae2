"""Live documents for the event loop: a façade over the worker process that holds them.

A document is a cache of the log. It is built from committed edits at the first question about its room, kept
up by `apply`, and built anew from the log whenever the worker ends, is recycled or is replaced.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

Source = Callable[[str, int, int | None], Awaitable[list[tuple[int, bytes]]]]
"""source(room, after, upto): committed (seq, update) of the room's edits in order, after < seq <= upto
(None: no end), at most a page; an empty list means that there are no more."""


class Documents:
    """The documents of all rooms. Questions are answered in the order in which they are asked."""

    def __init__(self, source: Source) -> None: ...

    async def start(self) -> None:
        """Start the worker process; EngineUnavailable if it does not come up."""

    async def aclose(self) -> None:
        """End the worker; open questions fail with EngineUnavailable."""

    def apply(self, room: str, seq: int, update: bytes) -> None:
        """Take in a committed edit. Lazy: nothing is sent before a question, 256 edits or 2 seconds."""

    def text(self, room: str, root: str, *, at: int) -> asyncio.Future[str]:
        """The text after room seq `at`, every edit up to which has been applied (or is in the source)."""
        raise NotImplementedError

    def text_at(self, room: str, root: str, seq: int) -> asyncio.Future[str]:
        """The text as it stood after an earlier room seq, built in a scratch document."""
        raise NotImplementedError

    def diff(self, room: str, vector: bytes | None) -> asyncio.Future[bytes]:
        """The update that a peer with this state vector lacks (None: all). Holds every edit applied so far."""
        raise NotImplementedError

    def vector(self, room: str) -> asyncio.Future[bytes]:
        """The document's state vector."""
        raise NotImplementedError

    def replace(self, room: str, root: str, text: str, client: int) -> asyncio.Future[bytes | None]:
        """The smallest update by `client` that makes the root's text `text`; None if it is that already.

        The live document stays as it is: the update becomes part of it when it comes back through `apply`.
        ValueError at once where the text holds a lone surrogate.
        """
        raise NotImplementedError

    def drop(self, room: str) -> None:
        """Forget the room's document, and that it failed; the next question builds it anew."""
