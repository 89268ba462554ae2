"""The arguments of bubblewrap: one builder for root mode (own uid, capabilities dropped) and user mode (own
user namespace).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final, Literal

from .limits import DEFAULT, Limits

Mode = Literal["root", "user"]

HOME: Final = "/home/room"
WORK: Final = (
    f"{HOME}/work"  # where the room's files belong; what programs keep for themselves stays beside it
)
CODE: Final = "/run/fourhands"
USER_UID: Final = 1000
SETPRIV: Final = "/usr/bin/setpriv"  # by its path: the environment's folder comes first in PATH
# What an unmerged or merged system has in its root; links are copied as links.
_ROOT_FOLDERS: Final = ("bin", "sbin", "lib", "lib32", "lib64", "libx32")
_SYSTEM_FILES: Final = (
    "/etc/ld.so.cache",
    "/etc/alternatives",
    "/etc/fonts",
    "/etc/localtime",
    "/etc/mime.types",
)
# What building further sandboxes takes: namespaces, mounts, a loopback, other uids, a smaller bounding set.
_KEPT_FOR_ZYGOTE: Final = ("CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")
# Setting the uid is the one thing setpriv needs capabilities for; it drops them with the change.
_KEPT_FOR_SETPRIV: Final = ("CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP")


@dataclass(frozen=True, slots=True)
class Sandbox:
    """What stands inside one sandbox.

    `readable` are folders of the host that appear read-only at their own paths (a Python and its
    environment). `files` are small read-only files by path inside, given as open descriptors of their
    contents. `masked` are folders of the host that must not appear even where something readable contains
    them. `uid` is the uid outside (root mode) that no other sandbox has. `seccomp` and `info` are
    descriptors: of the filter, and of a pipe on which bubblewrap tells the first process's pid. A `zygote`
    makes further sandboxes: it keeps the powers that takes, and is the first process itself.
    """

    mode: Mode
    uid: int
    readable: Sequence[Path] = ()
    masked: Sequence[Path] = ()
    files: Mapping[str, int] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    seccomp: int | None = None
    info: int | None = None
    limits: Limits = DEFAULT
    zygote: bool = False

    def __post_init__(self) -> None:
        """Whole homes and roots are never readable, whatever an environment's prefix claims."""
        for folder in self.readable:
            if folder != Path("/usr") and (len(folder.parts) < 3 or folder.parent == Path("/home")):
                raise ValueError(f"refusing to show all of {folder} to a sandbox")

    @property
    def inner_uid(self) -> int:
        """The uid that code inside sees."""
        return self.uid if self.mode == "root" else USER_UID


def account_files(uid: int) -> dict[str, bytes]:
    """The few files of /etc that programs look into; nothing in them is the host's."""
    return {
        "/etc/passwd": f"room:x:{uid}:{uid}:room:{HOME}:/bin/sh\n".encode(),
        "/etc/group": f"room:x:{uid}:\n".encode(),
        "/etc/hosts": b"127.0.0.1 localhost\n::1 localhost\n",
        "/etc/nsswitch.conf": b"passwd: files\ngroup: files\nhosts: files\n",
    }


def options(sandbox: Sandbox, *, root: Path = Path("/")) -> list[str]:
    """Bubblewrap's options; `root` is where the host's system lies (another one in tests)."""
    return [
        *_namespaces(sandbox),
        *_environment(sandbox),
        *_system(root),
        *_places(sandbox),
        *_readable(sandbox),
        *_files(sandbox),
        # The root and /dev are writable tmpfs up to here.
        *("--remount-ro", "/dev", "--remount-ro", "/"),
        *("--chdir", HOME),
        *(("--seccomp", str(sandbox.seccomp)) if sandbox.seccomp is not None else ()),
        *(("--info-fd", str(sandbox.info)) if sandbox.info is not None else ()),
    ]


def _namespaces(sandbox: Sandbox) -> Iterable[str]:
    yield from ("--unshare-pid", "--unshare-net", "--unshare-ipc", "--unshare-uts", "--unshare-cgroup-try")
    yield from ("--hostname", "room", "--new-session", "--die-with-parent")
    if sandbox.mode == "user":
        # A zygote is root of the one namespace in which bubblewrap builds; others get a further one.
        inner = "0" if sandbox.zygote else str(USER_UID)
        yield from ("--unshare-user", "--uid", inner, "--gid", inner)
    if sandbox.mode == "user" and not sandbox.zygote:
        yield "--disable-userns"
    yield from ("--cap-drop", "ALL")
    for capability in _kept(sandbox):
        yield from ("--cap-add", capability)
    if sandbox.zygote:
        yield "--as-pid-1"


