"""One schedule performed on a real server: three people, each behind a bad link of their own."""

from __future__ import annotations

import asyncio
import dataclasses
import signal
import tempfile
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from pathlib import Path
from typing import Any, Literal

from tests.chaos.page import Page
from tests.chaos.schedule import PEOPLE, SERVER, STORE, Act, Schedule
from tests.chaos.tab import Tab
from tests.support.bad_link import BadLink, Weather
from tests.support.redis_server import RedisServer
from tests.support.server import LiveServer, Seat

BEGIN_S = 40.0
# Words of a duplicated tab come at this pace.
PECK_S = 0.4
# As a page chooses, which begins with a WebSocket; or the backup transport alone.
Way = Literal["route", "http"]
ROLES = {"ada": "candidate", "bob": "interviewer", "cyd": "interviewer"}


@dataclasses.dataclass(frozen=True)
class Stage:
    """What a schedule is performed on; `store` is the Redis behind the server, where there is one."""

    server: LiveServer
    way: Way = "route"
    store: RedisServer | None = None


@dataclasses.dataclass
class Return:
    """A link that was well again, until the next thing befell it (or the end); `after` is what ended last."""

    tab: Tab | Page
    at: float
    after: str = ""
    until: float | None = None

    @property
    def took(self) -> float | None:
        """Seconds until the tab was live again; None where it had too little time to tell."""
        until = self.until if self.until is not None else time.time()
        before = [one for one in self.tab.told("phase") if one["t"] / 1000 <= until]
        within = [one["t"] / 1000 for one in before if one["phase"] == "live" and one["t"] / 1000 > self.at]
        if before and before[-1]["phase"] == "live":
            return within[-1] - self.at if within else 0.0
        return None if until - self.at < 5 else until - self.at


