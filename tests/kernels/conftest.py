"""One kernel host for most tests, behind the walls, and one whose kernels are forks of a zygote; where walls
cannot be built, the tests that need them say so.
"""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import Availability

from .hosting import ENVIRONMENTS, HostProcess
from .watching import Watched, hatched


@pytest.fixture(scope="session")
def environments() -> Path:
    assert (ENVIRONMENTS / "default/bin/python").exists(), (
        f"no kernel environment in {ENVIRONMENTS}: run `make setup`"
    )
    return ENVIRONMENTS


@pytest.fixture(scope="session")
def isolation(environments: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    """Skips where this machine does not let bubblewrap build its walls."""
    host = HostProcess(tmp_path_factory.mktemp("probe")).start()
    try:
        found = asyncio.run(_availability(host))
    finally:
        host.end()
    if not found.ok:
        pytest.skip(f"no sandbox here: {found.reason}")


async def _availability(host: HostProcess) -> Availability:
    client = KernelHostClient(host.socket)
    try:
        return await client.availability()
    finally:
        await client.aclose()


@pytest.fixture(scope="session")
def hosts(
    isolation: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[str], HostProcess]]:
    """A host for each way to start kernels, started when it is first asked for."""
    found: dict[str, HostProcess] = {}

    def host(launcher: str) -> HostProcess:
        if launcher not in found:
            found[launcher] = HostProcess(tmp_path_factory.mktemp(launcher), launcher=launcher).start()
            if launcher == "zygote":
                asyncio.run(hatched(found[launcher]))
        return found[launcher]

    yield host
    for one in found.values():
        one.end()


@pytest.fixture
def launcher() -> str:
    """How kernels start; a module that is run for both ways puts both in the place of this."""
    return "bubblewrap"


@pytest.fixture
def host(hosts: Callable[[str], HostProcess], launcher: str) -> HostProcess:
    return hosts(launcher)


@pytest.fixture
async def client(host: HostProcess) -> AsyncIterator[KernelHostClient]:
    client = KernelHostClient(host.socket)
    yield client
    await client.aclose()


@pytest.fixture
async def room(client: KernelHostClient) -> AsyncIterator[Watched]:
    room = Watched(client)
    await room.attach()
    yield room
    await client.stop(room.name)


@pytest.fixture
async def shared(client: KernelHostClient, request: pytest.FixtureRequest) -> Watched:
    """One room for a whole module, for what leaves its kernel as good as it was."""
    room = Watched(client, name=request.module.__name__)
    await room.attach()
    return room


@pytest.fixture
async def other(client: KernelHostClient) -> AsyncIterator[Watched]:
    room = Watched(client)
    await room.attach()
    yield room
    await client.stop(room.name)
