"""Output: floods, giants, and what is no output at all."""

from .attack import ANY, Attack, hides, is_cut, is_honest, says, ways


def output(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "output", code, **{"finds": False} | more)  # type: ignore[arg-type]


ATTACKS = [
    output(
        "an endless print", "while True: print('x' * 100)", ends=ways("timeout"), check=is_honest, limit=2
    ),
    output("one giant line", "print('y' * 200_000_000)", ends=ways("ok", "timeout"), check=is_cut, limit=15),
    output(
        "many small streams in turns",
        "while True:\n    print('a', flush=True)\n    print('b', file=sys.stderr, flush=True)",
        ends=ways("timeout"),
        limit=3,
    ),
    output(
        "a flood past Python's streams",
        "os.system('yes & yes >&2 & yes')",
        ends=ANY,
        limit=3,
    ),
    output(
        "a giant display",
        "from IPython.display import HTML, display\nfor _ in range(10): display(HTML('z' * 50_000_000))",
        ends=ways("ok", "timeout"),
        check=is_cut,
        limit=15,
    ),
    output(
        "JSON, deep and wide and not a number",
        """
from IPython.display import display
deep = leaf = []
for _ in range(500):
    leaf.append([])
    leaf = leaf[0]
for value in (deep, list(range(300_000)), float("nan"), {"a": float("inf")}, {str(i): {} for i in range(50_000)}, 2**200, "\\ud800"):
    try:
        display({"application/json": value, "text/plain": "plain"}, raw=True)
    except Exception:
        pass
print("after")
""",
        check=says("after"),
    ),
    output(
        "text that is no text",
        """
os.write(1, b"\\xff\\xfe\\xed\\xa0\\x80 raw\\n")
print("\\ud800 half", "\\x00 zero", "\\x1b]0;title\\x07", "\\u202e back")
sys.stdout.flush()
time.sleep(0.2)
print("after")
""",
        ends=ways("ok", "error"),
    ),
    output(
        "millions of updates of one display",
        """
from IPython.display import display
handle = display("first", display_id=True)
while True:
    handle.update("next")
""",
        ends=ways("timeout"),
        limit=2,
    ),
    output(
        "clearing without end",
        "from IPython.display import clear_output\nwhile True:\n    clear_output(wait=True)\n    print('x')",
        ends=ways("timeout"),
        limit=3,
    ),
    output(
        "a giant error",
        """
def down(n):
    if n == 0:
        raise ValueError("w" * 30_000_000)
    down(n - 1)
down(900)
""",
        ends=ways("error", "timeout"),
        limit=10,
    ),
    output(
        "exceptions that cannot be shown",
        """
class Odd(Exception):
    def __str__(self):
        raise RuntimeError("no")
    __repr__ = __str__
    __name__ = "x" * 100_000
raise Odd
""",
        ends=ways("error", "ok"),
    ),
    output(
        "a page for the reader's browser",
        """
from IPython.display import display
display({"text/x-evil": "x", "application/javascript": "alert(1)", "application/vnd.jupyter.widget-view+json": {"model_id": "x"},
         "image/svg+xml;base64": "x", "text/plain": "plain"}, raw=True)
display({"image/png": "\\u00e9 not base64", "text/plain": "shown"}, raw=True)
""",
        check=hides("alert(1)", "text/x-evil", "widget-view", "not base64"),
    ),
    output(
        "giant metadata and ids",
        """
from IPython.display import display
for _ in range(10):
    display({"text/plain": "p"}, raw=True, metadata={"k" * 1000: "m" * 1_000_000}, display_id="i" * 500_000)
print("after")
""",
        check=hides("m" * 5000, "i" * 300),
        limit=15,
    ),
    output(
        "messages that are none",
        """
import zmq
from ipykernel.kernelapp import IPKernelApp
thread = IPKernelApp.instance().iopub_thread
for frames in ([b""], [b"x"] * 7, [b"<IDS|MSG>", b""] + [b"{}"] * 4, [b"<IDS|MSG>"] + [b"\\xff"] * 5, [b"<IDS|MSG>"] * 40,
               [b"<IDS|MSG>", b"", b"[" * 100_000, b"{}", b"{}", b"{}"]):
    for _ in range(200):
        thread.send_multipart(frames)
print("after")
""",
        check=says("after"),
    ),
    output(
        "a message without an end",
        """
import zmq
from ipykernel.kernelapp import IPKernelApp
thread = IPKernelApp.instance().iopub_thread
def send():
    for _ in range(120):
        thread.socket.send(bytes(1 << 20), zmq.SNDMORE)
    thread.socket.send(b"end")
thread.schedule(send)
time.sleep(2)
""",
        ends=ANY,
        limit=8,
    ),
    output(
        "a million tiny parts",
        """
import zmq
from ipykernel.kernelapp import IPKernelApp
thread = IPKernelApp.instance().iopub_thread
def send():
    for _ in range(200_000):
        thread.socket.send(b"", zmq.SNDMORE)
    thread.socket.send(b"end")
thread.schedule(send)
time.sleep(2)
""",
        ends=ANY,
        limit=8,
    ),
    output(
        "raw bytes on the host's own link",
        """
links = []
for fd in range(3, 256):
    try:
        link = socket.socket(fileno=os.dup(fd))
        if link.family == socket.AF_UNIX and not link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            links.append(link)
    except OSError:
        pass
for _ in range(40):
    for link in links:
        try:
            link.send(b"\\x03" + b"\\xff" * 8 + bytes(200_000), socket.MSG_DONTWAIT)
            link.send(b"\\x02" + struct.pack("!Q", 1 << 22) + bytes(200_000), socket.MSG_DONTWAIT)
        except OSError:
            pass
    time.sleep(0.02)
""",
        ends=ANY,
        limit=8,
    ),
]
