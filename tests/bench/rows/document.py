"""A large document: what it takes to join its room, and to come back after a while.

Its edits are typed through the server, by four people in turn, so each server has of it what it has of any
document. A join is everything from the TCP connection to the end of step 2, one join after the other.
"""

from __future__ import annotations

import time
from pathlib import Path

from fourhands_protocol import envelope, sync
from tests.bench.contestants import ALL, Contestant, Echo
from tests.bench.costs import Meter
from tests.bench.dialects import Own
from tests.bench.figures import Block, Goal, Metric, Row, Size
from tests.bench.intervals import percentile
from tests.bench.link import Door, Link, enter
from tests.bench.load import Load, Room, filled

PEOPLE = 4
MISSED = 200
OWN = "fourhands, own clients"


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """Build the document, join it, join it again, come back to it."""
    figures: dict[str, float] = {}
    with one(folder) as server, filled(server, 1, PEOPLE) as load:
        [room] = load.rooms
        name = room.name
        load.typed(size.document)
        figures["join"], figures["join_cpu"] = joins(server, load, name, size.joins, edited=True)
        figures["again"], figures["again_cpu"] = joins(server, load, name, size.joins, edited=False)
        figures["missed"] = missed(server, load, room) / 1000
    return figures


def joins(server: Contestant, load: Load, name: str, times: int, *, edited: bool) -> tuple[float, float]:
    """Milliseconds to step 2 (median), and of the server's CPU; with an edit before each join or none."""
    taken, cpu = [], 0.0
    doors = [server.door(name) for _ in range(times)]
    enter(server.door(name)).close(wait=True)
    time.sleep(0.5)  # what the typing and this first join have set going comes to an end
    for door in doors:
        if edited:
            load.typed(1)
            load.rest(0.05)
        meter = Meter(server.pid)
        began = time.perf_counter()
        link = enter(door)
        taken.append(1000 * (link.welcome - began))
        cpu += meter.stop()[0]
        link.close(wait=True)
    return percentile(taken, 50), 1000 * cpu / times


def missed(server: Contestant, load: Load, room: Room) -> int:
    """Bytes that a client gets that comes back and has missed the last edits."""
    door = server.door(room.name)
    link = enter(door)
    link.messages = []
    load.typed(4)
    load.rest(0.2)
    link.sock.setblocking(True)
    while link.edits < 4:
        link.receive()
    head = _head(link)
    link.close(wait=True)
    vector = sync.encode_vector({typist.client: typist.clock for typist in room.typists})
    load.typed(MISSED)
    load.rest(0.2)
    back = enter(_returning(server, room.name, door, vector, head))
    back.close(wait=True)
    return back.bytes_in


def _head(link: Link) -> int:
    """The last seq that one of our own clients was told of."""
    told = [envelope.decode(message) for message in link.messages or () if message[:2] == b"\x70\x03"]
    return max((entry.seq for one in told for entry in getattr(one, "entries", ())), default=0)


def _returning(server: Contestant, name: str, door: Door, vector: bytes, head: int) -> Door:
    if not isinstance(door.dialect, Own):
        return server.door(name, vector)
    dialect = Own(vector, head, **door.dialect.told)
    return Door(door.port, door.path, dialect, door.protocols)


_CHANGED, _CACHED = "after an edit", "again, nothing changed"

ROWS = (
    Row(
        "document",
        (
            Block(
                "A large document (100,000 edits in a full run)",
                (
                    Metric("join", f"join {_CHANGED}, to step 2", "ms", goals=(Goal(12),)),
                    Metric("join_cpu", f"join {_CHANGED}, CPU of the server", "ms", goals=(Goal(9),)),
                    Metric("again", f"join {_CACHED}, to step 2", "ms", goals=(Goal(4),)),
                    Metric("again_cpu", f"join {_CACHED}, CPU of the server", "ms", goals=(Goal(2),)),
                    Metric(
                        "missed",
                        "bytes to a client that missed 200 edits",
                        "KB",
                        goals=(Goal(6, contestant=OWN),),
                    ),
                ),
            ),
        ),
        measure,
        [one for one in ALL if one is not Echo],
    ),
)
