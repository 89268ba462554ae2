"""Our provisioner for jupyter_client (entry point `fourhands-sandbox`): a kernel comes up on sockets of its
own, behind walls.

What runs rooms calls a provisioner and uses its connection information; a provisioner that starts kernels
elsewhere can take the place of this one (`foreign`).
"""

import secrets
from contextlib import ExitStack
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any, Final, cast

import zmq.asyncio
from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase
from traitlets import Any as AnyTrait

from .environments import Environment, held
from .foreign import OneSpec
from .sandbox.channels import PORTS, Channels
from .sandbox.launch import Launcher, Plain
from .sandbox.process import KernelProcess

NAME: Final = "fourhands-sandbox"


class SandboxProvisioner(KernelProvisionerBase):
    """One kernel of a room; the kernelspec's configuration carries how and on what it runs."""

    launcher: Launcher = AnyTrait()  # type: ignore[assignment]
    environment: Environment = AnyTrait()  # type: ignore[assignment]
    runtime: Path = AnyTrait()  # type: ignore[assignment]
    _channels: Channels | None = None
    _process: KernelProcess | None = None
    _held: ExitStack | None = None

    @property
    def has_process(self) -> bool:
        """Whether a kernel was started and not yet waited for."""
        return self._process is not None

    @property
    def work(self) -> int | None:
        """A descriptor of the kernel's working folder, until its end."""
        return None if self._process is None else self._process.work

    def network(self) -> int | None:
        """A descriptor of the kernel's network namespace, for the caller to close; None where it has none of
        its own. ProcessLookupError once the kernel is gone.
        """
        if isinstance(self.launcher, Plain):
            return None
        if self._process is None:
            raise ProcessLookupError("the kernel is gone")
        return self._process.network()

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Choose the sockets; nothing of the host's environment goes along."""
        self._held = ExitStack()
        self._held.enter_context(held(self.environment))
        self._channels = Channels.open(self.runtime)
        return {"cmd": [], "env": {}}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; KernelUnavailable where it cannot be."""
        if self._channels is None or self.launcher is None:
            raise RuntimeError("this provisioner is driven by the kernel host, through pre_launch")
        assert self.parent is not None
        key = self.parent.session.key
        self._process = await self.launcher.launch(self.environment, self._channels, key=key.decode())
        info: dict[str, Any] = {f"{name}_port": port for name, port in PORTS.items()}
        info |= {"transport": "ipc", "ip": self._channels.prefix, "key": key, "hb_port": 0}
        self.connection_info = cast("KernelConnectionInfo", info)
        return self.connection_info

    async def poll(self) -> int | None:
        """None while the kernel runs."""
        return None if self._process is not None and self._process.alive else 1

    async def wait(self) -> int | None:
        """Wait for its end."""
        if self._process is not None:
            await self._process.wait()
            self._process = None
        return 1

    async def send_signal(self, signum: int) -> None:
        """Signal the kernel inside its sandbox."""
        if self._process is not None:
            self._process.signal(signum)

    async def kill(self, restart: bool = False) -> None:
        """End the sandbox at once."""
        if self._process is not None:
            self._process.kill()

    async def terminate(self, restart: bool = False) -> None:
        """The same: a room's kernel has nothing to save."""
        await self.kill(restart)

    async def cleanup(self, restart: bool = False) -> None:
        """Take the sockets away, and let go of the environment."""
        if self._held is not None:
            self._held.close()
        if self._channels is not None:
            self._channels.remove()
            self._channels = None

    async def ended(self) -> str:
        """Wait for the end and say how it came."""
        if self._process is None:
            return "no process"
        how = await self._process.wait()
        words = self._process.last_words
        return f"{how}: {words.splitlines()[-1]}" if words and "status" in how else how


class RoomManager(AsyncKernelManager):
    """A manager that writes no connection file (it would hold the key) and opens no socket of its own (it
    would be unbounded).
    """

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start it, without the 10 ms for which jupyter_client sleeps afterwards on behalf of its tests."""
        command, kwargs = await self.pre_start_kernel(**kwargs)
        await self._async_launch_kernel(command, **kwargs)
        await self.post_start_kernel(**kwargs)

    def write_connection_file(self, **kwargs: Any) -> None:
        """Keep the key off the disk."""

    def _reconcile_connection_info(self, info: KernelConnectionInfo) -> None:
        for name in ("shell_port", "iopub_port", "stdin_port", "control_port", "hb_port"):
            setattr(self, name, info[name])
        self.transport, self.ip = info["transport"], info["ip"]

    def _connect_control_socket(self) -> None:
        pass

    async def ended(self) -> str:
        """Wait until the kernel is gone; returns how that came."""
        assert isinstance(self.provisioner, SandboxProvisioner)
        return await self.provisioner.ended()

    async def signal(self, number: int) -> None:
        """Signal the kernel."""
        if self.provisioner is not None:
            await self.provisioner.send_signal(number)

    async def close(self) -> None:
        """End the kernel and remove every trace of it."""
        if self.provisioner is not None:
            await self.provisioner.kill()
            await self.provisioner.wait()
            await self.provisioner.cleanup()


def manager(
    context: zmq.asyncio.Context, *, launcher: Launcher, environment: Environment, runtime: Path
) -> RoomManager:
    """A manager for one kernel, not yet started."""
    config = {"launcher": launcher, "environment": environment, "runtime": runtime}
    metadata = {"kernel_provisioner": {"provisioner_name": NAME, "config": config}}
    specs = OneSpec()
    mode = "message" if environment.program is None else environment.program.interrupt
    specs.spec = KernelSpec(language="python", interrupt_mode=mode, metadata=metadata)
    _register()
    made = RoomManager(context=context, kernel_spec_manager=specs, transport="ipc")
    made.session.key = secrets.token_hex(32).encode()
    return made


def _register() -> None:
    """Make the provisioner known also where this package is run without being installed."""
    group, value = KernelProvisionerFactory.GROUP_NAME, f"{__name__}:{SandboxProvisioner.__name__}"
    KernelProvisionerFactory.provisioners.setdefault(NAME, EntryPoint(NAME, value, group))
