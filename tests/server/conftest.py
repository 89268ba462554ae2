"""One real server for all tests of the web and of live rooms; each test makes a room of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.people import People
from tests.support.server import LiveServer


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    with LiveServer(tmp_path_factory.mktemp("server")) as live:
        yield live


@pytest.fixture
def room(server: LiveServer) -> Iterator[People]:
    """Ended afterwards, so that its kernel goes too. Nothing may have failed inside the server meanwhile."""
    people, before = People(server), len(server.output)
    yield people
    people.host("POST", "/end")
    said = "".join(server.output[before:])
    assert "Traceback" not in said, said
