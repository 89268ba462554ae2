"""The zygote: a Python that has imported what kernels need, and forks them, each behind walls of its own.

It runs in a sandbox like a kernel's, but keeps the powers that it takes to build walls; no code of a room
runs in it and no secret passes through it: keys are in descriptors that only a fork reads. It has one thread,
or it refuses to serve. Its one argument is the number of a descriptor with a JSON configuration:

    {control, filter: hex, places: {path: bytes}, shown: [path], modules: [name], cwd, root: bool}

`control` is a SOCK_SEQPACKET socket. The host says {fork: id, do: kernel|walls, uid, accounts: {path: text}}
and hands over descriptors: configuration, stderr, and for a kernel report, shell, iopub, stdin, control. We
say {ready: true}, {forked: id} with a descriptor of the first process inside, {refused: id, why} and
{ended: id, status}. When the host closes the socket we end, and what we forked with us.
"""

import contextlib
import gc
import importlib
import json
import os
import select
import socket
import sys
from collections.abc import Callable
from typing import Any

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import boot  # type: ignore[import-not-found, unused-ignore]
import zygote_walls as walls_of  # type: ignore[import-not-found, unused-ignore]

MESSAGE = 64 * 1024
DESCRIPTORS = 8
CHANNELS = ("shell", "iopub", "stdin", "control")
# What a kernel's start and its first run import besides; before the fork it costs no kernel anything.
EARLY = (
    "IPython.core.completerlib",
    "IPython.core.debugger",
    "IPython.core.logger",
    "IPython.core.oinspect",
    "IPython.extensions.storemagic",
    "IPython.utils.wildcard",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "faulthandler",
    "pdb",
    "pydoc",
    "tornado.gen",
    "tornado.locks",
    "tornado.platform.asyncio",
    "tornado.queues",
    "unicodedata",
)

Job = Callable[[], None]


def bring(modules: list[str], cwd: str) -> None:
    """Import what is there and works, and make a kernel ready, as if in the folder in which forks will be."""
    kernel = importlib.import_module("room_app")
    for name in (*EARLY, *modules):
        try:
            importlib.import_module(name)
        except Exception as error:
            sys.stderr.write(f"{name}: {error!r}\n")
    before = os.getcwd()
    os.makedirs(cwd, exist_ok=True)
    os.chdir(cwd)
    kernel.prepare()
    os.chdir(before)
    if len(os.listdir("/proc/self/task")) != 1:
        raise RuntimeError("something that was imported began a thread: forks would be broken")
    gc.collect()
    gc.freeze()


class Zygote:
    """Forks until the host is gone."""

    def __init__(self, control: socket.socket, configuration: dict[str, Any]) -> None:
        self._control = control
        self._filter = bytes.fromhex(configuration["filter"])
        self._root: bool = configuration["root"]
        self._places: dict[str, int] = configuration["places"]
        self._shown: list[str] = configuration["shown"]
        self._poll = select.poll()
        self._poll.register(control, select.POLLIN)
        self._children: dict[int, tuple[int, int]] = {}  # by handle: the host's id, and the pid

    def serve(self) -> Job | None:
        """Serve; returns a job in a fork, None in the zygote at its end."""
        self._say({"ready": True})
        while True:
            for fd, _ in self._poll.poll():
                if fd != self._control.fileno():
                    self._see_out(fd)
                    continue
                data, given, _, _ = socket.recv_fds(self._control, MESSAGE, DESCRIPTORS)
                if not data:
                    return None
                job = self._fork(json.loads(data), given)
                if job is not None:
                    return job

    def _say(self, message: dict[str, Any], *given: int) -> None:
        socket.send_fds(self._control, [json.dumps(message).encode()], given)

    def _see_out(self, handle: int) -> None:
        number, pid = self._children.pop(handle)
        self._poll.unregister(handle)
        os.close(handle)
        _, status = os.waitpid(pid, 0)
        self._say({"ended": number, "status": os.waitstatus_to_exitcode(status)})

    def _fork(self, request: dict[str, Any], given: list[int]) -> Job | None:
        number = request["fork"]
        try:
            pid = walls_of.into_new_pid_namespace()
            if not pid:
                return self._inside(request, given)
            handle = os.pidfd_open(pid)
            self._children[handle] = (number, pid)
            self._poll.register(handle, select.POLLIN)
            self._say({"forked": number}, handle)
        except OSError as error:
            self._say({"refused": number, "why": str(error)})
        for fd in given:
            os.close(fd)
        return None

    def _inside(self, request: dict[str, Any], given: list[int]) -> Job:
        """In the first process of the new namespace: build the walls, fork again, only see that one out."""
        configuration, errors, *links = given
        self._control.detach()
        try:
            os.dup2(errors, 1)
            os.dup2(errors, 2)
            close_but({0, 1, 2, configuration, *links})
            walls_of.enclose(self._places, self._shown, request["accounts"], root=self._root)
            kernel = os.fork()
            if kernel:
                walls_of.be_first(kernel, self._filter)
            walls_of.rename("kernel")
            walls_of.leave_powers(request["uid"], self._filter, root=self._root)
            os.chdir(os.environ["HOME"])
            renew()
        except BaseException as error:
            os.write(2, f"the walls of a fork could not be built: {error}\n".encode())
            os._exit(1)
        if request["do"] == "walls":
            return lambda: try_walls(configuration)
        return lambda: become(configuration, links)


def close_but(kept: set[int]) -> None:
    """Close every other descriptor."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) not in kept:
            with contextlib.suppress(OSError):  # the listing's own
                os.close(int(name))


def renew() -> None:
    """What must not be the same in two forks; `random` and `uuid` see to it themselves."""
    if "numpy.random" in sys.modules:
        sys.modules["numpy.random"].seed()
    if "multiprocessing.process" in sys.modules:
        sys.modules["multiprocessing.process"].current_process().authkey = os.urandom(32)


def become(configuration: int, links: list[int]) -> None:
    """Be a room's kernel, like `boot`; descriptors have other numbers here than the host gave them."""
    found = boot.read_configuration(configuration)
    found["report"], *sockets = links
    found["sockets"] = dict(zip(CHANNELS, sockets, strict=True))
    allowed = boot.begin(found)
    sys.path[0] = ""  # the room's own folder, as under a plain `python`
    for name in ("boot", "zygote_walls"):
        del sys.modules[name]  # a room's file may have that name
    sys.modules["room_app"].become(found["key"].encode(), found["sockets"], allowed)


def try_walls(configuration: int) -> None:
    """Look for ways out, as code of a room would."""
    import walls  # type: ignore[import-not-found, unused-ignore]

    sys.stdout.write(
        json.dumps({"missing": list(walls.missing(boot.read_configuration(configuration)))}) + "\n"
    )


def main() -> None:
    """Serve, or be what a fork is for."""
    configuration = boot.read_configuration(int(sys.argv[1]))
    bring(configuration["modules"], configuration["cwd"])
    control = socket.socket(fileno=configuration["control"])
    control.set_inheritable(False)
    job = Zygote(control, configuration).serve()
    if job is not None:
        job()


if __name__ == "__main__":
    main()
