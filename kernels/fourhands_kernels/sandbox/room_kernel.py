"""The ipykernel of a room: on sockets that it is handed, holding little output, showing code under its name
in the room's file.

Like `boot` it runs inside the sandbox, on the environment's Python.
"""

# ipykernel is annotated in part only.
# mypy: disable-error-code="no-untyped-call,misc,union-attr"

import ast
import contextlib
import importlib
import json
import linecache
import os
import signal
import sys
import threading
from collections.abc import Callable, Sequence
from types import FrameType, SimpleNamespace
from typing import Any, ClassVar

import zmq
from ipykernel import ipkernel
from ipykernel.compiler import XCachingCompiler
from ipykernel.iostream import IOPubThread
from ipykernel.ipkernel import IPythonKernel
from ipykernel.kernelapp import IPKernelApp
from IPython.core.events import EventManager
from room_streams import Piped, hear_out  # type: ignore[import-not-found, unused-ignore]
from traitlets.config import Config

# The debugger, which nobody starts, would be half of a kernel's start and a tenth of its memory: ipykernel
# goes without where it cannot import it. The room's own code can.
sys.modules["debugpy"] = None  # type: ignore[assignment]
importlib.import_module("ipykernel.debugger")
del sys.modules["debugpy"]

CHUNK = 64 * 1024  # characters of a stream in one message; the host joins what belongs together
PENDING = 1024 * 1024  # bytes on their way to the host before whoever prints has to wait
LARGEST = 3 * 1024 * 1024  # bytes of one message: the host takes 4 MiB and breaks the link beyond that
QUEUE = 32  # messages inside libzmq; further ones wait in front of the gate
KEPT = 2000  # characters of an error's text that stay where all of it is too much
INTERRUPTIBLE = {
    EventManager.trigger.__code__,
    IPythonKernel.do_complete.__code__,
    IPythonKernel.do_inspect.__code__,
}
CHANNELS = ("shell", "iopub", "stdin", "control")


class Gate:
    """Bounds the bytes on their way to the host: whoever sends too much waits, except the threads that answer
    interrupts.
    """

    def __init__(self, exempt: Sequence[threading.Thread]) -> None:
        self._exempt = frozenset(exempt)
        self._pending = 0
        self._changed = threading.Condition()

    def enter(self, size: int) -> None:
        """Take `size` bytes in; an interrupt gets through while this waits."""
        with self._changed:
            if threading.current_thread() not in self._exempt:
                while self._pending > PENDING:
                    self._changed.wait()
            self._pending += size

    def leave(self, size: int) -> None:
        """The bytes are with libzmq."""
        with self._changed:
            self._pending -= size
            self._changed.notify_all()


def shorten(session: Any, frames: Sequence[bytes]) -> list[bytes]:
    """Replace the content of a message that is too large by a note of its size, and sign it anew."""
    at = frames.index(b"<IDS|MSG>")
    header, parent, metadata, content = frames[at + 2 : at + 6]
    note: dict[str, Any] = {"fourhands_dropped": sum(map(len, frames))}
    if json.loads(header)["msg_type"] == "error":
        error = json.loads(content)
        note |= {"ename": error["ename"][:KEPT], "evalue": error["evalue"][:KEPT] + "…", "traceback": []}
    parts = [header, parent, metadata, json.dumps(note).encode()]
    return [*frames[: at + 1], session.sign(parts), *parts]


def bound(thread: IOPubThread, session: Any, gate: Gate) -> None:
    """Put the gate before the output thread; a forked child has no such thread and sends by itself."""

    really_send: Callable[..., None] = thread._really_send

    def send_multipart(frames: Sequence[bytes], *args: Any, **kwargs: Any) -> None:
        size = sum(map(len, frames))
        if size > LARGEST:
            frames = shorten(session, [bytes(frame) for frame in frames])
            size = sum(map(len, frames))
        if not thread.thread.is_alive():
            really_send(frames, *args, **kwargs)
            return

        def send() -> None:
            try:
                really_send(frames, *args, **kwargs)
            finally:
                gate.leave(size)

        gate.enter(size)
        thread.schedule(send)

    thread.send_multipart = send_multipart  # type: ignore[method-assign]


