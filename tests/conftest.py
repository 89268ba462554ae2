"""The order of the whole suite: files that take long begin first, so that nobody waits for one alone."""

import pytest

LONG = ("test_typed_traces.py", "test_replay_page.py", "test_room_pages.py", "test_accessibility.py")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Sort by file; within a file nothing moves."""
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
