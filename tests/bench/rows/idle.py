"""Rooms of two in which nothing happens any more: what they cost."""

from __future__ import annotations

from pathlib import Path

from tests.bench.contestants import ALL, Contestant, Echo
from tests.bench.costs import Meter, memory
from tests.bench.figures import Block, Goal, Metric, Row, Size
from tests.bench.load import filled

PEOPLE = 2
KEYS = 5  # that were typed in each room before
KEYS_A_SECOND = 2_000
SETTLE_S = 10.0  # at most: in which what the typing has set going comes to an end


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """Memory and CPU."""
    with one(folder) as server:
        with filled(server, 1, PEOPLE) as load:
            load.paced(10, 0.5)
            load.rest(1)
            before = memory(server.pid)
        with filled(server, size.idle_rooms, PEOPLE) as load:
            load.paced(KEYS_A_SECOND, size.idle_rooms * KEYS / KEYS_A_SECOND)
            load.rest(min(SETTLE_S, 2 * size.measured_s))
            after, without_kernels = memory(server.pid), memory(server.pid, kernels=False)
            meter = Meter(server.pid)
            load.rest(2 * size.measured_s)
            idle_s, _ = meter.stop()
    return {
        "room": (after - before) / 1000 / size.idle_rooms,
        "total": without_kernels / 1e6,
        "everything": after / 1e6,
        "idle_cpu": 100 * idle_s / (2 * size.measured_s),
    }


ROWS = (
    Row(
        "idle",
        (
            Block(
                "Idle rooms of 2 (9,800 connections in a full run)",
                (
                    Metric("room", "memory of a room", "KB", goals=(Goal(30),)),
                    Metric("total", "memory of the server without kernels", "MB", goals=(Goal(130),)),
                    Metric("everything", "memory of the server with warm kernels", "MB"),
                    Metric("idle_cpu", "CPU while nothing happens", "% of a core"),
                ),
            ),
        ),
        measure,
        [one for one in ALL if one is not Echo],
        rounds=1,
    ),
)
