"""What is printed past Python's own streams belongs to the run that printed it, and is there when it ends."""

import pytest

from .watching import Watched

pytestmark = pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])

RUNS = 50  # each way of writing; one in some hundred went astray where nothing saw to it


async def test_each_run_has_what_its_code_wrote_to_the_descriptors(shared: Watched) -> None:
    await shared.runs("import os")
    for number in range(RUNS):
        run = await shared.runs(f"os.write(1, b'out {number}\\n'); os.write(2, b'err {number}\\n');")
        assert sorted(run.text.splitlines()) == [f"err {number}", f"out {number}"]


async def test_each_run_has_what_its_processes_printed(shared: Watched) -> None:
    await shared.runs("import os, subprocess, sys")
    for number in range(RUNS // 5):
        assert (await shared.runs(f"os.system('echo shell {number}');")).text == f"shell {number}\n"
        run = await shared.runs(f"subprocess.run(['echo', 'process {number}'], stdout=sys.stdout);")
        assert run.text == f"process {number}\n"


async def test_each_run_has_what_forks_of_the_kernel_printed_once(shared: Watched) -> None:
    await shared.runs("import multiprocessing")
    for number in range(RUNS // 5):
        run = await shared.runs(
            f"print('before {number}')\n"
            f"fork = multiprocessing.Process(target=print, args=('fork {number}',))\n"
            "fork.start(); fork.join()"
        )
        assert sorted(run.text.splitlines()) == [f"before {number}", f"fork {number}"]


async def test_each_run_has_what_c_held_back(shared: Watched) -> None:
    await shared.runs("import ctypes\nlibc = ctypes.CDLL(None)")
    for number in range(RUNS // 5):
        assert (await shared.runs(f"libc.printf(b'c {number}\\n');")).text == f"c {number}\n"


async def test_all_of_a_long_output_is_there(shared: Watched) -> None:
    run = await shared.runs("import os\nfor i in range(20000): os.write(1, b'%d\\n' % i)")
    assert run.text == "".join(f"{i}\n" for i in range(20000))


async def test_characters_are_whole_wherever_a_read_ends(shared: Watched) -> None:
    run = await shared.runs("import os\nfor byte in 'né€😀\\n'.encode() * 999: os.write(1, bytes([byte]))")
    assert run.text == "né€😀\n" * 999
    assert (await shared.runs("os.write(1, '€'.encode()[:2]);")).text == "\ufffd"
    assert (await shared.runs("os.write(1, b'next');")).text == "next"


async def test_a_process_that_writes_on_does_not_hold_up_the_end(room: Watched) -> None:
    run = await room.runs("import subprocess\nendless = subprocess.Popen(['yes'])\nprint('over')")
    assert run.status == "ok"
    assert "over" in run.text
    assert (await room.runs("endless.kill(); endless.wait()")).value == "-9"


async def test_what_was_printed_before_the_code_put_another_stream_there_is_heard(shared: Watched) -> None:
    run = await shared.runs("import io, sys\nprint('seen')\nkept, sys.stdout = sys.stdout, io.StringIO()")
    assert run.text == "seen\n"
    assert (await shared.runs("print('unseen'); sys.stdout = kept; print('back')")).text == "back\n"


async def test_a_closed_descriptor_costs_its_output_alone(room: Watched) -> None:
    await room.runs("import os, sys\nos.close(sys.stdout._fid)")
    assert (await room.runs("print('goes on')")).text == "goes on\n"


async def test_what_a_timer_was_about_to_send_belongs_to_its_run(shared: Watched) -> None:
    """ipykernel sends by itself what was printed 0.2 s ago, from another thread, while the run ends."""
    await shared.runs("import time")
    for number in range(RUNS // 5):
        pause = 0.198 + 0.0004 * number
        run = await shared.runs(f"print('timed {number}', end='')\ntime.sleep({pause})")
        assert run.text == f"timed {number}"
