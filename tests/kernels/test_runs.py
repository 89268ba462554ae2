"""Runs in a real kernel behind real walls, as a server sees them."""

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import KernelBusy, NotAsking

from .watching import Watched

# Both ways to start kernels have the same walls and do the same.
pytestmark = pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])

BUSY = "print('busy', flush=True)\nwhile True: pass"


async def test_a_value_comes_back(room: Watched) -> None:
    run = await room.runs("1 + 1")
    assert (run.status, run.value, run.finished["count"]) == ("ok", "2", 1)
    await room.event("kernel", state="idle")
    assert room.states == ["starting", "busy", "idle"]


async def test_variables_stay(shared: Watched) -> None:
    await shared.runs("x = 20")
    assert (await shared.runs("x + 1")).value == "21"


async def test_a_plot_is_an_image(shared: Watched) -> None:
    run = await shared.runs("import matplotlib.pyplot as plt\nplt.plot([1, 2])\nplt.show()")
    (plot,) = [output for output in run.outputs if output["output_type"] == "display_data"]
    assert plot["data"]["image/png"].startswith("iVBOR")


async def test_a_table_is_html(shared: Watched) -> None:
    run = await shared.runs("import pandas\npandas.DataFrame({'a': [1]})")
    assert "<table" in run.outputs[0]["data"]["text/html"]


async def test_an_error_shows_the_room_s_file_and_line(shared: Watched) -> None:
    run = await shared.runs("\n\ndef f():\n    1 / 0\n\nf()", filename="solve.py", first_line=10)
    assert (run.status, run.error["ename"]) == ("error", "ZeroDivisionError")
    shown = "\n".join(run.error["traceback"])
    assert "solve.py" in shown
    assert "line 15" in shown
    assert "line 13, in" in shown.replace("\x1b[39m", "").replace("\x1b[36m", "").replace("\x1b[32m", "")


async def test_a_syntax_error_shows_its_line(shared: Watched) -> None:
    run = await shared.runs("x = 1\ny = (", filename="solve.py", first_line=5)
    assert run.error["evalue"] == "incomplete input (solve.py, line 6)" or "line 6" in run.error["evalue"]


async def test_input_is_asked_for_and_answered(shared: Watched) -> None:
    run = await shared.begins("name = input('Who? ')\nprint('Hello', name)")
    asked = await shared.event("run.input_asked", run=run)
    assert asked.body == {"run": run, "prompt": "Who? ", "password": False}
    await shared.client.answer(shared.name, run, "Ada")
    assert (await shared.ends(run)).text == "Hello Ada\n"
    with pytest.raises(NotAsking):
        await shared.client.answer(shared.name, run, "again")


async def test_a_password_is_asked_for_as_one(shared: Watched) -> None:
    run = await shared.begins("import getpass\nlen(getpass.getpass())")
    await shared.event("run.input_asked", run=run, password=True)
    await shared.client.answer(shared.name, run, "secret")
    assert (await shared.ends(run)).value == "6"


async def test_an_interrupt_ends_a_busy_loop_and_keeps_variables(shared: Watched) -> None:
    run = await shared.begins("kept = 1\n" + BUSY)
    await shared.prints(run, "busy")
    await shared.client.interrupt(shared.name)
    ended = await shared.ends(run)
    assert (ended.status, ended.error["ename"]) == ("interrupted", "KeyboardInterrupt")
    assert ended.finished["stop"] in ("message", "signal")
    assert (await shared.runs("kept")).value == "1"


# A library's function that a signal meets while it shows an error, or sends the reply.
LATE = """
import os, signal
library = {"os": os, "signal": signal}
exec(compile('''
def late(before):
    def call(*args, **kwargs):
        os.kill(os.getpid(), signal.SIGINT)
        return before(*args, **kwargs)
    return call
''', "library.py", "exec"), library)
kept = get_ipython()
setattr(*PLACE, library["late"](getattr(*PLACE)))
"""


@pytest.mark.parametrize(
    "place", ["kept, '_showtraceback'", "kept.kernel, 'do_execute'", "kept.kernel, '_publish_status'"]
)
async def test_a_late_signal_costs_neither_the_error_nor_the_kernel(room: Watched, place: str) -> None:
    """The second step of an interrupt may come when the code has ended already."""
    assert (await room.runs(LATE.replace("PLACE", f"({place})"))).status == "ok"
    run = await room.runs("1 / 0")
    assert (run.status, run.error["ename"]) == ("error", "ZeroDivisionError")
    assert (await room.runs("kept is get_ipython()")).value == "True"


async def test_an_interrupt_ends_a_wait_for_input(shared: Watched) -> None:
    run = await shared.begins("input()")
    await shared.event("run.input_asked", run=run)
    await shared.client.interrupt(shared.name)
    assert (await shared.ends(run)).status == "interrupted"


