"""Secrets: of the host, of its server, of other rooms."""

from .attack import Attack
from .service import ASKS, SERVICES


def secret(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "secrets", code, shares=True, **more)  # type: ignore[arg-type]


ATTACKS = [
    secret(
        "environments of all processes",
        """
for path in glob.glob("/proc/[0-9]*/environ") + glob.glob("/proc/[0-9]*/task/*/environ"):
    tries(path, lambda: secrets_in(content(path)) or b"FOURHANDS" in content(path))
tries("own names", lambda: [name for name in os.environ if name.startswith(("FOURHANDS", "SSH", "AWS", "JPY_PARENT"))])
""",
    ),
    secret(
        "command lines of all processes",
        """
for path in glob.glob("/proc/[0-9]*/cmdline"):
    tries(path, lambda: secrets_in(content(path)) or T["folder"].encode() in content(path) or b"--socket" in content(path))
""",
    ),
    secret(
        "memory of every process inside",
        """
def scan(pid):
    got = []
    with open(f"/proc/{pid}/maps") as maps, open(f"/proc/{pid}/mem", "rb", 0) as memory:
        for line in maps:
            start, end = (int(part, 16) for part in line.split()[0].split("-"))
            if line.split()[1][0] == "r" and "[v" not in line:
                try:
                    memory.seek(start)
                    got += secrets_in(memory.read(min(end - start, 64 << 20)))
                except (OSError, ValueError, OverflowError):
                    pass
    return got
for name in os.listdir("/proc"):
    if name.isdigit():
        tries("memory of " + name, lambda: scan(name))
""",
    ),
    secret(
        "memory of processes outside",
        """
for pid in T["pids"]:
    tries(pid, lambda: content(f"/proc/{pid}/mem"))
    tries(pid, lambda: content(f"/proc/{pid}/environ"))
    tries(pid, lambda: os.listdir(f"/proc/{pid}/fd"))
    tries(pid, lambda: os.listdir(f"/proc/{pid}/root"))
buffer = ctypes.create_string_buffer(4096)
class Vector(ctypes.Structure):
    _fields_ = [("base", ctypes.c_void_p), ("length", ctypes.c_size_t)]
here, there = Vector(ctypes.addressof(buffer), 4096), Vector(0x400000, 4096)
for pid in (*T["pids"], 1, os.getppid()):
    tries(("process_vm_readv", pid), lambda: libc.process_vm_readv(pid, ctypes.byref(here), 1, ctypes.byref(there), 1, 0) > 0)
""",
    ),
    secret(
        "descriptors left open",
        """
for fd in range(3, 1024):
    try:
        kind = os.fstat(fd).st_mode
    except OSError:
        continue
    target = tries("nothing", lambda: None) or os.readlink(f"/proc/self/fd/{fd}")
    if stat.S_ISREG(kind):
        tries((fd, target), lambda: secrets_in(os.pread(fd, 1 << 22, 0)) or "memfd" in target)
    elif stat.S_ISDIR(kind):
        tries((fd, target), lambda: not target.startswith(("/home/room", "/proc", "/tmp")))
    elif stat.S_ISBLK(kind):
        found.append((fd, target))
""",
    ),
    secret(
        "files of the host",
        """
for path in T["files"]:
    for start in ("", "/proc/1/root", "/proc/self/root", "/proc/self/cwd/../../..", "/proc/thread-self/root/../.."):
        tries(start + path, lambda: content(start + path))
for path in ("/etc/shadow", "/root/.ssh", "/root/.bash_history", "/home/room/../../root/.profile", "/var/lib", "/var/log/syslog",
             "/run/docker.sock", "/run/dbus/system_bus_socket", "/run/user", "/boot", "/lost+found", "/mnt", "/media"):
    tries(path, lambda: os.path.lexists(path))
""",
    ),
    secret(
        "climbing out by descriptors",
        """
import contextlib
fd = os.open(".", os.O_RDONLY)
for _ in range(40):
    fd = os.open("..", os.O_RDONLY, dir_fd=fd)
names = os.listdir(fd)
tries("top", lambda: sorted(set(names) - {"bin", "dev", "etc", "home", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "tmp", "usr", "var", *T["shown"]}))
for path in T["files"]:
    tries(path, lambda: os.open(path.lstrip("/"), os.O_RDONLY, dir_fd=fd))
""",
    ),
    secret(
        "another room's files",
        """
for place in ("/tmp", "/dev/shm", "/home", "/var/tmp", "/run"):
    for folder, _, names in os.walk(place):
        for name in names:
            path = os.path.join(folder, name)
            if stat.S_ISREG(os.lstat(path).st_mode):
                tries(path, lambda: secrets_in(content(path)))
""",
    ),
    secret(
        "shared memory, SysV and POSIX",
        """
libc.shmat.restype = ctypes.c_void_p
def attach():
    number = libc.shmget(T["sysv"], 0, 0)
    if number >= 0:
        return ctypes.string_at(libc.shmat(number, None, 0o10000), 64)
tries("SysV", attach)
for number in range(64):
    tries(("SysV", number), lambda: libc.shmat(number, None, 0o10000) not in (None, 2**64 - 1, -1))
tries("POSIX", lambda: content("/dev/shm/" + T["posix"]))
tries("tables", lambda: len(content("/proc/sysvipc/shm").splitlines()) > 1)
""",
    ),
    secret(
        "keys of the host's keyrings",
        """
for name in ("/proc/keys", "/proc/key-users"):
    tries(name, lambda: secrets_in(content(name)))
X86 = os.uname().machine == "x86_64"
for number in ((248, 249, 250) if X86 else (217, 218, 219)):
    tries(number, lambda: refused(number, 0, -3, 0, 0, 0))
""",
    ),
    secret(
        "the kernel's log and symbols",
        """
for path in ("/dev/kmsg", "/proc/kmsg", "/proc/kcore", "/dev/mem", "/dev/kmem", "/dev/port", "/proc/vmallocinfo", "/proc/slabinfo"):
    tries(path, lambda: os.read(os.open(path, os.O_RDONLY | os.O_NONBLOCK), 100))
tries("kallsyms", lambda: any(int(line.split()[0], 16) for line in open("/proc/kallsyms")))
tries("klogctl", lambda: libc.klogctl(3, ctypes.create_string_buffer(4096), 4096) >= 0)
tries("sys", lambda: os.listdir("/sys"))
""",
    ),
    secret(
        "tables of the host's network and mounts",
        """
for path in ("/proc/net/unix", "/proc/net/tcp", "/proc/net/tcp6", "/proc/net/udp", "/proc/net/arp", "/proc/net/route"):
    tries(path, lambda: secrets_in(content(path)) or T["folder"].encode() in content(path))
tries("tcp", lambda: f":{T['port']:04X}" in open("/proc/net/tcp").read())
tries("route", lambda: len(open("/proc/net/route").readlines()) > 1)
for path in ("/proc/self/mountinfo", "/proc/1/mountinfo"):
    tries(path, lambda: secrets_in(content(path)) or T["folder"].encode() in content(path))
""",
    ),
    secret(
        "programs with the setuid bit",
        """
import shutil
for program, line in {"su": ["su", "-c", "id"], "sudo": ["sudo", "-n", "id"], "pkexec": ["pkexec", "id"], "newgrp": ["newgrp", "root"],
                      "mount": ["mount", "-t", "tmpfs", "x", "/tmp"], "passwd": ["passwd", "-d", "root"], "chsh": ["chsh", "-s", "/bin/sh"],
                      "unshare": ["unshare", "-rm", "id"], "bwrap": ["bwrap", "--dev-bind", "/", "/", "id"]}.items():
    if shutil.which(program):
        done = subprocess.run(line, capture_output=True, stdin=subprocess.DEVNULL, timeout=20)
        tries(program, lambda: b"uid=0" in done.stdout or (done.returncode == 0 and program != "newgrp"))
tries("identity", lambda: os.geteuid() < 1000 or os.getegid() < 1000)
""",
    ),
    secret(
        "the key of other kernels, by walking over all objects",
        """
import gc
from jupyter_client.session import Session
keys = {bytes(thing.key) for thing in gc.get_objects() if isinstance(thing, Session)}
tries("keys", lambda: len(keys - {b""}) > 1 and keys)
tries("text", lambda: [thing for thing in gc.get_objects() if isinstance(thing, (str, bytes)) and SECRET.search(str(thing).encode())])
frame = sys._getframe()
while frame:
    tries(frame.f_code.co_name, lambda: secrets_in(repr([v for k, v in frame.f_locals.items() if k not in ("T",)]).encode(errors="replace")))
    frame = frame.f_back
""",
    ),
    secret(
        "the source of the service beside it",
        ASKS
        + """
tries("its failure", lambda: secrets_in(ask("/fail")[1]))
names = ("environ", "cmdline", "maps", "root/run/fourhands/service/runner.py", "cwd/service.py")
paths = [f"/proc/{pid}/{name}" for pid in os.listdir("/proc") if pid.isdigit() for name in names]
paths += [path for path in glob.glob("/proc/[0-9]*/fd/*") if "memfd" in os.path.realpath(path)]
paths += glob.glob("/run/**", recursive=True) + glob.glob("/tmp/**", recursive=True)
for path in paths:
    tries(path, lambda: secrets_in(content(path)) or b"from runner import" in content(path))
""",
        services=SERVICES,
    ),
]
