"""Stock clients for the tests of the room socket."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from tests.support.stock_clients import StockClients


@pytest.fixture(scope="session")
def node_process() -> Iterator[StockClients]:
    with StockClients() as clients:
        yield clients


@pytest.fixture
def stock(node_process: StockClients) -> Iterator[StockClients]:
    """Makes stock clients; they end with the test."""
    yield node_process
    node_process.destroy_all()
