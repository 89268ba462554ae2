"""What is left where bubblewrap is killed in the middle of a start."""

import os
import signal
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from fourhands_kernels.sandbox import strays
from fourhands_kernels.sandbox.argv import CODE

from .hosting import wait_gone

pytestmark = pytest.mark.usefixtures("isolation")


def children(pid: int) -> list[int]:
    return [int(child) for child in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


@pytest.fixture
def starting() -> Iterator["subprocess.Popen[bytes]"]:
    """A bubblewrap that has just made its child."""
    line = [
        "bwrap",
        "--unshare-all",
        "--die-with-parent",
        "--ro-bind",
        "/",
        "/",
        "sh",
        "-c",
        "sleep 600",
        CODE,
    ]
    with subprocess.Popen(line, stderr=subprocess.DEVNULL) as process:
        while not children(process.pid):
            os.sched_yield()
        yield process
        process.kill()


def test_a_start_that_is_given_up_leaves_nothing(starting: "subprocess.Popen[bytes]") -> None:
    found = children(starting.pid)
    strays.end(starting.pid)
    assert starting.wait() == -signal.SIGKILL
    wait_gone(found)


def test_what_a_killed_host_left_is_ended_by_the_next(starting: "subprocess.Popen[bytes]") -> None:
    (left,) = children(starting.pid)
    starting.kill()
    starting.wait()
    strays.end_all()
    wait_gone([left])


def test_whose_bubblewrap_lives_is_no_stray(starting: "subprocess.Popen[bytes]") -> None:
    (first,) = children(starting.pid)
    strays.end_all()
    os.kill(first, 0)
    assert starting.poll() is None
