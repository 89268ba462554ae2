"""The editor's help of one room: a sandbox, started at a question, asked over one socket, ended when it
misbehaves.
"""

import asyncio
import dataclasses
import json
import logging
import socket
import struct
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Final

from ..editor_help import Question, What, cleaned
from ..environments import Environment, held
from ..sandbox import program
from ..sandbox.launch import Bubblewrap, Plain
from ..sandbox.limits import MIB, Limits
from ..sandbox.process import KernelProcess
from .tools import Tools

log = logging.getLogger(__name__)

ANSWER_SECONDS: Final = 10.0  # the first look at pandas takes one; what takes longer is ended
_ANSWER: Final = 4 * MIB  # bytes
_END_SECONDS: Final = 5.0
_LENGTH: Final = struct.Struct("!I")
HELP: Final = program.Program(
    name="language",
    folder=Path(__file__).parent / "inside",
    files=("desk.py", "lsp.py", "tidy.py"),
    entry="from desk import main; main()",
    limits=Limits(memory=512 * MIB, processes=48, home=32 * MIB, tmp=8 * MIB, shared=1 * MIB),
    # Neither the environment's packages nor what they run at their start are of any use here.
    site=False,
)


class Failed(Exception):
    """It ended, or said what is no answer."""


class LanguageServer:
    """One sandbox; nothing goes on in it but a question."""

    def __init__(self, process: KernelProcess, link: socket.socket, files: ExitStack) -> None:
        self._process = process
        self._link = link
        self._held = files
        self._loop = asyncio.get_running_loop()

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.alive

    async def ask(self, question: Question) -> dict[str, Any] | None:
        """What it finds; raises Failed, after which it is of no use any more."""
        asked = {
            "what": question.what,
            "path": question.path,
            "text": question.text,
            "line": question.line,
            "character": question.character,
            "files": dict(question.files),
        }
        try:
            async with asyncio.timeout(ANSWER_SECONDS):
                return await self._ask(question.what, json.dumps(asked).encode())
        except TimeoutError:
            raise Failed(f"no answer to {question.what} within {ANSWER_SECONDS:g} s") from None
        except (OSError, ValueError, RecursionError) as error:
            raise Failed(f"{error!r}; {self._process.last_words[-300:]}") from error

    async def _ask(self, what: What, data: bytes) -> dict[str, Any] | None:
        await self._loop.sock_sendall(self._link, _LENGTH.pack(len(data)) + data)
        (length,) = _LENGTH.unpack(await self._exactly(_LENGTH.size))
        if length > _ANSWER:
            raise ValueError(f"an answer of {length} bytes")
        return cleaned(what, json.loads(await self._exactly(length)))

    async def _exactly(self, size: int) -> bytes:
        data = bytearray()
        while len(data) < size:
            piece = await self._loop.sock_recv(self._link, min(size - len(data), MIB))
            if not piece:
                raise ConnectionResetError("the sandbox ended")
            data += piece
        return bytes(data)

    async def close(self) -> None:
        """End it, and wait until nothing is left."""
        self._link.close()
        self._process.kill()
        if self._process.alive:
            await asyncio.wait((self._process.exited,), timeout=_END_SECONDS)
        self._held.close()


async def start(launcher: Bubblewrap | Plain, tools: Tools, environment: Environment) -> LanguageServer:
    """A server for one room, which sees the environment's Python and packages; KernelUnavailable where it
    cannot be.
    """
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    with ExitStack() as kept:
        kept.enter_context(held(environment))
        kept.callback(ours.close)
        shown = dataclasses.replace(environment, folders=(*environment.folders, *tools.all))
        settings = _settings(tools, environment)
        process = await program.start(launcher, HELP, shown, settings, link=theirs)
        return LanguageServer(process, ours, kept.pop_all())


def _settings(tools: Tools, environment: Environment) -> dict[str, str]:
    prefix = environment.python.parent.parent
    return {"prefix": str(prefix), "ty": str(tools.ty), "ruff": str(tools.ruff)}
