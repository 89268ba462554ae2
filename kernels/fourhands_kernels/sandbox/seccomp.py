"""The system-call filter of a sandbox, assembled here as classic BPF: what code in a room has no use for is
refused.

Namespaces, capabilities and the uid already forbid most of it; the filter takes away the kernel code behind
those calls, where holes are found each year.
"""

import errno
import platform
import struct
from collections.abc import Iterator
from typing import Final

# Opcodes of classic BPF: load a word of seccomp_data, compare with a constant, return.
_LOAD, _EQUAL, _AT_LEAST, _ANY_BIT, _RETURN = 0x20, 0x15, 0x35, 0x45, 0x06
_NUMBER, _ARCH = 0, 4  # offsets in seccomp_data
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
# From here on calls are newer than this list, or the x32 calls of x86_64: either would pass by every number
# below. Programs take ENOSYS for an older Linux.
_UNKNOWN: Final = 470

_MACHINES: Final = {"x86_64": (0, 0xC000003E), "aarch64": (1, 0xC00000B7)}

# Name: number on x86_64 and on aarch64, -1 where there is none.
REFUSED: Final = {
    # other processes' memory and handles
    "ptrace": (101, 117),
    "process_vm_readv": (310, 270),
    "process_vm_writev": (311, 271),
    "process_madvise": (440, 440),
    "process_mrelease": (448, 448),
    "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # mounts
    "mount": (165, 40),
    "umount2": (166, 39),
    "pivot_root": (155, 41),
    "chroot": (161, 51),
    "move_mount": (429, 429),
    "open_tree": (428, 428),
    "fsopen": (430, 430),
    "fsconfig": (431, 431),
    "fsmount": (432, 432),
    "fspick": (433, 433),
    "mount_setattr": (442, 442),
    "open_tree_attr": (467, 467),
    "statmount": (457, 457),
    "listmount": (458, 458),
    # namespaces
    "unshare": (272, 97),
    "setns": (308, 268),
    # keys, which no namespace separates
    "keyctl": (250, 219),
    "add_key": (248, 217),
    "request_key": (249, 218),
    # memory that no limit counts
    "shmget": (29, 194),
    "shmat": (30, 196),
    "msgget": (68, 186),
    "semget": (64, 190),
    # large and often broken parts of the kernel
    "bpf": (321, 280),
    "perf_event_open": (298, 241),
    "userfaultfd": (323, 282),
    "io_uring_setup": (425, 425),
    "io_uring_enter": (426, 426),
    "io_uring_register": (427, 427),
    "fanotify_init": (300, 262),
    "fanotify_mark": (301, 263),
    "memfd_secret": (447, 447),
    "lookup_dcookie": (212, 18),
    "modify_ldt": (154, -1),
    "personality": (135, 92),
    # files by handle, past every path
    "open_by_handle_at": (304, 265),
    "name_to_handle_at": (303, 264),
    # the machine itself
    "kexec_load": (246, 104),
    "kexec_file_load": (320, 294),
    "init_module": (175, 105),
    "finit_module": (313, 273),
    "delete_module": (176, 106),
    "reboot": (169, 142),
    "swapon": (167, 224),
    "swapoff": (168, 225),
    "acct": (163, 89),
    "sethostname": (170, 161),
    "setdomainname": (171, 162),
    "quotactl": (179, 60),
    "quotactl_fd": (443, 443),
    "syslog": (103, 116),
    "settimeofday": (164, 170),
    "clock_settime": (227, 112),
    "clock_adjtime": (305, 266),
    "adjtimex": (159, 171),
    "nfsservctl": (180, 42),
    "uselib": (134, -1),
    "ustat": (136, -1),
    "sysfs": (139, -1),
    "_sysctl": (156, -1),
    "iopl": (172, -1),
    "ioperm": (173, -1),
    "vhangup": (153, 58),
    # placement of memory
    "mbind": (237, 235),
    "migrate_pages": (256, 238),
    "move_pages": (279, 239),
    "set_mempolicy": (238, 237),
    "set_mempolicy_home_node": (450, 450),
}
# The same, for calls that libraries do without where a Linux does not have them.
ABSENT: Final = {
    # files in memory that lie in no folder with a size
    "memfd_create": (319, 279),
    # one pool of the whole machine, and seldom used
    "io_setup": (206, 0),
    "io_destroy": (207, 1),
    "io_submit": (209, 2),
    "io_cancel": (210, 3),
    "io_getevents": (208, 4),
    "io_pgetevents": (333, 292),
}
_CLONE, _CLONE3 = (56, 220), (435, 435)
_SOCKET, _SOCKETPAIR, _IOCTL = (41, 198), (53, 199), (16, 29)

