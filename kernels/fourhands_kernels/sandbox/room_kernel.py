"""The ipykernel of a room: shows code under its name in the room's file, heeds interrupts where they belong,
can be made before there is anything to connect it to.

Like `boot` it runs inside the sandbox, on the environment's Python.
"""

# ipykernel is annotated in part only.
# mypy: disable-error-code="no-untyped-call,misc,union-attr"

import ast
import contextlib
import importlib
import linecache
import signal
import sys
import uuid
from collections.abc import Mapping, Sequence
from types import FrameType, SimpleNamespace
from typing import Any

from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler
from ipykernel.ipkernel import IPythonKernel
from IPython.core.events import EventManager
from room_output import KEPT  # type: ignore[import-not-found, unused-ignore]
from room_streams import hear_out  # type: ignore[import-not-found, unused-ignore]

# The debugger, which nobody starts, would be half of a kernel's start and a tenth of its memory: ipykernel
# goes without where it cannot import it. The room's own code can.
sys.modules["debugpy"] = None  # type: ignore[assignment]
importlib.import_module("ipykernel.debugger")
del sys.modules["debugpy"]

INTERRUPTIBLE = {
    EventManager.trigger.__code__,
    IPythonKernel.do_complete.__code__,
    IPythonKernel.do_inspect.__code__,
}


class Compiler(XCachingCompiler):
    """Shows code under the name and at the lines that it has in the room's file, in tracebacks and for
    `inspect`.
    """

    filename = "main.py"
    shift = 0  # lines that stand before the code as Python gets it
    run = 0

    def place(self, code: str, filename: str, first_line: int) -> None:
        """Tell where the next code stands; IPython strips leading blank lines, so they are counted here."""
        lines = code.splitlines()
        blank = next((number for number, line in enumerate(lines) if line.strip()), 0)
        self.filename, self.shift = filename, first_line - 1 + blank
        self.run += 1

    def get_code_name(self, raw_code: str, code: str, number: int) -> str:
        """A name per run: functions of an earlier run keep showing the source they were made from."""
        return f"<run {self.run}>/{self.filename}"

    def format_code_name(self, name: str) -> tuple[str, str] | None:
        """What a traceback shows."""
        return ("File", name.split("/", 1)[1]) if name in self._filename_map else None

    def cache(self, transformed_code: str, number: int = 0, raw_code: str | None = None) -> str:
        """Keep the source at its lines."""
        name: str = super().cache(transformed_code, number, raw_code)
        size, mtime, lines, _ = linecache.cache[name]
        linecache.cache[name] = (size, mtime, ["\n"] * self.shift + lines, name)
        return name

    def ast_parse(self, source: str, filename: str = "<unknown>", symbol: str = "exec") -> ast.AST:
        """Parse, and move the tree or the syntax error to its lines."""
        if not filename.startswith("<run "):
            return super().ast_parse(source, filename, symbol)
        try:
            return ast.increment_lineno(super().ast_parse(source, filename, symbol), self.shift)
        except SyntaxError as error:
            error.lineno = (error.lineno or 1) + self.shift
            if error.end_lineno:
                error.end_lineno += self.shift
            raise


def forget(work: str, changed: Sequence[str]) -> None:
    """Let go of the modules of the room's own folder where the room has changed one of them, so that the next
    `import` reads them anew. All of them: they hold each other's names.
    """
    importlib.invalidate_caches()
    files = {name: getattr(module, "__file__", None) for name, module in tuple(sys.modules.items())}
    own = {name: file for name, file in files.items() if str(file).startswith(f"{work}/")}
    if not {f"{work}/{path}" for path in changed}.isdisjoint(own.values()):
        for name in own:
            del sys.modules[name]


def is_interruptible(frame: FrameType | None) -> bool:
    """Whether what runs is the room's code, one of the hooks after it, which draw its figures, or an enquiry,
    which may run the room's code and has a way out.
    """
    while frame is not None:
        if frame.f_code.co_filename.startswith("<run ") or frame.f_code in INTERRUPTIBLE:
            return True
        frame = frame.f_back
    return False


