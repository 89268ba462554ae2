"""A kernel's working folder as the host handles it: files put in, taken out and read, while the code that
owns the folder may be hostile and at work.

Everything goes through a descriptor of the folder and `open_beneath`. All of it may wait for memory or for a
flood of names, so it is called in a thread; the caller bounds how many.

    FolderError                what the host could not do, in words for whoever ran the code
    ├── NotThere(path)         no regular file of that name
    └── NotSmall(path, size)   larger than may be read
"""

import contextlib
import errno
import hashlib
import os
import secrets
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from .beneath import open_beneath
from .limits import MIB

READ: Final = 16 * MIB  # bytes of one file that is read
_PIECE: Final = 1024 * 1024
_TEMPORARY: Final = ".fourhands-"
_FILE_MODE: Final = 0o644
_FOLDER_MODE: Final = 0o755
_AGAIN: Final = "restart the kernel for a fresh folder"


class FolderError(Exception):
    """What could not be done; the text is for whoever ran the code."""


class NotThere(FolderError):
    """There is no regular file of that name."""

    def __init__(self, path: str) -> None:
        super().__init__(f"there is no file {path}")
        self.path = path


class NotSmall(FolderError):
    """The file is larger than may be read, in bytes."""

    def __init__(self, path: str, size: int) -> None:
        super().__init__(f"{path} has {size} bytes; up to {READ} are read")
        self.path = path
        self.size = size


@dataclass(frozen=True, slots=True)
class Content:
    """What a file is to hold: bytes, or the whole of a file of the host; `digest` is its SHA-256 in hex."""

    digest: str
    source: bytes | Path

    @classmethod
    def of(cls, data: bytes) -> "Content":
        """Bytes at hand."""
        return cls(hashlib.sha256(data).hexdigest(), data)


Seen = tuple[int, int, int, int]  # inode, size, time of change of content and of anything, in ns


@dataclass(frozen=True, slots=True)
class Written:
    """A file that the host put there, and how it looked then."""

    digest: str
    seen: Seen