async def test_code_that_heeds_no_interrupt_loses_its_kernel(room: Watched) -> None:
    code = "import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n" + BUSY
    run = await room.begins("kept = 1\n" + code)
    await room.prints(run, "busy")
    await room.client.interrupt(room.name)
    ended = await room.ends(run)
    assert (ended.status, ended.finished["stop"]) == ("interrupted", "replaced")
    await room.event("kernel.restarted")
    assert (await room.runs("'kept' in globals()")).value == "False"


async def test_a_time_limit_ends_a_run(shared: Watched) -> None:
    ended = await shared.runs(BUSY, time_limit_s=0.3)
    assert ended.status == "timeout"
    assert ended.finished["stop"] in ("message", "signal")
    assert "stop" not in (await shared.runs("1")).finished


async def test_a_restart_loses_variables_and_ends_the_run(room: Watched) -> None:
    run = await room.begins("kept = 1\n" + BUSY)
    await room.prints(run, "busy")
    await room.client.restart(room.name)
    assert (await room.ends(run)).status == "aborted"
    assert (await room.runs("'kept' in globals()")).value == "False"


async def test_a_run_id_runs_once(shared: Watched) -> None:
    first = await shared.runs("n = globals().get('n', 0) + 1\nn", run="once")
    await shared.begins("n = globals().get('n', 0) + 1\nn", run="once")
    assert (await shared.runs("n")).value == "1"
    assert first.value == "1"
    assert len([e for e in shared.events if e.kind == "run.finished" and e.body["run"] == "once"]) == 1


async def test_one_run_at_a_time(shared: Watched) -> None:
    run = await shared.begins("input()")
    with pytest.raises(KernelBusy) as refused:
        await shared.begins("2")
    assert refused.value.run == run
    await shared.client.interrupt(shared.name)
    await shared.ends(run)


async def test_a_kernel_that_kills_itself_is_reported_and_replaced(room: Watched) -> None:
    run = await room.runs("import os\nos.kill(os.getpid(), 9)")
    assert run.status == "kernel_died"
    assert "SIGKILL" in (await room.event("kernel", state="dead")).body["detail"]
    assert (await room.runs("1 + 1")).value == "2"


async def test_a_kernel_that_exits_is_reported(room: Watched) -> None:
    assert (await room.runs("import os\nos._exit(3)")).status == "kernel_died"
    assert "status 3" in (await room.event("kernel", state="dead")).body["detail"]


async def test_displays_are_updated_and_cleared(shared: Watched) -> None:
    run = await shared.runs(
        "from IPython.display import display, clear_output\n"
        "print('gone')\nclear_output()\nhandle = display('one', display_id=True)\nhandle.update('two')"
    )
    assert [output["data"]["text/plain"] for output in run.outputs] == ["'two'"]


async def test_progress_keeps_its_carriage_returns(shared: Watched) -> None:
    assert (await shared.runs("print('10 %\\r20 %\\r', end='')")).text == "10 %\r20 %\r"


async def test_threads_and_processes_print_too(shared: Watched) -> None:
    run = await shared.runs(
        "import os, subprocess, threading\n"
        "thread = threading.Thread(target=print, args=('thread',)); thread.start(); thread.join()\n"
        "subprocess.run(['echo', 'process'])\nprint('done')"
    )
    assert {"thread", "process", "done"} <= set(run.text.split())


async def test_what_one_room_defines_another_does_not_see(room: Watched, other: Watched) -> None:
    await room.runs("x = 1; open('/tmp/x', 'w').write('1'); open('here', 'w').write('1')")
    found = await other.runs("import os\n'x' in globals(), os.path.exists('/tmp/x'), os.listdir()")
    assert found.value == "(False, False, [])"


async def test_a_stopped_room_has_no_process(room: Watched, client: KernelHostClient) -> None:
    await room.runs("1")
    await client.stop(room.name)
    await room.event("kernel", state="none")


async def test_a_kernel_started_ahead_is_idle(room: Watched) -> None:
    await room.client.start(room.name)
    await room.event("kernel", state="idle")
    assert (await room.runs("1 + 1")).value == "2"


async def test_events_are_numbered_without_holes(shared: Watched) -> None:
    await shared.runs("for i in range(50): print(i)")
    first = shared.events[0].n
    assert [event.n for event in shared.events] == list(range(first, first + len(shared.events)))
    assert len({event.journal for event in shared.events}) == 1


async def test_an_interrupt_reaches_what_the_code_waits_for(shared: Watched) -> None:
    run = await shared.begins(
        "import subprocess\nprint('waits', flush=True)\nsubprocess.run(['sleep', '600'])"
    )
    await shared.prints(run, "waits")
    await shared.client.interrupt(shared.name)
    assert (await shared.ends(run)).status == "interrupted"
    assert "sleep" not in (await shared.runs("subprocess.getoutput('ps ax')")).value
