"""Services beside a room's kernel: reached by its code and by nobody else, out of its reach, and as long as
the kernel.
"""

import ast
import asyncio
import os
import socket
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import KernelEvent, Service, service_of

from .hosting import HostProcess, wait_gone
from .watching import Run, Watched, hatched

PORT = 18080
URL = f"http://127.0.0.1:{PORT}"
# A service with a secret, and some ways to misbehave.
PROGRAM = """
import os, socket, time
SECRET = "canary-" + "of-the-service"
count = 0
def tries(action):
    try:
        return repr(action())
    except Exception as error:
        return type(error).__name__
def app(environ, start_response):
    global count
    count += 1
    path = environ["PATH_INFO"]
    start_response("200 OK", [("Content-Type", "text/plain")])
    if path == "/count":
        return [str(count).encode()]
    if path == "/die":
        os._exit(7)
    if path == "/fail":
        raise LookupError(SECRET)
    if path == "/memory":
        keep = bytearray(4 << 30)
    if path == "/reach":
        port = int(environ["QUERY_STRING"])
        found = [
            tries(lambda: socket.create_connection(("127.0.0.1", port), 2)),
            tries(lambda: socket.create_connection(("192.0.2.1", 80), 2)),
            tries(lambda: os.listdir("/etc/ssh")),
            tries(lambda: open("/run/fourhands/stolen", "w")),
            tries(lambda: [name for name in os.listdir("/proc") if name.isdigit() and int(name) > 9]),
            str(os.getuid() >= 1000),
        ]
        return [" ".join(found).encode()]
    return [b"hello"]
"""
SERVICE = Service(PORT, PROGRAM)
ASK = f"""
import urllib.error, urllib.request
def ask(path):
    try:
        return urllib.request.urlopen("{URL}" + path, timeout=20).read().decode()
    except urllib.error.HTTPError as error:
        return error.code
    except OSError as error:
        return type(getattr(error, "reason", error)).__name__
"""
WAYS = ["root, bubblewrap", "root, zygote", "user, bubblewrap", "user, zygote"]


@pytest.fixture(scope="module")
def ways(
    hosts: Callable[[str], HostProcess], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], HostProcess]]:
    """A host for each mode and launcher; where we are no root there is but one mode."""
    ordinary: dict[str, HostProcess] = {}

    def host(way: str) -> HostProcess:
        mode, launcher = way.split(", ")
        if (mode == "user") == (os.geteuid() != 0):
            return hosts(launcher)
        if mode == "root":
            pytest.skip("only root has a root mode")
        if launcher not in ordinary:
            folder = tmp_path_factory.mktemp(f"ordinary-{launcher}")
            ordinary[launcher] = HostProcess(folder, launcher=launcher, ordinary=True).start()
            if launcher == "zygote":
                asyncio.run(hatched(ordinary[launcher]))
        return ordinary[launcher]

    yield host
    for one in ordinary.values():
        one.end()


@pytest.fixture
def way() -> str:
    return "root, bubblewrap" if os.geteuid() == 0 else "user, bubblewrap"


@pytest.fixture
def host(ways: Callable[[str], HostProcess], way: str) -> HostProcess:
    return ways(way)


@pytest.fixture
async def room(host: HostProcess) -> AsyncIterator[Watched]:
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    yield room
    await client.stop(room.name)
    await client.aclose()


async def asks(room: Watched, path: str, *services: Service) -> Run:
    """A run whose value is what the service answers."""
    return await room.runs(f"{ASK}\nask({path!r})", services=services or (SERVICE,))


def told(room: Watched) -> list[KernelEvent]:
    return [event for event in room.events if event.kind in ("service", "service.detail")]


