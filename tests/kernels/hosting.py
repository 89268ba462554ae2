"""A kernel host as a process for tests: started, waited for without sleeping, and looked at from outside."""

import os
import select
import signal
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path

PROJECT = Path(__file__).parents[2]
ENVIRONMENTS = Path(os.environ.get("FOURHANDS_ENVIRONMENTS", PROJECT / ".kernels"))
SECONDS = 30.0
ORDINARY = 1_800_000_001  # a uid that nobody has
# In a mount namespace of our own: what lies in a private folder is shown in an empty one in its place.
_SHOW = """
set -e
closed=$1; shift
count=$1; shift
mount -t tmpfs tmpfs /mnt
for number in $(seq $count); do
    eval "path=\\${$number}"
    mkdir /mnt/$number
    mount --bind "$path" /mnt/$number
done
for folder in $closed; do mount -t tmpfs -o mode=0755 tmpfs "$folder"; done
for number in $(seq $count); do
    mkdir -p "$1"
    mount --bind /mnt/$number "$1"
    shift
done
exec "$@"
"""


@dataclass
class HostProcess:
    """`python -m fourhands_kernels.host` on a socket in a folder of its own."""

    folder: Path
    isolation: str = "auto"
    linger: float = 900.0  # a host for a whole session may wait long between two tests
    kernels: int = 64
    launcher: str = "zygote"
    warm: int = 0
    environments: Path = ENVIRONMENTS
    ordinary: bool = False  # run it as an ordinary user although we are root
    instead: dict[str, Path] = field(default_factory=dict)  # what it sees in place of files of the system
    process: "subprocess.Popen[bytes]" = field(init=False)

    @property
    def socket(self) -> Path:
        return self.folder / "host.sock"

    @property
    def log(self) -> str:
        return (self.folder / "log").read_text()

    def start(self) -> "HostProcess":
        self.folder.mkdir(parents=True, exist_ok=True)
        ready, write = os.pipe()
        command = [sys.executable, "-m", "fourhands_kernels.host", "--ready", str(write)]
        command += ["--socket", str(self.socket), "--environments", str(self.environments)]
        command += [
            "--isolation",
            self.isolation,
            "--linger",
            str(self.linger),
            "--kernels",
            str(self.kernels),
            "--launcher",
            self.launcher,
            "--warm",
            str(self.warm),
        ]
        if self.ordinary and os.geteuid() == 0:
            os.chown(self.folder, ORDINARY, ORDINARY)
            command = [*as_ordinary_user(self.folder), *command]
        for path, other in self.instead.items():
            shown = ["/bin/sh", "-c", 'mount --bind "$0" "$1"; shift; exec "$@"', str(other), path]
            command = ["unshare", "--mount", *shown, *command]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(
                command,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                pass_fds=(write,),
                start_new_session=True,
            )
        os.close(write)
        assert select.select([ready], [], [], SECONDS)[0], "the host did not start"
        os.close(ready)
        return self

    def sandboxes(self) -> list[int]:
        """The pids of every process below this host."""
        return descendants(self.process.pid)

    def resident(self) -> int:
        """Bytes of memory that the host itself holds."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE")

    def end(self, number: int = signal.SIGTERM) -> int:
        if self.process.poll() is None:
            self.process.send_signal(number)
        return self.process.wait(SECONDS)


def descendants(pid: int) -> list[int]:
    """All processes below one, by /proc."""
    parents: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rsplit(")", 1)[1].split()
            except (OSError, IndexError):
                continue
            if fields[0] != "Z":
                parents.setdefault(int(fields[1]), []).append(int(entry.name))
    found: list[int] = []
    waiting = [pid]
    while waiting:
        children = parents.get(waiting.pop(), [])
        found += children
        waiting += children
    return found


def wait_gone(pids: list[int]) -> None:
    """Wait until none of these processes is left."""
    for pid in pids:
        try:
            handle = os.pidfd_open(pid)
        except ProcessLookupError:
            continue
        try:
            assert select.select([handle], [], [], SECONDS)[0], f"process {pid} is still there"
        finally:
            os.close(handle)


def as_ordinary_user(*folders: Path) -> list[str]:
    """What stands before a command that root wants to run as an ordinary user.

    That user may read these folders, the project and its Pythons, wherever they lie.
    """
    pythons = [ENVIRONMENTS / "default/bin/python", Path(sys.executable)]
    needed = [*folders, PROJECT, ENVIRONMENTS, Path(sys.prefix)]
    needed += [python.resolve().parents[1] for python in pythons]
    hidden = {path: barrier for path in needed if (barrier := _barrier(path)) is not None}
    closed = " ".join(map(str, dict.fromkeys(hidden.values())))
    show = ["/bin/sh", "-c", _SHOW, "show", closed, str(len(hidden)), *map(str, hidden)]
    identity = ["--reuid", str(ORDINARY), "--regid", str(ORDINARY), "--clear-groups"]
    return ["unshare", "--mount", *show, "setpriv", *identity, "--inh-caps=-all", "--bounding-set=-all"]


def _barrier(path: Path) -> Path | None:
    """The outermost folder above a path that only its owner may pass."""
    for folder in reversed(path.parents):
        if not folder.stat().st_mode & 0o001:
            return folder
    return None
