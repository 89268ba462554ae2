"""A room as a server sees it, with assertions in its words: runs, their output, what the journal says."""

import asyncio
import itertools
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.kernel import Attachment, Execution, HostGone, KernelEvent, Notice
from fourhands_protocol import outputs

from .hosting import HostProcess

SECONDS = 30.0  # that anything here may take on a busy machine
_numbers = itertools.count(1)


@dataclass
class Run:
    """A finished run."""

    run: str
    status: str
    items: list[dict[str, Any]]
    finished: dict[str, Any]
    events: int

    @property
    def outputs(self) -> list[dict[str, Any]]:
        return outputs.nbformat(outputs.fold_all(self.items))

    @property
    def text(self) -> str:
        return "".join(item["text"] for item in self.items if item["output_type"] == "stream")

    @property
    def value(self) -> str:
        return next(o["data"]["text/plain"] for o in self.outputs if o["output_type"] == "execute_result")

    @property
    def error(self) -> dict[str, Any]:
        return next(output for output in self.outputs if output["output_type"] == "error")

    @property
    def marked(self) -> int:
        return sum(item["bytes"] for item in self.items if item["output_type"] == "dropped")


@dataclass
class Watched:
    """One room: a listener that remembers, acknowledges like a log would, and can be waited on."""

    client: KernelHostClient
    name: str = field(default_factory=lambda: f"room-{next(_numbers)}")
    acknowledges: bool = True
    notices: list[Notice] = field(default_factory=list)
    _news: asyncio.Event = field(default_factory=asyncio.Event)

    async def attach(self, after: tuple[str, int] | None = None) -> Attachment:
        return await self.client.attach(self.name, self._hear, after=after)

    @property
    def events(self) -> list[KernelEvent]:
        return [notice for notice in self.notices if isinstance(notice, KernelEvent)]

    @property
    def stands(self) -> tuple[str, int]:
        return self.events[-1].journal, self.events[-1].n

    @property
    def states(self) -> list[str]:
        return [event.body["state"] for event in self.events if event.kind == "kernel"]

    async def begins(self, code: str, *, run: str | None = None, **place: Any) -> str:
        run = run or f"run-{next(_numbers)}"
        await self.client.execute(self.name, Execution(run, code, **place))
        return run

    async def runs(self, code: str, **place: Any) -> Run:
        return await self.ends(await self.begins(code, **place))

    async def ends(self, run: str) -> Run:
        finished = await self.event("run.finished", run=run)
        told = [e.body for e in self.events if e.kind == "run.outputs" and e.body["run"] == run]
        items = [item for body in told for item in body["items"]]
        assert [body["n"] for body in told] == list(
            itertools.accumulate((len(body["items"]) for body in told[:-1]), initial=0)
        )[: len(told)]
        return Run(run, finished.body["status"], items, dict(finished.body), len(told))

    async def event(self, kind: str, **fields: Any) -> KernelEvent:
        def wanted(notice: Notice) -> bool:
            return (
                isinstance(notice, KernelEvent)
                and notice.kind == kind
                and all(notice.body.get(name) == value for name, value in fields.items())
            )

        found = await self.notice(wanted)
        assert isinstance(found, KernelEvent)
        return found

    async def prints(self, run: str, text: str) -> None:
        def printed(_: Notice) -> bool:
            bodies = [e.body for e in self.events if e.kind == "run.outputs" and e.body["run"] == run]
            return text in "".join(item.get("text", "") for body in bodies for item in body["items"])

        await self.notice(printed)

    async def is_cut(self, run: str) -> None:
        """Wait for the mark of what was left out."""

        def cut(notice: Notice) -> bool:
            outputs = isinstance(notice, KernelEvent) and notice.kind == "run.outputs"
            return outputs and any(item["output_type"] == "dropped" for item in notice.body["items"])

        await self.notice(cut)

    async def attached_again(self) -> Attachment:
        found = await self.notice(lambda notice: isinstance(notice, Attachment))
        assert isinstance(found, Attachment)
        return found

    async def gone(self) -> HostGone:
        found = await self.notice(lambda notice: isinstance(notice, HostGone))
        assert isinstance(found, HostGone)
        return found

    async def notice(self, wanted: Callable[[Notice], bool]) -> Notice:
        seen = 0
        async with asyncio.timeout(SECONDS):
            while True:
                for notice in self.notices[seen:]:
                    if wanted(notice):
                        return notice
                seen = len(self.notices)
                self._news.clear()
                await self._news.wait()

    def _hear(self, notice: Notice) -> None:
        self.notices.append(notice)
        self._news.set()
        if isinstance(notice, KernelEvent):
            assert notice.room == self.name
            if self.acknowledges:
                self.client.acknowledge(self.name, notice.n)


async def hatched(host: HostProcess) -> None:
    """Wait until kernels of this host are forks of a zygote; opening a room makes it have one."""
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    async with asyncio.timeout(2 * SECONDS):
        while " is ready" not in host.log:
            assert "no zygote" not in host.log, host.log
            assert (await client.availability()).ok
            await asyncio.sleep(0.05)
    await client.aclose()