HOSTILE = """
import ctypes, glob, json, os, signal, socket
found = []
def tries(name, action):
    try:
        value = action()
    except BaseException:
        return
    if value:
        found.append((name, repr(value)[:300]))
def everywhere():
    found = []
    kept = [path for path in glob.glob("/proc/[0-9]*/fd/*") if "memfd" in os.readlink(path)]
    for path in (*glob.glob("/proc/[0-9]*/environ"), *glob.glob("/run/**", recursive=True), *kept):
        try:
            with open(path, "rb") as file:
                found.append(file.read(1 << 20))
        except OSError:
            pass
    return b"of-the-" b"service" in b"".join(found)
def bound(family, address, *options):
    with socket.socket(family) as mine:
        for option in options:
            mine.setsockopt(socket.SOL_SOCKET, option, 1)
        if family == socket.AF_INET6:
            mine.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 0)
        mine.bind((address, PORT))
        mine.listen()
        return True
tries("its source", everywhere)
for pid in range(2, 400):
    try:
        os.kill(pid, 0)
    except OSError:
        continue
    with open(f"/proc/{pid}/cmdline", "rb") as file:
        words = file.read()
    if b"runner" in words:
        found.append(("its process", words))
for family, address in ((socket.AF_INET, "127.0.0.1"), (socket.AF_INET, ""), (socket.AF_INET6, "::")):
    again, beside = socket.SO_REUSEADDR, socket.SO_REUSEPORT
    for options in ((), (again,), (beside,), (again, beside)):
        tries("its port", lambda: bound(family, address, *options))
tries("all processes", lambda: os.kill(-1, signal.SIGCONT))
"""


@pytest.mark.parametrize("way", WAYS)
async def test_code_reaches_it_and_cannot_read_kill_or_replace_it(room: Watched, way: str) -> None:
    assert (await asks(room, "/")).value == "'hello'"
    (running,) = told(room)
    assert running.body == {"port": PORT, "state": "running"}
    run = await room.runs(f"PORT = {PORT}\n{HOSTILE}\nfound", services=(SERVICE,))
    assert (run.status, run.value) == ("ok", "[]")


