"""Reach: the network, the host's processes and sockets, its kernel, its files."""

from .attack import Attack
from .service import ASKS, SERVICES


def reach(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "reach", code, shares=True, **more)  # type: ignore[arg-type]


ATTACKS = [
    reach(
        "the editor's help of this room and of another",
        """
for name in ("ty", "ruff", "desk.py", "lsp.py"):
    tries(name, lambda: [p for d in os.get_exec_path() + ["/run/fourhands"] for p in glob.glob(d + "/" + name)])
    tries("import " + name, lambda: __import__(name.removesuffix(".py")))
for pid in filter(str.isdigit, os.listdir("/proc")):
    tries(pid, lambda: b"ty\\0server" in content(f"/proc/{pid}/cmdline") and pid)
    tries(pid, lambda: secrets_in(b"".join(content(p) for p in glob.glob(f"/proc/{pid}/root/home/room/work/*.py"))))
""",
    ),
    reach(
        "a listener on the host's loopback",
        """
def connect(family, address):
    with socket.socket(family) as link:
        link.settimeout(1)
        link.connect(address)
        return address
for address in ("127.0.0.1", "127.1.2.3", "0.0.0.0", *T["addresses"]):
    tries(address, lambda: connect(socket.AF_INET, (address, T["port"])))
tries("::1", lambda: connect(socket.AF_INET6, ("::1", T["port"])))
""",
    ),
    reach(
        "unix sockets of the host",
        """
def connect(address):
    for kind in (socket.SOCK_STREAM, socket.SOCK_DGRAM, socket.SOCK_SEQPACKET):
        with socket.socket(socket.AF_UNIX, kind) as link:
            if link.connect_ex(address) == 0:
                return address
for address in (chr(0) + T["abstract"], T["socket"], *T["sockets"], "/proc/1/root" + T["socket"]):
    tries(address, lambda: connect(address))
""",
    ),
    reach(
        "the internet and its names",
        """
socket.setdefaulttimeout(1)
tries("name", lambda: socket.getaddrinfo("example.com", 80))
tries("tcp", lambda: socket.create_connection(("1.1.1.1", 53), 1))
tries("tcp6", lambda: socket.create_connection(("2606:4700:4700::1111", 53), 1))
def ask(address):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as link:
        link.sendto(b"x" * 20, address)
        return link.recv(100)
for address in ("8.8.8.8", "169.254.169.254", "224.0.0.1", "255.255.255.255", *T["addresses"]):
    tries(address, lambda: ask((address, 53)))
tries("interfaces", lambda: [name for _, name in socket.if_nameindex() if name != "lo"])
""",
    ),
    reach(
        "raw and odd sockets",
        """
def make(family, kind, protocol):
    with socket.socket(family, kind, protocol):
        return (family, kind, protocol)
for family in range(46):
    for kind in (1, 2, 3, 4, 5, 6, 10):
        protocols = (0, 1, 2, 17, 58, 115, 132, 136, 255, 262) if family in (2, 10) else (0, 3, 4, 9, 12, 15, 16)
        for protocol in protocols:
            usual = family == 1 or (family in (2, 10) and kind in (1, 2) and protocol in (0, 6, 17)) or (family, protocol) == (16, 0)
            if not usual:
                tries("socket", lambda: make(family, kind, protocol))
""",
    ),
    reach(
        "changing the network by netlink",
        """
def ask(kind, body):
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, 0) as link:
        link.settimeout(2)
        link.send(struct.pack("IHHII", 16 + len(body), kind, 0x0605, 1, 0) + body)
        return struct.unpack("i", link.recv(8192)[16:20])[0] == 0
name = struct.pack("HH", 4 + 6, 3) + b"dummy0" + bytes(2)
info = struct.pack("HH", 4 + 10, 18) + struct.pack("HH", 4 + 6, 1) + b"dummy" + bytes(1) + bytes(2)
tries("new link", lambda: ask(16, struct.pack("BxHiII", 0, 0, 0, 0, 0) + name + info))
tries("address", lambda: ask(20, struct.pack("BBBBI", 2, 24, 0, 0, 1) + struct.pack("HH4s", 8, 2, b"\\x0a\\0\\0\\1")))
tries("loopback down", lambda: ask(16, struct.pack("BxHiII", 0, 0, 1, 0, 1)))
""",
    ),
    reach(
        "signals to the host and to other rooms",
        """
def send(pid):
    os.kill(pid, signal.SIGTERM)
    return pid
for pid in T["pids"]:
    if not os.path.exists(f"/proc/{pid}"):
        tries(pid, lambda: send(pid))
tries("seen", lambda: [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 4000])
X86 = os.uname().machine == "x86_64"
for pid in T["pids"]:
    tries(("pidfd", pid), lambda: not os.path.exists(f"/proc/{pid}") and os.pidfd_open(pid))
tries("pidfd_getfd", lambda: refused(438, os.pidfd_open(1), 0, 0))
""",
    ),
    reach(
        "new namespaces",
        """
X86 = os.uname().machine == "x86_64"
UNSHARE, SETNS, CLONE = (272, 308, 56) if X86 else (97, 268, 220)
for bit in (0x80, 0x20000, 0x2000000, 0x4000000, 0x8000000, 0x10000000, 0x20000000, 0x40000000, 0x7E020000):
    tries(("unshare", bit), lambda: refused(UNSHARE, bit))
    if bit != 0x80:
        tries(("clone", bit), lambda: refused(CLONE, bit | 17, 0, 0, 0, 0))
tries("clone3", lambda: refused(435, bytes(64), 64))
for name in os.listdir("/proc/self/ns"):
    for pid in (1, os.getpid()):
        tries((name, pid), lambda: refused(SETNS, os.open(f"/proc/{pid}/ns/{name}", os.O_RDONLY), 0))
""",
    ),
    reach(
        "mounts, roots and handles",
        """
X86 = os.uname().machine == "x86_64"
numbers = (165, 166, 155, 161, 304, 303) if X86 else (40, 39, 41, 51, 265, 264)
one, two = ctypes.create_string_buffer(b"/tmp"), ctypes.create_string_buffer(b"/home")
kind = ctypes.create_string_buffer(b"tmpfs")
for number in (*numbers, 428, 429, 430, 431, 432, 433, 442, 457, 458, 467):
    tries(number, lambda: refused(number, one, two, kind, 0x1000, 0))
    tries((number, "at"), lambda: refused(number, -100, one, 0, 0, 0))
tries("umount /proc", lambda: libc.umount2(b"/proc", 2) == 0)
tries("chroot", lambda: os.chroot("/tmp") is None)
""",
    ),
    reach(
        "tracing",
        """
PTRACE = 101 if os.uname().machine == "x86_64" else 117
for request, pid in ((0, 0), (16, 1), (0x4206, 1), (16, os.getppid()), (0x4206, os.getppid())):
    tries((request, pid), lambda: refused(PTRACE, request, pid, 0, 0))
""",
    ),
    reach(
        "calls that nobody needs",
        """
calls = {"x86_64": [298, 321, 323, 425, 426, 427, 246, 320, 175, 313, 176, 135, 179, 167, 168, 169, 170, 171, 312, 172, 173, 103, 163,
                    300, 301, 212, 154, 310, 311, 164, 227, 305, 159, 153, 237, 238, 256, 279, 440, 443, 447, 448, 29, 30, 68, 64, 319, 206],
         "aarch64": [241, 280, 282, 425, 426, 427, 104, 294, 105, 273, 106, 92, 60, 224, 225, 142, 161, 162, 272, 116, 89, 262, 263, 18,
                     270, 271, 170, 112, 266, 171, 58, 235, 237, 238, 239, 440, 443, 447, 448, 194, 196, 186, 190, 279, 0]}
for number in calls[os.uname().machine]:
    tries(number, lambda: refused(number, 0, 0, 0, 0, 0))
    tries((number, errno), lambda: ctypes.get_errno() not in (errno.EPERM, errno.ENOSYS))
for number in (470, 500, 1000, 0x40000000 + 39, 0x7FFFFFFF):
    tries(number, lambda: refused(number, 0, 0, 0, 0, 0))
""",
    ),
    reach(
        "calls of a 32-bit machine",
        """
code = b"\\xb8\\x14\\x00\\x00\\x00\\xcd\\x80\\xc3"  # mov eax, getpid; int 0x80; ret
child = os.fork()
if child == 0:
    memory = mmap.mmap(-1, 4096, prot=mmap.PROT_READ | mmap.PROT_WRITE | mmap.PROT_EXEC)
    memory.write(code)
    pointer = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    os._exit(7 if ctypes.CFUNCTYPE(ctypes.c_int)(pointer)() > 0 else 8)
tries("int 0x80", lambda: not os.WIFSIGNALED(os.waitpid(child, 0)[1]))
""",
        machine="x86_64",
    ),
    reach(
        "writing to the system, the environment and the launcher",
        """
import sysconfig
folders = ["/", "/usr", "/usr/bin", "/usr/lib", "/etc", "/etc/alternatives", "/run", "/run/fourhands", "/dev", "/dev/pts", "/home", "/var",
           "/proc/sys/kernel", "/proc", "/sys", sys.prefix, sys.base_prefix, sysconfig.get_path("purelib"), sysconfig.get_path("stdlib"),
           os.path.dirname(json.__file__) + "/__pycache__", os.path.dirname(sys.executable)]
def make(folder):
    path = os.path.join(folder, "planted")
    os.close(os.open(path, os.O_CREAT | os.O_WRONLY))
    return path
for folder in folders:
    tries(folder, lambda: make(folder))
    tries(folder, lambda: os.symlink("/tmp", folder + "/planted-link") or folder)
    tries(folder, lambda: os.rename(folder, folder + "-gone") or folder)
    if folder != "/dev/pts":  # its own, and nothing can be made in it
        tries(folder, lambda: os.chmod(folder, 0o777) or folder)
for path in (json.__file__, sys.executable, "/etc/passwd", "/run/fourhands/boot.py", "/run/fourhands/room_kernel.py", "/usr/bin/env"):
    tries(path, lambda: open(path, "r+b"))
    tries(path, lambda: os.link(path, "/home/room/hard") or path)
    tries(path, lambda: os.unlink(path) or path)
    tries(path, lambda: os.truncate(path, 0) or path)
for name in ("core_pattern", "modprobe", "hostname", "sysrq", "panic", "randomize_va_space", "pid_max", "shmmax", "sem"):
    tries(name, lambda: os.open("/proc/sys/kernel/" + name, os.O_WRONLY))
for name in ("ipv4/ip_forward", "ipv4/tcp_rmem", "ipv4/tcp_wmem", "core/somaxconn", "ipv6/conf/all/forwarding"):
    tries(name, lambda: os.open("/proc/sys/net/" + name, os.O_WRONLY))
tries("drop_caches", lambda: open("/proc/sys/vm/drop_caches", "w").write("3"))
tries("sysrq", lambda: open("/proc/sysrq-trigger", "w").write("h"))
""",
    ),
    reach(
        "devices",
        """
def make(kind, major, minor):
    path = f"/tmp/device-{major}-{minor}"
    os.mknod(path, kind | 0o666, os.makedev(major, minor))
    return os.open(path, os.O_RDONLY)
for kind, major, minor in ((stat.S_IFBLK, 8, 0), (stat.S_IFBLK, 254, 0), (stat.S_IFCHR, 1, 1), (stat.S_IFCHR, 5, 1), (stat.S_IFCHR, 10, 229)):
    tries((major, minor), lambda: make(kind, major, minor))
for name in ("mem", "kvm", "fuse", "net/tun", "vda", "sda", "loop-control", "vhost-net", "userfaultfd", "snapshot", "rtc0", "vsock", "input", "dri", "nvidia0"):
    tries(name, lambda: os.path.exists("/dev/" + name))
tries("others", lambda: sorted(set(os.listdir("/dev")) - {"console", "core", "fd", "full", "null", "ptmx", "pts", "random", "shm", "stderr", "stdin", "stdout", "tty", "urandom", "zero"}))
""",
    ),
    reach(
        "privileges",
        """
for name, action in {"setuid": lambda: os.setuid(0), "setgid": lambda: os.setgid(0), "setgroups": lambda: os.setgroups([0]),
                     "setreuid": lambda: os.setreuid(0, 0), "setresgid": lambda: os.setresgid(0, 0, 0)}.items():
    tries(name, lambda: action() is None)
tries("setfsuid", lambda: libc.setfsuid(0) == 0)
PR_CAP_AMBIENT, PR_CAPBSET_READ, PR_GET_NO_NEW_PRIVS, PR_SET_NO_NEW_PRIVS = 47, 23, 39, 38
for capability in range(41):
    tries(capability, lambda: libc.prctl(PR_CAP_AMBIENT, 2, capability, 0, 0) == 0)
tries("no_new_privs", lambda: libc.prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) != 1)
tries("capabilities", lambda: [line for line in open("/proc/self/status") if line.startswith(("CapEff", "CapPrm", "CapBnd", "CapAmb")) and int(line.split()[1], 16)])
tries("filter", lambda: "Seccomp:\\t2" not in open("/proc/self/status").read())
""",
    ),
    reach(
        "raising one's own limits",
        """
for name in ("NPROC", "DATA", "NOFILE", "FSIZE", "STACK", "CORE", "MEMLOCK", "MSGQUEUE", "RTPRIO"):
    kind = getattr(resource, "RLIMIT_" + name, None)
    if kind is not None:
        hard = resource.getrlimit(kind)[1]
        tries(name, lambda: hard == resource.RLIM_INFINITY or resource.setrlimit(kind, (hard + 1, hard + 1)) is None)
tries("nice", lambda: os.nice(-10) is not None and os.nice(0) < 0)
tries("realtime", lambda: os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10)) is None)
tries("oom", lambda: open("/proc/self/oom_score_adj", "w").write("-1000") and int(open("/proc/self/oom_score_adj").read()) < 0)
tries("cgroup", lambda: os.mkdir("/sys/fs/cgroup/mine") is None)
for path in glob.glob("/sys/fs/cgroup/**/cgroup.procs", recursive=True):
    tries(path, lambda: open(path, "w").write(str(os.getpid())))
""",
    ),
    reach(
        "a terminal",
        """
import fcntl, pty, termios
tries("tty", lambda: os.open("/dev/tty", os.O_RDWR))
tries("console", lambda: os.open("/dev/console", os.O_RDWR | os.O_NOCTTY))
master, slave = pty.openpty()
for request in (0x5412, 0x541C, 0x541D, 0x5423):
    tries(request, lambda: fcntl.ioctl(slave, request, b"x" * 8) is not None)
for fd in range(3):
    tries(("typing", fd), lambda: fcntl.ioctl(fd, 0x5412, b"x") is not None)
""",
    ),
    reach(
        "the network, by the service beside it",
        ASKS
        + """
places = [[address, T["port"]] for address in ("127.0.0.1", "127.1.2.3", "0.0.0.0", *T["addresses"])]
places += [["192.0.2.1", 80], ["127.0.0.1", PORT]]
status, text = ask("/reach", json.dumps(places).encode())
if (status, text) != (200, b"[]"):
    found.append((status, text))
""",
        services=SERVICES,
    ),
]
