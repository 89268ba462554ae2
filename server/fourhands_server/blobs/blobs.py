"""The interface of a blob store: bytes by their SHA-256, there for good once `put` has answered.

BlobError(reason)
├── BlobsFull        the bytes could not be made durable; nothing is kept of them
├── NoSuchBlob       nobody put such bytes, or they have been lost
└── BlobSpoilt       what is stored is no longer what was put
"""

from __future__ import annotations

from typing import Protocol


class BlobError(Exception):
    """What the store could not do; `reason` is for people."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class BlobsFull(BlobError):
    """The bytes are not kept."""


class NoSuchBlob(BlobError):
    """There are no such bytes."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the bytes {digest[:12]} of a data file are not in the data folder")
        self.digest = digest


class BlobSpoilt(BlobError):
    """The stored bytes have another digest."""

    def __init__(self, digest: str) -> None:
        super().__init__(f"the bytes {digest[:12]} of a data file have changed on the disk")
        self.digest = digest


class Blobs(Protocol):
    """A store. A digest is the SHA-256 in 64 lower-case hex digits."""

    async def put(self, data: bytes) -> str:
        """Keep bytes, durably; returns their digest. The same bytes are kept once. Raises BlobsFull."""
        ...

    async def get(self, digest: str) -> bytes:
        """The bytes; raises NoSuchBlob or BlobSpoilt."""
        ...
