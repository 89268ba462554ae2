"""Liveness, readiness and metrics, for those who operate the server."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response

from fourhands_server.log.errors import LogError
from fourhands_server.web.api import Call, Desk, answer
from fourhands_server.web.problem import Problem


class Health:
    """The calls about the server itself."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        return [
            Call("GET", "/healthz", "Is the process alive", self.alive, open=True),
            Call("GET", "/readyz", "Can rooms be used (kernels are not asked)", self.ready, open=True),
            Call("GET", "/metrics", "Figures for Prometheus", self.metrics, open=True),
        ]

    async def alive(self, request: Request) -> Response:
        """The loop turns."""
        return answer({"status": "ok"})

    async def ready(self, request: Request) -> Response:
        """Rooms can be loaded: the log answers."""
        try:
            await self._desk.log.head("readyz")
        except LogError as error:
            raise Problem(503, "log-unreadable", str(error)) from error
        return answer({"status": "ready", "kernels": self._desk.hub.kernel_refused or "ok"})

    async def metrics(self, request: Request) -> Response:
        """In Prometheus' text format."""
        hosts = self._desk.hub.hosts.values()
        figures = (
            ("fourhands_rooms_live", "Rooms in memory", len(hosts)),
            ("fourhands_seats_open", "Open connections", sum(len(h.room.seats) for h in hosts)),
            (
                "fourhands_runs_active",
                "Runs that go on",
                sum(h.state.active_run() is not None for h in hosts),
            ),
            (
                "fourhands_kernels_available",
                "Whether code can run here",
                int(not self._desk.hub.kernel_refused),
            ),
        )
        lines = [f"# HELP {n} {text}\n# TYPE {n} gauge\n{n} {value}\n" for n, text, value in figures]
        return PlainTextResponse("".join(lines), media_type="text/plain; version=0.0.4")
