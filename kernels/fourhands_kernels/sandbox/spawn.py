"""Processes that the host starts itself: bubblewrap, or the launcher without a sandbox."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from ..kernel import KernelUnavailable
from . import strays
from .process import KernelProcess, handle

_INFO: Final = 4096  # bytes; bubblewrap tells some fifty


class SpawnedProcess(KernelProcess):
    """A child of ours. `info` is bubblewrap's pipe, on which it tells the first pid inside.

    Bubblewrap outlives the first process inside, which outlives all others. Where the first is not known yet,
    it is killed as bubblewrap's child.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", errors: int, info: int | None) -> None:
        super().__init__(errors)
        self._process = process
        self._info = info
        self._exit = os.pidfd_open(process.pid)
        self._loop.add_reader(self._exit, self._on_exit)

    def _kill_early(self) -> None:
        if self._process.returncode is None:
            strays.end(self._process.pid)

    def _take_first(self) -> int | None:
        """Bubblewrap has told the first process's pid before that process came to tell the kernel's."""
        if self._info is None:
            return None
        return handle(json.loads(os.read(self._info, _INFO))["child-pid"])

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._exit)
        os.close(self._exit)
        if self._info is not None:
            os.close(self._info)
            self._info = None
        self._end(self._process.wait())


def spawn(
    command: Sequence[str], *, descriptors: Sequence[int], env: Mapping[str, str], info: int | None = None
) -> KernelProcess:
    """Start a launcher with these descriptors open and its stderr on a pipe that is drained; `info` is
    bubblewrap's, and ours to close.

    Called on the main thread alone: the kernel binds the life of bubblewrap to the thread that started it.
    """
    reader, writer = os.pipe2(os.O_CLOEXEC)
    try:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=writer,
            stderr=writer,
            env=env,
            pass_fds=tuple(descriptors),
            start_new_session=True,
        )
    except OSError as error:
        os.close(reader)
        raise KernelUnavailable(f"{command[0]} cannot be started: {error.strerror}") from error
    finally:
        os.close(writer)
    return SpawnedProcess(process, reader, info)
