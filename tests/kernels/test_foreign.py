"""Kernels that a kernelspec's own provisioner starts, known by its answers alone; kernelspecs without one."""

import asyncio
import json
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import KernelUnavailable, Service

from .hosting import ENVIRONMENTS, PROJECT, HostProcess
from .watching import Watched

BUSY = "print('busy', flush=True)\nwhile True: pass"
KEY = "the agent's key"


@dataclass
class Agent:
    """The other machine, as its owner sees it."""

    port: int

    def ask(self, do: str, **more: Any) -> dict[str, Any]:
        with socket.create_connection(("127.0.0.1", self.port)) as link, link.makefile("rw") as file:
            file.write(json.dumps({"key_of_agent": KEY, "do": do, **more}) + "\n")
            file.flush()
            return dict(json.loads(file.readline()))

    @property
    def alive(self) -> list[str]:
        return list(self.ask("alive")["alive"])


@pytest.fixture(scope="module")
def agent() -> Iterator[Agent]:
    command = [sys.executable, "-m", "tests.support.elsewhere", str(ENVIRONMENTS / "bare/bin/python"), KEY]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, cwd=PROJECT, start_new_session=True) as process:
        assert process.stdout is not None
        yield Agent(int(process.stdout.readline()))
        process.communicate()


def offer(folder: Path, name: str, **content: Any) -> None:
    (folder / name).mkdir(parents=True)
    (folder / name / "kernel.json").write_text(json.dumps({"display_name": name, "argv": []} | content))


