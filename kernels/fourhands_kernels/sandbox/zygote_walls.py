"""The walls of one fork, built by system calls: what bubblewrap does for a process that it starts, the zygote
does for one that it forks.

Like `boot` it runs inside, on the environment's Python, and imports the standard library alone. Namespaces
and mounts are made with the zygote's powers and stay hers; the kernel is then left without any: another uid
(root mode) or an own user namespace (user mode), no capability, no new privileges, the filter.
"""

import contextlib
import ctypes
import fcntl
import os
import signal
import socket
import struct
from typing import Any

CLONE_NEWNS, CLONE_NEWCGROUP, CLONE_NEWUTS, CLONE_NEWIPC = 0x20000, 0x2000000, 0x4000000, 0x8000000
CLONE_NEWUSER, CLONE_NEWPID, CLONE_NEWNET = 0x10000000, 0x20000000, 0x40000000
MS_RDONLY, MS_NOSUID, MS_NODEV, MS_NOEXEC = 1, 2, 4, 8
MS_REMOUNT, MS_BIND, MS_REC, MS_PRIVATE = 0x20, 0x1000, 0x4000, 0x40000
MNT_DETACH = 2
PR_SET_DUMPABLE, PR_SET_NAME, PR_SET_SECCOMP, PR_CAPBSET_DROP = 4, 15, 22, 24
PR_SET_NO_NEW_PRIVS, PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, SECCOMP_MODE_FILTER = 38, 47, 4, 2
CAPABILITIES_3 = 0x20080522
SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 0x1, 0x40
INSTRUCTION = 8  # bytes of one in a filter
# Parts of /proc by which root of a machine is told things; they are root's, and read-only besides.
COVERED = ("/proc/sys", "/proc/sysrq-trigger", "/proc/irq", "/proc/bus")

libc = ctypes.CDLL(None, use_errno=True)
libc.prctl.argtypes = (ctypes.c_int, *(ctypes.c_ulong,) * 4)
libc.mount.argtypes = (*(ctypes.c_char_p,) * 3, ctypes.c_ulong, ctypes.c_char_p)


def call(name: str, *arguments: Any) -> None:
    """A function of libc that says -1 where it fails; OSError then."""
    if getattr(libc, name)(*arguments) == -1:
        number = ctypes.get_errno()
        raise OSError(number, f"{name}: {os.strerror(number)}")


def mount(source: str, target: str, kind: str, flags: int = 0, data: str = "") -> None:
    """mount(2)."""
    call("mount", source.encode(), target.encode(), kind.encode(), flags, data.encode())


def into_new_pid_namespace() -> int:
    """Fork into a pid namespace of its own, of which the child is the first; returns as `os.fork`.

    Our own children come into our own namespace again afterwards.
    """
    own = os.open("/proc/self/ns/pid", os.O_RDONLY | os.O_CLOEXEC)
    pid = -1
    try:
        call("unshare", CLONE_NEWPID)
        pid = os.fork()
        return pid
    finally:
        if pid:
            call("setns", own, CLONE_NEWPID)
        os.close(own)


def enclose(places: dict[str, int], shown: list[str], accounts: dict[str, str], *, root: bool) -> None:
    """Give this process, the first of its pid namespace, all other namespaces, and its own /proc, terminals
    and writable places (sizes in bytes).

    `shown` are folders that have to be seen also where they lie below one of those places, `accounts` files
    that take the place of the zygote's; `root` says that we are root outside as well.
    """
    os.setsid()
    call("unshare", CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS)
    with contextlib.suppress(OSError):
        call("unshare", CLONE_NEWCGROUP)
    mount("none", "/", "", MS_REC | MS_PRIVATE)
    mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC)
    mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC, "newinstance,ptmxmode=0666,mode=620")
    for place, size in places.items():
        below = {path: os.open(path, os.O_PATH) for path in shown if path.startswith(place + "/")}
        mount("tmpfs", place, "tmpfs", MS_NOSUID | MS_NODEV, f"mode=1777,size={size}")
        for path, folder in below.items():
            _make(path)
            mount(f"/proc/self/fd/{folder}", path, "", MS_BIND | MS_REC)  # read-only, as it was
            os.close(folder)
    if root:
        _cover_proc()
    for path, text in accounts.items():
        _replace(path, text)
    socket.sethostname("room")
    _loopback()


def _make(path: str) -> None:
    """Make a folder, and its parents such that everybody may pass, whatever umask the host has."""
    if not os.path.isdir(path):
        _make(os.path.dirname(path))
        os.mkdir(path)
        os.chmod(path, 0o755)


