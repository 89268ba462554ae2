"""Blobs in a folder: a file each, written beside and renamed, synced with its folder before anybody hears of
it.
"""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import os
import re
import secrets
from pathlib import Path
from typing import Final

from .blobs import BlobsFull, BlobSpoilt, NoSuchBlob

_DIGEST: Final = re.compile(r"[0-9a-f]{64}")
_TEMPORARY: Final = "new-"


class FolderBlobs:
    """Implements `Blobs`. What a process that died left half written is removed at the start."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        for left in folder.glob(f"{_TEMPORARY}*"):
            left.unlink(missing_ok=True)

    async def put(self, data: bytes) -> str:
        """Keep bytes."""
        try:
            return await asyncio.to_thread(self._put, data)
        except OSError as error:
            raise BlobsFull(f"the data folder takes no file: {error.strerror}") from error

    async def get(self, digest: str) -> bytes:
        """The bytes."""
        return await asyncio.to_thread(self._get, digest)

    def _put(self, data: bytes) -> str:
        digest = hashlib.sha256(data).hexdigest()
        path = self._folder / digest
        temporary = self._folder / f"{_TEMPORARY}{secrets.token_hex(8)}"
        try:
            with open(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            temporary.rename(path)
            _sync(self._folder)
        except OSError:
            with contextlib.suppress(OSError):
                temporary.unlink()
            raise
        return digest

    def _get(self, digest: str) -> bytes:
        if not _DIGEST.fullmatch(digest):
            raise NoSuchBlob(digest)
        try:
            data = (self._folder / digest).read_bytes()
        except OSError as error:
            raise NoSuchBlob(digest) from error
        if hashlib.sha256(data).hexdigest() != digest:
            raise BlobSpoilt(digest)
        return data


def _sync(folder: Path) -> None:
    """A rename is durable once its folder is."""
    fd = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(fd)
    finally:
        os.close(fd)
