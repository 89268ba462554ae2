"""The journal and the feed that sends it: dense, bounded, never far ahead of what is committed."""

import asyncio
from collections.abc import Sequence

import pytest

from fourhands_kernels import feed, journal
from fourhands_kernels.feed import Feed
from fourhands_kernels.journal import Held, Journal, Store


def filled(count: int = 5, store: Store | None = None) -> Journal:
    made = Journal(store or Store())
    for number in range(count):
        made.append("kernel", {"state": "idle", "detail": str(number)})
    return made


def numbers(made: Journal, after: int = 0) -> list[int]:
    found = []
    while (held := made.next_after(after)) is not None:
        found.append(held.n)
        after = held.n
    return found


def test_events_are_numbered_from_one() -> None:
    assert numbers(filled()) == [1, 2, 3, 4, 5]
    assert numbers(filled(), after=3) == [4, 5]
    assert numbers(filled(), after=5) == []


def test_what_is_committed_is_forgotten() -> None:
    store = Store()
    made = filled(store=store)
    made.forget(3)
    assert numbers(made) == [4, 5]
    made.forget(99)
    assert (made.size, store.size) == (0, 0)
    made.append("kernel", {"state": "idle"})
    assert numbers(made) == [6]


def test_a_journal_is_full_by_itself_or_with_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journal, "HELD", 100)
    monkeypatch.setattr(journal, "HELD_BY_ALL", 250)
    store = Store()
    first, second = filled(3, store), filled(20, store)
    assert second.full
    assert first.full
    second.forget(99)
    assert not first.full


def test_the_last_thousand_runs_are_known() -> None:
    made = Journal()
    for number in range(journal.RUNS + 1):
        made.remember(str(number), "ok")
    assert "0" not in made.runs
    assert "1" in made.runs


class Sent:
    """The other side of a feed."""

    def __init__(self) -> None:
        self.numbers: list[int] = []
        self.news = asyncio.Event()

    async def deliver(self, room: str, journal_id: str, events: Sequence[Held]) -> None:
        self.numbers += [held.n for held in events]
        self.news.set()

    async def until(self, n: int) -> None:
        while self.numbers[-1:] != [n]:
            self.news.clear()
            await self.news.wait()


async def test_a_feed_sends_what_is_held_and_then_what_comes() -> None:
    made, sent = filled(), Sent()
    following = Feed("room", made, after=2, deliver=sent.deliver)
    await sent.until(5)
    made.append("kernel", {"state": "idle"})
    following.wake()
    await sent.until(6)
    assert sent.numbers == [3, 4, 5, 6]
    following.stop()


async def test_a_feed_waits_for_acknowledgements(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(feed, "AHEAD", 40)
    made, sent = filled(10), Sent()
    following = Feed("room", made, after=0, deliver=sent.deliver)
    await sent.until(2)
    following.acknowledge(1)
    await sent.until(3)
    assert numbers(made)[0] == 2
    following.acknowledge(99)  # beyond what was sent: only what was sent is forgotten
    assert numbers(made)[0] == 4
    following.stop()
