"""kill -9 in the middle of typing: which edits are gone though their author was told that they are safe."""

from __future__ import annotations

import time
from pathlib import Path

from fourhands_protocol import sync
from tests.bench.contestants import ALL, Contestant, Echo
from tests.bench.figures import Block, Goal, Metric, Row, Size
from tests.bench.link import begin
from tests.bench.load import filled
from tests.bench.rows.deliveries import OWN

ROOMS, PEOPLE = 20, 2
KEYS_A_SECOND = 200
LOADED_S = 2.0  # y-websocket-server says what it has before it has looked into its database


def measure(one: type[Contestant], folder: Path, size: Size) -> dict[str, float]:
    """Type, kill, start again on what is left, and ask the server what it has."""
    lost = acked = 0
    with one(folder) as server:
        with filled(server, ROOMS, PEOPLE, erases=False) as load:
            load.paced(KEYS_A_SECOND, size.killed_s, wait=False)
            server.kill()
            told = [
                (room.name, room.typists[room.turn].client, len(room.sent) - len(room.due))
                for room in load.rooms
            ]
        server.start()
        visitors = [begin(server.checking(name)) for name, _, _ in told]
        time.sleep(LOADED_S)
        for name, client, edits in told:
            acked += edits
            lost += max(0, edits - vector(server, name).get(client, 0))
        for visitor in visitors:
            visitor.close()
    return {"acked": float(acked), "lost": 100 * lost / acked if acked else 0.0}


def vector(server: Contestant, room: str) -> dict[int, int]:
    """What the server says in its step 1 that it has."""
    link = begin(server.checking(room), keep=True)
    try:
        while True:
            for message in link.messages or ():
                frame = link.door.dialect.plain(message)
                if frame.startswith(b"\x00\x00"):
                    step1 = sync.decode(frame)
                    assert isinstance(step1, sync.Step1)
                    return sync.decode_vector(step1.vector)
            link.receive()
    finally:
        link.close()


ROWS = (
    Row(
        "killed",
        (
            Block(
                "kill -9 while people type",
                (
                    Metric(
                        "lost",
                        "acked edits that were lost",
                        "%",
                        goals=(Goal(0), Goal(0, contestant=OWN)),
                    ),
                    Metric("acked", "edits that were acked", "", more_is_better=True),
                ),
            ),
        ),
        measure,
        [one for one in ALL if one is not Echo],
    ),
)
