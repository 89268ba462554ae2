"""Where isolation cannot be had, no code runs, and the words say which wall is missing and what to do.

The walls are taken from a host by putting something else in bubblewrap's place, in a mount namespace of its
own.
"""

import asyncio
import os
import shutil
import tempfile
from pathlib import Path

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import KernelUnavailable
from tests.kernels.hosting import HostProcess
from tests.kernels.watching import Watched

# In place of bubblewrap: what it says, or what of its walls it leaves out; and what an operator must read.
NONE = ""
SAYS = "#!/bin/sh\ncat >&2 <<'END'\nbwrap: {}\nEND\nexit 1\n"
PLAIN = '#!/bin/sh\nwhile [ "$1" != "--" ]; do shift; done\nshift\ncd /\nexec "$@"\n'
MISSING = {
    "no bubblewrap": (NONE, "apt-get install bubblewrap"),
    "no user namespaces": (
        SAYS.format("No permissions to create new namespace, likely because …"),
        "user namespaces are forbidden",
    ),
    "no namespaces": (SAYS.format("Creating new namespace failed: Operation not permitted"), "container"),
    "a masked /proc": (
        SAYS.format("Can't mount proc on /newroot/proc: Operation not permitted"),
        "systempaths",
    ),
    "no walls at all": (PLAIN, "isolation is not"),
}


async def refuses(name: str) -> list[str]:
    """What went wrong with the refusal."""
    script, words = MISSING[name]
    folder = Path(tempfile.mkdtemp(prefix="attack-", dir="/tmp"))
    place = folder / "bwrap"
    place.write_text(script)
    place.chmod(0o755 if script else 0o644)
    host = HostProcess(folder / "host", instead={shutil.which("bwrap") or "/usr/bin/bwrap": place})
    client = KernelHostClient(host.socket)
    failures = []
    try:
        await asyncio.to_thread(host.start)
        found = await client.availability()
        if found.ok or words not in (found.reason or ""):
            failures.append(f"{name}: {found.reason}")
        room = Watched(client)
        await room.attach()
        try:
            run = await room.runs("1 + 1")
            failures.append(f"{name}: code ran all the same, {run.status}")
        except KernelUnavailable as error:
            if words not in error.reason:
                failures.append(f"{name}: {error.reason}")
    finally:
        await client.aclose()
        await asyncio.to_thread(host.end)
        shutil.rmtree(folder, ignore_errors=True)
    return failures


def attempt() -> list[str]:
    """All of them; none as an ordinary user, who can put nothing in bubblewrap's place."""
    if os.geteuid() != 0:
        return []
    return [failure for name in MISSING for failure in asyncio.run(refuses(name))]
