"""Bytes of data files that servers handed over, by their SHA-256, in the host's own folder: a new kernel gets
them from there, and the server does not send them again.
"""

import asyncio
import hashlib
from collections.abc import Iterable
from pathlib import Path
from typing import Final

from .kernel import DATA_LIMIT, HostRefused, KernelUnavailable, MissingData

KEPT: Final = 1024 * 1024 * 1024  # bytes of all rooms; what was not wanted for longest goes first


class Data:
    """The files of one host; they go with its folder. A server that finds one gone hands it over again."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._sizes: dict[str, int] = {}  # by digest, the one that was wanted last at the end

    def need(self, digests: Iterable[str]) -> None:
        """Raise MissingData unless all of these are here."""
        wanted = set(digests)
        if missing := sorted(wanted - self._sizes.keys()):
            raise MissingData(missing)
        for digest in wanted:
            self._sizes[digest] = self._sizes.pop(digest)

    def path(self, digest: str) -> Path:
        """Where the bytes lie; MissingData where they do not."""
        self.need((digest,))
        return self._folder / digest

    async def put(self, digest: str, data: bytes) -> None:
        """Keep bytes; HostRefused unless they are what the digest says, KernelUnavailable where the disk has
        no room for them.
        """
        if type(data) is not bytes or len(data) > DATA_LIMIT:
            raise HostRefused(f"no data file: up to {DATA_LIMIT} bytes are taken")
        if await asyncio.to_thread(lambda: hashlib.sha256(data).hexdigest()) != digest:
            raise HostRefused("a data file with another digest")
        try:
            await asyncio.to_thread(self._write, digest, data)
        except OSError as error:
            words = f"a data file could not be kept by the kernel host: {error.strerror}"
            raise KernelUnavailable(words) from error
        self._sizes.pop(digest, None)
        self._sizes[digest] = len(data)
        while sum(self._sizes.values()) > KEPT:
            oldest = next(iter(self._sizes))
            del self._sizes[oldest]
            (self._folder / oldest).unlink(missing_ok=True)

    def _write(self, digest: str, data: bytes) -> None:
        self._folder.mkdir(mode=0o700, exist_ok=True)
        path = self._folder / digest
        try:
            path.write_bytes(data)
        except OSError:
            path.unlink(missing_ok=True)
            raise
