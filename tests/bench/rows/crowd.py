"""One room with many viewers, in which one person types far faster than anybody can."""

from __future__ import annotations

from pathlib import Path

from tests.bench.contestants import ALL, Contestant
from tests.bench.costs import Meter
from tests.bench.figures import Block, Goal, Metric, Row, Size
from tests.bench.load import filled
from tests.bench.rows.deliveries import delays

KEYS_A_SECOND = 512


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """CPU and delay."""
    with one(folder) as server, filled(server, 1, size.viewers + 1) as load:
        load.paced(KEYS_A_SECOND, size.warm_s)
        meter = Meter(server.pid)
        found = load.paced(KEYS_A_SECOND, size.measured_s)
        figures = {"crowd_cpu": 100 * meter.stop()[0] / size.measured_s} | delays("crowd", found)
    return figures


ROWS = (
    Row(
        "crowd",
        (
            Block(
                "One room, 50 viewers, 512 edits a second",
                (
                    Metric(
                        "crowd_cpu",
                        "CPU of the server",
                        "% of a core",
                        goals=(Goal(1.1, versus="y-websocket-server"),),
                    ),
                    Metric("crowd_seen_p50", "seen by the viewers, p50", "ms"),
                    Metric("crowd_seen_p99", "seen by the viewers, p99", "ms", goals=(Goal(8),)),
                    Metric("crowd_missing", "deliveries that never came", ""),
                ),
            ),
        ),
        measure,
        ALL,
    ),
)
