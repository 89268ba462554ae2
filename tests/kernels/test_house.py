"""The house of all kernels: how long it keeps one that nobody asks for."""

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from fourhands_kernels import house as house_module
from fourhands_kernels.house import House, HouseOptions
from fourhands_kernels.kernel import Execution
from fourhands_kernels.room import Room
from tests.kernels.hosting import ENVIRONMENTS, SECONDS
from tests.support.returning import until


class Watcher:
    """Hears of a room's events, and tells when something has become true of it."""

    def __init__(self, room: Room) -> None:
        self.room = room
        self._changed = asyncio.Event()

    def wake(self) -> None:
        self._changed.set()

    async def until(self, condition: Callable[[], bool]) -> None:
        async with asyncio.timeout(SECONDS):
            while not condition():
                self._changed.clear()
                await self._changed.wait()


async def test_a_kernel_that_no_server_asks_for_is_let_go(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    house = House(HouseOptions("auto", ENVIRONMENTS), tmp_path)
    try:
        await house.ready("default")
        room = house.room("r1")
        watcher = Watcher(room)
        house.watch("r1", watcher.wake)
        room.start("default")
        await watcher.until(lambda: room.attachment.state == "idle")
        room.execute(Execution("run-1", "import time\nwhile True: time.sleep(0.01)"))
        await watcher.until(lambda: room.attachment.state == "busy")
        monkeypatch.setattr(house_module, "REST", 0.05)
        house.watch("r1", None)
        resting = house._resting["r1"]
        async with asyncio.timeout(SECONDS):
            await until(lambda: house._resting["r1"] is not resting)
        assert room.alive, "what runs is not cut off: its output waits for the next server"
        monkeypatch.setattr(house_module, "REST", 3600.0)
        house.watch("r1", watcher.wake)
        assert not house._resting, "somebody has asked for it again"
        room.interrupt()
        await watcher.until(lambda: room.attachment.state == "idle")
        monkeypatch.setattr(house_module, "REST", 0.05)
        house.watch("r1", None)
        async with asyncio.timeout(SECONDS):
            await until(lambda: not room.alive)
        assert room.attachment.state == "none"
        assert "nobody came back" in (room.attachment.detail or "")
    finally:
        await house.close()
