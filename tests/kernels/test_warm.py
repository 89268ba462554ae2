"""Kernels made ahead: each for one room, replaced when taken or dead, never more than there may be."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from pathlib import Path
from typing import Any

import pytest
import zmq.asyncio

from fourhands_kernels import warm as warm_kernels
from fourhands_kernels.environments import Environment, Environments
from fourhands_kernels.jupyter import JupyterKernel
from fourhands_kernels.kernel import Execution, service_of
from fourhands_kernels.sandbox import zygote_launch, zygote_link
from fourhands_kernels.sandbox.launch import Bubblewrap
from fourhands_kernels.sandbox.probe import choose_mode
from fourhands_kernels.sandbox.zygote_launch import Zygotes
from fourhands_kernels.services.services import Services
from fourhands_kernels.services.stage import Stage
from fourhands_kernels.warm import Warm

from .hosting import ENVIRONMENTS

SECONDS = 30.0


class Listener:
    """Hears one run."""

    full = behind = False

    def __init__(self) -> None:
        self.done = asyncio.Event()
        self.outputs: list[Mapping[str, Any]] = []
        self.count: int | None = None

    def began(self) -> None: ...

    def heard(self, kind: str, content: Mapping[str, Any]) -> None:
        self.outputs.append(content)

    def lost(self, size: int) -> None: ...

    def asked(self, run: str, prompt: str, *, password: bool) -> None: ...

    def completed(self, run: str, status: str, count: int | None) -> None:
        self.count = count
        self.done.set()


class Pool:
    """What a house has of it."""

    def __init__(self, environment: Environment, runtime: Path) -> None:
        self.environment = environment
        self.runtime = runtime
        self.most = 2
        self.taken: list[JupyterKernel] = []
        self.context = zmq.asyncio.Context()
        self.zygotes = Zygotes(Bubblewrap(choose_mode(), runtime))
        self.warm = Warm(self.zygotes, self.make, size=2, room_left=self.room_left, quiet=0)

    def make(self, environment: Environment) -> JupyterKernel:
        return JupyterKernel(
            self.context, launcher=self.zygotes, environment=environment, runtime=self.runtime
        )

    def room_left(self) -> int:
        return self.most - len(self.taken) - self.warm.count

    async def has(self, number: int) -> None:
        async with asyncio.timeout(SECONDS):
            while True:
                if len(self.living()) == number:
                    return
                await asyncio.sleep(0.02)

    def living(self) -> list[JupyterKernel]:
        waiting = self.warm._waiting.get(self.environment.name, [])
        return [one.kernel for one in waiting if not one.watch.done()]

    async def take(self) -> JupyterKernel:
        kernel = self.warm.take(self.environment)
        assert kernel is not None
        self.taken.append(kernel)
        return kernel

    async def close(self) -> None:
        for kernel in self.taken:
            await kernel.close()
        await self.warm.close()
        await self.zygotes.close()
        self.context.destroy(linger=0)


@pytest.fixture
async def pool(
    isolation: None, environments: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Pool]:
    monkeypatch.setattr(zygote_link, "_MODULES", ())
    pool = Pool(await Environments(environments).get("default"), tmp_path)
    yield pool
    await pool.close()


async def runs(kernel: JupyterKernel, code: str) -> Listener:
    listener = Listener()
    async with asyncio.timeout(SECONDS):
        await kernel.start(listener)
        kernel.execute(Execution("run", code))
        await listener.done.wait()
    return listener


async def test_a_warm_kernel_is_fresh_and_goes_to_one_room(pool: Pool) -> None:
    assert pool.warm.take(pool.environment) is None  # nobody wanted any yet
    pool.warm.want(pool.environment)
    await pool.has(2)
    first, second = await pool.take(), await pool.take()
    assert first is not second
    assert pool.warm.take(pool.environment) is None
    heard = await runs(first, "kept = 1\nkept")
    assert heard.count == 1  # the first of its kernel
    heard = await runs(second, "'kept' in globals()")
    assert heard.outputs[-1]["data"] == {"text/plain": "False"}


async def test_a_service_stands_beside_one_that_waited(pool: Pool) -> None:
    pool.warm.want(pool.environment)
    await pool.has(2)
    kernel = await pool.take()
    told: list[Mapping[str, Any]] = []
    stage = Stage(pool.zygotes.bubblewrap, Environments(ENVIRONMENTS).get)
    services = Services(stage, lambda kind, body: told.append(body))
    wanted = service_of({"port": 8080, "routes": [{"path": "/", "text": "hello"}]})
    await services.hold((wanted,), environment="default", network=kernel.network)
    assert told == [{"port": 8080, "state": "running"}]
    heard = await runs(kernel, "import urllib.request as u; u.urlopen('http://127.0.0.1:8080/').read()")
    assert "b'hello'" in str(heard.outputs)
    await services.close()


async def test_one_that_was_taken_or_died_is_replaced(pool: Pool) -> None:
    pool.most = 10
    pool.warm.want(pool.environment)
    await pool.has(2)
    taken = await pool.take()
    await pool.has(2)
    before = pool.living()
    await before[0]._manager.provisioner.kill()
    await pool.has(1)
    await pool.has(2)
    assert taken not in pool.living()
    assert before[0] not in pool.living()


async def test_no_more_wait_than_there_may_be(pool: Pool) -> None:
    pool.most = 1
    pool.warm.want(pool.environment)
    await pool.has(1)
    pool.most = 0  # rooms on other environments took the last places
    assert pool.warm.take(pool.environment) is not None
    pool.warm.want(pool.environment)
    assert await pool.zygotes.ready(pool.environment)
    assert pool.warm.count == 0


async def test_those_of_older_files_are_not_given_away(pool: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    pool.warm.want(pool.environment)
    await pool.has(2)
    for module in (zygote_launch, warm_kernels):
        monkeypatch.setattr(module, "state_of", lambda _: "other files")
    assert pool.warm.take(pool.environment) is None
    pool.warm.want(pool.environment)
    await pool.has(2)
    await pool.take()


async def test_nothing_waits_where_nobody_came_for_long(pool: Pool) -> None:
    pool.warm.want(pool.environment)
    await pool.has(2)
    pool.warm._rest(0)
    assert pool.warm.count == 0
    assert pool.warm.take(pool.environment) is None