@pytest.fixture(scope="module")
def offered(agent: Agent, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """No Python of ours: the default is elsewhere, so that this works where no walls can be built."""
    folder = tmp_path_factory.mktemp("offered")
    config = {"agent": f"127.0.0.1:{agent.port}", "agent_key": KEY}

    def stanza(name: str = "elsewhere", **more: str) -> dict[str, Any]:
        return {"kernel_provisioner": {"provisioner_name": name, "config": config | more}}

    python = str(ENVIRONMENTS / "bare/bin/python")
    start = "from ipykernel.kernelapp import launch_new_instance; launch_new_instance()"
    plain = [python, "-c", start, "-f", "{connection_file}"]
    offer(folder, "default", language="python", metadata=stanza())
    offer(folder, "message", language="python", interrupt_mode="message", metadata=stanza())
    os.mkfifo(folder / "gate")
    offer(folder, "waiting", metadata=stanza(gate=str(folder / "gate")))
    offer(folder, "full", env={"FULL": "yes"}, metadata=stanza())
    offer(folder, "locked", metadata=stanza(agent_key="another"))
    offer(folder, "missing", metadata=stanza("not-installed"))
    offer(
        folder,
        "local",
        argv=plain,
        metadata={"kernel_provisioner": {"provisioner_name": "local-provisioner"}},
    )
    return folder


@pytest.fixture(scope="module")
def elsewhere(offered: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """A kernel host that has the provisioner installed."""
    installed = tmp_path_factory.mktemp("installed")
    info = installed / "elsewhere-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: elsewhere\nVersion: 1.0\n")
    entry = "elsewhere = tests.support.elsewhere:ElsewhereProvisioner"
    (info / "entry_points.txt").write_text(f"[jupyter_client.kernel_provisioners]\n{entry}\n")
    host = HostProcess(tmp_path_factory.mktemp("host"), environments=offered)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("PYTHONPATH", os.pathsep.join((str(installed), str(PROJECT))))
        host.start()
    yield host
    host.end()


@pytest.fixture
def host(elsewhere: HostProcess) -> HostProcess:
    return elsewhere


async def test_code_runs_in_a_kernel_without_a_pid(room: Watched, agent: Agent, host: HostProcess) -> None:
    assert (await room.client.availability()).ok
    run = await room.runs("import os\nx = 41\nprint('hello')\nos.getpid()")
    assert (run.status, run.text, run.finished["count"]) == ("ok", "hello\n", 1)
    assert int(run.value) not in host.sandboxes()
    assert (await room.runs("x + 1")).value == "42"
    assert (await room.runs("1 / 0")).error["ename"] == "ZeroDivisionError"
    run = await room.runs("for i in range(2000): print(i, flush=True)")  # type: ignore[assignment]
    assert run.text == "".join(f"{i}\n" for i in range(2000))


async def test_the_room_s_files_are_not_there_and_that_is_said_once(room: Watched) -> None:
    files = {"main.py": b"", "helper.py": b"x = 1"}
    said = [(await room.runs("1", files=files)).text for _ in range(2)]
    assert said[0].startswith("The room's other files are not in the kernel's folder")
    assert said[1] == ""
    assert (await room.client.files(room.name)).files == ()


async def test_no_service_stands_beside_it_and_that_is_said(room: Watched) -> None:
    assert (await room.runs("1 + 1", services=(Service(18080, "app = print"),))).value == "2"
    told = await room.event("service", port=18080, state="failed")
    assert told.body["detail"] == "this kernel runs where the host cannot put a service beside it"


async def test_input_is_asked_for(room: Watched) -> None:
    run = await room.begins("input('Who? ')")
    await room.event("run.input_asked", run=run)
    await room.client.answer(room.name, run, "Ada")
    assert (await room.ends(run)).value == "'Ada'"


@pytest.mark.parametrize("environment", ["default", "message"])
async def test_an_interrupt_keeps_variables(room: Watched, environment: str) -> None:
    run = await room.begins("kept = 1\n" + BUSY, environment=environment)
    await room.prints(run, "busy")
    await room.client.interrupt(room.name)
    assert (await room.ends(run)).status == "interrupted"
    assert (await room.runs("kept", environment=environment)).value == "1"


async def test_a_restart_is_a_kernel_of_its_own(room: Watched, agent: Agent) -> None:
    run = await room.begins("kept = 1\n" + BUSY)
    await room.prints(run, "busy")
    before = agent.alive
    await room.client.restart(room.name)
    assert (await room.ends(run)).status == "aborted"
    assert (await room.runs("'kept' in globals()")).value == "False"
    assert not set(agent.alive) & set(before)


async def test_a_death_is_noticed_and_mended(room: Watched, agent: Agent) -> None:
    run = await room.begins(BUSY)
    await room.prints(run, "busy")
    for kernel in agent.alive:
        agent.ask("signal", kernel=kernel, number=9)
    assert (await room.ends(run)).status == "kernel_died"
    assert "status -9" in (await room.event("kernel", state="dead")).body["detail"]
    assert (await room.runs("1 + 1")).value == "2"


async def test_a_provisioner_that_blocks_holds_up_nobody_else(room: Watched, offered: Path) -> None:
    run = await room.begins("1 + 1", environment="waiting")
    assert (await room.client.availability()).ok  # an answer, while the provisioner waits
    await asyncio.to_thread((offered / "gate").write_text, "go on")
    assert (await room.ends(run)).value == "2"


async def test_nothing_is_left_of_a_room_that_stopped(room: Watched, agent: Agent) -> None:
    await room.runs("1")
    await room.client.stop(room.name)
    async with asyncio.timeout(30):
        while agent.alive:
            await asyncio.to_thread(agent.ask, "alive")


@pytest.mark.parametrize(
    ("environment", "words"), [("full", "no node has room"), ("locked", "not your machine")]
)
async def test_what_a_provisioner_refuses_is_said(room: Watched, environment: str, words: str) -> None:
    assert (await room.runs("1", environment=environment)).status == "kernel_died"
    assert words in (await room.event("kernel", state="dead")).body["detail"]


async def test_what_has_no_walls_is_neither_offered_nor_run(client: KernelHostClient, room: Watched) -> None:
    names = [offer.name for offer in await client.environments()]
    assert names == ["default", "full", "locked", "message", "waiting"]
    for environment, words in (
        ("local", "--isolation none only"),
        ("missing", "'not-installed' cannot be used"),
    ):
        with pytest.raises(KernelUnavailable, match=words):
            await room.begins("1", environment=environment)


async def test_a_provisioner_without_walls_runs_where_the_operator_does_without(
    offered: Path, tmp_path: Path
) -> None:
    host = HostProcess(tmp_path, isolation="none", environments=offered)
    await asyncio.to_thread(host.start)
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    assert "local" in {offer.name for offer in await client.environments()}
    run = await room.runs("import os\nos.getuid()", environment="local")
    assert run.value == str(os.getuid())
    await client.aclose()
    assert await asyncio.to_thread(host.end) == 0
