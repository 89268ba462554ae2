"""The order of the whole suite: files that take long begin first, so that nobody waits for one alone."""

import pytest

LONG = ("test_typed_traces.py", "test_room_pages.py", "test_links_that_drop.py", "test_accessibility.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file; within a file nothing moves."""
    items.sort(key=_turn)


def _turn(item: pytest.Item) -> int:
    if item.path.name in LONG:
        return LONG.index(item.path.name)
    return len(LONG) + (item.path.parent.name != "e2e")
