"""How much one kernel may take: resource limits of its processes and the sizes of its folders in memory."""

from dataclasses import dataclass
from typing import Final

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Limits:
    """Limits of one sandbox; sizes in bytes.

    `memory` is RLIMIT_DATA, per process: the address-space limit would also count what libraries merely map.
    `whole` is for all processes of a sandbox and its folders in memory together: a cgroup or the watchdog
    holds it. `sockets` is what may wait in its TCP and UDP sockets. `processes` counts threads too. `home`,
    `tmp` and `shared` are the only places that can be written to; they live in memory.
    """

    memory: int = 1024 * MIB
    whole: int = 1536 * MIB
    sockets: int = 64 * MIB
    processes: int = 128
    open_files: int = 512
    file_size: int = 128 * MIB
    stack: int = 8 * MIB
    home: int = 128 * MIB
    tmp: int = 64 * MIB
    shared: int = 64 * MIB

    def resources(self) -> dict[str, int]:
        """Names and values for setrlimit, set inside the sandbox after its uid is final: RLIMIT_NPROC counts
        per uid.
        """
        return {
            "RLIMIT_DATA": self.memory,
            "RLIMIT_NPROC": self.processes,
            "RLIMIT_NOFILE": self.open_files,
            "RLIMIT_FSIZE": self.file_size,
            "RLIMIT_STACK": self.stack,
            # Not 0, which a core_pattern with a pipe ignores: a crash would be fed to a program outside.
            "RLIMIT_CORE": 1,
            "RLIMIT_MEMLOCK": 64 * 1024,
            "RLIMIT_MSGQUEUE": 0,
            "RLIMIT_RTPRIO": 0,
        }


DEFAULT: Final = Limits()
