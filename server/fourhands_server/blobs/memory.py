"""Blobs in memory, for tests and demonstrations."""

from __future__ import annotations

import hashlib

from .blobs import BlobsFull, NoSuchBlob


class MemoryBlobs:
    """Implements `Blobs`; `full` makes it refuse."""

    def __init__(self) -> None:
        self.full = False
        self._held: dict[str, bytes] = {}

    async def put(self, data: bytes) -> str:
        """Keep bytes."""
        if self.full:
            raise BlobsFull("no room left")
        digest = hashlib.sha256(data).hexdigest()
        self._held[digest] = bytes(data)
        return digest

    async def get(self, digest: str) -> bytes:
        """The bytes."""
        try:
            return self._held[digest]
        except KeyError:
            raise NoSuchBlob(digest) from None
