"""The one timer of all sockets."""

from __future__ import annotations

import asyncio

import pytest

from fourhands_server.web import rounds
from fourhands_server.web.rounds import Rounds


class Looked:
    """Says when it is looked at, or fails."""

    def __init__(self, *, fails: bool = False) -> None:
        self.fails = fails
        self.over = asyncio.Event()

    def look(self) -> None:
        self.over.set()
        if self.fails:
            raise RuntimeError("a fault of this one alone")


async def test_a_socket_that_fails_takes_no_other_with_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rounds, "TURN_S", 0.01)
    timer = Rounds()
    all_of_them = [Looked(fails=fails) for fails in (False, True, False, True, False)]
    for one in all_of_them:
        timer.put(one, 0)
    async with asyncio.timeout(20):
        for one in all_of_them:
            await one.over.wait()
