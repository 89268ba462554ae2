"""The one change that turns a text into another: what lies between their common beginning and end."""

from __future__ import annotations

from typing import NamedTuple


class Change(NamedTuple):
    """Delete `deleted` after `before`, insert `inserted` there. All whole code points."""

    before: str
    deleted: str
    inserted: str


def change(old: str, new: str) -> Change | None:
    """The smallest single change from `old` to `new`; None if they are equal."""
    if old == new:
        return None
    begin = _common(old, new)
    deleted, inserted = old[begin:], new[begin:]
    end = _common(deleted[::-1], inserted[::-1])
    return Change(old[:begin], deleted[: len(deleted) - end], inserted[: len(inserted) - end])


def _common(a: str, b: str) -> int:
    """The length of the common beginning, by halving: to compare slices is quick."""
    low, high = 0, min(len(a), len(b))
    while low < high:
        middle = (low + high + 1) // 2
        if a[low:middle] == b[low:middle]:
            low = middle
        else:
            high = middle - 1
    return low
