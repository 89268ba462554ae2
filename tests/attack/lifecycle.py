"""Lifecycle: ends, hangs, and what would outlive its run or its kernel."""

from .attack import ANY, Attack, ways
from .service import ASKS, SERVICES


def life(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "lifecycle", code, **{"finds": False, "ends": ANY} | more)  # type: ignore[arg-type]


DIES = ways("kernel_died")

ATTACKS = [
    life("a segfault", "ctypes.string_at(0)", ends=DIES),
    life("an exit without goodbye", "os._exit(0)", ends=DIES),
    life("an abort", "os.abort()", ends=DIES),
    life("killing its parent, and everybody", "for pid in (os.getppid(), 1, -1):\n    os.kill(pid, 9)"),
    life(
        "stopping itself",
        "os.kill(os.getpid(), signal.SIGSTOP)",
        limit=2,
        ends=ways("timeout", "kernel_died"),
    ),
    life(
        "stopping all threads and the first process",
        "os.kill(1, signal.SIGSTOP)\nos.kill(0, signal.SIGSTOP)",
        limit=2,
    ),
    life(
        "heeding no signal",
        """
for number in range(1, 65):
    try:
        signal.signal(number, signal.SIG_IGN)
    except (OSError, ValueError):
        pass
signal.pthread_sigmask(signal.SIG_BLOCK, range(1, 65))
while True:
    time.sleep(60)
""",
        limit=2,
        ends=ways("timeout", "kernel_died"),
    ),
    life(
        "catching every interrupt",
        "while True:\n    try:\n        while True: time.sleep(1)\n    except BaseException:\n        pass",
        limit=2,
        ends=ways("timeout"),
    ),
    life(
        "daemons that would outlive a restart",
        """
for _ in range(5):
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            os.chdir("/")
            signal.signal(signal.SIGTERM, signal.SIG_IGN)
            signal.signal(signal.SIGHUP, signal.SIG_IGN)
            for fd in range(3, 512):
                try:
                    os.close(fd)
                except OSError:
                    pass
            while True:
                time.sleep(1)
        os._exit(0)
    os.wait()
os._exit(1)
""",
        ends=DIES,
    ),
    life(
        "threads that go on after the run",
        """
def talk():
    for _ in range(2000):
        print("still here", flush=True)
        time.sleep(0.002)
for _ in range(5):
    threading.Thread(target=talk, daemon=True).start()
""",
        ends=ways("ok"),
    ),
    life(
        "taking the kernel's own gates away",
        """
import gc
import __main__
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
thread = app.iopub_thread
module = sys.modules[type(app.kernel).__module__]
for name in ("PENDING", "CHUNK", "LARGEST", "KEPT"):
    setattr(module, name, 1 << 60)
for thing in gc.get_objects():
    if type(thing).__name__ == "Gate":
        thing.enter = thing.leave = lambda size: None
thread.send_multipart = lambda frames, *more, **and_more: thread._really_send(frames)
type(sys.stdout)._flush = lambda self: None
at_end = time.monotonic() + 2
while time.monotonic() < at_end:
    print("z" * 100_000, flush=True)
""",
        limit=6,
    ),
    life(
        "closing every socket of the kernel",
        "for fd in range(3, 512):\n    try:\n        os.close(fd)\n    except OSError:\n        pass\nprint('gone', flush=True)",
        limit=3,
    ),
    life(
        "closing the output alone",
        """
from ipykernel.kernelapp import IPKernelApp
IPKernelApp.instance().iopub_thread.socket.close(0)
print("nobody hears", flush=True)
""",
        limit=3,
    ),
    life(
        "becoming another program",
        "os.execv('/bin/sleep', ['sleep', '60'])",
        limit=2,
        ends=ways("timeout", "kernel_died"),
    ),
    life(
        "taking the folder from under its own feet",
        "import shutil\nos.chdir('/')\nfor f in ('/home/room/work', '/home/room', '/tmp'):\n    shutil.rmtree(f, ignore_errors=True)",
    ),
    life(
        "hanging at its end",
        "import atexit\natexit.register(lambda: time.sleep(600))\nthreading.Thread(target=time.sleep, args=(600,)).start()\nexit()",
        limit=3,
    ),
    life(
        "holding the interpreter's lock in foreign code",
        "ctypes.PyDLL(None).sleep(60)",
        limit=2,
        ends=ways("timeout", "kernel_died"),
    ),
    life(
        "the end of the service beside it",
        ASKS
        + """
answers()
others = {int(name) for name in os.listdir("/proc") if name.isdigit()} - {1, os.getpid()}
for pid in others:
    for number in (signal.SIGSTOP, signal.SIGKILL):
        tries(f"a signal to {pid}", lambda: os.kill(pid, number) is None)
tries("a signal to all", lambda: os.kill(-1, signal.SIGCONT) is None)
tries("a handle", lambda: [os.pidfd_open(pid) for pid in range(2, 2000) if pid != os.getpid() and not os.path.exists(f"/proc/{pid}")])
answers()
found
""",
        ends=ways("ok"),
        finds=True,
        services=SERVICES,
    ),
]
