"""The working folder of one life of a kernel, off the event loop: made ready before a run, looked at after
it, read when somebody asks.

One thing at a time is done to a folder; a few threads serve all rooms, so that a hostile folder keeps others
waiting for a quarter of a second at most.
"""

import asyncio
import logging
import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from fourhands_protocol.paths import BadPath, check_path

from .data import Data
from .kernel import Execution, FileTooLarge, KernelUnavailable, MissingData, NoSuchFile, WrittenFiles
from .sandbox.beneath import why_not
from .sandbox.folder import Content, Folder, FolderError, NotSmall, NotThere
from .sandbox.listing import Listing, look

log = logging.getLogger(__name__)
T = TypeVar("T")
_THREADS: Final = ThreadPoolExecutor(4, thread_name_prefix="folders")
_AGAIN: Final = 1.0  # seconds in which whoever asks gets the last listing: to walk may take a quarter of one
_ELSEWHERE: Final = "this kernel runs where the host cannot reach its folder"


class Workplace:
    """What the host knows of one folder; every method takes its descriptor (None where there is none)."""

    def __init__(self, data: Data) -> None:
        self._data = data
        self._folder = Folder(-1)
        self._lock = asyncio.Lock()
        self._told = Listing()
        self._looked_at = float("-inf")
        self._looking: asyncio.Future[Listing] | None = None
        self._refused: str | None = None
        self.note: str | None = None

    def take_note(self) -> str:
        """What whoever ran the code has to know, once."""
        note, self.note = self.note or "", ""
        return note

    async def prepare(self, work: int | None, execution: Execution) -> list[str]:
        """Make the folder hold what the run wants; returns the paths that were written. Raises FolderError.

        Where the host cannot reach folders, code runs without files, and `note` says so.
        """
        if not execution.files and not execution.data and not self._folder.written:
            return []
        if (reason := self._why_not(work)) is not None:
            if self.note is None and len(execution.files) + len(execution.data) > 1:
                self.note = f"The room's other files are not in the kernel's folder: {reason}.\n"
            return []
        assert work is not None
        try:
            wanted = self._wanted(execution)
        except MissingData as error:
            raise FolderError("a data file has gone from the kernel host: run again") from error
        return await self._do(work, lambda folder: folder.hold(wanted))

    async def look(self, work: int | None, *, anew: bool = True) -> tuple[WrittenFiles, bool]:
        """What code wrote, and whether that is other than at the last look, which without `anew` may be a
        second old.
        """
        if self._why_not(work) is not None:
            return WrittenFiles(), False
        assert work is not None
        if not anew and self._looking is not None:
            await asyncio.wait((self._looking,))
        clock = asyncio.get_running_loop().time
        news = False
        if anew or clock() - self._looked_at >= _AGAIN:
            self._looking = looking = asyncio.ensure_future(self._do(work, look))
            try:
                found = await looking
                news, self._told = found != self._told, found
            except FolderError as error:
                log.info("a folder could not be looked at: %s", error)
            finally:
                self._looking, self._looked_at = None, clock()
        return WrittenFiles(self._told.files, self._told.more), news

    async def read(self, work: int | None, path: str) -> bytes:
        """The bytes of a file; NoSuchFile, FileTooLarge or KernelUnavailable."""
        try:
            check_path(path)
        except BadPath:
            raise NoSuchFile(path) from None
        if (reason := self._why_not(work)) is not None:
            raise KernelUnavailable(reason)
        assert work is not None
        try:
            return await self._do(work, lambda folder: folder.read(path))
        except NotSmall as error:
            raise FileTooLarge(path, error.size) from error
        except NotThere as error:
            raise NoSuchFile(path) from error
        except FolderError as error:
            raise KernelUnavailable(str(error)) from error

    # Inside

    def _why_not(self, work: int | None) -> str | None:
        if work is None:
            return _ELSEWHERE
        if self._refused is None:
            self._refused = why_not(work) or ""
        return self._refused or None

    def _wanted(self, execution: Execution) -> dict[str, Content]:
        wanted = {path: Content.of(data) for path, data in execution.files.items()}
        data = {path: Content(digest, self._data.path(digest)) for path, digest in execution.data.items()}
        return wanted | data

    async def _do(self, work: int, deed: Callable[[Folder], T]) -> T:
        """Do it in a thread, to the end also where nobody waits for it any more."""
        own = os.dup(work)  # the kernel may end meanwhile, and with it `work`
        return await asyncio.shield(asyncio.ensure_future(self._done(own, deed)))

    async def _done(self, own: int, deed: Callable[[Folder], T]) -> T:
        try:
            async with self._lock:
                self._folder.fd = own
                return await asyncio.get_running_loop().run_in_executor(_THREADS, deed, self._folder)
        except OSError as error:
            raise FolderError(f"the kernel's folder cannot be used: {error.strerror}") from error
        finally:
            os.close(own)
