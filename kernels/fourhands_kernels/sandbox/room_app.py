"""The application around a room's kernel: on sockets that it is handed, made ready before there are any.

Like `boot` it runs inside the sandbox, on the environment's Python.
"""

# ipykernel is annotated in part only.
# mypy: disable-error-code="no-untyped-call,misc,union-attr"

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import zmq
from ipykernel import kernelapp
from ipykernel.kernelapp import IPKernelApp
from IPython.core.application import BaseIPythonApplication
from jupyter_client.session import new_id
from room_kernel import Kernel  # type: ignore[import-not-found, unused-ignore]
from room_output import Gate, Publisher, Stream  # type: ignore[import-not-found, unused-ignore]
from traitlets.config import Config

QUEUE = 32  # messages inside libzmq; further ones wait in front of the gate
CHANNELS = ("shell", "iopub", "stdin", "control")


@contextlib.contextmanager
def put_in_place(module: Any, name: str, other: object) -> Iterator[None]:
    """Have a module see another class under a name, for as long as this lasts."""
    own = getattr(module, name)
    setattr(module, name, other)
    try:
        yield
    finally:
        setattr(module, name, own)


class NoThread:
    """Stands for ipykernel's thread between shell socket and kernel, which serves subshells. Nobody has any,
    and each message costs it four changes of threads.
    """

    def __init__(self, *_: Any, **__: Any) -> None:
        self.parent_thread = threading.current_thread()

    def __bool__(self) -> bool:
        return False


class Once(BaseIPythonApplication):
    """What every application of IPython sets up at first; doing it again changes nothing."""

    prepared = False

    def initialize(self, argv: Any = None) -> None:
        """Profile and configuration."""
        if not self.prepared:
            super().initialize(argv)
            self.prepared = True


class App(IPKernelApp, Once):
    """An ipykernel whose sockets somebody else listens on: no ports, no connection file, no heartbeat."""

    key = b""
    work = ""
    sockets: ClassVar[dict[str, int]] = {}

    def prepare(self) -> None:
        """Do all that takes neither sockets nor threads; a zygote does it once for all its forks. Extensions
        and files for the start that an operator has added wait for the fork.
        """
        Once.initialize(self, [])
        self.log.setLevel(self.log_level)  # or a record is made of every message, and thrown away
        self.kernel = Kernel.instance(
            parent=self,
            session=self.session,
            profile_dir=self.profile_dir,
            user_ns=self.user_ns,
            log=self.log,
        )
        self.default_extensions = ["IPython.extensions.storemagic"]  # the short name is looked for again
        self.kernel.shell.extension_manager.load_extension(*self.default_extensions)
        self.kernel.rehearse()

    def parse_command_line(self, argv: Any = None) -> None:
        """There is none; to make a parser of all options would be a fifth of a fork's start."""

    def init_connection_file(self) -> None:
        """Name the channels by number in place of a file; make a zygote's session our own."""
        self.session.pid, self.session.session, self.session.key = os.getpid(), new_id(), self.key
        self.transport, self.ip = "ipc", "/nowhere"
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
        with put_in_place(kernelapp, "ShellChannelThread", NoThread):
            super().init_control(context)
        self.debug_shell_socket.disconnect(self.shell_socket.getsockopt(zmq.LAST_ENDPOINT))

    def init_iopub(self, context: Any) -> None:
        """Start the output thread, with the gate before it."""
        with put_in_place(kernelapp, "IOPubThread", Publisher):
            super().init_iopub(context)
        self.iopub_thread.gate = Gate((self.iopub_thread.thread, self.control_thread))


def prepare() -> App:
    """Make the application, as far as it goes without a room."""
    sys.argv = ["kernel"]
    config = Config()
    # Jedi reads sources, which the language server does better; the kernel knows what its variables hold.
    config.Completer.use_jedi = False
    config.HistoryManager.enabled = False  # a database file and a thread that nobody reads
    outputs = f"{Stream.__module__}.{Stream.__name__}"
    app = App.instance(config=config, kernel_class=Kernel, outstream_class=outputs)
    app.prepare()
    return app


def become(key: bytes, sockets: dict[str, int], allowed: Callable[[], None]) -> None:
    """Turn this process into the kernel, which serves once `allowed` returns; returns when it ends."""
    App.key, App.sockets, App.work = key, sockets, os.getcwd()
    # Compiled files go by seconds and sizes: two versions of one second look like one.
    sys.dont_write_bytecode = True
    os.environ["PYTHONDONTWRITEBYTECODE"] = "1"
    app = App.instance() if App.initialized() else prepare()
    app.initialize([])
    allowed()
    app.start()
