"""The listening sockets of one kernel: made by the host in a folder of its own, handed into the sandbox by
descriptor.
"""

import shutil
import socket
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

# Jupyter's ipc transport joins a prefix and a "port" by a dash.
PORTS: Final = {"shell": 1, "iopub": 2, "stdin": 3, "control": 4}
_BACKLOG: Final = 8


@dataclass(slots=True)
class Channels:
    """Four sockets; the folder is nobody's but ours and not seen inside the sandbox."""

    folder: Path
    listeners: dict[str, socket.socket] = field(default_factory=dict)

    @classmethod
    def open(cls, runtime: Path) -> "Channels":
        """Listen in a new folder of the host's runtime folder."""
        channels = cls(Path(tempfile.mkdtemp(prefix="k", dir=runtime)))
        for name, port in PORTS.items():
            listener = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            channels.listeners[name] = listener
            listener.bind(f"{channels.prefix}-{port}")
            listener.listen(_BACKLOG)
        return channels

    @property
    def prefix(self) -> str:
        """What Jupyter calls the ip."""
        return str(self.folder / "c")

    @property
    def descriptors(self) -> Mapping[str, int]:
        """The sockets by number."""
        return {name: listener.fileno() for name, listener in self.listeners.items()}

    def hand_over(self) -> None:
        """Close our copies: once the kernel is gone, so are its sockets."""
        for listener in self.listeners.values():
            listener.close()

    def remove(self) -> None:
        """Take the paths away."""
        self.hand_over()
        shutil.rmtree(self.folder, ignore_errors=True)
