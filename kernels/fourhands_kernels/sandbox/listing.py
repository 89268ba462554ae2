"""Which files the room's code has written: a walk through its folder that a million names, a thousand folders
in one another or somebody who moves them about can only cut short.
"""

import os
import stat
import time
from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from fourhands_protocol.paths import BadPath, check_path

from .beneath import open_beneath
from .folder import Folder, looks

LISTED: Final = 100  # files by name; the others are counted
LOOKED_AT: Final = 5_000  # names
DEPTH: Final = 8  # folders in one another
SECONDS: Final = 0.25
# What tools leave behind; nobody means it.
_PASSED_OVER: Final = frozenset(("__pycache__", ".ipynb_checkpoints", ".pytest_cache", ".mypy_cache"))


@dataclass(frozen=True, slots=True)
class Listing:
    """Files that code wrote, by path, with their sizes in bytes; `more` were seen besides, at least."""

    files: tuple[tuple[str, int], ...] = ()
    more: int = 0


def look(folder: Folder) -> Listing:
    """The files that are not as the host wrote them; OSError where the folder itself cannot be opened."""
    return _Walk(folder).walk()


class _Walk:
    """One walk; folders near the top come first."""

    def __init__(self, folder: Folder) -> None:
        self._folder = folder
        self._found: list[tuple[str, int]] = []
        self._more = 0
        self._left = LOOKED_AT
        self._deadline = time.monotonic() + SECONDS
        self._waiting: deque[tuple[str, int]] = deque()

    def walk(self) -> Listing:
        self._enter(open_beneath(self._folder.fd, b".", os.O_RDONLY | os.O_DIRECTORY), "", 1)
        while self._waiting and not self._over:
            path, depth = self._waiting.popleft()
            try:
                fd = open_beneath(self._folder.fd, path.encode(), os.O_RDONLY | os.O_DIRECTORY)
            except OSError:  # gone, or no longer to be entered
                self._more += 1
                continue
            self._enter(fd, path + "/", depth + 1)
        self._more += len(self._waiting)
        self._found.sort()
        listed = tuple(self._found[:LISTED])
        return Listing(listed, self._more + len(self._found) - len(listed))

    @property
    def _over(self) -> bool:
        return self._left <= 0 or time.monotonic() > self._deadline

    def _enter(self, fd: int, prefix: str, depth: int) -> None:
        try:
            for entry in _entries(fd):
                if self._over:
                    self._more += 1
                    return
                self._left -= 1
                self._take(entry, prefix, depth)
        finally:
            os.close(fd)

    def _take(self, entry: "os.DirEntry[str]", prefix: str, depth: int) -> None:
        try:
            found = entry.stat(follow_symlinks=False)
        except OSError:  # gone meanwhile
            return
        is_folder = stat.S_ISDIR(found.st_mode)
        if entry.name in _PASSED_OVER or not (is_folder or stat.S_ISREG(found.st_mode)):
            return
        path = prefix + entry.name
        if not _sayable(path) or (is_folder and depth >= DEPTH):
            self._more += 1
        elif is_folder:
            self._waiting.append((path, depth))
        elif not self._folder.unchanged(path, looks(found)):
            self._found.append((path, found.st_size))


def _entries(fd: int) -> Iterator["os.DirEntry[str]"]:
    """The entries as the system gives them out: never all of a large folder at once."""
    with os.scandir(fd) as entries:
        yield from entries


def _sayable(path: str) -> bool:
    """Whether the path may be shown and asked for; names that are no UTF-8 come as lone surrogates."""
    try:
        check_path(path)
    except BadPath:
        return False
    return True
