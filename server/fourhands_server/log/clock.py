"""The wall clock of a log."""

from __future__ import annotations

import time


def wall_clock() -> int:
    """Microseconds since the epoch."""
    return time.time_ns() // 1000
