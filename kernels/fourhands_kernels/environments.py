"""The Python environments that kernels run on: a folder of virtual environments, apart from the server's
own.
"""

import asyncio
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from .kernel import KernelUnavailable

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,39}")
_OLDEST_IPYKERNEL: Final = 7  # the first that says when a subscription has arrived
_INSPECT: Final = """
import importlib.metadata, json, sys
version = importlib.metadata.version("ipykernel")
print(json.dumps([sys.prefix, sys.base_prefix, sys.base_exec_prefix, version]))
"""


@dataclass(frozen=True, slots=True)
class Environment:
    """One environment: its interpreter, and the folders that it reads."""

    name: str
    python: Path
    folders: tuple[Path, ...]


class Environments:
    """The environments of one folder, each looked at once."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._known: dict[str, Environment] = {}

    async def get(self, name: str) -> Environment:
        """Return an environment; KernelUnavailable says what is missing."""
        if name not in self._known:
            self._known[name] = await self._inspect(name)
        return self._known[name]

    async def _inspect(self, name: str) -> Environment:
        if not _NAME.fullmatch(name):
            raise KernelUnavailable(f"{name!r} is no name of a kernel environment")
        python = self._folder.resolve() / name / "bin" / "python"
        if not os.access(python.parent.parent, os.R_OK | os.X_OK):
            raise KernelUnavailable(
                f"the kernel environment {name!r} is not in {self._folder}, or not for uid {os.getuid()}: "
                "run `make setup`, or name its folder with --environments"
            )
        prefix, *bases, version = await _ask(name, python)
        if int(version.split(".")[0]) < _OLDEST_IPYKERNEL:
            raise KernelUnavailable(
                f"the kernel environment {name!r} has ipykernel {version}, "
                f"and {_OLDEST_IPYKERNEL} or later is needed"
            )
        return Environment(name, python, tuple(dict.fromkeys(map(Path, (*bases, prefix)))))


async def _ask(name: str, python: Path) -> list[str]:
    """Let the interpreter say where it lives."""
    try:
        process = await asyncio.create_subprocess_exec(
            str(python),
            "-I",
            "-c",
            _INSPECT,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            env={},
        )
    except OSError as error:
        raise KernelUnavailable(
            f"uid {os.getuid()} cannot run {python} ({error.strerror}): if its Python lies in another's "
            "home, make the environment with one that everybody may read, /usr/bin/python3 say"
        ) from error
    out, err = await process.communicate()
    if process.returncode != 0:
        last = err.decode(errors="replace").strip().rsplit("\n", 1)[-1]
        raise KernelUnavailable(f"the kernel environment {name!r} does not work: {last}")
    answer: list[str] = json.loads(out)
    return answer
