"""A kernel that is not ours, of any language, inside the sandbox: it gets a connection file and ports of the
sandbox's own loopback, as from any Jupyter, and what the host says on its sockets is passed on to them.

Like `boot` it runs on an environment's Python and imports the standard library alone. It is no wall: what the
kernel's code could do to these ports it could do to the kernel itself.
"""

import contextlib
import ctypes
import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
from string import Template
from typing import Any

PR_SET_PDEATHSIG = 1
CHANNELS = ("shell", "iopub", "stdin", "control", "hb")
PIECE = 64 * 1024  # bytes read at a time
AGAIN = 0.05  # seconds before the next attempt to reach a kernel that does not listen yet


def free_ports() -> dict[str, int]:
    """Ports of the loopback that nobody has."""
    listeners = {f"{name}_port": socket.create_server(("127.0.0.1", 0)) for name in CHANNELS}
    ports = {name: listener.getsockname()[1] for name, listener in listeners.items()}
    for listener in listeners.values():
        listener.close()
    return ports


def connection_file(key: str, ports: dict[str, int]) -> str:
    """Write the file that the kernel reads."""
    connection: dict[str, Any] = {"transport": "tcp", "ip": "127.0.0.1", "key": key}
    fd, path = tempfile.mkstemp(prefix="kernel-", suffix=".json")
    with open(fd, "w", encoding="utf-8") as file:
        json.dump(connection | {"signature_scheme": "hmac-sha256"} | ports, file)
    return path


def pump(source: socket.socket, target: socket.socket) -> None:
    """Pass on what comes, until one side ends; whoever is slow slows the other."""
    with contextlib.suppress(OSError):
        while piece := source.recv(PIECE):
            target.sendall(piece)
    for side in (source, target):
        with contextlib.suppress(OSError):
            side.shutdown(socket.SHUT_RDWR)


def join(link: socket.socket, port: int, ended: threading.Event) -> None:
    """Connect the host's link to the kernel's port, once that is there."""
    while True:
        try:
            kernel = socket.create_connection(("127.0.0.1", port))
            break
        except OSError:
            if ended.wait(AGAIN):
                return
    with link, kernel:
        back = threading.Thread(target=pump, args=(kernel, link), daemon=True)
        back.start()
        pump(link, kernel)
        back.join()


def accept(listener: socket.socket, port: int, ended: threading.Event) -> None:
    """Take the host's links as they come."""
    while True:
        link, _ = listener.accept()
        threading.Thread(target=join, args=(link, port, ended), daemon=True).start()


def become(key: str, sockets: dict[str, int], program: dict[str, Any]) -> None:
    """Start the kernel and end as it ends."""
    ports, ended = free_ports(), threading.Event()
    places = {"{connection_file}": connection_file(key, ports), "{resource_dir}": program["folder"]}
    command = program["argv"]
    for place, path in places.items():
        command = [word.replace(place, path) for word in command]
    variables = {
        name: Template(text).safe_substitute(os.environ) for name, text in program["variables"].items()
    }
    try:
        kernel = subprocess.Popen(
            command, env=os.environ | variables, start_new_session=True, preexec_fn=end_with_us
        )
    except OSError as error:
        sys.exit(f"{command[0]} cannot be run in the sandbox: {error.strerror}")
    signal.signal(signal.SIGINT, lambda *_: interrupt(kernel.pid))
    for name, fd in sockets.items():
        listening = (socket.socket(fileno=fd), ports[f"{name}_port"], ended)
        threading.Thread(target=accept, args=listening, daemon=True).start()
    status = kernel.wait()
    ended.set()
    os._exit(status if status >= 0 else 128 - status)


def end_with_us() -> None:
    """In the kernel's process: where there is no sandbox to end, nothing else would see to it."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)


def interrupt(kernel: int) -> None:
    """Pass a signal on, to the kernel and to what its code waits for."""
    with contextlib.suppress(ProcessLookupError):
        os.killpg(kernel, signal.SIGINT)
