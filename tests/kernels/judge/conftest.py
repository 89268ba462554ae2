"""Judgements in real sandboxes: behind the walls that the kernel host would choose, without the host around
them; and, where all is tried, through a host of an ordinary user.
"""

import asyncio
import itertools
import os
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.environments import Environments
from fourhands_kernels.judge.judge import Judging
from fourhands_kernels.judge.pair import Pairs
from fourhands_kernels.judgement import Judgement, TestsEvent
from fourhands_kernels.kernel import Availability
from fourhands_kernels.sandbox.launch import Bubblewrap
from fourhands_kernels.sandbox.probe import choose_mode

from ..hosting import ENVIRONMENTS, HostProcess
from ..watching import Watched
from .verdicts import Verdict, python

SECONDS = 60.0
ALL = os.environ.get("FOURHANDS_JUDGE") == "all"
MODES = ("here", "ordinary") if ALL and os.geteuid() == 0 else ("here",)
Examine = Callable[..., Awaitable[Verdict]]
_names = itertools.count(1)


def judgement(main: str, tests: str, **settings: object) -> Judgement:
    files = {"main.py": python(main), **settings.pop("files", {})}  # type: ignore[dict-item]
    hidden = {"test_hidden.py": python(tests), **settings.pop("more_tests", {})}  # type: ignore[dict-item]
    made = Judgement(f"judged-{next(_names)}", files, hidden, **settings)  # type: ignore[arg-type]
    made.check()
    return made


@pytest.fixture
def examine(isolation: None, tmp_path: Path) -> Examine:
    """Judge `main.py` (and other files) by tests; returns when all is over and nothing is left."""

    async def examined(main: str, tests: str, **settings: object) -> Verdict:
        wanted = judgement(main, tests, **settings)
        environments = Environments(ENVIRONMENTS)
        verdict = Verdict()
        judging = Judging(
            wanted,
            Pairs(Bubblewrap(choose_mode(), tmp_path)),
            verdict.hear,
            candidate=await environments.get(wanted.environment),
            tests=await environments.get(wanted.tests_environment),
        )
        async with asyncio.timeout(SECONDS):
            await judging.run()
        return verdict

    return examined


@pytest.fixture(scope="session")
def ordinary_host(isolation: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    """A host of an ordinary user, with walls of user mode."""
    host = HostProcess(tmp_path_factory.mktemp("ordinary"), ordinary=True).start()
    found = asyncio.run(_availability(host))
    if found.ok:
        yield host
    host.end()
    if not found.ok:
        pytest.skip(f"no sandbox for an ordinary user here: {found.reason}")


@pytest.fixture(params=MODES)
def another_host(request: pytest.FixtureRequest) -> HostProcess | None:
    found: HostProcess | None = None
    if request.param == "ordinary":
        found = request.getfixturevalue("ordinary_host")
    return found


@pytest.fixture
async def everywhere(another_host: HostProcess | None, examine: Examine) -> AsyncIterator[Examine]:
    """As `examine`, and where all is tried in user mode too."""
    if another_host is None:
        yield examine
        return
    client = KernelHostClient(another_host.socket)
    room = Watched(client, name=f"judged-by-an-ordinary-user-{next(_names)}")
    await room.attach()

    async def examined(main: str, tests: str, **settings: object) -> Verdict:
        wanted = judgement(main, tests, **settings)
        await client.judge(room.name, wanted)
        await room.event("tests.finished", judgement=wanted.id)
        told = [event for event in room.events if event.body.get("judgement") == wanted.id]
        return Verdict([TestsEvent(event.kind, event.body) for event in told])  # type: ignore[arg-type]

    yield examined
    await client.aclose()


async def _availability(host: HostProcess) -> Availability:
    client = KernelHostClient(host.socket)
    try:
        return await client.availability()
    finally:
        await client.aclose()
