"""One kernel's process as the host sees it: how it ended, its last words, signals to it, and nothing of its
inside.
"""

import asyncio
import contextlib
import json
import os
import signal
import socket
import subprocess
from collections.abc import Mapping, Sequence
from typing import Final

from ..kernel import KernelUnavailable
from .sign import Sign, sign

REPORT_SECONDS: Final = 20  # from the start to the launcher's first sign; it takes 30 ms on an idle machine
_TAIL: Final = 4096  # bytes of last words that are kept
_READ: Final = 64 * 1024
_LAST_WORDS: Final = 1.0  # seconds that a launcher which gave no sign gets to end
_PAUSE: Final = 0.02  # seconds between reads of stderr: who floods it waits, not we


class KernelProcess:
    """A started launcher; `pid` inside means the kernel's own, of which room code learns nothing.

    `work` is a descriptor (O_PATH) of the kernel's working folder, from the launcher's sign until the end:
    closed then, for it would keep a folder in memory alive.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", errors: int, info: int | None) -> None:
        self._process = process
        self._errors: int | None = errors
        self._info = info
        self._tail = b""
        self.work: int | None = None
        self._kernel: int | None = None
        self._first: int | None = None  # the first process inside: with it goes its whole pid namespace
        self._loop = asyncio.get_running_loop()
        self._exit = os.pidfd_open(process.pid)
        self.exited: asyncio.Future[str] = self._loop.create_future()
        self._loop.add_reader(self._exit, self._on_exit)
        os.set_blocking(errors, False)
        self._loop.add_reader(errors, self._on_errors)

    @property
    def alive(self) -> bool:
        """Whether anything of it still runs."""
        return not self.exited.done()

    @property
    def last_words(self) -> str:
        """The end of what came out of its stderr."""
        return self._tail.decode(errors="replace").strip()

    async def reported(self, report: socket.socket, *, in_memory: bool) -> None:
        """Wait for the launcher's sign and take what it brings; KernelUnavailable where it ends without one.

        `in_memory` says that its working folder has to be a tmpfs.
        """
        waiting = asyncio.ensure_future(sign(report, in_memory=in_memory))
        try:
            async with asyncio.timeout(REPORT_SECONDS):
                await asyncio.wait((waiting, self.exited), return_when=asyncio.FIRST_COMPLETED)
            if not waiting.done() or isinstance(waiting.exception(), (EOFError, OSError)):
                await asyncio.wait((self.exited,), timeout=_LAST_WORDS)  # it says why in pieces
                raise KernelUnavailable(f"the sandbox did not start: {self._why()}")
            self._take(waiting.result())
        except TimeoutError:
            raise KernelUnavailable(f"the sandbox did not start within {REPORT_SECONDS} s") from None
        finally:
            if not waiting.cancel() and not waiting.exception() and self.work is None:
                os.close(waiting.result().work)  # nobody else would

    def _take(self, sign: Sign) -> None:
        if not self.alive:
            raise KernelUnavailable(f"the sandbox did not start: {self._why()}")
        self._kernel, self.work = _handle(sign.pid), sign.work
        self._first = self._take_first()

    def signal(self, number: int) -> None:
        """Signal the kernel itself: a signal to bubblewrap would stop at bubblewrap."""
        if self._kernel is not None:
            _send(self._kernel, number)

    def kill(self) -> None:
        """End the sandbox and all in it.

        Bubblewrap outlives the first process inside, which outlives all others: when `exited` is set nothing
        is left. Where the first is not known yet, bubblewrap's own death takes it along a moment later.
        """
        if not self.alive:
            return
        if self._first is not None:
            _send(self._first, signal.SIGKILL)
        else:
            self._process.kill()

    async def wait(self) -> str:
        """Wait for the end; returns how it came."""
        return await asyncio.shield(self.exited)

    def _on_exit(self) -> None:
        self._loop.remove_reader(self._exit)
        os.close(self._exit)
        self._process.wait()
        for fd in (self._kernel, self._first, self._info, self.work):
            if fd is not None:
                os.close(fd)
        self._kernel = self._first = self._info = self.work = None
        if self._errors is not None:
            self._on_errors()
            self._close_errors()
        if not self.exited.done():
            self.exited.set_result(_ending(self._process.returncode))

    def _on_errors(self) -> None:
        if self._errors is None:
            return
        self._loop.remove_reader(self._errors)
        try:
            data = os.read(self._errors, _READ)
        except BlockingIOError:
            data = None
        if data == b"":
            self._close_errors()
            return
        self._tail = (self._tail + (data or b""))[-_TAIL:]
        self._loop.call_later(_PAUSE, self._listen_again)

    def _listen_again(self) -> None:
        if self._errors is not None:
            self._loop.add_reader(self._errors, self._on_errors)

    def _close_errors(self) -> None:
        if self._errors is not None:
            self._loop.remove_reader(self._errors)
            os.close(self._errors)
            self._errors = None

    def _take_first(self) -> int | None:
        """Bubblewrap has told the first process's pid before that process came to tell the kernel's."""
        if self._info is None:
            return None
        return _handle(json.loads(os.read(self._info, _TAIL))["child-pid"])

    def _why(self) -> str:
        return self.last_words.rsplit("\n", 1)[-1] or (
            self.exited.result() if self.exited.done() else "no sign"
        )


def _handle(pid: int) -> int | None:
    """A handle that stays with the process, where a pid may come to name another."""
    try:
        return os.pidfd_open(pid)
    except ProcessLookupError:
        return None


def _send(process: int, number: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        signal.pidfd_send_signal(process, number)


def _ending(code: int) -> str:
    """How a process ended, in words; bubblewrap passes a signal on as 128 + its number."""
    number = -code if code < 0 else code - 128
    if number in signal.valid_signals():
        name = signal.Signals(number).name
        return f"ended by {name}" + (" (out of memory, perhaps)" if name == "SIGKILL" else "")
    return f"ended with status {code}"


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
    return KernelProcess(process, reader, info)
