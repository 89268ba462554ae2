"""What strangers' code finds when it looks for a way out: nothing of the host, other rooms or the network."""

import ast
import os
from pathlib import Path
from typing import Any

import pytest

from .hosting import HostProcess
from .watching import Watched

# Both ways to start kernels have the same walls and do the same.
pytestmark = pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])


async def says(room: Watched, code: str) -> Any:
    """The value of the last expression, as plain data."""
    run = await room.runs(code)
    assert run.status == "ok", run.items
    return ast.literal_eval(run.value)


async def test_there_is_no_network(shared: Watched) -> None:
    code = """
import socket
def reach(kind, address):
    with socket.socket(kind, socket.SOCK_STREAM) as link:
        link.settimeout(2)
        try:
            return link.connect(address)
        except OSError as error:
            return error.errno
names = [name for _, name in socket.if_nameindex()]
reach(socket.AF_INET, ("1.1.1.1", 53)), reach(socket.AF_INET6, ("2606:4700::1111", 53)), names
"""
    first, second, names = await says(shared, code)
    assert first
    assert second
    assert names == ["lo"]


ODD = {"packet": 17, "can": 29, "tipc": 30, "bluetooth": 31, "alg": 38, "vsock": 40}


@pytest.mark.parametrize("family", ODD.values(), ids=ODD)
async def test_odd_sockets_are_refused(shared: Watched, family: int) -> None:
    code = f"""
import socket
try:
    socket.socket({family}, socket.SOCK_STREAM); error = None
except OSError as found:
    error = found.errno
error
"""
    assert await says(shared, code) == 97  # EAFNOSUPPORT


async def test_raw_sockets_are_refused(shared: Watched) -> None:
    run = await shared.runs("import socket\nsocket.socket(socket.AF_INET, socket.SOCK_RAW, 1)")
    assert run.error["ename"] == "PermissionError"


async def test_host_processes_are_not_seen(shared: Watched, host: HostProcess) -> None:
    code = "import os\nsorted(int(n) for n in os.listdir('/proc') if n.isdigit())"
    seen = await says(shared, code)
    assert set(seen) <= {1, 2, 3, 4, 5}
    arguments = await says(shared, "open('/proc/1/cmdline').read()")
    assert "python" not in arguments.split("\0--\0")[0]


async def test_host_files_are_not_seen(shared: Watched, host: HostProcess, tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    paths = [
        str(tmp_path / "secret"),
        str(host.socket),
        "/etc/shadow",
        "/root/.ssh",
        "/root/.bashrc",
        "/var/log",
    ]
    paths += [
        str(Path(__file__)),
        "/sys/kernel",
        "/boot",
        "/etc/hostname",
        "/etc/ssl/private",
        f"/proc/1/root{tmp_path}",
    ]
    found = await says(shared, f"import os\n[path for path in {paths} if os.path.exists(path)]")
    assert found == []
    assert await says(shared, "os.listdir('/home')") == ["room"]


async def test_the_host_s_environment_is_not_seen(shared: Watched) -> None:
    code = """
import os
def read(path):
    try:
        return open(path, 'rb').read()
    except OSError:
        return b''
sorted(os.environ), read('/proc/1/environ').count(b'=')
"""
    names, first = await says(shared, code)
    assert first == 0
    assert not [name for name in names if name.startswith(("FOURHANDS", "JPY_", "SSH", "SUDO"))]


async def test_the_system_is_read_only(shared: Watched) -> None:
    code = """
import os, sys
def writable(folder):
    try:
        open(os.path.join(folder, 'x'), 'w').close()
    except OSError:
        return False
    return True
folders = ['/', '/usr', '/usr/bin', '/etc', '/dev', '/home', '/run', '/proc/sys', sys.prefix, sys.base_prefix]
[folder for folder in folders if writable(folder)]
"""
    assert await says(shared, code) == []


async def test_there_is_no_privilege(shared: Watched) -> None:
    code = """
import os
status = dict(line.rstrip('\\n').split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
os.getuid() >= 1000, status['CapEff'], status['CapBnd'], status['NoNewPrivs'], status['Seccomp']
"""
    assert await says(shared, code) == (True, "0" * 16, "0" * 16, "1", "2")


async def test_root_cannot_be_had(shared: Watched) -> None:
    code = "import os\ntry:\n    os.setuid(0); gained = True\nexcept OSError:\n    gained = False\ngained"
    assert await says(shared, code) is False
    uids = "import subprocess\n'uid=0' in subprocess.getoutput('su -c id; sudo -n id; unshare -r id')"
    assert await says(shared, uids) is False


async def test_the_first_process_cannot_be_ended(shared: Watched) -> None:
    code = "import os\ntry:\n    os.kill(1, 9)\nexcept OSError:\n    pass\n"
    await shared.runs(code)
    assert (await shared.runs("1 + 1")).value == "2"


CALLS = {"ptrace": 101, "mount": 165, "unshare": 272, "setns": 308, "bpf": 321, "keyctl": 250}
CALLS |= {"perf_event_open": 298, "userfaultfd": 323, "io_uring_setup": 425, "kexec_load": 246}


@pytest.mark.parametrize("number", CALLS.values(), ids=CALLS)
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are those of x86_64")
async def test_calls_are_refused(shared: Watched, number: int) -> None:
    assert await says(shared, call(number, 0)) == (-1, 1)


@pytest.mark.skipif(os.uname().machine != "x86_64", reason="numbers are those of x86_64")
async def test_namespaces_cannot_be_cloned(shared: Watched) -> None:
    assert await says(shared, call(56, 0x10000011)) == (-1, 1)


def call(number: int, first: int) -> str:
    """Code for a system call; its value is the call's and errno."""
    return f"""
import ctypes
libc = ctypes.CDLL(None, use_errno=True)
libc.syscall({number}, {first}, 0, 0, 0, 0), ctypes.get_errno()
"""


async def test_the_kernel_s_sockets_are_not_inherited(shared: Watched) -> None:
    code = "import subprocess\nsubprocess.getoutput('ls -l /proc/self/fd').count('socket:')"
    assert await says(shared, code) == 0


async def test_no_descriptor_of_the_start_is_left(shared: Watched) -> None:
    code = """
import os
links = []
for name in os.listdir('/proc/self/fd'):
    try:
        links.append(os.readlink('/proc/self/fd/' + name))
    except OSError:
        pass
[link for link in links if not link.startswith(('/dev/', '/proc/', 'pipe:', 'socket:', 'anon_'))]
"""
    assert await says(shared, code) == []


async def test_a_fork_bomb_is_bounded(room: Watched, other: Watched) -> None:
    code = """
import os, time
count = 0
try:
    while count < 5000:
        if os.fork() == 0:
            time.sleep(600)
        count += 1
except OSError:
    pass
count
"""
    await other.runs("1")
    assert 0 < int((await room.runs(code)).value) < 200
    assert (await other.runs("1 + 1")).value == "2"


async def test_disk_filling_is_bounded(room: Watched) -> None:
    code = """
def fill(path):
    try:
        with open(path, 'wb') as file:
            for _ in range(2000):
                file.write(bytes(1 << 20))
    except OSError as error:
        return error.errno
[fill(path) for path in ('/tmp/x', '/dev/shm/x', 'x')]
"""
    assert all(error in (27, 28) for error in await says(room, code))  # EFBIG, ENOSPC


async def test_memory_is_bounded(room: Watched) -> None:
    run = await room.runs("block = bytearray(4 << 30)")
    assert run.error["ename"] == "MemoryError"
    assert (await room.runs("1 + 1")).value == "2"
