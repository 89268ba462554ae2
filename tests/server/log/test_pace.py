"""Commits follow each other at once until there is load."""

from __future__ import annotations

import pytest

from fourhands_server.log.pace import INTERVAL, Pace

MS = 0.001


def commit(pace: Pace, now: float, *, calls: int) -> float:
    """A commit that is due at `now`; returns how long it waited."""
    wait = pace.wait(now)
    pace.start(now + wait, calls=calls)
    return wait


def test_a_quiet_log_commits_at_once() -> None:
    pace = Pace()
    assert {commit(pace, 100 + 4 * tick * MS, calls=1) for tick in range(250)} == {0.0}


def test_a_busy_log_commits_at_intervals() -> None:
    pace = Pace()
    now, waits = 100.0, []
    for _ in range(100):
        waits.append(commit(pace, now, calls=20))
        now += waits[-1] + MS  # 5,000 a second and more; each commit takes one millisecond
    assert waits[0] == 0.0
    assert waits[50:] == pytest.approx([INTERVAL - MS] * 50)


def test_after_load_it_commits_at_once_again() -> None:
    pace = Pace()
    for tick in range(50):
        commit(pace, 100 + tick * 4 * MS, calls=50)
    assert commit(pace, 101.0, calls=1) == 0.0
    assert commit(pace, 101.0 + MS, calls=1) == 0.0
