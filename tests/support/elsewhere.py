"""Kernels on what might be another machine: its agent, reached over TCP with a key, and the provisioner that
asks it.

The provisioner never learns a pid: all it has of a kernel is a name, answers and connection information. It
stands for those of gateway-provisioners (Kubernetes, Docker).
"""

import asyncio
import json
import secrets
import signal
import socket
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Unicode

PORTS = ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port")


class ElsewhereProvisioner(KernelProvisionerBase):
    """Asks the agent for everything."""

    agent = Unicode(config=True)
    agent_key = Unicode(config=True)
    gate = Unicode(config=True)  # a fifo to wait at, as code does that was not written for an event loop
    _kernel: str | None = None

    @property
    def has_process(self) -> bool:
        return self._kernel is not None

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        return await super().pre_launch(cmd=[], **kwargs)

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> Any:
        if self.gate:
            Path(self.gate).read_text()  # noqa: ASYNC240
        key = self.parent.session.key.decode()
        answer = await self._ask("start", key=key, env=dict(self.kernel_spec.env))
        self._kernel = answer["kernel"]
        self.connection_info = answer["connection"] | {"key": key.encode()}
        return self.connection_info

    async def poll(self) -> int | None:
        return (await self._ask("poll"))["status"] if self._kernel else 0

    async def wait(self) -> int | None:
        status = (await self._ask("wait"))["status"] if self._kernel else 0
        self._kernel = None
        return int(status)

    async def send_signal(self, signum: int) -> None:
        await self._ask("signal", number=signum)

    async def kill(self, restart: bool = False) -> None:
        if self._kernel:
            await self._ask("signal", number=int(signal.SIGKILL))

    async def terminate(self, restart: bool = False) -> None:
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        pass

    async def _ask(self, do: str, **more: Any) -> dict[str, Any]:
        host, port = self.agent.rsplit(":", 1)
        reader, writer = await asyncio.open_connection(host, int(port))
        question = {"key_of_agent": self.agent_key, "do": do, "kernel": self._kernel, **more}
        writer.write(json.dumps(question).encode() + b"\n")
        answer = json.loads(await reader.readline())
        writer.close()
        if "error" in answer:
            raise RuntimeError(answer["error"])
        return dict(answer)


class Agent:
    """The other machine: starts ipykernel on its own Python, knows its processes and tells nobody."""

    def __init__(self, python: str, key: str, folder: Path) -> None:
        self._python, self._key, self._folder = python, key, folder
        self._kernels: dict[str, subprocess.Popen[bytes]] = {}

    async def serve(self) -> None:
        server = await asyncio.start_server(self._on_link, "127.0.0.1", 0)
        print(server.sockets[0].getsockname()[1], flush=True)
        await asyncio.to_thread(sys.stdin.read)  # until whoever started us has gone
        for process in self._kernels.values():
            process.kill()
            process.wait()

    async def _on_link(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        question = json.loads(await reader.readline())
        try:
            if not secrets.compare_digest(question["key_of_agent"], self._key):
                raise PermissionError("not your machine")
            if question["do"] == "wait":
                await asyncio.to_thread(self._kernels[question["kernel"]].wait)
                question["do"] = "poll"
            answer = getattr(self, f"_{question['do']}")(question)
        except (PermissionError, ValueError) as error:
            answer = {"error": str(error)}
        writer.write(json.dumps(answer).encode() + b"\n")
        await writer.drain()
        writer.close()

    def _start(self, question: dict[str, Any]) -> dict[str, Any]:
        if question["env"].get("FULL"):
            raise ValueError("no node has room for it")
        name = secrets.token_hex(4)
        connection = {"transport": "tcp", "ip": "127.0.0.1", "signature_scheme": "hmac-sha256"}
        connection |= {**dict(zip(PORTS, free_ports(), strict=True))}
        file = self._folder / f"{name}.json"
        file.write_text(json.dumps(connection | {"key": question["key"]}))
        command = [self._python, "-I", "-m", "ipykernel_launcher", "-f", str(file)]
        quiet = subprocess.DEVNULL
        self._kernels[name] = subprocess.Popen(
            command,
            stdin=quiet,
            stdout=quiet,
            stderr=quiet,
            env={"PYDEVD_DISABLE_FILE_VALIDATION": "1"},  # it would be the first thing that is printed
            start_new_session=True,
            cwd=self._folder,
        )
        return {"kernel": name, "connection": connection}

    def _poll(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"status": self._kernels[question["kernel"]].poll()}

    def _signal(self, question: dict[str, Any]) -> dict[str, Any]:
        self._kernels[question["kernel"]].send_signal(question["number"])
        return {}

    def _alive(self, question: dict[str, Any]) -> dict[str, Any]:
        return {"alive": [name for name, kernel in self._kernels.items() if kernel.poll() is None]}


def free_ports() -> list[int]:
    """Ports that nobody has, until somebody else takes them."""
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in PORTS]
    ports = [listener.getsockname()[1] for listener in taken]
    for listener in taken:
        listener.close()
    return ports


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(Agent(sys.argv[1], sys.argv[2], Path(folder)).serve())
