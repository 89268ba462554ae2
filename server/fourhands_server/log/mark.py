"""How far a store had come, in a small file beside it: a store that is behind its mark is an older copy.

A database that a backup has taken the place of looks like any other. Its mark, which no copy of the database
alone takes along, still names the entries that others have seen.
"""

from __future__ import annotations

import logging
import os
import re
from pathlib import Path
from typing import Final, NamedTuple

_log = logging.getLogger(__name__)

_FORM: Final = re.compile(rb"fourhands ([0-9a-f]{16}) ([0-9]{20})\n")


class Position(NamedTuple):
    """An incarnation, and how many entries had ever been committed."""

    incarnation: str
    entries: int


class Mark:
    """The file. It is written after each commit and not synced: it outlives the process, which is enough.

    A machine that fails may lose its latest state, never a commit: then the mark is behind the store, as it
    may be.
    """

    def __init__(self, store: Path) -> None:
        path = store.with_name(store.name + ".mark")
        self._fd = os.open(path, os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o600)
        self._writes = True

    def read(self) -> Position | None:
        """The mark; None where there is none that can be read."""
        found = _FORM.fullmatch(os.pread(self._fd, 64, 0))
        return None if found is None else Position(found[1].decode(), int(found[2]))

    def begin(self, position: Position) -> None:
        """Write it, and wait for the disk, so that it can be read ever after. OSError where that fails."""
        os.pwrite(self._fd, _bytes(position), 0)
        os.fsync(self._fd)

    def move(self, position: Position) -> None:
        """Write it over: the same bytes of the same block, so it needs no room and is never half there."""
        if not self._writes:
            return
        try:
            os.pwrite(self._fd, _bytes(position), 0)
        except OSError as error:
            self._writes = False
            _log.warning("the log's mark cannot be written: %s", error)

    def close(self) -> None:
        """Let go of the file."""
        os.close(self._fd)


def _bytes(position: Position) -> bytes:
    return b"fourhands %s %020d\n" % (position.incarnation.encode(), position.entries)
