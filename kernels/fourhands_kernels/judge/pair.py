"""Starts one half of a pair: a sandbox that has some files, one socket, and nothing else of the world."""

import dataclasses
import socket
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from ..environments import Environment
from ..sandbox import program
from ..sandbox.launch import Bubblewrap, Plain
from ..sandbox.limits import MIB, Limits
from ..sandbox.process import KernelProcess
from .inside.writing import encode

_FOLDER: Final = Path(__file__).parent
_HALF: Final = program.Program(
    name="judge",
    folder=_FOLDER,
    files=program.sources(_FOLDER, below="inside"),
    entry="from inside.entry import main; del sys.path[:len(own)]; main()",
    limits=Limits(memory=768 * MIB, processes=64, home=32 * MIB, tmp=32 * MIB, shared=16 * MIB),
    write=encode,
)


@dataclasses.dataclass(frozen=True, slots=True)
class Pairs:
    """Both halves are started here, behind the same walls as kernels (or, where the operator says so, behind
    none).
    """

    launcher: Bubblewrap | Plain

    @property
    def unisolated(self) -> bool:
        """Whether there are no walls: results can then be forged."""
        return isinstance(self.launcher, Plain)

    async def start(
        self, environment: Environment, role: str, link: socket.socket, settings: Mapping[str, Any]
    ) -> KernelProcess:
        """Start one half with its end of a socket, which is then its own; KernelUnavailable where it cannot
        be.
        """
        # Alone: in a pid namespace of its own, where it may kill all that there is.
        chosen = {**settings, "role": role, "alone": not self.unisolated}
        return await program.start(self.launcher, _HALF, environment, chosen, link=link)
