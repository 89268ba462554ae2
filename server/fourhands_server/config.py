"""The settings of a server: command line first, then `FOURHANDS_…` of the environment, then defaults."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Isolation = Literal["auto", "none"]
Launcher = Literal["zygote", "bubblewrap"]


@dataclass(frozen=True, slots=True)
class Config:
    """Everything that an operator may choose."""

    host: str = "127.0.0.1"
    port: int = 8000
    base_url: str | None = None
    data: Path = Path("data")
    database: str | None = None
    redis: str | None = None  # the address of one that keeps the log
    isolation: Isolation = "auto"
    environments: Path = Path(".kernels")
    warm: int = 2  # kernels made ahead, for each environment in use
    launcher: Launcher = "zygote"
    kernel_host: Path | None = None  # the socket of one that is none of ours
    admin_key: str | None = None

    @property
    def address(self) -> str:
        """What links begin with; people at home cannot open 127.0.0.1, hence `base_url`."""
        if self.base_url:
            return self.base_url.rstrip("/")
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"http://{host}:{self.port}"
