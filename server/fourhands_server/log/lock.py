"""The lock that keeps a second server off a store."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

from .errors import StoreInUse


class StoreLock:
    """Held from its making to `close`, or to the end of the process however that comes."""

    def __init__(self, store: Path) -> None:
        path = store.with_name(store.name + ".lock")
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(self._fd)
            raise StoreInUse(store) from None

    def close(self) -> None:
        """Let others have the store."""
        os.close(self._fd)
