"""The interface of a document engine: one Yjs document, of which every file is a root text.

An engine is not safe against hostile bytes: whatever reaches it has passed admission, and it runs in a
process that may end. After anything but `Refused` the document may be half changed and must be thrown away.
Panics of the engines' native code are BaseExceptions.
"""

from __future__ import annotations

from typing import Final, Protocol

READER: Final = 1
"""The client id of a document that writes nothing of its own."""


class Refused(ValueError):
    """The engine does not understand the bytes; the document is as it was."""


class Engine(Protocol):
    """One live document. Use it, and let go of it, on the thread that made it."""

    def apply(self, update: bytes) -> None:
        """Integrate a v1 update whose dependencies are there; raises `Refused`."""
        ...

    def text(self, root: str) -> str:
        """The text of a root, "" for one that nobody has written to."""
        ...

    def diff(self, vector: bytes | None) -> bytes:
        """The v1 update that a peer with this state vector lacks, all for None; raises `Refused`."""
        ...

    def vector(self) -> bytes:
        """The state vector."""
        ...

    def replace(self, root: str, text: str, client: int) -> bytes | None:
        """The smallest v1 update by `client` that makes the root's text `text`; None if it is that already.

        The document itself stays as it is.
        """
        ...
