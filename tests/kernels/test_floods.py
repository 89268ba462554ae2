"""Floods of output: counted, cut with an honest mark, interruptible, and never more than a host can hold."""

import pytest

from .hosting import HostProcess
from .watching import Watched

MIB = 1024 * 1024
GROWTH = 64 * MIB  # what one flood may add to the host's memory


both_ways = pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])


@both_ways
async def test_every_line_arrives(shared: Watched) -> None:
    run = await shared.runs("for i in range(20000): print(i)")
    assert run.text == "".join(f"{i}\n" for i in range(20000))
    assert "dropped" not in run.finished


async def test_flushed_lines_arrive_in_few_events(shared: Watched) -> None:
    run = await shared.runs("for i in range(2000): print(i, flush=True)")
    assert run.text == "".join(f"{i}\n" for i in range(2000))
    assert run.events <= 20 * run.finished["duration"] / 1e6 + 2


@both_ways
async def test_an_endless_print_is_bounded_and_ends_at_an_interrupt(
    shared: Watched, host: HostProcess
) -> None:
    await shared.runs("kept = 1")
    before = host.resident()
    run = await shared.begins("while True: print('x' * 100)")
    await shared.is_cut(run)
    await shared.client.interrupt(shared.name)
    ended = await shared.ends(run)
    assert ended.status == "interrupted"
    assert ended.finished["dropped"] == ended.marked > 0
    assert len(ended.text) <= 8 * MIB
    assert ended.events <= 20 * ended.finished["duration"] / 1e6 + 4
    assert host.resident() - before < GROWTH
    assert (await shared.runs("kept")).value == "1"


async def test_one_huge_print_is_cut_with_a_mark(shared: Watched, host: HostProcess) -> None:
    before = host.resident()
    run = await shared.runs("print('y' * 30_000_000)")
    assert run.status == "ok"
    assert len(run.text) == 8 * MIB
    assert run.finished["dropped"] == run.marked >= 30_000_000 - 8 * MIB
    assert host.resident() - before < GROWTH


async def test_a_huge_display_is_dropped_and_the_rest_is_shown(shared: Watched, host: HostProcess) -> None:
    before = host.resident()
    run = await shared.runs(
        "from IPython.display import HTML, display\n"
        "display(HTML('a' * 100_000_000)); display(HTML('b' * 2_500_000)); 7"
    )
    assert (run.status, run.value) == ("ok", "7")
    assert run.finished["dropped"] == run.marked >= 102_500_000
    assert host.resident() - before < GROWTH


async def test_a_huge_error_is_cut(shared: Watched) -> None:
    run = await shared.runs("raise ValueError('z' * 20_000_000)")
    assert (run.status, run.error["ename"]) == ("error", "ValueError")
    assert run.finished["dropped"] >= 20_000_000


async def test_many_displays_end_at_the_cap(shared: Watched) -> None:
    run = await shared.runs(
        "from IPython.display import HTML, display\nfor i in range(200): display(HTML('c' * 100_000))"
    )
    assert run.status == "ok"
    assert run.finished["dropped"] == run.marked > 0


async def test_a_flood_past_python_s_streams_ends_too(shared: Watched, other: Watched) -> None:
    run = await shared.begins("import os\nprint('begins', flush=True)\nos.system('yes')")
    await shared.prints(run, "begins")
    assert (await other.runs("1 + 1")).value == "2"
    await shared.client.interrupt(shared.name)
    assert (await shared.ends(run)).finished["duration"] < 3_000_000  # no new kernel was needed


async def test_messages_that_are_none_hurt_nobody(room: Watched, other: Watched) -> None:
    code = r"""
import zmq
from ipykernel.kernelapp import IPKernelApp
thread = IPKernelApp.instance().iopub_thread
unsigned, broken = [b'<IDS|MSG>', b''] + [b'{}'] * 4, [b'<IDS|MSG>'] + [b'\xff'] * 5
for frames in ([b''], [b'x'] * 7, unsigned, broken):
    thread.send_multipart(frames)
thread.send_multipart([b'<IDS|MSG>', b'', b'[' * 100000, b'{}', b'{}', b'{}'])
print('after')
"""
    run = await room.runs(code)
    assert run.text.endswith("after\n")
    assert (await other.runs("1 + 1")).value == "2"
