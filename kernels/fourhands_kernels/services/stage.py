"""Starts the program of one service in a sandbox of its own: no network, a uid of its own, little memory, its
source in no file.
"""

import dataclasses
import socket
from collections.abc import Awaitable, Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Final, Literal

from ..environments import Environment, held
from ..sandbox import program
from ..sandbox.launch import Bubblewrap, Plain
from ..sandbox.limits import MIB, Limits
from ..sandbox.process import KernelProcess
from ..service import Service

_FOLDER: Final = Path(__file__).parent / "inside"
_SERVICE: Final = program.Program(
    name="service",
    folder=_FOLDER,
    files=program.sources(_FOLDER),
    entry="from runner import main; main()",
    limits=Limits(
        memory=384 * MIB, processes=64, open_files=256, home=16 * MIB, tmp=16 * MIB, shared=1 * MIB
    ),
)


@dataclasses.dataclass(frozen=True, slots=True)
class Stage:
    """Services are started here, behind the same walls as kernels (or, where the operator says so, behind
    none); `find` gives an environment by its name.
    """

    launcher: Bubblewrap | Plain
    find: Callable[[str], Awaitable[Environment]]

    @property
    def mode(self) -> Literal["root", "user"] | None:
        """How walls are built; None where there are none."""
        return None if isinstance(self.launcher, Plain) else self.launcher.mode

    async def start(
        self, environment: str, service: Service, *, listener: int, link: socket.socket
    ) -> KernelProcess:
        """Start it on a listening socket, with its end of a link, which is then its own; KernelUnavailable
        where it cannot be.
        """
        with ExitStack() as kept:
            kept.enter_context(link)
            found = await self.find(environment)
            kept.enter_context(held(found))
            process = await program.start(
                self.launcher,
                _SERVICE,
                found,
                {"source": service.source},
                link=link,
                descriptors={"listener": listener},
            )
            holding = kept.pop_all()
        process.exited.add_done_callback(lambda _: holding.close())
        return process
