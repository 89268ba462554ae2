"""One zygote as the host sees it: asked to fork, heard of what ended, retired."""

import asyncio
import itertools
import json
import os
import signal
import socket
from collections.abc import Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ..environments import Environment
from . import argv, seccomp
from .launch import KERNEL_FILES, Bubblewrap
from .memory import memory_file
from .process import KernelProcess, send

FORK_SECONDS: Final = 10.0  # it takes 10 ms on an idle machine; who is asked for longer is not waited for
_INSIDE: Final = Path(__file__).parent
_FILES: Final = (*KERNEL_FILES, "walls.py", "zygote.py", "zygote_walls.py")
_MESSAGE: Final = 64 * 1024
# What rooms import first and wait for longest; an environment that lacks one of them goes without.
_MODULES: Final = ("numpy", "pandas", "matplotlib.pyplot", "matplotlib.backends.backend_agg")


class Refused(Exception):
    """The zygote did not fork; the reason is for the log."""


class ForkedProcess(KernelProcess):
    """A fork of a zygote; `first` is a handle of the first process inside, ours to close."""

    def __init__(self, errors: int, first: int) -> None:
        super().__init__(errors)
        self._first = first

    def ended(self, status: int) -> None:
        """The zygote saw it out, or is gone itself."""
        self._end(status)

    def _kill_early(self) -> None:
        raise AssertionError("the first process inside is known from the beginning")

    def _take_first(self) -> int | None:
        return self._first


class Zygote:
    """A started zygote; `ready` is set once it has imported everything."""

    def __init__(self, process: KernelProcess, control: socket.socket) -> None:
        loop = asyncio.get_running_loop()
        self.process = process
        self.ready: asyncio.Future[None] = loop.create_future()
        self.retired = False
        self._control = control
        self._numbers = itertools.count(1)
        self._waiting: dict[int, tuple[asyncio.Future[ForkedProcess], int]] = {}
        self._children: dict[int, ForkedProcess] = {}
        self._loop = loop
        control.setblocking(False)
        loop.add_reader(control, self._on_message)
        process.exited.add_done_callback(self._on_end)

    @property
    def children(self) -> int:
        """How many of its forks live."""
        return len(self._children)

    async def fork(self, request: Mapping[str, Any], descriptors: Sequence[int]) -> ForkedProcess:
        """Have a process that takes over these descriptors (configuration, links); Refused where none comes.

        Who comes too late is ended before any code of a room runs in it.
        """
        if self.retired:
            raise Refused("it is retired")
        number = next(self._numbers)
        waiting: asyncio.Future[ForkedProcess] = self._loop.create_future()
        reader, writer = os.pipe2(os.O_CLOEXEC)
        self._waiting[number] = (waiting, reader)
        try:
            given = (descriptors[0], writer, *descriptors[1:])
            socket.send_fds(self._control, [json.dumps({"fork": number, **request}).encode()], given)
            async with asyncio.timeout(FORK_SECONDS):
                return await waiting
        except TimeoutError:
            raise Refused(f"no answer within {FORK_SECONDS:.0f} s") from None
        except OSError as error:
            raise Refused(str(error)) from error
        finally:
            os.close(writer)
            if self._waiting.pop(number, None) is not None:
                os.close(reader)

    def retire(self) -> None:
        """Fork no more, and go when the last fork has gone."""
        self.retired = True
        if not self._children:
            self.close()

    def close(self) -> None:
        """Go, and take every fork along."""
        self.retired = True
        if self._control.fileno() >= 0:
            self._loop.remove_reader(self._control)
            self._control.close()
        self.process.kill()

    def _on_message(self) -> None:
        while self._control.fileno() >= 0:
            try:
                data, given, _, _ = socket.recv_fds(self._control, _MESSAGE, 1, socket.MSG_CMSG_CLOEXEC)
            except BlockingIOError:
                return
            except OSError:
                data, given = b"", []
            if not data:
                self.close()
                return
            self._hear(json.loads(data), given)

    def _hear(self, message: dict[str, Any], given: list[int]) -> None:
        match message:
            case {"ready": True}:
                if not self.ready.done():
                    self.ready.set_result(None)
            case {"forked": int(number)}:
                self._take(number, given[0])
            case {"refused": int(number), "why": str(why)}:
                waiting, errors = self._waiting.pop(number, (None, -1))
                if waiting is not None:
                    os.close(errors)
                    waiting.set_exception(Refused(why))
            case {"ended": int(number), "status": int(status)}:
                child = self._children.pop(number, None)
                if child is not None:
                    child.ended(status)
                if self.retired and not self._children:
                    self.close()

    def _take(self, number: int, first: int) -> None:
        waiting, errors = self._waiting.pop(number, (None, -1))
        if waiting is None or waiting.done():
            send(first, signal.SIGKILL)
            os.close(first)
            if waiting is not None:
                os.close(errors)
            return
        self._children[number] = ForkedProcess(errors, first)
        waiting.set_result(self._children[number])

    def _on_end(self, _: object) -> None:
        """Whatever it was that ended it, nothing of its forks is left either."""
        self.close()
        if not self.ready.done():
            self.ready.set_exception(Refused(self.process.last_words.rsplit("\n", 1)[-1] or "no word"))
            self.ready.exception()  # nobody need have waited
        for waiting, errors in self._waiting.values():
            os.close(errors)
            waiting.set_exception(Refused("it ended"))
        self._waiting.clear()
        for child in self._children.values():
            child.ended(-signal.SIGKILL)
        self._children.clear()


def hatch(bubblewrap: Bubblewrap, environment: Environment) -> Zygote:
    """Start a zygote in a sandbox of its own; KernelUnavailable where bubblewrap cannot be started."""
    with ExitStack() as stack:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        stack.enter_context(theirs)
        configuration = {
            "control": theirs.fileno(),
            "filter": seccomp.program(seccomp.machine()).hex(),
            "places": argv.places(bubblewrap.limits),
            "shown": [str(folder) for folder in environment.folders],
            "modules": _MODULES,
            "cwd": argv.WORK,
            "root": bubblewrap.mode == "root",
        }
        config = memory_file("configuration", json.dumps(configuration).encode())
        stack.callback(os.close, config)
        command = [str(environment.python), "-I", f"{argv.CODE}/zygote.py", str(config)]
        files = {f"{argv.CODE}/{name}": (_INSIDE / name).read_bytes() for name in _FILES}
        try:
            process = bubblewrap.start(
                environment, command, files=files, inherited=(config, theirs.fileno()), zygote=True
            )
        except BaseException:
            ours.close()
            raise
        return Zygote(process, ours)
