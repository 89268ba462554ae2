"""Kernels that somebody else starts: a kernelspec's own provisioner (Kubernetes, Docker, another machine).

A provisioner is asked only what every one can answer, and a kernel is known by its connection information:
there may be no process of it on this machine. Provisioners are other people's code, which may wait where it
should not: they have a thread of their own, and no other room waits for them.
"""

import asyncio
import functools
import logging
import os
import secrets
import shutil
import tempfile
import threading
from collections.abc import Coroutine
from pathlib import Path
from typing import Any, Final, TypeVar

import zmq.asyncio
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager, NoSuchKernel
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning.factory import KernelProvisionerFactory
from jupyter_client.provisioning.local_provisioner import LocalProvisioner
from jupyter_client.provisioning.provisioner_base import KernelProvisionerBase

from .kernel import KernelUnavailable
from .kernelspecs import Kernelspec

log = logging.getLogger(__name__)

_POLL: Final = 1.0  # seconds; to ask a cluster may be a request over a network
_SILENCES: Final = 10  # questions in a row that a provisioner may fail to answer
_USERNAME: Final = "fourhands"
_CLOSE_SECONDS: Final = 20.0  # a pod that does not go by then is its cluster's affair


T = TypeVar("T")


class _Aside:
    """An event loop beside ours, one for all provisioners (some have parts that they share), made at first
    use.
    """

    def __init__(self) -> None:
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="provisioners", daemon=True).start()

    async def do(self, work: Coroutine[Any, Any, T]) -> T:
        """Have it done there."""
        return await asyncio.wrap_future(asyncio.run_coroutine_threadsafe(work, self._loop))


_aside = functools.cache(_Aside)


class OneSpec(KernelSpecManager):
    """Knows the one kernelspec that is wanted; nothing is looked up on disk."""

    spec: KernelSpec

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        """Whatever the name."""
        return self.spec


class ForeignManager(AsyncKernelManager):
    """A manager for one kernel of a kernelspec, in a folder of its own (the plain provisioner writes the key
    there).
    """

    offered: Kernelspec
    folder: Path

    async def start_kernel(self, **kwargs: Any) -> None:  # type: ignore[override]
        """Start it; KernelUnavailable whatever went wrong, for what provisioners raise is their own."""
        if is_local(self.offered.provisioner):
            environment = {name: os.environ[name] for name in ("PATH", "LANG") if name in os.environ}
            kwargs |= {"cwd": str(self.folder), "env": environment | {"HOME": str(self.folder)}}
        else:  # gateway-provisioners name what they start after a user, and refuse root
            kwargs |= {"env": {"KERNEL_USERNAME": _USERNAME, **os.environ}}
        try:
            await _aside().do(self._start(**kwargs))
        except KernelUnavailable:
            raise
        except Exception as error:
            log.warning("the kernelspec %s did not start a kernel: %s", self.kernel_name, error)
            raise KernelUnavailable(f"its provisioner could not start it: {error}") from error

    async def _start(self, **kwargs: Any) -> None:
        await super().start_kernel(**kwargs)

    async def ended(self) -> str:
        """Wait until the kernel is gone, by asking for it; returns how that came."""
        assert self.provisioner is not None
        silences = 0
        while silences < _SILENCES:
            try:
                status = await _aside().do(self.provisioner.poll())
            except Exception as error:  # the network between us, perhaps
                silences += 1
                log.warning("a provisioner did not say how its kernel is: %s", error)
            else:
                silences = 0
                if status is not None:
                    return f"ended with status {status}" if status else "ended"
            await asyncio.sleep(_POLL)
        return "is out of reach: its provisioner does not answer"

    async def signal(self, number: int) -> None:
        """Signal the kernel, as far as its provisioner can."""
        try:
            if self.provisioner is not None:
                await _aside().do(self.provisioner.send_signal(number))
        except Exception as error:  # the kernel is replaced if it does not heed us
            log.warning("a kernel of %s could not be signalled: %s", self.kernel_name, error)

    async def close(self) -> None:
        """End the kernel, as far as its provisioner can, and remove what we have of it."""
        try:
            if self.provisioner is not None:
                async with asyncio.timeout(_CLOSE_SECONDS):
                    await _aside().do(_end(self.provisioner))
        except Exception as error:
            log.warning("a kernel of %s may be left behind: %s", self.kernel_name, error or "no answer")
        finally:
            shutil.rmtree(self.folder, ignore_errors=True)

    def _connect_control_socket(self) -> None:
        """We have channels of our own, with bounds."""


async def _end(provisioner: KernelProvisionerBase) -> None:
    await provisioner.kill()
    await provisioner.wait()
    await provisioner.shutdown_requested()  # what stood beside the kernel, too
    await provisioner.cleanup()


def foreign_manager(context: zmq.asyncio.Context, kernelspec: Kernelspec, runtime: Path) -> ForeignManager:
    """A manager for one kernel, not yet started."""
    specs = OneSpec()
    specs.spec = KernelSpec.from_resource_dir(str(kernelspec.folder))
    folder = Path(tempfile.mkdtemp(prefix="f", dir=runtime))
    made = ForeignManager(
        context=context,
        kernel_spec_manager=specs,
        kernel_name=kernelspec.name,
        connection_file=str(folder / "connection.json"),
    )
    made.offered, made.folder = kernelspec, folder
    made.session.key = secrets.token_hex(32).encode()
    return made


def need_walls(kernelspec: Kernelspec) -> None:
    """Raise KernelUnavailable unless somebody else isolates what this kernelspec starts."""
    if is_local(kernelspec.provisioner):
        raise KernelUnavailable(
            f"the kernelspec {kernelspec.name!r} has a provisioner that starts plain processes of this "
            "machine. Without it the same program runs behind our walls; as it is, with --isolation none only"
        )


def is_local(provisioner: str) -> bool:
    """Whether a provisioner starts plain processes of our own user; KernelUnavailable where there is no such
    provisioner.
    """
    entry = KernelProvisionerFactory.instance()
    try:
        if not entry._check_availability(provisioner):
            raise LookupError("it is not installed beside the server")
        kind = entry.provisioners[provisioner].load()
    except Exception as error:
        raise KernelUnavailable(f"the provisioner {provisioner!r} cannot be used: {error}") from error
    return isinstance(kind, type) and issubclass(kind, LocalProvisioner)


def installed_kernelspec(name: str) -> Path:
    """The folder of a kernelspec, by its name or its own path; KernelUnavailable where there is none."""
    if os.sep in name:
        return Path(name)
    try:
        return Path(KernelSpecManager().get_kernel_spec(name).resource_dir)
    except NoSuchKernel as error:
        known = ", ".join(sorted(KernelSpecManager().find_kernel_specs())) or "none"
        raise KernelUnavailable(
            f"no kernelspec {name!r} is installed where the server's Python looks; there are {known}"
        ) from error
