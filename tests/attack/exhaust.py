"""Exhaust: memory, processors, processes, files, descriptors, disk."""

from .attack import ANY, Attack, says, ways
from .service import ASKS, SERVICES

TOO_MUCH = "it took more than 1.5 GiB of memory"


def exhaust(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "exhaust", code, **{"ends": ANY, "finds": False} | more)  # type: ignore[arg-type]


ATTACKS = [
    exhaust(
        "a completion without an end",
        """
class Trap:
    def __dir__(self):
        while True:
            try:
                print("caught" * 100_000)
            except KeyboardInterrupt:
                pass
trap = Trap()
""",
        ends=ways("ok"),
        asks="trap.",
    ),
    exhaust(
        "a completion of everything",
        """
class Trap:
    def __dir__(self):
        return ["name" * 100_000 + str(number) for number in range(500)]
trap = Trap()
""",
        ends=ways("ok"),
        asks="trap.",
    ),
    exhaust("memory: one block", "block = bytearray(8 << 30)", ends=ways("error"), check=says("MemoryError")),
    exhaust(
        "memory: many processes",
        """
for _ in range(8):
    if os.fork() == 0:
        block = bytearray(400 << 20)
        time.sleep(60)
time.sleep(60)
""",
        ends=ways("kernel_died"),
        limit=40,
        check=says(TOO_MUCH),
    ),
    exhaust(
        "memory: shared and without a name",
        """
blocks = []
for _ in range(64):
    blocks.append(mmap.mmap(-1, 128 << 20))
    blocks[-1].write(bytes(128 << 20))
""",
        ends=ways("kernel_died"),
        limit=40,
        check=says(TOO_MUCH),
    ),
    exhaust(
        "memory: behind a process whose first thread has ended",
        """
def grow():
    keep = []
    for _ in range(64):
        keep.append(mmap.mmap(-1, 64 << 20))
        keep[-1].write(bytes(64 << 20))
    time.sleep(60)
if os.fork() == 0:
    libc.prctl(4, 0, 0, 0, 0)  # nobody may look into it
    threading.Thread(target=grow).start()
    libc.syscall(60 if os.uname().machine == "x86_64" else 93, 0)
time.sleep(60)
""",
        ends=ways("kernel_died", "timeout"),
        limit=25,
    ),
    exhaust(
        "memory: page tables of mappings without end",
        """
block = mmap.mmap(-1, 1 << 43, flags=mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS | 0x4000, prot=mmap.PROT_READ)
total = 0
for at in range(0, 1 << 43, 1 << 21):
    total += block[at]
""",
        ends=ways("kernel_died"),
        limit=40,
        check=says(TOO_MUCH),
    ),
    exhaust(
        "memory: files without a folder",
        """
made = [tries("memfd", lambda: os.memfd_create("x")) for _ in range(400)]
found
""",
        ends=ways("ok"),
        finds=True,
    ),
    exhaust(
        "memory: what pipes and sockets hold",
        """
for _ in range(20):
    if os.fork() == 0:
        held = []
        try:
            while True:
                pair = socket.socketpair()
                pair[0].setblocking(False)
                held.append(pair)
                try:
                    while True:
                        pair[0].send(bytes(65536))
                except BlockingIOError:
                    pass
        except OSError:
            time.sleep(60)
time.sleep(60)
""",
        limit=8,
    ),
    exhaust(
        "memory: what waits in connections",
        """
listener = socket.create_server(("127.0.0.1", 0), backlog=512)
def hold():
    held = []
    for _ in range(200):
        one = socket.create_connection(listener.getsockname())
        other, _ = listener.accept()
        held.append((one, other))
        one.setblocking(False)
        other.setblocking(False)
        for _ in range(40):
            for action in (lambda: one.send(bytes(1 << 20)), lambda: other.recv(1 << 20)):
                try:
                    action()
                except BlockingIOError:
                    pass
        try:
            while True:
                one.send(bytes(1 << 20))
        except BlockingIOError:
            pass
    time.sleep(60)
os.fork()
os.fork()
hold()
""",
        ends=ways("kernel_died"),
        limit=25,
        check=says("more than 64 MiB waited in its network connections"),
    ),
    exhaust(
        "disk: files in every place",
        """
def fill(folder):
    total = 0
    for number in range(40):
        try:
            with open(f"{folder}/{number}", "wb") as file:
                for _ in range(256):
                    total += file.write(bytes(1 << 20))
        except OSError:
            pass
    return total
total = sum(fill(folder) for folder in ("/tmp", "/dev/shm", "/home/room", "."))
if total > 300 << 20:
    found.append(total)
for folder in ("/tmp", "/dev/shm", "/home/room", "."):
    for number in range(40):
        try:
            os.unlink(f"{folder}/{number}")
        except OSError:
            pass
""",
        finds=True,
        ends=ways("ok", "timeout"),
        limit=20,
    ),
    exhaust(
        "disk: millions of empty files",
        """
count = 0
for folder in range(100000):
    os.mkdir(f"/tmp/{folder}")
    for number in range(1000):
        os.mknod(f"/tmp/{folder}/{number}")
""",
        limit=4,
    ),
    exhaust(
        "disk: through the kernel's own stderr",
        """
at_end = time.monotonic() + 3
copy = [fd for fd in range(3, 64) if os.path.exists(f"/proc/self/fd/{fd}") and os.readlink(f"/proc/self/fd/{fd}").startswith("pipe:")]
for fd in copy:
    try:
        os.set_blocking(fd, False)
        while time.monotonic() < at_end:
            os.write(fd, bytes(65536))
    except OSError:
        pass
""",
        limit=8,
    ),
    exhaust(
        "processes: a fork bomb",
        """
while True:
    try:
        os.fork()
    except OSError:
        time.sleep(0.01)
""",
        limit=1.5,
    ),
    exhaust(
        "processes: hoppers that are never there when one looks",
        """
for _ in range(8):
    if os.fork() == 0:
        os.setsid()
        while True:
            try:
                if os.fork():
                    os._exit(0)
            except OSError:
                pass
time.sleep(60)
""",
        limit=1.5,
    ),
    exhaust(
        "processes: threads without end",
        """
count = 0
try:
    while True:
        threading.Thread(target=time.sleep, args=(60,), daemon=True).start()
        count += 1
except RuntimeError:
    pass
if count > 200:
    found.append(count)
""",
        finds=True,
        ends=ways("ok", "error", "kernel_died"),
    ),
    exhaust(
        "processors: all of them, in sessions of their own",
        """
for _ in range(24):
    if os.fork() == 0:
        os.setsid()
        while True:
            pass
while True:
    pass
""",
        limit=1.5,
    ),
    exhaust(
        "processors: a regular expression that hears no signal",
        're.match(r"(a+)+$", "a" * 60 + "b")',
        limit=1,
    ),
    exhaust(
        "processors: real time and affinity",
        """
for policy in (1, 2, 3, 5, 6):
    try:
        os.sched_setscheduler(0, policy, os.sched_param(0 if policy in (3, 5) else 50))
    except OSError:
        pass
os.sched_setaffinity(0, {0})
for _ in range(20):
    if os.fork() == 0:
        while True:
            os.sched_yield()
while True:
    pass
""",
        limit=1.5,
    ),
    exhaust(
        "descriptors: all that may be had",
        """
held = []
try:
    while True:
        held.append(os.open("/dev/null", os.O_RDONLY))
except OSError:
    pass
if len(held) > 2000:
    found.append(len(held))
for fd in held:
    os.close(fd)
""",
        finds=True,
        ends=ways("ok"),
    ),
    exhaust(
        "the stack: recursion without end",
        "sys.setrecursionlimit(10**9)\ndef down(n):\n    return down(n + 1)\ndown(0)",
        limit=1.5,
    ),
    exhaust(
        "a core dump",
        """
if os.fork() == 0:
    resource.setrlimit(resource.RLIMIT_CORE, (1, 1))
    block = bytearray(200 << 20)
    os.abort()
os.wait()
found += glob.glob("/home/room/**/core*", recursive=True) + glob.glob("/tmp/core*")
""",
        finds=True,
    ),
    exhaust(
        "connections to the service beside it",
        ASKS
        + """
held = []
def connect(data):
    try:
        while True:
            held.append(socket.create_connection(("127.0.0.1", PORT), timeout=1))
            held[-1].setblocking(False)
            held[-1].send(data)
    except OSError:
        pass
parts = (b"", b"GET / HTTP/1.1\\r\\n", b"POST / HTTP/1.1\\r\\nContent-Length: 999999\\r\\n\\r\\n" + bytes(900000))
threads = [threading.Thread(target=connect, args=(data,)) for data in parts * 3]
for thread in threads: thread.start()
for thread in threads: thread.join()
""",
        services=SERVICES,
        limit=12,
    ),
    exhaust(
        "requests to the service beside it",
        ASKS
        + """
def request():
    at_end = time.monotonic() + 3
    while time.monotonic() < at_end:
        ask("/fail", bytes(900000))
threads = [threading.Thread(target=request) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
answers()
found
""",
        ends=ways("ok"),
        finds=True,
        services=SERVICES,
        limit=25,
    ),
]
