"""Forge: other runs, other rooms, states and questions that nobody sent."""

from tests.kernels.watching import Run

from .attack import ANY, Attack, ways
from .service import ASKS, SERVICES

# A session with the kernel's own key, and a way to say anything on iopub.
SAYS = """
import uuid, zmq
from ipykernel.kernelapp import IPKernelApp
app = IPKernelApp.instance()
session, thread = app.session, app.iopub_thread
mine = dict(app.kernel.get_parent("shell"))
def say(kind, content, parent=None, **more):
    message = session.msg(kind, content, parent=parent if parent is not None else mine)
    message["header"].update(more)
    thread.send_multipart(session.serialize(message))
"""


def forge(name: str, code: str, **more: object) -> Attack:
    return Attack(name, "forge", SAYS + code, **{"finds": False, "ends": ANY} | more)  # type: ignore[arg-type]


def bounded_count(run: Run) -> None:
    count = run.finished.get("count")
    assert count is None or (type(count) is int and 0 <= count < 2**31), count
    for item in run.items:
        assert item.get("execution_count") is None or 0 <= item["execution_count"] < 2**31


def modest(run: Run) -> None:
    """A kernel may say that it dropped something, but not that it was more than it ever had."""
    assert run.finished.get("dropped", 0) <= 10 * 1024**3, run.finished
    for item in run.items:
        assert item["output_type"] != "dropped" or 0 <= item["bytes"] <= 10 * 1024**3


