"""What reaches stdout and stderr past Python's own streams: written by processes that the room's code starts,
by libraries in C, by forks of the kernel. A run does not end before it is heard.

Like `boot` it runs inside the sandbox, on the environment's Python.
"""

# ipykernel is annotated in part only.
# mypy: disable-error-code="no-untyped-call,misc"

import array
import codecs
import contextlib
import ctypes
import fcntl
import os
import select
import sys
import termios
import threading
from typing import Any

from ipykernel.iostream import OutStream

libc = ctypes.CDLL(None)


class Piped(OutStream):
    """A stream whose descriptor is a pipe. A thread reads it while a run goes on; at the end of the run
    `take_rest` does.

    ipykernel's own thread may still hold a part of it, or not have begun to read, when the run is said to be
    over; it gives the descriptor of before to processes that ask for `sys.stdout`, and breaks characters
    that do not fit into one of its reads.
    """

    _fid: int | None  # the pipe's reading end
    _original_stdstream_fd: int

    def _setup_stream_redirects(self, name: str) -> None:
        self._turn = threading.Lock()  # who waits for the pipe comes before who has just read from it
        self._reading = threading.Lock()  # from the bytes' leaving the pipe until they stand in the buffer
        self._size = array.array("i", [0])
        self._decoder = codecs.getincrementaldecoder("utf-8")("replace")
        self._libc_file = ctypes.c_void_p.in_dll(libc, name)
        super()._setup_stream_redirects(name)

    def _watch_pipe_fd(self) -> None:
        """Read until nobody can write any more."""
        assert self._fid is not None
        poll = select.poll()
        with contextlib.suppress(OSError, ValueError):  # the room's code may close what it likes
            poll.register(self._fid, select.POLLIN)
            while poll.poll()[0][1] & select.POLLIN and self._should_watch:
                with self._turn:
                    self._reading.acquire()
                try:
                    self._take(self._fid)
                finally:
                    self._reading.release()

    def take_rest(self) -> None:
        """Take what is in the pipe now, and no more: whoever writes on does not hold up the end of a run."""
        if self._fid is None or not self._is_master_process():
            return
        libc.fflush(self._libc_file)
        with contextlib.suppress(OSError), self._turn, self._reading:
            self._take(self._fid, last=True)

    def _take(self, pipe: int, *, last: bool = False) -> None:
        """Read what is there, without waiting. At the `last` of a run half a character is none."""
        fcntl.ioctl(pipe, termios.FIONREAD, self._size)
        data = os.read(pipe, self._size[0]) if self._size[0] else b""
        if text := self._decoder.decode(data, last):
            self.write(text)

    def fileno(self) -> int:
        """The pipe: what a process writes to `sys.stdout` is seen."""
        return self._original_stdstream_fd if self._should_watch else super().fileno()

    def write(self, string: str) -> int:
        """Write; a fork of the kernel writes into the pipe, and so before it ends."""
        if self._should_watch and not self._is_master_process():
            data = string.encode(errors="replace")
            while data:
                data = data[os.write(self._original_stdstream_fd, data) :]
            return len(string)
        super().write(string)
        return len(string)

    def flush(self) -> None:
        """Send what is held; in a fork that is the kernel's own, who sends it herself."""
        if not self._should_watch or self._is_master_process():
            super().flush()


def hear_out(*streams: Any) -> None:
    """Let everything that was written to stdout and stderr until now be heard before what comes next.

    ipykernel flushes what it finds as `sys.stdout`; the room's code may have put something else there.
    """
    for stream in streams:
        stream.take_rest()
        if stream is not sys.stdout and stream is not sys.stderr:
            stream.flush()