@pytest.mark.parametrize("way", WAYS[::3])
async def test_it_reaches_nothing(room: Watched, way: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as outside:
        answer = (await asks(room, f"/reach?{outside.getsockname()[1]}")).value
    assert ast.literal_eval(answer) == "ConnectionRefusedError OSError FileNotFoundError OSError [] True"


async def test_the_port_is_refused_while_it_is_down_and_nobody_can_have_it(room: Watched) -> None:
    code = f"""{ASK}
import socket, time
PORT = {PORT}
first = ask("/die")
while ask("/") != "ConnectionRefusedError":
    time.sleep(0.02)
{HOSTILE}
found"""
    assert (await room.runs(code, services=(SERVICE,))).value == "[]"
    detail = await room.event("service.detail")
    assert "status 7" in detail.body["text"]
    failed = await room.event("service", state="failed")
    assert failed.body["detail"] == "it ended; the next run starts it again"
    assert (await asks(room, "/count")).value == "'1'"


async def test_it_remembers_until_its_kernel_ends(room: Watched) -> None:
    assert [(await asks(room, "/count")).value for _ in range(2)] == ["'1'", "'2'"]
    await room.client.restart(room.name)
    await room.event("service", port=PORT)
    assert (await asks(room, "/count")).value == "'1'"
    assert [event.body["state"] for event in told(room)] == ["running", "running"]


async def test_another_source_takes_its_place_and_none_ends_it(room: Watched) -> None:
    assert (await asks(room, "/")).value == "'hello'"
    other = service_of({"port": PORT, "routes": [{"path": "/", "text": "other"}]})
    assert (await asks(room, "/", other)).value == "'other'"
    assert (await room.runs(f"{ASK}\nask('/')")).value == "'ConnectionRefusedError'"
    await room.event("service", port=PORT, state="none")
    assert (
        await room.runs(f"import socket\nsocket.create_server(('', {PORT})).getsockname()[1]")
    ).value == str(PORT)


async def test_a_port_that_the_room_has_is_said(room: Watched) -> None:
    await room.runs(f"import socket\nmine = socket.create_server(('', {PORT}))")
    assert (await room.runs("1 + 1", services=(SERVICE,))).value == "2"
    failed = await room.event("service", state="failed")
    assert failed.body["detail"] == f"port {PORT} is in use by the room's own code: restart the kernel"
    await room.runs("mine.close()")
    assert (await asks(room, "/")).value == "'hello'"


@pytest.mark.parametrize(
    ("source", "why"),
    [
        ("app = ", 'File "service.py", line 1'),
        ("import nowhere", "ModuleNotFoundError: No module named 'nowhere'"),
        ("1", "no callable `app"),
        ("import os; os._exit(3)", "status 3"),
    ],
)
async def test_one_that_does_not_begin_tells_interviewers_why(room: Watched, source: str, why: str) -> None:
    assert (await room.runs("1 + 1", services=(Service(PORT, source),))).value == "2"
    detail, failed = told(room)
    assert (detail.kind, detail.body["port"]) == ("service.detail", PORT)
    assert why in detail.body["text"]
    assert failed.body == {
        "port": PORT,
        "state": "failed",
        "detail": "it did not begin; interviewers are told why",
    }
    assert (await asks(room, "/")).value == "'hello'"


async def test_a_fault_is_told_to_interviewers_alone(room: Watched) -> None:
    run = await room.runs(
        f"{ASK}\n[ask('/fail') for _ in range(50)][-1], ask('/memory')", services=(SERVICE,)
    )
    assert run.value == "(500, 500)"
    details = [event.body["text"] for event in told(room) if event.kind == "service.detail"]
    assert len(details) == 2
    assert "LookupError: canary-of-the-service" in details[0]
    assert "MemoryError" in details[1]
    assert "canary" not in str([event.body for event in room.events if event.kind != "service.detail"])


async def test_several_stand_side_by_side_and_begin_ahead_of_a_run(room: Watched) -> None:
    services = tuple(
        service_of({"port": PORT + n, "routes": [{"path": "/", "json": n}], "tokens": ["t"]})
        for n in range(3)
    )
    await room.client.start(room.name, services=services)
    for n in range(3):
        await room.event("service", port=PORT + n, state="running")
    code = f"""
import requests
bears = {{"Authorization": "Bearer t"}}
[requests.get(f"http://localhost:{{{PORT} + n}}/", headers=bears).json() for n in range(3)]"""
    assert (await room.runs(code, services=services)).value == "[0, 1, 2]"
    assert len(told(room)) == 3


async def test_a_flood_of_connections_harms_nobody_else(room: Watched, host: HostProcess) -> None:
    before = host.resident()
    code = f"""
import socket, threading
held = []
small = b"GET / HTTP/1.1\\r\\n"
large = b"POST / HTTP/1.1\\r\\nContent-Length: 99999999\\r\\n\\r\\n" + bytes(1 << 20)
def connect(number):
    try:
        while True:
            link = socket.create_connection(("127.0.0.1", {PORT}), timeout=1)
            link.setblocking(False)
            link.send(small if number % 2 else large)
            held.append(link)
    except OSError:
        pass
threads = [threading.Thread(target=connect, args=(number,)) for number in range(8)]
for thread in threads: thread.start()
for thread in threads: thread.join()
held.clear()
"""
    run = await room.begins(code, services=(SERVICE,), time_limit_s=10)
    other = Watched(room.client)
    await other.attach()
    assert (await asks(other, "/")).value == "'hello'"
    assert (await room.ends(run)).status in ("ok", "timeout", "error", "kernel_died")
    assert host.resident() - before < 32 << 20
    await room.client.stop(other.name)
    assert (await asks(room, "/")).value == "'hello'"


async def test_it_ends_with_its_kernel(room: Watched, host: HostProcess) -> None:
    await asks(room, "/")
    command = b"from runner import main"

    def services() -> list[int]:
        return [pid for pid in host.sandboxes() if command in _command(pid)]

    (bubblewrap, *inside) = services()
    await room.client.stop(room.name)
    await room.event("kernel", state="none")

    wait_gone([bubblewrap, *inside])


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


async def test_without_isolation_it_has_a_port_of_this_machine(tmp_path: Path) -> None:
    host = HostProcess(tmp_path, isolation="none").start()
    client = KernelHostClient(host.socket)
    try:
        room, other = Watched(client), Watched(client)
        await room.attach()
        await other.attach()
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        service = Service(port, PROGRAM)
        code = ASK.replace(str(PORT), str(port)) + "ask('/')"
        assert (await room.runs(code, services=(service,))).value == "'hello'"
        assert (await other.runs("1", services=(service,))).status == "ok"
        failed = await other.event("service", state="failed")
        assert "in use on this machine" in failed.body["detail"]
    finally:
        await client.aclose()
        host.end()