@dataclass(slots=True)
class Folder:
    """The folder by descriptor (O_PATH), which stays its opener's; `written` by path is what the host put in.

    A path is relative, its parts parted by `/`, and has passed the room's rules for paths.
    """

    fd: int
    written: dict[str, Written] = field(default_factory=dict)
    _made: set[str] = field(default_factory=set)

    def hold(self, wanted: Mapping[str, Content]) -> list[str]:
        """Make the folder hold these files; returns the paths that were written. Raises FolderError.

        What the host wrote before and nobody wants any more goes, unless code has changed it. What is wanted
        as it was last written is left as code may have changed it, and written again where it is missing.
        """
        for path in [path for path in self.written if path not in wanted]:
            self._drop(path)
        changed = [path for path, content in wanted.items() if not self._stands(path, content)]
        for path in changed:
            self._put(path, wanted[path])
        return changed

    def unchanged(self, path: str, seen: Seen) -> bool:
        """Whether a file that looks like this is what the host put there."""
        known = self.written.get(path)
        if known is None or not self._same(path, known, seen):
            return False
        self.written[path] = Written(known.digest, seen)
        return True

    def read(self, path: str) -> bytes:
        """The bytes of a file as they are now; raises NotThere or NotSmall."""
        with self._opened(path) as (fd, found):
            if found.st_size > READ:
                raise NotSmall(path, found.st_size)
            pieces: list[bytes] = []
            size = 0
            while piece := os.read(fd, min(_PIECE, READ + 1 - size)):
                pieces.append(piece)
                size += len(piece)
                if size > READ:  # it grew meanwhile
                    raise NotSmall(path, size)
            return b"".join(pieces)

    # Inside

    def _same(self, path: str, known: Written, seen: Seen) -> bool:
        if known.seen == seen:
            return True
        try:
            return self._digest(path) == known.digest  # touched or linked, perhaps no more than that
        except (FolderError, OSError):
            return False

    def _stands(self, path: str, content: Content) -> bool:
        known = self.written.get(path)
        if known is None or known.digest != content.digest:
            return False
        try:
            fd = open_beneath(self.fd, path.encode(), os.O_PATH)
        except OSError:
            return False
        try:
            return stat.S_ISREG(os.fstat(fd).st_mode)
        finally:
            os.close(fd)

    def _drop(self, path: str) -> None:
        known = self.written.pop(path)
        folder, _, name = path.rpartition("/")
        with contextlib.suppress(OSError), self._parent(folder, make=False) as parent:
            found = os.stat(name, dir_fd=parent, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode) and self._same(path, known, looks(found)):
                os.unlink(name, dir_fd=parent)
                self._forget_empty(folder)

    def _forget_empty(self, folder: str) -> None:
        """Take away the folders that the host made and nobody uses."""
        while folder in self._made:
            above, _, name = folder.rpartition("/")
            with self._parent(above, make=False) as parent:
                os.rmdir(name, dir_fd=parent)
            self._made.discard(folder)
            folder = above

    def _put(self, path: str, content: Content) -> None:
        folder, _, name = path.rpartition("/")
        temporary = _TEMPORARY + secrets.token_hex(8)
        try:
            with self._parent(folder, make=True) as parent:
                try:
                    self.written[path] = self._replace(parent, temporary, name, content)
                except BaseException:
                    with contextlib.suppress(OSError):
                        os.unlink(temporary, dir_fd=parent)
                    raise
        except OSError as error:
            self.written.pop(path, None)
            raise FolderError(_words(path, error)) from error

    def _replace(self, parent: int, temporary: str, name: str, content: Content) -> Written:
        """Write beside and rename: an open file never shows half of two versions."""
        flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL
        fd = open_beneath(parent, temporary.encode(), flags, 0o600)
        try:
            _fill(fd, content.source)
            self._give(fd, _FILE_MODE)
            os.rename(temporary, name, src_dir_fd=parent, dst_dir_fd=parent)
            return Written(content.digest, looks(os.fstat(fd)))
        finally:
            os.close(fd)

    def _give(self, fd: int, mode: int) -> None:
        """To the owner of the folder: the room's code may change what is in it."""
        owner = os.fstat(self.fd)
        if os.geteuid() == 0:
            os.fchown(fd, owner.st_uid, owner.st_gid)
        os.fchmod(fd, mode)

    @contextmanager
    def _parent(self, path: str, *, make: bool) -> Iterator[int]:
        """The folder of that path, opened; made where it is missing, also in place of what is no folder."""
        if not path:
            yield self.fd
            return
        flags = os.O_RDONLY | os.O_DIRECTORY
        try:
            fd = open_beneath(self.fd, path.encode(), flags)
        except OSError as error:
            if not make or error.errno not in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP):
                raise
            above, _, name = path.rpartition("/")
            with self._parent(above, make=True) as parent:
                fd = self._make(parent, name, path)
        try:
            yield fd
        finally:
            os.close(fd)

    def _make(self, parent: int, name: str, path: str) -> int:
        if path in self.written:
            raise FolderError(f"{path} cannot be both a file and a folder: rename one of them")
        with contextlib.suppress(FileNotFoundError):
            os.unlink(name, dir_fd=parent)  # a link or a file of the code's making
        os.mkdir(name, _FOLDER_MODE, dir_fd=parent)
        fd = open_beneath(parent, name.encode(), os.O_RDONLY | os.O_DIRECTORY)
        try:
            self._give(fd, _FOLDER_MODE)
        except BaseException:
            os.close(fd)
            raise
        self._made.add(path)
        return fd

    @contextmanager
    def _opened(self, path: str) -> Iterator[tuple[int, os.stat_result]]:
        try:
            fd = open_beneath(self.fd, path.encode(), os.O_RDONLY)
        except OSError as error:
            if error.errno == errno.EACCES:
                raise FolderError(f"{path} may not be read: its code took the permission away") from error
            raise NotThere(path) from error
        try:
            found = os.fstat(fd)
            if not stat.S_ISREG(found.st_mode):
                raise NotThere(path)
            yield fd, found
        finally:
            os.close(fd)

    def _digest(self, path: str) -> str:
        found = hashlib.sha256()
        with self._opened(path) as (fd, about):
            if about.st_size > READ:
                raise NotSmall(path, about.st_size)
            left = about.st_size
            while left > 0 and (piece := os.read(fd, min(_PIECE, left))):
                found.update(piece)
                left -= len(piece)
        return found.hexdigest()


def looks(found: os.stat_result) -> Seen:
    """What changes with a file; nobody inside can set the last of them."""
    return found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns


def _fill(fd: int, source: bytes | Path) -> None:
    if isinstance(source, bytes):
        view = memoryview(source)
        while view:
            view = view[os.write(fd, view[:_PIECE]) :]
        return
    with source.open("rb") as file:
        while os.sendfile(fd, file.fileno(), None, _PIECE):
            pass


def _words(path: str, error: OSError) -> str:
    match error.errno:
        case errno.ENOSPC | errno.EDQUOT:
            return (
                f"{path} could not be written: the kernel's folder is full; delete files in it, or {_AGAIN}"
            )
        case errno.EISDIR | errno.ENOTEMPTY | errno.EEXIST:
            return f"{path} could not be written: code made a folder of that name; remove it, or {_AGAIN}"
        case errno.ENOTDIR:
            return f"{path} cannot be both a file and a folder: rename one of them"
        case errno.ENAMETOOLONG:
            return f"{path} could not be written: its name is too long for a folder; rename it"
        case errno.ENOENT:
            return f"{path} could not be written: its folder was removed by the code; {_AGAIN}"
        case errno.EACCES:
            return f"{path} could not be written: the code took the permission away; {_AGAIN}"
    return f"{path} could not be written: {error.strerror}; {_AGAIN}"
