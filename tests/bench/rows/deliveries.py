"""Rooms of four: deliveries per second of CPU, delays, cursors.

*Flat out*: one edit is on its way in each room, the next follows when all have it. *Busy*: each room types
ten keys a second (6,000 edits a second in 600 rooms), *light*: one room in thirty does (200 a second), which
leaves every server time to idle. Deliveries to others count, echoes do not; CPU is that of all the server's
processes.
"""

from __future__ import annotations

from pathlib import Path

from tests.bench.contestants import ALL, Contestant
from tests.bench.costs import Meter
from tests.bench.figures import Block, Goal, Metric, Row, Size
from tests.bench.intervals import percentile
from tests.bench.load import Delays, filled

PEOPLE = 4
KEYS_A_SECOND = 10
LIGHT = 30  # one room of so many types under light load
OWN = "fourhands, own clients"


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """All phases in the same rooms."""
    figures: dict[str, float] = {}
    with one(folder) as server, filled(server, size.rooms, PEOPLE) as load:
        load.closed_loop(size.warm_s)
        meter = Meter(server.pid)
        in_time, delivered = load.closed_loop(size.measured_s)
        server_s, load_s = meter.stop()
        figures["flat_out"] = delivered / server_s
        figures["per_second"] = in_time / size.measured_s
        figures["server_cores"] = server_s / size.measured_s
        figures["load_cores"] = load_s / size.measured_s

        meter = Meter(server.pid)
        busy = load.paced(KEYS_A_SECOND * size.rooms, size.measured_s)
        figures["busy"] = len(busy.seen) / meter.stop()[0]
        figures |= delays("busy", busy)

        meter = Meter(server.pid)
        seen = load.cursors(KEYS_A_SECOND * size.rooms, size.measured_s)
        figures["cursors"] = seen / meter.stop()[0]

        with load.only(max(1, size.rooms // LIGHT)) as few:
            meter = Meter(server.pid)
            light = few.paced(KEYS_A_SECOND * len(few.rooms), size.measured_s)
            figures["light"] = len(light.seen) / meter.stop()[0]
            figures |= delays("light", light)
    return figures


def delays(name: str, found: Delays) -> dict[str, float]:
    """Milliseconds; without acks where a server gives none. What never came is said."""
    figures = {f"{name}_missing": float(found.due - len(found.seen))}
    for what, values in (("seen", found.seen), ("acked", found.acked)):
        if values:
            figures[f"{name}_{what}_p50"] = 1000 * percentile(values, 50)
            figures[f"{name}_{what}_p99"] = 1000 * percentile(values, 99)
    return figures


def _delays(name: str, words: str, p50: float, p99: float) -> tuple[Metric, ...]:
    metrics = [
        Metric(
            f"{name}_{what}_{key}",
            f"{words}, {said}, {key}",
            "ms",
            goals=(Goal(limit), Goal(limit, contestant=OWN)),
        )
        for what, said in (("seen", "seen by the others"), ("acked", "acked"))
        for key, limit in (("p50", p50), ("p99", p99))
    ]
    return (*metrics, Metric(f"{name}_missing", f"{words}, deliveries that never came", ""))


ROWS = (
    Row(
        "deliveries",
        (
            Block(
                "Deliveries per CPU-second in rooms of 4",
                (
                    Metric(
                        "flat_out",
                        "flat out",
                        "/s",
                        more_is_better=True,
                        goals=(
                            Goal(60_000),
                            Goal(1.4, versus="y-websocket-server"),
                            Goal(75_000, contestant=OWN),
                        ),
                    ),
                    Metric("busy", "busy, 10 keys a second and room", "/s", more_is_better=True),
                    Metric("light", "light, 10 keys a second in one room of 30", "/s", more_is_better=True),
                    Metric("cursors", "cursors, 10 a second and room", "/s", more_is_better=True),
                    Metric("per_second", "deliveries by the clock, flat out", "/s", more_is_better=True),
                    Metric("server_cores", "cores that the server took, flat out", ""),
                    Metric("load_cores", "cores that the load took, flat out", ""),
                ),
            ),
            Block(
                "Delay of an edit in rooms of 4",
                (*_delays("light", "light", 2, 5), *_delays("busy", "busy", 5, 12)),
            ),
        ),
        measure,
        ALL,
    ),
)