def _replace(path: str, text: str) -> None:
    """Put a file over another; it lies in the kernel's /tmp, where no name leads to it."""
    source = "/tmp/" + os.path.basename(path)
    with open(source, "w", encoding="ascii") as file:
        file.write(text)
    os.chmod(source, 0o444)
    call("umount2", path.encode(), MNT_DETACH)  # a file without a name cannot be covered
    mount(source, path, "", MS_BIND)
    mount("none", path, "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV)
    os.unlink(source)


def _loopback() -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        fcntl.ioctl(link, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", IFF_UP | IFF_RUNNING))


def leave_powers(uid: int, filter_: bytes, *, root: bool) -> None:
    """Keep nothing of the zygote's powers: become `uid`, which is one in a user namespace of our own where we
    are not root outside.
    """
    if not root:
        # The settings of its namespaces would belong to it: outside it is the user who made them. A last one
        # has to be written, which this way leads to.
        settings = os.open("/proc/sys/user", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
        _cover_proc()
        _own_user_namespace(uid, settings)
        os.close(settings)
    _drop_bounding()
    if root:
        os.setgroups([])
        os.setresgid(uid, uid, uid)
        os.setresuid(uid, uid, uid)
    drop_capabilities()
    libc.prctl(PR_SET_DUMPABLE, 1, 0, 0, 0)  # as after an exec: its own /proc belongs to the kernel
    load(filter_)


def _cover_proc() -> None:
    """Make those parts of /proc read-only."""
    for path in COVERED:
        if os.path.exists(path):
            mount(path, path, "", MS_BIND | MS_REC)
            mount("none", path, "", MS_BIND | MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC)


def _own_user_namespace(inner: int, settings: int) -> None:
    """One in which no further can be made; `settings` is the folder of such limits."""
    uid, gid = os.getuid(), os.getgid()
    call("unshare", CLONE_NEWUSER)
    for name, text in (
        ("self/setgroups", "deny"),
        ("self/uid_map", f"{inner} {uid} 1"),
        ("self/gid_map", f"{inner} {gid} 1"),
    ):
        with open(f"/proc/{name}", "w", encoding="ascii") as file:
            file.write(text)
    with open(os.open("max_user_namespaces", os.O_WRONLY, dir_fd=settings), "w", encoding="ascii") as file:
        file.write("0")


def _drop_bounding() -> None:
    capability = 0
    while libc.prctl(PR_CAPBSET_DROP, capability, 0, 0, 0) == 0:
        capability += 1
    if capability < 38:
        raise PermissionError("the bounding set could not be dropped")


def drop_capabilities() -> None:
    """Have no capability, and no way to gain one."""
    libc.prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0)
    header = struct.pack("Ii", CAPABILITIES_3, 0)
    call("capset", header, struct.pack("6I", *(0,) * 6))
    call("prctl", PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0)


def load(filter_: bytes) -> None:
    """Load the system-call filter."""
    program = ctypes.create_string_buffer(filter_, len(filter_))
    fprog = struct.pack("HxxxxxxP", len(filter_) // INSTRUCTION, ctypes.addressof(program))
    pointed = ctypes.create_string_buffer(fprog, len(fprog))
    call("prctl", PR_SET_SECCOMP, SECCOMP_MODE_FILTER, ctypes.addressof(pointed), 0, 0)


def rename(name: str) -> None:
    """Show `name` as our command line, which is otherwise the zygote's."""
    with open("/proc/self/stat", encoding="ascii") as file:
        fields = file.read().rsplit(")", 1)[1].split()
    start, end = int(fields[45]), int(fields[46])
    ctypes.memmove(start, name.encode().ljust(end - start, b"\0")[: end - start], end - start)
    title = ctypes.create_string_buffer(name.encode())
    libc.prctl(PR_SET_NAME, ctypes.addressof(title), 0, 0, 0)


def be_first(kernel: int, filter_: bytes) -> None:
    """Be the first process, without powers: see out what dies, and end as the kernel does, with all others.

    Nobody inside may look into us: our memory is the zygote's.
    """
    for number in signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP}:
        if signal.getsignal(number) is not signal.SIG_DFL:
            signal.signal(number, signal.SIG_DFL)  # the first process ignores what it has no handler for
    libc.prctl(PR_SET_DUMPABLE, 0, 0, 0, 0)
    rename("first")
    os.closerange(0, 1024)
    _drop_bounding()
    drop_capabilities()
    load(filter_)
    while True:
        pid, status = os.waitpid(-1, 0)
        if pid == kernel:
            code = os.waitstatus_to_exitcode(status)
            os._exit(code if code >= 0 else 128 - code)