def _kept(sandbox: Sandbox) -> Sequence[str]:
    if sandbox.zygote:
        # The last lets a namespace's root give its own uid on to a further namespace.
        return _KEPT_FOR_ZYGOTE if sandbox.mode == "root" else (*_KEPT_FOR_ZYGOTE, "CAP_SETFCAP")
    return _KEPT_FOR_SETPRIV if sandbox.mode == "root" else ()


def _environment(sandbox: Sandbox) -> Iterable[str]:
    yield "--clearenv"
    for name, value in sandbox.environment.items():
        yield from ("--setenv", name, value)


def _system(root: Path) -> Iterable[str]:
    yield from ("--ro-bind", str(root / "usr"), "/usr")
    for name in _ROOT_FOLDERS:
        folder = root / name
        if folder.is_symlink():
            yield from ("--symlink", str(folder.readlink()), f"/{name}")
        elif folder.is_dir():
            yield from ("--ro-bind", str(folder), f"/{name}")
    yield from ("--perms", "0755", "--dir", "/etc")
    for path in _SYSTEM_FILES:
        yield from ("--ro-bind-try", str(root / path.lstrip("/")), path)


def _readable(sandbox: Sandbox) -> Iterable[str]:
    made = set(map(Path, ("/", "/usr", "/etc", "/home", "/run", "/tmp")))
    shown: list[Path] = [Path("/usr")]
    for folder in sandbox.readable:
        if any(folder.is_relative_to(other) for other in shown):
            continue
        # Without this bubblewrap makes missing parents that only root may pass.
        for parent in reversed(folder.parents):
            if parent not in made and not any(parent.is_relative_to(other) for other in shown):
                made.add(parent)
                yield from ("--perms", "0755", "--dir", str(parent))
        yield from ("--ro-bind", str(folder), str(folder))
        shown.append(folder)
    for folder in sandbox.masked:
        if any(folder.is_relative_to(other) for other in shown):
            yield from (
                "--perms",
                "0000",
                "--size",
                "4096",
                "--tmpfs",
                str(folder),
                "--remount-ro",
                str(folder),
            )


def _places(sandbox: Sandbox) -> Iterable[str]:
    """What can be written to; it comes before what is shown read-only, which a later tmpfs would hide."""
    yield from ("--proc", "/proc", "--dev", "/dev")
    if sandbox.mode == "user" and not sandbox.zygote:
        # The settings of its own namespaces belong to whoever made them: outside that is the same user.
        yield from ("--ro-bind", "/proc/sys", "/proc/sys")
    yield from ("--perms", "0755", "--dir", "/home", "--perms", "0755", "--dir", "/run")
    for place, size in places(sandbox.limits).items():
        yield from ("--perms", "1777", "--size", str(size), "--tmpfs", place)
    yield from ("--symlink", "/tmp", "/var/tmp")


def places(limits: Limits) -> dict[str, int]:
    """The folders that can be written to, and their sizes in bytes."""
    return {"/dev/shm": limits.shared, HOME: limits.home, "/tmp": limits.tmp}


def _files(sandbox: Sandbox) -> Iterable[str]:
    for folder in sorted({str(Path(path).parent) for path in sandbox.files} - {"/etc"}):
        yield from ("--perms", "0755", "--dir", folder)
    for path, fd in sandbox.files.items():
        yield from ("--perms", "0444", "--ro-bind-data", str(fd), path)


def change_uid(sandbox: Sandbox) -> Sequence[str]:
    """What stands before the command, inside: in root mode the uid is still root's there."""
    if sandbox.mode == "user" or sandbox.zygote:
        return ()
    uid = str(sandbox.uid)
    identity = ("--reuid", uid, "--regid", uid, "--clear-groups")
    return (
        SETPRIV,
        *identity,
        "--inh-caps=-all",
        "--ambient-caps=-all",
        "--bounding-set=-all",
        "--no-new-privs",
    )