class Play:
    """Everything of one schedule while it is performed; use `performed`."""

    def __init__(self, schedule: Schedule, stage: Stage) -> None:
        self.schedule = schedule
        self.server = stage.server
        self._stage = stage
        self.links: dict[str, BadLink] = {}
        self.seats: dict[str, Seat] = {}
        # The tab of each person, and all that there ever were.
        self.tabs: dict[str, Tab | Page] = {}
        self.every: list[Tab | Page] = []
        self.returns: list[Return] = []
        self.done: list[str] = []
        self._invites: dict[str, str] = {}
        self._devices = Path()
        self._ailing: dict[str, int] = dict.fromkeys(PEOPLE, 0)
        self._serving = asyncio.Lock()

    @property
    def room(self) -> str:
        return self._invites["id"]

    @property
    def host(self) -> Seat:
        return self.seats["bob"]

    @property
    def open_tabs(self) -> list[Tab | Page]:
        return [tab for tab in self.every if tab.open_now]

    # The stage

    async def enter(self, stack: AsyncExitStack) -> None:
        """A new room, and everybody live in it."""
        self._devices = Path(stack.enter_context(tempfile.TemporaryDirectory(ignore_cleanup_errors=True)))
        self._invites = await asyncio.to_thread(self.server.create, f"Seed {self.schedule.seed}")
        for number, who in enumerate(PEOPLE):
            link = BadLink(self.server.port, seed=self.schedule.seed * 10 + number)
            self.links[who] = await stack.enter_async_context(link)
            self.seats[who] = await asyncio.to_thread(self.server.join, self._invites[ROLES[who]], who)
            self.tabs[who] = await self.open_tab(who, number)
        async with asyncio.timeout(BEGIN_S):
            for tab in self.every:
                await until_phase(tab, "live")

    async def open_tab(self, who: str, number: int) -> Tab | Page:
        seat, link = self.seats[who], self.links[who]
        base = f"http://127.0.0.1:{link.port}"
        wanted = {
            "url": f"ws://127.0.0.1:{link.port}/yjs/{seat.room}",
            "base": base,
            "direct": self.server.url,
            "room": seat.room,
            "person": seat.participant,
            "role": seat.role,
            "token": seat.token,
            "invite": self._invites[ROLES[who]],
            "name": who,
            "resume": seat.resume,
            "seed": self.schedule.seed * 100 + number,
            "device": str(self._devices / who),
            "way": self._stage.way,
        }
        kind = Page if self.schedule.page and number == PEOPLE.index("bob") else Tab
        tab = await kind(f"{who}-{number}", wanted).open()
        self.every.append(tab)
        return tab

    async def close(self) -> None:
        for tab in self.every:
            tab.wake()
            await tab.vanish()

    # The play

    async def perform(self) -> None:
        """Each act at its time; returns when all are over and every link is well."""
        begin = time.monotonic()
        async with asyncio.TaskGroup() as group:
            for act in self.schedule.acts:
                group.create_task(self._act(act, begin))
        for link in self.links.values():
            link.heal()
            await link.accept()

    async def _act(self, act: Act, begin: float) -> None:
        await asyncio.sleep(begin + act.at - time.monotonic())
        if act not in self.schedule.faults:
            self.tabs[act.who].tell(act.what, **act.detail)
            return
        self._note(act, "begins")
        if act.who == SERVER:
            await self._befalls_server(act)
        elif act.who == STORE:
            await self._befalls_store(act)
        elif act.what in ("sleep", "duplicate", "reload"):
            await {"sleep": self._sleep, "duplicate": self._duplicate, "reload": self._reload}[act.what](act)
        else:
            await self._befalls_link(act)
        self._note(act, "is over")

    def _note(self, act: Act, how: str) -> None:
        self.done.append(f"{time.time():.3f} {act.who} {act.what} {how}")

    @contextmanager
    def _ailing_while(self, what: str, *people: str) -> Any:
        """Nobody can expect these to be live until it is over."""
        for who in people:
            self._ailing[who] += 1
            for one in self.returns:
                if one.tab is self.tabs[who] and one.until is None:
                    one.until = time.time()
        try:
            yield
        finally:
            for who in people:
                self._ailing[who] -= 1
                if not self._ailing[who]:
                    self.returns.append(Return(self.tabs[who], time.time(), what))

    # What befalls links

    async def _befalls_link(self, act: Act) -> None:
        link = self.links[act.who]
        match act.what:
            case "reset":
                with self._ailing_while(act.what, act.who):
                    link.reset()
            case "half-close":
                with self._ailing_while(act.what, act.who):
                    link.half_close(act.detail["way"])
            case "slow":
                link.weather = Weather(**act.detail)
                await asyncio.sleep(act.seconds)
                link.heal()
            case "offline":
                await self._hold(act, link.hole, self._offline(link, act.who))
            case "hole":
                await self._hold(act, lambda: link.hole(act.detail["ways"]), link.heal)
            case "refuse":
                await self._hold(act, link.refuse, link.accept)
            case "mute":
                await self._hold(act, lambda: (link.mute(), link.reset()), link.heal)

    async def _hold(
        self, act: Act, begin: Callable[[], object], end: Callable[[], Awaitable[None] | None]
    ) -> None:
        with self._ailing_while(act.what, act.who):
            begin()
            await asyncio.sleep(act.seconds)
            if (ending := end()) is not None:
                await ending

    def _offline(self, link: BadLink, who: str) -> Callable[[], None]:
        """The machine knows that its network is gone, and that it is back."""
        self.tabs[who].tell("wake", how="offline")

        def back() -> None:
            link.heal()
            self.tabs[who].tell("wake", how="online")

        return back

    # What befalls pages

    async def _sleep(self, act: Act) -> None:
        tab = self.tabs[act.who]
        with self._ailing_while(act.what, act.who):
            tab.sleep()
            await asyncio.sleep(act.seconds)
            tab.wake()

    async def _reload(self, act: Act) -> None:
        """The page dies, whatever it was doing; a while later there is another one on the same device."""
        old = self.tabs[act.who]
        with self._ailing_while(act.what, act.who):
            await old.vanish()
            await asyncio.sleep(act.seconds)
            self.tabs[act.who] = await self.open_tab(act.who, len(self.every))
            old.followed = True

    async def _duplicate(self, act: Act) -> None:
        """The same person once more on the same machine; it types a little, then it is gone."""
        tab = await self.open_tab(act.who, len(self.every))
        end = time.monotonic() + act.seconds
        for number in range(100):
            tab.tell("type", word=f"#{act.who}d{number}", letters=False)
            if time.monotonic() + PECK_S >= end:
                break
            await asyncio.sleep(PECK_S)
        await (tab.leave if act.detail["end"] == "leave" else tab.vanish)()

    # What befalls the server

    async def _befalls_server(self, act: Act) -> None:
        if act.what == "kill-when-saved":
            await self._next_saved(self.tabs[act.detail["whose"]])
        # One at a time: a server that is just starting cannot be killed for its being there.
        async with self._serving:
            with self._ailing_while(act.what, *PEOPLE):
                if act.what == "freeze":
                    self._signal(signal.SIGSTOP)
                    await asyncio.sleep(act.seconds)
                    self._signal(signal.SIGCONT)
                    return
                if act.what == "restart":
                    await asyncio.to_thread(self.server.stop)
                else:
                    self.server.kill()
                await asyncio.to_thread(self.server.start)

    async def _befalls_store(self, act: Act) -> None:
        """It is gone for a while, or does not answer; the server is not told."""
        store = self._stage.store
        assert store is not None
        with self._ailing_while(f"store {act.what}", *PEOPLE):
            (store.kill if act.what == "kill" else store.pause)()
            await asyncio.sleep(act.seconds)
            await asyncio.to_thread(store.start if act.what == "kill" else store.resume)

    def _signal(self, number: int) -> None:
        assert self.server.process is not None
        self.server.process.send_signal(number)

    async def _next_saved(self, tab: Tab | Page) -> None:
        """Until it is told that all is saved; at most some seconds."""
        count = len(tab.told("saved"))
        deadline = time.monotonic() + 5
        while len(tab.told("saved")) == count and (left := deadline - time.monotonic()) > 0:
            tab.heard.clear()
            try:
                async with asyncio.timeout(left):
                    await tab.heard.wait()
            except TimeoutError:
                return


async def until_phase(tab: Tab | Page, phase: str) -> None:
    """Waits for what a tab says."""
    while tab.phase != phase:
        assert tab.open_now, tab.events[-3:]
        tab.heard.clear()
        await tab.heard.wait()


@asynccontextmanager
async def performed(schedule: Schedule, stage: Stage) -> AsyncIterator[Play]:
    """The play when its last act is over and all is well again; everybody is still there."""
    play = Play(schedule, stage)
    async with AsyncExitStack() as stack:
        try:
            await play.enter(stack)
            await play.perform()
            yield play
        finally:
            await play.close()
