"""How a kernel host is started: what a server says to it, light enough for the server to import."""

from dataclasses import dataclass
from pathlib import Path
from typing import Final, Literal

Isolation = Literal["auto", "none"]
LauncherKind = Literal["zygote", "bubblewrap"]

LINGER: Final = 600.0  # seconds without a server after which a host ends
KERNELS: Final = 64  # at the same time
WARM: Final = 2  # kernels that wait for a room, per environment in use
TAKEN: Final = 75  # exit status: another host has the socket


@dataclass(frozen=True, slots=True)
class HostOptions:
    """How a host runs; no sandbox sees what is `hidden`, `ready` is a descriptor to close once serving."""

    socket: Path
    environments: Path
    hidden: tuple[Path, ...] = ()
    isolation: Isolation = "auto"
    linger: float = LINGER
    kernels: int = KERNELS
    warm: int = WARM
    launcher: LauncherKind = "zygote"
    ready: int | None = None

    @property
    def shown(self) -> dict[str, str]:
        """What a server compares with its own wishes."""
        return {"isolation": self.isolation, "environments": str(self.environments)}
