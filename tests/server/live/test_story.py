"""What is kept of a story is what the log says of it, however the log grows and whoever asks for what."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Iterable

import pytest

from fourhands_protocol.entries import Entry
from fourhands_server.core.delivery import STORY_WITHOUT
from fourhands_server.core.effects import AskEntries
from fourhands_server.live import pages, story
from fourhands_server.live.story import Story
from fourhands_server.log.log import ROOM, Intent
from fourhands_server.log.memory import MemoryLog


class Watched(MemoryLog):
    """Counts the entries that a read had to look at."""

    looked = 0

    async def read(self, room: str, stream: str = ROOM, *, after: int = 0, **wanted: object) -> list[Entry]:
        found = await super().read(room, stream, after=after, **wanted)  # type: ignore[arg-type]
        self.looked += (await self.head(room)).seq - after
        return found


async def grow(log: MemoryLog, kinds: Iterable[str], *, shown: Story | None = None) -> int:
    """Entries of these kinds; the head."""
    head = (await log.head("r")).seq
    for number, kind in enumerate(kinds, head + 1):
        logged = await log.append(Intent("r", ROOM, "p", number, "ada", kind, b"\xa0" * 10))
        if shown is not None:
            shown.follow(logged)
    return (await log.head("r")).seq


async def told(
    reader: Story, upto: int, *, after: int = 0, without: frozenset[str] = STORY_WITHOUT
) -> list[Entry]:
    """All that is asked for, page by page."""
    entries: list[Entry] = []
    while after < upto:
        page, after = await reader.page(AskEntries("s", after, upto, without, held=False))
        entries += page
    return entries


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(story, "WORTH", 10)
    monkeypatch.setattr(pages, "PAGE", 7)
    monkeypatch.setattr(pages, "PAGE_BYTES", 50)


async def test_the_second_newcomer_of_a_long_room_costs_what_has_come_since(small: None) -> None:
    log = Watched()
    reader = Story(log, "r")
    head = await grow(log, (["edit"] * 100 + ["chat"]) * 3)
    first = await told(reader, head)
    head = await grow(log, ["edit"] * 5 + ["chat"])
    log.looked = 0
    second = await told(reader, head)
    assert second[:-1] == first
    assert second[-1].seq == head
    assert log.looked == 6


async def test_who_is_told_what_is_logged_reads_nothing_more(small: None) -> None:
    log = Watched()
    reader = Story(log, "r")
    head = await grow(log, (["edit"] * 100 + ["chat"]) * 3, shown=reader)
    assert not reader
    page = asyncio.ensure_future(reader.page(AskEntries("s", 0, head, STORY_WITHOUT, held=False)))
    await asyncio.sleep(0)
    await grow(log, ["edit", "chat"], shown=reader)  # logged while the page is being read
    await page
    assert reader
    log.looked = 0
    head = await grow(log, ["edit", "chat", "cursor"], shown=reader)
    assert [entry.seq for entry in await told(reader, head)] == [101, 202, 303, 305, 307]
    assert log.looked == 0


@pytest.mark.parametrize("seed", range(8))
async def test_whoever_asks_for_whatever_is_told_what_the_log_says(
    small: None, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    chance = random.Random(seed)
    monkeypatch.setattr(story, "KEPT_BYTES", chance.choice([600, 4_000, 2**20]))
    log = MemoryLog()
    reader = Story(log, "r")
    head = 0
    for _ in range(12):
        common = chance.choice([1, 5, 50])
        kinds = ["chat", "run.outputs", *["edit"] * common, "cursor"]
        shown = chance.choice([reader, reader, None])
        head = await grow(log, chance.choices(kinds, k=chance.randrange(80)), shown=shown)
        for _ in range(3):
            after = chance.choice([0, 0, chance.randrange(head + 1)])
            upto = chance.choice([head, chance.randrange(head + 1)])
            without = chance.choice([STORY_WITHOUT, STORY_WITHOUT | {"run.outputs"}, frozenset[str]()])
            wanted = await log.read("r", after=after, upto=upto, without=without, limit=10_000)
            assert await told(reader, upto, after=after, without=without) == wanted
