"""Edits that reached the others in the room, per second of all the CPU that the server took for it.

Four people a room. *Flat out*: one edit is on its way in each room, the next follows when all have it.
*At 10 a second*: each room types ten keys a second, which leaves every server time to idle.
"""

from __future__ import annotations

from pathlib import Path

from tests.bench.contestants import ALL, Contestant
from tests.bench.costs import Meter
from tests.bench.figures import Goal, Metric, Row, Size
from tests.bench.load import Load, filled

PEOPLE = 4
KEYS_A_SECOND = 10


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """Both ways in the same rooms."""
    with one(folder) as server, filled(server, size.rooms, PEOPLE) as rooms:
        load = Load(rooms)
        load.closed_loop(size.warm_s)
        meter = Meter(server.pid)
        in_time, delivered = load.closed_loop(size.measured_s)
        flat_out, load_s = meter.stop()
        meter = Meter(server.pid)
        _, seen, due = load.paced(KEYS_A_SECOND * size.rooms, size.measured_s)
        paced, _ = meter.stop()
        load.close()
    if seen < due:
        print(f"  {one.name}: {due - seen} of {due} deliveries did not come")
    return {
        "flat_out": delivered / flat_out,
        "paced": seen / paced,
        "per_second": in_time / size.measured_s,
        "server_cores": flat_out / size.measured_s,
        "load_cores": load_s / size.measured_s,
    }


ROWS = (
    Row(
        "deliveries",
        "Deliveries in rooms of 4",
        (
            Metric(
                "flat_out",
                "per CPU-second, flat out",
                "/s",
                more_is_better=True,
                goals=(
                    Goal(60_000),
                    Goal(1.4, versus="y-websocket-server"),
                    Goal(75_000, contestant="fourhands, own clients"),
                ),
            ),
            Metric("paced", "per CPU-second, 10 keys a second and room", "/s", more_is_better=True),
            Metric("per_second", "per second, flat out", "/s", more_is_better=True),
            Metric("server_cores", "cores the server took", ""),
            Metric("load_cores", "cores the load took", ""),
        ),
        measure,
        ALL,
    ),
)
