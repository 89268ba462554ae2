"""One kernel host for most tests, behind the walls; where those cannot be built, the tests that need them say
so.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import Availability

from .hosting import ENVIRONMENTS, HostProcess
from .watching import Watched


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
def host(isolation: None, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HostProcess]:
    host = HostProcess(tmp_path_factory.mktemp("host")).start()
    yield host
    host.end()


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
