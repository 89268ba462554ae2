"""The launcher's first sign: one pid, one folder; anything else is closed and refused."""

import os
import socket
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from fourhands_kernels.kernel import KernelUnavailable
from fourhands_kernels.sandbox.sign import TMPFS, filesystem, sign

from .watching import Watched


@pytest.fixture
def pair() -> Iterator[tuple[socket.socket, socket.socket]]:
    ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
    ours.setblocking(False)
    ours.setsockopt(socket.SOL_SOCKET, socket.SO_PASSCRED, 1)
    with ours, theirs:
        yield ours, theirs


def descriptors() -> set[str]:
    return set(os.listdir("/proc/self/fd"))


async def send(pair: tuple[socket.socket, socket.socket], *paths: Path | str) -> None:
    """What a launcher would send, with these in place of its one folder."""
    with ExitStack() as stack:
        opened = [os.open(path, os.O_PATH) for path in paths]
        for fd in opened:
            stack.callback(os.close, fd)
        socket.send_fds(pair[1], [b"1"], opened)


async def test_a_sign_brings_pid_and_folder(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path
) -> None:
    await send(pair, tmp_path)
    found = await sign(pair[0], in_memory=False)
    assert found.pid == os.getpid()
    assert os.path.samestat(os.fstat(found.work), os.stat(tmp_path))
    assert not os.get_inheritable(found.work)
    os.close(found.work)


@pytest.mark.parametrize("number", [0, 2, 5, 40])
async def test_a_sign_with_other_than_one_descriptor_is_refused(
    pair: tuple[socket.socket, socket.socket], tmp_path: Path, number: int
) -> None:
    before = descriptors()
    await send(pair, *[tmp_path] * number)
    with pytest.raises(KernelUnavailable):
        await sign(pair[0], in_memory=False)
    assert descriptors() == before


async def test_a_sign_with_a_file_is_refused(pair: tuple[socket.socket, socket.socket]) -> None:
    before = descriptors()
    await send(pair, __file__)
    with pytest.raises(KernelUnavailable, match="no folder"):
        await sign(pair[0], in_memory=False)
    assert descriptors() == before


async def test_a_sandbox_s_folder_has_to_be_in_memory(pair: tuple[socket.socket, socket.socket]) -> None:
    before = descriptors()
    await send(pair, "/proc/self")
    with pytest.raises(KernelUnavailable, match="not in memory"):
        await sign(pair[0], in_memory=True)
    assert descriptors() == before


async def test_an_end_without_a_sign_is_an_end(pair: tuple[socket.socket, socket.socket]) -> None:
    pair[1].close()
    with pytest.raises(EOFError):
        await sign(pair[0], in_memory=False)


def test_folders_in_memory_are_told_apart() -> None:
    for path, memory in (("/dev/shm", True), ("/proc", False)):
        fd = os.open(path, os.O_PATH | os.O_DIRECTORY)
        try:
            assert (filesystem(fd) == TMPFS) is memory
        finally:
            os.close(fd)


async def test_the_kernel_keeps_no_descriptor_of_the_start(room: Watched) -> None:
    code = "import os\n[n for n in os.listdir('/proc/self/fd') if os.path.isdir(f'/proc/self/fd/{n}/.')]"
    found = await room.runs(code)
    assert found.status == "ok"
    assert len(found.value.split(",")) <= 1  # the listing's own, gone when it is looked at
