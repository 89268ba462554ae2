"""Frames between a server and its host, and what happens to those that are none."""

import asyncio
import os
import socket
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels import wire
from fourhands_kernels.kernel import (
    Execution,
    HostRefused,
    KernelBusy,
    KernelError,
    KernelUnavailable,
    NotAsking,
    Service,
)


async def read(data: bytes) -> wire.Message | None:
    reader = asyncio.StreamReader()
    reader.feed_data(data)
    reader.feed_eof()
    return await wire.read(reader)


async def test_a_frame_comes_back() -> None:
    assert await read(wire.write({"call": "x", "n": 1})) == {"call": "x", "n": 1}


@pytest.mark.parametrize("data", [b"", b"\0\0", wire.write({"a": "b"})[:-1]])
async def test_an_end_is_an_end(data: bytes) -> None:
    assert await read(data) is None


@pytest.mark.parametrize("data", [b"\xff\xff\xff\xff", b"\0\0\0\1\xff", b"\0\0\0\1\x01"])
async def test_what_is_no_frame_is_refused(data: bytes) -> None:
    with pytest.raises(HostRefused):
        await read(data)


@pytest.mark.parametrize(
    "error", [KernelUnavailable("why"), KernelBusy("r"), NotAsking("r"), HostRefused("why")]
)
def test_errors_come_back_as_themselves(error: KernelError) -> None:
    found = wire.error_from(wire.error_message(error))
    assert type(found) is type(error)
    assert str(found) == str(error)


def test_executions_come_back_as_themselves() -> None:
    execution = Execution("r", "1", filename="a.py", first_line=3, time_limit_s=2.5, environment="bare")
    assert wire.execution_from(wire.execution_message(execution)) == execution
    served = replace(execution, services=(Service(8080, "app = print"), Service(8081, "app = len")))
    assert wire.execution_from(wire.execution_message(served)) == served


@pytest.mark.parametrize("services", [[[80, "x"]], [[8080, ""]], [[8080, "x"], [8080, "y"]], [[8080, 5]]])
def test_services_that_are_none_are_refused(services: list[list[Any]]) -> None:
    with pytest.raises(HostRefused):
        wire.services_from(services)


def test_a_long_path_is_reached_too(tmp_path: Path) -> None:
    folder = tmp_path / ("long-" * 30)
    folder.mkdir()
    with socket.socket(socket.AF_UNIX) as listener, socket.socket(socket.AF_UNIX) as link:
        with wire.address(folder / "host.sock") as address:
            listener.bind(address)
        listener.listen()
        with wire.address(folder / "host.sock") as address:
            link.connect(address)
        accepted, _ = listener.accept()
        with accepted:
            assert wire.peer(accepted) == (os.getpid(), os.getuid())


def test_a_folder_is_made_private(tmp_path: Path) -> None:
    folder = tmp_path / "kernels"
    folder.mkdir(mode=0o755)
    assert wire.private(folder).stat().st_mode & 0o777 == 0o700
    (tmp_path / "link").symlink_to(folder)
    with pytest.raises(PermissionError):
        wire.private(tmp_path / "link")
