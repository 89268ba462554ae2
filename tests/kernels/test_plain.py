"""Without isolation, where the operator says so: the same interface over plain processes."""

import asyncio
import os
from pathlib import Path

from fourhands_kernels.client import KernelHostClient

from .hosting import HostProcess, wait_gone
from .watching import Watched


async def test_kernels_run_plainly_and_end_with_the_host(environments: Path, tmp_path: Path) -> None:
    host = HostProcess(tmp_path, isolation="none").start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    assert (await client.availability()).ok
    assert int((await room.runs("import os\nos.getuid()")).value) == os.getuid()
    assert (await room.runs("sorted(k for k in os.environ if k.startswith('PYTEST'))")).value == "[]"
    run = await room.begins("print('busy', flush=True)\nwhile True: pass")
    await room.prints(run, "busy")
    await client.interrupt(room.name)
    assert (await room.ends(run)).status == "interrupted"
    inside = host.sandboxes()
    await client.aclose()
    await asyncio.to_thread(host.end)
    wait_gone(inside)