ATTACKS = [
    forge(
        "the end of its own run, too early",
        "say('status', {'execution_state': 'idle'})\nsay('status', {'execution_state': 'idle'})\ntime.sleep(0.3)\nprint('after')",
        ends=ways("ok"),
    ),
    forge(
        "outputs and ends of other runs",
        """
for run in (*T["runs"], "", "run-1", "run-2", "run-3"):
    parent = {"msg_id": run, "session": session.session, "username": "x", "msg_type": "execute_request", "version": "5.3", "date": "2020-01-01T00:00:00Z"}
    for kind, content in (("stream", {"name": "stdout", "text": "forged"}), ("status", {"execution_state": "idle"}),
                          ("execute_result", {"data": {"text/plain": "forged"}, "metadata": {}, "execution_count": 7})):
        say(kind, content, {"header": parent} | parent)
""",
        ends=ways("ok"),
    ),
    forge(
        "entries of the log",
        """
for kind in ("run.finished", "run.outputs", "run.input_asked", "kernel", "kernel.restarted", "edit", "chat", "file", "room.ended", "join"):
    for run in (*T["runs"], "made-up"):
        say(kind, {"run": run, "status": "ok", "state": "dead", "items": [{"output_type": "stream", "name": "stdout", "text": "forged"}], "n": 0, "prompt": "forged"})
""",
        ends=ways("ok"),
    ),
    forge(
        "kinds of output that are none",
        """
for item in ({"output_type": "dropped", "bytes": 5}, {"output_type": "entry", "kind": "run.finished"}):
    say("stream", item | {"name": "made-up", "text": "forged"})
    say("display_data", item | {"data": {"text/plain": 5}, "metadata": 7})
    say("error", item | {"ename": 5, "evalue": None, "traceback": {"a": 1}})
    say("clear_output", {"wait": "yes"})
    say("update_display_data", {"data": {"text/plain": "forged"}, "transient": 5})
print("after")
""",
        ends=ways("ok"),
    ),
    forge(
        "notes of what was dropped",
        """
for lost in (2**39, -5, 2**80, True, "5", 1.5, None, [1], 2**63):
    for _ in range(50):
        say("stream", {"name": "stdout", "text": "x", "fourhands_dropped": lost})
""",
        ends=ways("ok"),
        check=modest,
    ),
    forge(
        "counts that are none",
        """
say("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": -5})
say("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": 2**70})
say("execute_result", {"data": {"text/plain": "x"}, "metadata": {}, "execution_count": True})
get_ipython().execution_count = 2**70
""",
        check=bounded_count,
    ),
    forge(
        "replies to requests of its own",
        """
shell = app.shell_socket
for status, run in (("ok", mine.get("header", {}).get("msg_id")), ("aborted", "made-up"), ("error", 5)):
    message = session.msg("execute_reply", {"status": status, "execution_count": 10**9}, parent=mine)
    for identity in (b"", session.bsession, *(app.kernel._parent_ident.values() if isinstance(app.kernel._parent_ident, dict) else ())):
        frames = session.serialize(message, identity if isinstance(identity, (list, bytes)) else b"")
        try:
            shell.send_multipart(frames, zmq.NOBLOCK)
        except Exception:
            pass
time.sleep(0.3)
""",
        check=bounded_count,
        limit=3,
    ),
    forge(
        "questions of other runs, by the thousand",
        """
stdin = app.stdin_socket
idents = [value for value in (app.kernel._parent_ident.values() if isinstance(app.kernel._parent_ident, dict) else [])]
for number in range(3000):
    message = session.msg("input_request", {"prompt": "your password" * 1000, "password": number % 2 == 0, "run": T["runs"][0]}, parent={"msg_id": "made-up"})
    for ident in idents:
        try:
            stdin.send_multipart(session.serialize(message, ident), zmq.NOBLOCK)
        except Exception:
            pass
time.sleep(0.3)
""",
        limit=4,
    ),
    forge(
        "a second client, and a second server, on its own sockets",
        """
listeners = []
for fd in range(3, 256):
    try:
        link = socket.socket(fileno=os.dup(fd))
        if link.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
            listeners.append(link)
    except OSError:
        pass
for link in listeners:
    try:
        with socket.socket(socket.AF_UNIX) as client:
            client.settimeout(0.2)
            client.connect(link.getsockname())
            found.append(link.getsockname())
    except OSError:
        pass
app.iopub_thread.socket.close(0)  # the host comes back, to whoever accepts
GREETING = b"\\xff" + bytes(8) + b"\\x7f\\x03\\x00" + b"NULL".ljust(20, b"\\0") + bytes(32)
at_end = time.monotonic() + 1.5
while time.monotonic() < at_end:
    for link in listeners:
        try:
            link.settimeout(0.05)
            peer, _ = link.accept()
            peer.send(GREETING + b"\\x04\\x19\\x05READY\\x0bSocket-Type\\0\\0\\0\\x04XPUB")
            for _ in range(50):
                peer.send(b"\\x01\\x09<IDS|MSG>" + b"\\x01\\x00" * 3 + b"\\x03" + struct.pack("!Q", 1 << 21) + bytes(1 << 16))
        except OSError:
            pass
""",
        limit=4,
    ),
    forge(
        "another room's displays",
        """
for number in range(200):
    say("update_display_data", {"data": {"text/plain": "forged"}, "metadata": {}, "transient": {"display_id": str(number)}})
    say("update_display_data", {"data": {"text/plain": "forged"}, "metadata": {}, "transient": {"display_id": T["display"]}})
""",
        ends=ways("ok"),
    ),
    forge(
        "headers that are none",
        """
for header in ({"msg_type": 5}, {"msg_type": ["stream"]}, {"msg_type": {"a": 1}}, {"version": "9" * 10000}, {"msg_id": None}, {"date": "x"}, {"session": 5}):
    for parent in ({}, {"msg_id": {}}, {"msg_id": ["x"]}, {"msg_id": "x" * 100000}):
        message = session.msg("stream", {"name": "stdout", "text": "x"})
        message["header"].update(header)
        message["parent_header"] = parent
        try:
            thread.send_multipart(session.serialize(message))
        except Exception:
            pass
print("after")
""",
        ends=ways("ok"),
    ),
    forge(
        "the start of the next run",
        """
original = type(app.kernel).do_execute
async def lies(self, code, *more, **and_more):
    return await original(self, "print('1 + 1 is forged')", *more, **and_more)
def talk():
    for _ in range(100):
        say("stream", {"name": "stdout", "text": "forged"}, {})
        say("status", {"execution_state": "idle"}, {"msg_id": T["runs"][0]})
        time.sleep(0.01)
threading.Thread(target=talk, daemon=True).start()
""",
        ends=ways("ok"),
    ),
    forge(
        "the service beside it, by its port",
        ASKS
        + """
def listens(family, address, *options):
    with socket.socket(family) as mine:
        for option in options:
            mine.setsockopt(socket.SOL_SOCKET, option, 1)
        if family == socket.AF_INET6:
            mine.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        mine.bind((address, PORT))
        mine.listen()
        return True
def all_ways():
    again, beside = socket.SO_REUSEADDR, socket.SO_REUSEPORT
    for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::")):
        for options in ((), (again,), (beside,), (again, beside)):
            tries((address, options), lambda: listens(family, address, *options))
all_ways()
ask("/die")
at_end = time.monotonic() + 1
while time.monotonic() < at_end:
    all_ways()
found
""",
        ends=ways("ok"),
        finds=True,
        services=SERVICES,
    ),
]