# clone() flags that make namespaces: mount, cgroup, uts, ipc, user, pid, net.
_NAMESPACES: Final = 0x7E020000
# TIOCSTI and TIOCLINUX type into somebody's terminal, TIOCCONS takes the console, TIOCSETD loads odd drivers.
_TERMINAL: Final = (0x5412, 0x541C, 0x541D, 0x5423)

# Unix, IPv4, IPv6 (both on the sandbox's own loopback) and NETLINK_ROUTE, without which libzmq aborts.
# AF_VSOCK, for one, ignores network namespaces.
_UNIX, _INET, _INET6, _NETLINK = 1, 2, 10, 16
_SOCK_RAW, _SOCK_PACKET, _TYPE_MASK = 3, 10, 0xF
_STREAM_OR_DATAGRAM: Final = (1, 2)
_PROTOCOLS: Final = (0, 6, 17)  # whichever fits, TCP, UDP; neither ICMP nor SCTP, MPTCP, L2TP …


def machine() -> str:
    """The machine's name, where the filter knows it; LookupError otherwise."""
    name = platform.machine()
    if name not in _MACHINES:
        raise LookupError(f"no system-call filter for {name}; known are {', '.join(_MACHINES)}")
    return name


def program(name: str) -> bytes:
    """The filter for one machine, as an array of `struct sock_filter`."""
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in _instructions(*_MACHINES[name]))


_Instruction = tuple[int, int, int, int]


def _instructions(column: int, arch: int) -> Iterator[_Instruction]:
    yield from ((_LOAD, 0, 0, _ARCH), (_EQUAL, 1, 0, arch), (_RETURN, 0, 0, _KILL))
    yield (_LOAD, 0, 0, _NUMBER)
    yield from _when(_AT_LEAST, _UNKNOWN, _refuse(errno.ENOSYS))
    for calls, error in ((REFUSED, errno.EPERM), (ABSENT, errno.ENOSYS)):
        for numbers in calls.values():
            if numbers[column] >= 0:
                yield from _when(_EQUAL, numbers[column], _refuse(error))
    # Its flags lie in memory, out of a filter's reach; libc falls back to clone().
    yield from _when(_EQUAL, _CLONE3[column], _refuse(errno.ENOSYS))
    yield from _when(_EQUAL, _CLONE[column], _clone())
    yield from _when(_EQUAL, _SOCKET[column], _socket())
    yield from _when(_EQUAL, _SOCKETPAIR[column], _only(0, (_UNIX,), errno.EAFNOSUPPORT))
    yield from _when(_EQUAL, _IOCTL[column], _ioctl())
    yield _allow()


def _when(test: int, value: int, body: list[_Instruction]) -> list[_Instruction]:
    """The body, jumped over where the test fails; every body ends in a return."""
    return [(test, 0, len(body), value), *body]


def _refuse(error: int) -> list[_Instruction]:
    return [(_RETURN, 0, 0, _ERRNO | error)]


def _allow() -> _Instruction:
    return (_RETURN, 0, 0, _ALLOW)


def _argument(index: int) -> _Instruction:
    """Load the low half of an argument (both machines are little-endian; all that is tested here is an
    int).
    """
    return (_LOAD, 0, 0, 16 + 8 * index)


def _clone() -> list[_Instruction]:
    return [_argument(0), *_when(_ANY_BIT, _NAMESPACES, _refuse(errno.EPERM)), _allow()]


def _only(index: int, values: tuple[int, ...], error: int) -> list[_Instruction]:
    allowed = [instruction for value in values for instruction in _when(_EQUAL, value, [_allow()])]
    return [_argument(index), *allowed, *_refuse(error)]


def _socket() -> list[_Instruction]:
    netlink = _only(2, (0,), errno.EPROTONOSUPPORT)
    return [
        _argument(0),
        *_when(_EQUAL, _NETLINK, netlink),
        *_when(_EQUAL, _UNIX, [_allow()]),
        *_when(_EQUAL, _INET, _internet()),
        *_when(_EQUAL, _INET6, _internet()),
        *_refuse(errno.EAFNOSUPPORT),
    ]


def _internet() -> list[_Instruction]:
    masked = (0x54, 0, 0, _TYPE_MASK)  # and: the flags ride in the upper bits
    raw = [
        *_when(_EQUAL, _SOCK_RAW, _refuse(errno.EPERM)),
        *_when(_EQUAL, _SOCK_PACKET, _refuse(errno.EPERM)),
    ]
    known = [
        instruction
        for kind in _STREAM_OR_DATAGRAM
        for instruction in _when(_EQUAL, kind, _only(2, _PROTOCOLS, errno.EPROTONOSUPPORT))
    ]
    return [_argument(1), masked, *raw, *known, *_refuse(errno.ESOCKTNOSUPPORT)]


def _ioctl() -> list[_Instruction]:
    refused = [line for value in _TERMINAL for line in _when(_EQUAL, value, _refuse(errno.EPERM))]
    return [_argument(1), *refused, _allow()]
