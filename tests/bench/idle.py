"""`make idle`: very many idle connections on one server, in rooms of two: what they cost in memory and CPU.

Ends with status 1 where 10,000 connections take more than 500 MB or 5 % of a core. Half of them are our own
clients, which answer the server's heartbeats as a page at rest does; the others are stock clients, which
renew their awareness state every 15 s as y-protocols does. Everybody shows a cursor.
"""

from __future__ import annotations

import argparse
import contextlib
import resource
import signal
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from tests.bench.contestants import Fourhands, FourhandsOwn
from tests.bench.costs import Meter, memory
from tests.bench.link import Door, Link
from tests.bench.load import Load, Room, cursor, filled

MOST_MB, MOST_CPU = 500, 5.0  # of 10,000 connections; per cent of a core
SETTLES_S = 45.0  # after typing: the log puts its rows in order, documents go to their worker
RENEWED_S = 15.0  # by a stock client, its awareness state
BEAT_S = 12.0  # without a word from the server, after which our own client at rest asks whether it is there


class Mixed(FourhandsOwn):
    """One of our own clients and one stock client a room."""

    def door_of(self, room: str, number: int) -> Door:
        return self.door(room) if number == 0 else self.checking(room)


def main() -> int:
    """Fill, rest, look."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.idle", description=__doc__)
    parser.add_argument("--connections", type=int, default=10_000)
    parser.add_argument("--seconds", type=float, default=60.0, help="that CPU is looked at")
    options = parser.parse_args()
    raise_limit(options.connections + 1_000)
    end_when_told()
    with (
        tempfile.TemporaryDirectory(prefix="idle-") as scratch,
        Mixed(Path(scratch)) as server,
        beside(server, options.connections // 2) as load,
    ):
        print(f"{options.connections} connections; looking for {options.seconds:g} s", flush=True)
        meter, began, before = Meter(server.pid), time.perf_counter(), memory(server.pid)
        rest(load, options.seconds)
        server_s, load_s = meter.stop()
        took = time.perf_counter() - began
        after, alone = memory(server.pid), memory(server.pid, kernels=False)
        cpu, most = 100 * server_s / took, MOST_CPU * max(options.connections / 10_000, 0.1)
        print(f"memory {after / 1e6:.0f} MB ({before / 1e6:.0f} at first; {alone / 1e6:.0f} without kernels)")
        print(f"CPU {cpu:.2f} % of a core; the load {100 * load_s / took:.1f} %", flush=True)
        met = after / 1e6 <= MOST_MB and cpu <= most
        print(f"at most {MOST_MB} MB and {most:g} %: {'yes' if met else 'NO'}", flush=True)
    return 0 if met else 1


@contextlib.contextmanager
def beside(server: Fourhands, rooms: int) -> Iterator[Load]:
    """Rooms of two with a few keys in each, at rest."""
    with filled(server, rooms, 2) as load:
        load.paced(1_000, rooms * 3 / 1_000)
        for room in load.rooms:
            for number in range(len(room.links)):
                show(room, number, 1)
            load.turn(0)
        rest(load, SETTLES_S)
        yield load


def show(room: Room, number: int, clock: int) -> None:
    """One person says where their cursor stands: at the same place, always."""
    link, client = room.links[number], room.typists[number].client
    link.send(link.door.dialect.cursor(client, clock, cursor(1)))


def renew(rooms: list[Room], since: float, until: float) -> None:
    """The stock clients whose moment lies between these two say once more what they said."""
    for turn in range(int(since / RENEWED_S * len(rooms)), int(until / RENEWED_S * len(rooms))):
        show(rooms[turn % len(rooms)], 1, 2 + turn)


def rest(load: Load, seconds: float) -> None:
    """Do nothing but what idle pages do."""
    now = looked = renewed = time.perf_counter()
    stop = now + seconds
    heard = {link: now for room in load.rooms for link in room.links if link.door.dialect.heartbeat}

    def came(room: Room, link: Link, number: int, edits: int) -> None:
        if link in heard:
            heard[link] = now

    while (now := time.perf_counter()) < stop:
        load.turn(0.02, came)
        renew(load.rooms, renewed, now)
        renewed = now
        if now - looked < 1:
            continue
        looked = now
        for link in [link for link, at in heard.items() if now - at >= BEAT_S]:
            assert link.door.dialect.heartbeat is not None
            link.send(link.door.dialect.heartbeat)
            heard[link] = now


def end_when_told() -> None:
    """SIGTERM ends this process as Ctrl-C does: with all servers that it has started."""
    signal.signal(signal.SIGTERM, lambda *told: sys.exit(1))


def raise_limit(files: int) -> None:
    """Let this process and the server open so many files."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < files:
        raise SystemExit(f"so many connections need {files} open files; this machine allows {hard}")
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, files), hard))


if __name__ == "__main__":
    sys.exit(main())
