"""The programs behind the editor's help: installed beside the server, shown to a sandbox each by its file."""

import shutil
import sys
from dataclasses import dataclass
from pathlib import Path

from ..kernel import KernelUnavailable


@dataclass(frozen=True, slots=True)
class Tools:
    """Where they are."""

    ty: Path
    ruff: Path

    @property
    def all(self) -> tuple[Path, ...]:
        """All of them."""
        return (self.ty, self.ruff)


def find_tools() -> Tools:
    """Those of our own Python; KernelUnavailable says what is missing."""
    return Tools(_find("ty"), _find("ruff"))


def _find(name: str) -> Path:
    found = shutil.which(name, path=str(Path(sys.executable).parent))
    if found is None:
        raise KernelUnavailable(f"{name} is not installed beside {sys.executable}: run `make setup`")
    return Path(found).resolve()
