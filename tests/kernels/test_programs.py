"""Kernels of any language behind our walls: an ordinary kernelspec, its program, what its code reaches."""

import ast
import asyncio
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import service_of

from .hosting import ENVIRONMENTS, HostProcess, wait_gone
from .watching import Watched

BUSY = "print('busy', flush=True)\nwhile True: pass"
# ipykernel started in a way that our launcher does not know: it stands for any other program.
START = "from ipykernel.kernelapp import launch_new_instance as start; start()"


def offers(folder: Path) -> Path:
    folder.mkdir()
    (folder / "default").symlink_to((ENVIRONMENTS / "bare").resolve())
    argv = [str((ENVIRONMENTS / "bare/bin/python").absolute()), "-c", START, "-f", "{connection_file}"]
    quiet = {"PYDEVD_DISABLE_FILE_VALIDATION": "1", "WORD": "given"}
    specs = {
        "signal": {"argv": argv, "env": quiet},
        "message": {"argv": argv, "env": quiet, "interrupt_mode": "message"},
        "gone": {"argv": ["/usr/bin/no-such-program", "{connection_file}"]},
        "failing": {"argv": ["/bin/sh", "-c", "echo no licence >&2; exit 3"]},
    }
    for name, spec in specs.items():
        (folder / name).mkdir()
        (folder / name / "kernel.json").write_text(json.dumps({"display_name": name} | spec))
    return folder


@pytest.fixture(scope="module")
def programs(isolation: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    folder = tmp_path_factory.mktemp("host")
    host = HostProcess(folder, environments=offers(folder / "offered")).start()
    yield host
    host.end()


@pytest.fixture
def host(programs: HostProcess) -> HostProcess:
    return programs


async def test_the_room_s_files_are_in_its_folder(room: Watched) -> None:
    files = {"main.py": b"", "helper.py": b"x = 7"}
    code = "import helper; open('out', 'w').write('1'); print(helper.x)"
    assert (await room.runs(code, environment="signal", files=files)).text == "7\n"
    assert (await room.client.files(room.name)).files == (("out", 1),)


async def test_it_runs_behind_the_walls(room: Watched, host: HostProcess) -> None:
    names = [offer.name for offer in await room.client.environments()]
    assert names == ["default", "failing", "gone", "message", "signal"]
    run = await room.runs("print('hello')\nx = 41", environment="signal")
    assert (run.status, run.text, run.finished["count"]) == ("ok", "hello\n", 1)
    code = f"""
import os, socket, sys
status = dict(line.rstrip('\\n').split(':\\t', 1) for line in open('/proc/self/status') if ':\\t' in line)
names = [name for _, name in socket.if_nameindex()]
writable = [folder for folder in ('/', '/usr', '/etc', sys.prefix) if os.access(folder, os.W_OK)]
ours = [n for n in os.environ if n.startswith('FOURHANDS')]
(x + 1, os.getuid() >= 1000, status['CapEff'], status['NoNewPrivs'], status['Seccomp'], names, writable,
 os.path.exists({str(host.socket)!r}), os.environ['WORD'], ours)
"""
    found = ast.literal_eval((await room.runs(code, environment="signal")).value)
    assert found == (42, True, "0" * 16, "1", "2", ["lo"], [], False, "given", [])


async def test_a_service_stands_beside_it(room: Watched) -> None:
    service = service_of({"port": 8080, "routes": [{"path": "/", "text": "hello"}]})
    code = "import urllib.request as u; print(u.urlopen('http://127.0.0.1:8080/').read())"
    assert (await room.runs(code, environment="signal", services=(service,))).text == "b'hello'\n"


async def test_input_is_asked_for_and_output_comes_whole(room: Watched) -> None:
    run = await room.begins("input('Who? ')", environment="signal")
    await room.event("run.input_asked", run=run)
    await room.client.answer(room.name, run, "Ada")
    assert (await room.ends(run)).value == "'Ada'"
    done = await room.runs("for i in range(2000): print(i, flush=True)", environment="signal")
    assert done.text == "".join(f"{i}\n" for i in range(2000))


@pytest.mark.parametrize("environment", ["signal", "message"])
async def test_an_interrupt_keeps_variables(room: Watched, environment: str) -> None:
    run = await room.begins("kept = 1\n" + BUSY, environment=environment)
    await room.prints(run, "busy")
    await room.client.interrupt(room.name)
    assert (await room.ends(run)).status == "interrupted"
    assert (await room.runs("kept", environment=environment)).value == "1"


async def test_a_restart_and_a_death(room: Watched) -> None:
    await room.runs("kept = 1", environment="signal")
    await room.client.restart(room.name)
    assert (await room.runs("'kept' in globals()", environment="signal")).value == "False"
    run = await room.runs("import os\nos._exit(3)", environment="signal")
    assert run.status == "kernel_died"
    assert "status 3" in (await room.event("kernel", state="dead")).body["detail"]


@pytest.mark.parametrize(("environment", "words"), [("gone", "cannot be run"), ("failing", "no licence")])
async def test_why_a_program_does_not_start_is_said(room: Watched, environment: str, words: str) -> None:
    assert (await room.runs("1", environment=environment)).status == "kernel_died"
    assert words in (await room.event("kernel", state="dead")).body["detail"]


@pytest.mark.parametrize("wish", [{"ordinary": True}, {"isolation": "none"}], ids=["user", "none"])
async def test_it_runs_in_the_other_modes_too(isolation: None, tmp_path: Path, wish: dict[str, Any]) -> None:
    host = HostProcess(tmp_path, environments=offers(tmp_path / "offered"), **wish)
    await asyncio.to_thread(host.start)
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    uid = (await room.runs("import os\nos.getuid()", environment="signal")).value
    assert uid == ("1000" if "ordinary" in wish else str(os.getuid()))
    run = await room.begins(BUSY, environment="signal")
    await room.prints(run, "busy")
    await client.interrupt(room.name)
    assert (await room.ends(run)).status == "interrupted"
    inside = host.sandboxes()
    await client.aclose()
    await asyncio.to_thread(host.end)
    wait_gone(inside)
