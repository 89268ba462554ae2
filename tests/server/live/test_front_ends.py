"""Jupyter front ends at a room whose surroundings fail it: readers that do not read, kernels that do not
answer.
"""

from __future__ import annotations

import asyncio
import json
from typing import Any

from tests.support.parts import House, Wire, turns

from fourhands_kernels.kernel import HostLost, KernelEvent
from fourhands_server.core.seat import FrontEnd, Seat
from fourhands_server.live.host import RoomHost


def attach(house: House, host: RoomHost) -> tuple[str, Wire]:
    wire, expires = Wire(), house.now + 10**12
    seat = Seat("front", "ivy", "interviewer", "jupyter", expires, front=FrontEnd("json"))
    host.open(seat, wire)
    return seat.id, wire


def request(msg_type: str, content: dict[str, Any]) -> bytes:
    header = {"msg_id": "m-1", "msg_type": msg_type}
    return json.dumps({"channel": "shell", "header": header, "content": content}).encode()


async def test_whoever_reads_nothing_is_dropped_and_the_room_goes_on() -> None:
    house = House()
    host = await house.room()
    seat, wire = attach(house, host)
    wire.stuck = True
    host.receive(seat, request("execute_request", {"code": "print"}))
    await turns()
    item = {"output_type": "stream", "name": "stdout", "text": "x" * 60_000}
    for n in range(1, 60):
        body = {"run": "jupyter.m-1", "n": n - 1, "items": [item]}
        house.kernels.listeners[host.id](KernelEvent(host.id, "journal", n, "run.outputs", body))
        await turns()
    assert wire.closed is not None
    assert wire.closed[0] == 4301
    assert wire.waiting < 2_000_000
    assert host.failed is None


async def test_a_kernel_host_that_is_lost_costs_an_answer_alone() -> None:
    house = House()
    host = await house.room()
    seat, wire = attach(house, host)

    async def lost(*_: Any) -> None:
        raise HostLost("gone")

    async def never(*_: Any) -> None:
        await asyncio.Event().wait()

    house.kernels.complete, house.kernels.inspect = lost, never  # type: ignore[attr-defined]
    host.receive(seat, request("inspect_request", {"code": "x", "cursor_pos": 1}))
    host.receive(seat, request("complete_request", {"code": "x", "cursor_pos": 1}))
    await turns()
    assert [json.loads(frame)["msg_type"] for frame in wire.sent] == ["status", "complete_reply", "status"]
    assert host.failed is None
    assert wire.closed is None
    host.let_go()
