"""The system-call filter, run by a small interpreter of its own program: what is refused, what is allowed, on
both machines.
"""

import errno
import struct
from pathlib import Path

import pytest

from fourhands_kernels.sandbox import seccomp

X86, ARM = 0xC000003E, 0xC00000B7
ALLOWED = 0x7FFF0000


def decide(machine: str, number: int, *arguments: int, arch: int | None = None) -> int:
    """What the filter returns for a call; classic BPF as the kernel runs it."""
    arch = arch if arch is not None else {"x86_64": X86, "aarch64": ARM}[machine]
    padded = (*arguments, *[0] * (6 - len(arguments)))
    data = struct.pack("<IIQ6Q", number, arch, 0, *padded)
    program = list(struct.iter_unpack("=HBBI", seccomp.program(machine)))
    assert len(program) <= 4096
    at = accumulator = 0
    while True:
        code, yes, no, value = program[at]
        at += 1
        if code == 0x20:
            accumulator = struct.unpack_from("<I", data, value)[0]
        elif code == 0x54:
            accumulator &= value
        elif code == 0x06:
            return value
        else:
            holds = {0x15: accumulator == value, 0x35: accumulator >= value, 0x45: bool(accumulator & value)}[
                code
            ]
            at += yes if holds else no


def error(decision: int) -> int | None:
    return decision & 0xFFFF if decision & 0xFFFF0000 == 0x50000 else None


@pytest.mark.parametrize("name", seccomp.REFUSED)
def test_refused_calls(name: str) -> None:
    for machine, number in zip(("x86_64", "aarch64"), seccomp.REFUSED[name], strict=True):
        if number >= 0:
            assert error(decide(machine, number)) == errno.EPERM


@pytest.mark.parametrize("name", seccomp.ABSENT)
def test_calls_that_are_not_there(name: str) -> None:
    for machine, number in zip(("x86_64", "aarch64"), seccomp.ABSENT[name], strict=True):
        assert error(decide(machine, number)) == errno.ENOSYS


def test_what_strangers_have_no_use_for_is_on_the_list() -> None:
    wanted = """
        ptrace mount umount2 pivot_root chroot unshare setns keyctl add_key request_key bpf
        perf_event_open userfaultfd kexec_load kexec_file_load init_module finit_module delete_module
        process_vm_readv process_vm_writev pidfd_getfd io_uring_setup io_uring_enter io_uring_register
        open_by_handle_at name_to_handle_at personality quotactl swapon swapoff reboot sethostname
        setdomainname kcmp iopl ioperm syslog acct fanotify_init fanotify_mark lookup_dcookie shmget
        msgget semget open_tree move_mount
    """
    assert set(wanted.split()) <= set(seccomp.REFUSED)


def test_numbers_are_those_of_this_machine() -> None:
    """Where the kernel's own headers are installed, they say the same."""
    header = Path("/usr/include/x86_64-linux-gnu/asm/unistd_64.h")
    if not header.exists():
        pytest.skip("no headers here")
    known = dict(
        line.split()[1:3] for line in header.read_text().splitlines() if line.startswith("#define __NR_")
    )
    for name, (number, _) in (seccomp.REFUSED | seccomp.ABSENT).items():
        assert int(known.get(f"__NR_{name}", number)) == number, name


def test_calls_newer_than_the_list_are_not_there() -> None:
    for machine in ("x86_64", "aarch64"):
        for number in (470, 600, 0x7FFFFFFF, 0xFFFFFFFF):
            assert error(decide(machine, number)) == errno.ENOSYS


# read, write, openat, mmap, execve, futex, epoll_wait, getrandom, rseq
@pytest.mark.parametrize("number", [0, 1, 257, 9, 59, 202, 232, 318, 334])
def test_ordinary_calls_are_allowed(number: int) -> None:
    assert decide("x86_64", number) == ALLOWED


def test_foreign_calls_end_the_process() -> None:
    assert decide("x86_64", 0, arch=0x40000003) == 0x80000000  # i386
    assert error(decide("x86_64", 0x40000000 + 101)) == errno.ENOSYS  # x32


def test_threads_and_processes_may_be_made_and_namespaces_not() -> None:
    thread, fork = 0x3D0F00, 17
    for machine, clone, clone3 in (("x86_64", 56, 435), ("aarch64", 220, 435)):
        assert decide(machine, clone, thread) == ALLOWED
        assert decide(machine, clone, fork) == ALLOWED
        assert error(decide(machine, clone3)) == errno.ENOSYS
        for bit in (0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000):
            assert error(decide(machine, clone, fork | bit)) == errno.EPERM


@pytest.mark.parametrize(
    ("family", "kind", "protocol", "found"),
    [
        (1, 1, 0, None),
        (2, 1, 6, None),
        (2, 2 | 0o2004000, 0, None),
        (10, 1, 0, None),
        (2, 3, 1, errno.EPERM),
        (2, 3 | 0o2000000, 1, errno.EPERM),
        (10, 3, 58, errno.EPERM),
        (2, 2, 17, None),
        (2, 2, 1, errno.EPROTONOSUPPORT),
        (10, 2, 58, errno.EPROTONOSUPPORT),
        (2, 1, 132, errno.EPROTONOSUPPORT),
        (2, 1, 262, errno.EPROTONOSUPPORT),
        (2, 5, 132, errno.ESOCKTNOSUPPORT),
        (2, 6, 33, errno.ESOCKTNOSUPPORT),
        (16, 3, 0, None),
        (16, 3, 9, errno.EPROTONOSUPPORT),
        (17, 3, 0, errno.EAFNOSUPPORT),
        (40, 1, 0, errno.EAFNOSUPPORT),
        (38, 5, 0, errno.EAFNOSUPPORT),
    ],
)
def test_sockets(family: int, kind: int, protocol: int, found: int | None) -> None:
    for machine, number in (("x86_64", 41), ("aarch64", 198)):
        assert error(decide(machine, number, family, kind, protocol)) == found


def test_socket_pairs_are_unix_alone() -> None:
    assert decide("x86_64", 53, 1, 1, 0) == ALLOWED
    assert error(decide("x86_64", 53, 40, 1, 0)) == errno.EAFNOSUPPORT


def test_nobody_types_into_a_terminal() -> None:
    for request in (0x5412, 0x541C, 0x541D, 0x5423):
        assert error(decide("x86_64", 16, 0, request)) == errno.EPERM
        assert error(decide("aarch64", 29, 0, request)) == errno.EPERM
    assert decide("x86_64", 16, 0, 0x5401) == ALLOWED


def test_an_unknown_machine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("platform.machine", lambda: "vax")
    with pytest.raises(LookupError, match="vax"):
        seccomp.machine()