def heed(number: int, frame: FrameType | None) -> None:
    """Interrupt the room's code; a late signal that meets the kernel's own would end the kernel."""
    if is_interruptible(frame):
        raise KeyboardInterrupt


class Kernel(IPythonKernel):
    """Takes the place of the code from the request, and keeps replies small."""

    compiler_class = Compiler
    _execute_sleep = 0.0  # the host waits for the reply and the end of the output, whichever comes first
    _supports_kernel_subshells = False

    def __init__(self, **kwargs: Any) -> None:
        """Do without a list of all modules' files, which only the debugger reads: to touch a thousand modules
        would give a fork 3 MB more of its own.
        """
        vars(ipkernel)["sys"] = SimpleNamespace(modules={})
        try:
            super().__init__(**kwargs)
        finally:
            vars(ipkernel)["sys"] = sys

    @classmethod
    def instance(cls, *args: Any, **kwargs: Any) -> "Kernel":
        """The kernel; one that is there already takes what it lacked."""
        there = cls.initialized()
        kernel: Kernel = super().instance(*args, **kwargs)
        if there and kwargs:
            kernel.connect(kwargs)
        return kernel

    def connect(self, traits: Mapping[str, Any]) -> None:
        """Take sockets, streams and session as `__init__` would have, and a name of our own: forks of one
        zygote have had the same until now.
        """
        for name, value in traits.items():
            if value is not None and getattr(self, name) is not value:
                setattr(self, name, value)
        self._stdout, self._stderr = sys.stdout, sys.stderr
        self.ident = str(uuid.uuid4())
        hook, publisher = self.shell.displayhook, self.shell.display_pub
        hook.pub_socket = publisher.pub_socket = self.iopub_socket
        hook.topic = self._topic("execute_result")

    def rehearse(self) -> None:
        """Run a cell for nobody: what the first one takes longer than the next has then been done."""
        self.shell.run_cell("1 + 1", store_history=False, silent=True)
        self.shell.display_formatter.format(2)
        for name in [name for name in linecache.cache if name.startswith("<run ")]:
            del linecache.cache[name]

    def pre_handler_hook(self) -> None:
        """Take signals while a message is handled."""
        self.saved_sigint_handler = signal.signal(signal.SIGINT, heed)

    async def execute_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run one request of the host."""
        place = parent.get("metadata", {}).get("fourhands", {})
        if changed := place.get("changed"):
            with contextlib.suppress(Exception):  # whatever the room's code has put among the modules
                forget(self.parent.work, changed)
        code = parent.get("content", {}).get("code", "")
        self.shell.compile.place(code, str(place.get("filename", "main.py")), int(place.get("first_line", 1)))
        await super().execute_request(stream, ident, parent)

    async def do_execute(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Hear all that the code put out; leave the traceback to the error output, which goes through the
        gate.
        """
        try:
            reply: dict[str, Any] = await super().do_execute(*args, **kwargs)
        finally:
            hear_out(self._stdout, self._stderr)
        if reply.get("status") == "error":
            reply |= {"evalue": str(reply.get("evalue", ""))[:KEPT], "traceback": []}
        return reply

    async def do_complete(self, code: str, cursor_pos: int | None) -> dict[str, Any]:
        """Say nothing where that would take too long."""
        try:
            reply: dict[str, Any] = super().do_complete(code, cursor_pos)
        except KeyboardInterrupt:
            return {"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 0, "metadata": {}}
        return reply

    async def do_inspect(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """Say nothing where that would take too long."""
        try:
            reply: dict[str, Any] = super().do_inspect(*args, **kwargs)
        except KeyboardInterrupt:
            return {"status": "ok", "found": False, "data": {}, "metadata": {}}
        return reply
