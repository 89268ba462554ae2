"""Calls about running code: queue a run, wait for it, interrupt, restart."""

from __future__ import annotations

import asyncio
import re
import secrets
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import limits
from fourhands_protocol import outputs as output_rules
from fourhands_server.core.operations import Refused
from fourhands_server.core.state import Run
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import Call, Desk, answer, read_body, whole
from fourhands_server.web.problem import Problem

WAIT_MOST_S = 60
RUN_ID = re.compile(r"[A-Za-z0-9_.:~-]{1,100}")


class Wanted(msgspec.Struct, kw_only=True):
    """A whole file or given code; `id` makes a retry harmless."""

    file: str | None = None
    code: str | None = None
    id: str | None = None


class Queued(msgspec.Struct, kw_only=True):
    """The run's id."""

    run: str


class RunView(msgspec.Struct, kw_only=True):
    """A run: status, outputs as nbformat has them, duration in ms, bytes of output that were dropped."""

    run: str
    status: str
    outputs: list[Any]
    execution_count: int | None
    duration_ms: int | None
    dropped: int


class Runs:
    """The calls about runs and the kernel."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        room = "/api/rooms/{room}"
        wait = (("wait", f"seconds to wait for the end of the run, at most {WAIT_MOST_S}"),)
        return [
            Call("POST", f"{room}/runs", "Run a file or given code", self.run, Wanted, Queued, 202),
            Call("GET", f"{room}/runs/{{run}}", "A run", self.view, answer=RunView, query=wait),
            Call("POST", f"{room}/kernel/interrupt", "Interrupt the run", self.interrupt, status=202),
            Call("POST", f"{room}/kernel/restart", "A fresh kernel", self.restart, status=202),
        ]

    async def run(self, request: Request) -> Response:
        """Queue a run; one with a known id is not run again."""
        principal, host = await self._desk.enter(request, "run")
        body = _body(await read_body(request, Wanted), host)
        await host.call(principal.person, principal.role, "run", body)
        return answer(Queued(run=body["run"]), 202)

    async def view(self, request: Request) -> Response:
        """The run as it is, after waiting for its end if that is asked for."""
        _, host = await self._desk.enter(request, "read")
        wait = whole(request, "wait", 0, WAIT_MOST_S)
        name = request.path_params["run"]
        if name not in host.state.runs:
            raise Problem(404, "no-such-run", f"There is no run {name[:100]}.")
        try:
            async with asyncio.timeout(wait):
                while not host.state.runs[name].finished:
                    await host.changed()
        except TimeoutError:
            pass  # the answer says how far it is
        _, host = await self._desk.enter(request, "read")  # whoever waited may have been removed meanwhile
        return answer(_view(host.state.runs[name], await host.told.outputs(name)))

    async def interrupt(self, request: Request) -> Response:
        """Interrupting what does not run is no mistake: it may just have ended."""
        principal, host = await self._desk.enter(request, "interrupt")
        try:
            await host.call(principal.person, principal.role, "interrupt", {})
        except Refused as refused:
            if refused.code != "nothing-runs":
                raise
        return answer({}, 202)

    async def restart(self, request: Request) -> Response:
        """Variables are lost, runs that wait are aborted."""
        principal, host = await self._desk.enter(request, "restart")
        await host.call(principal.person, principal.role, "restart", {})
        return answer({}, 202)


def _body(wanted: Wanted, host: RoomHost) -> dict[str, Any]:
    """The operation that this call stands for; raises Problem."""
    run = f"r-{secrets.token_hex(8)}" if wanted.id is None else wanted.id
    if not RUN_ID.fullmatch(run):
        raise Problem(400, "bad-id", "A run's id has 1 to 100 letters, digits or _ . : ~ -")
    if (wanted.file is None) == (wanted.code is None):
        raise Problem(400, "bad-body", "A run needs either a file or code.")
    if wanted.code is not None:
        if len(wanted.code.encode("utf-8", "surrogatepass")) > limits.CODE:
            raise Problem(413, "too-large", f"Code of a run has at most {limits.CODE} bytes.")
        return {"run": run, "code": wanted.code}
    file = host.state.path_owner(wanted.file or "")
    if file is None:
        raise Problem(404, "no-such-file", f"There is no file {(wanted.file or '')[:100]}.")
    return {"run": run, "file": file.id}


def _view(run: Run, printed: list[output_rules.Output]) -> RunView:
    return RunView(
        run=run.run,
        status=run.status,
        outputs=output_rules.nbformat(printed),
        execution_count=run.count,
        duration_ms=None if run.duration is None else run.duration // 1000,
        dropped=run.dropped,
    )