class Stream(Piped):
    """A stdout or stderr that holds little: ipykernel's own grows without bound between its flushes."""

    flush_timeout = 3600  # seconds; an interrupt ends the wait, and giving up would mean to hold more
    _held = 0

    def write(self, string: str) -> int:
        """Write in pieces, each of which gets through before the next is taken."""
        if len(string) <= CHUNK:
            self._write(string)
            return len(string)
        for start in range(0, len(string), CHUNK):
            self._write(string[start : start + CHUNK])
        return len(string)

    def _write(self, piece: str) -> None:
        super().write(piece)
        self._held += len(piece)
        if self._held >= CHUNK:
            self.flush()

    def _flush(self) -> None:
        self._held = 0
        super()._flush()


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

    def __init__(self, **kwargs: Any) -> None:
        """Do without a list of all modules' files, which only the debugger reads: to touch a thousand modules
        would give a fork 3 MB more of its own.
        """
        vars(ipkernel)["sys"] = SimpleNamespace(modules={})
        try:
            super().__init__(**kwargs)
        finally:
            vars(ipkernel)["sys"] = sys

    def pre_handler_hook(self) -> None:
        """Take signals while a message is handled."""
        self.saved_sigint_handler = signal.signal(signal.SIGINT, heed)

    async def execute_request(self, stream: Any, ident: Any, parent: dict[str, Any]) -> None:
        """Run one request of the host."""
        place = parent.get("metadata", {}).get("fourhands", {})
        if changed := place.get("changed"):
            with contextlib.suppress(Exception):  # whatever the room's code has put among the modules
                forget(App.work, changed)
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


class App(IPKernelApp):
    """An ipykernel whose sockets somebody else listens on: no ports, no connection file, no heartbeat."""

    key = b""
    work = ""
    sockets: ClassVar[dict[str, int]] = {}

    def parse_command_line(self, argv: Any = None) -> None:
        """There is none; to make a parser of all options would be a fifth of a fork's start."""

    def init_connection_file(self) -> None:
        """Name the channels by number in place of a file."""
        self.transport, self.ip, self.session.key = "ipc", "/nowhere", self.key
        self.shell_port, self.iopub_port, self.stdin_port, self.control_port = 1, 2, 3, 4

    def write_connection_file(self, **kwargs: Any) -> None:
        """There is none."""

    def log_connection_info(self) -> None:
        """Nobody may connect; what is printed here would pass for the last words of a kernel that dies."""

    def init_heartbeat(self) -> None:
        """The host watches the process."""

    def _try_bind_socket(self, s: Any, port: int) -> int:
        name = CHANNELS[port - 1]
        if name == "iopub":
            s.setsockopt(zmq.XPUB_NODROP, 1)  # a full queue makes the sender wait; by default it loses lines
            s.setsockopt(zmq.SNDHWM, QUEUE)
        s.setsockopt(zmq.USE_FD, self.sockets[name])
        s.bind(f"ipc://{self.ip}-{port}")
        return port

    def init_control(self, context: Any) -> None:
        """Only the debugger would use this link, and it would knock ten times a second at a path that is not
        there.
        """
        super().init_control(context)
        self.debug_shell_socket.disconnect(self.shell_socket.getsockopt(zmq.LAST_ENDPOINT))

    def init_iopub(self, context: Any) -> None:
        """Start the output thread, with the gate before it."""
        super().init_iopub(context)
        threads = (self.iopub_thread.thread, self.control_thread, self.shell_channel_thread)
        bound(self.iopub_thread, self.session, Gate(threads))


def become(key: bytes, sockets: dict[str, int]) -> None:
    """Turn this process into the kernel; returns when the kernel ends."""
    sys.argv = ["kernel"]
    App.key, App.sockets, App.work = key, sockets, os.getcwd()
    # Compiled files go by seconds and sizes: two versions of one second look like one.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    config = Config()
    # Jedi reads sources, which the language server does better; the kernel knows what its variables hold.
    config.Completer.use_jedi = False
    config.HistoryManager.enabled = False  # a database file and a thread that nobody reads
    app = App.instance(config=config, kernel_class=Kernel, outstream_class=f"{__name__}.Stream")
    app.initialize([])
    app.start()
