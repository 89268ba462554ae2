"""The call about what rooms may run on, and the check that a new room's choice is among it."""

from __future__ import annotations

import asyncio

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_kernels.kernel import KernelError, Offer
from fourhands_server.web.api import Call, Desk, answer
from fourhands_server.web.problem import Problem

ANSWER_S = 20  # that a kernel host may take; it asks each Python that is new to it


class Environment(msgspec.Struct, kw_only=True):
    """Something that rooms may run on; `name` is the room's setting, `title` says what it is."""

    name: str
    title: str


class EnvironmentList(msgspec.Struct, kw_only=True):
    """All of them, the default first."""

    environments: list[Environment]


class Environments:
    """What the kernel host offers at this moment."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        words = "What rooms may run on (admin key)"
        return [Call("GET", "/api/environments", words, self.all, answer=EnvironmentList)]

    async def all(self, request: Request) -> Response:
        """Every environment, the default first."""
        self._desk.need_admin(request)
        offers = [Environment(name=offer.name, title=offer.title) for offer in await self._offers()]
        return answer(EnvironmentList(environments=offers))

    async def need(self, name: str) -> None:
        """Raise Problem unless rooms may have this one."""
        names = [offer.name for offer in await self._offers()]
        if name not in names:
            there = f"there are {', '.join(names)}" if names else "there is none at all"
            raise Problem(400, "no-such-environment", f"There is no environment {name!r} here; {there}.")

    async def _offers(self) -> list[Offer]:
        try:
            async with asyncio.timeout(ANSWER_S):
                return await self._desk.hub.parts.kernels.environments()
        except (KernelError, TimeoutError) as error:
            why = f"The kernel host does not tell what rooms may run on: {error or 'no answer'}."
            raise Problem(503, "kernel-unavailable", why) from error
