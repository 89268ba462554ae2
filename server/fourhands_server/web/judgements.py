"""Calls about hidden tests: run those of a question, see what came of them, stop them."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_kernels.kernel import examples_code
from fourhands_protocol.roles import INTERVIEWERS, streams
from fourhands_server.core.asked import Judgement
from fourhands_server.core.operations import Refused
from fourhands_server.core.questions import TEST_FILE
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import Call, Desk, answer, read_body, whole
from fourhands_server.web.problem import Problem
from fourhands_server.web.runs import RUN_ID, WAIT_MOST_S, Queued


class Named(msgspec.Struct, kw_only=True):
    """`id` makes a retry harmless."""

    id: str | None = None


class TestsQueued(msgspec.Struct, kw_only=True):
    """The name of this running of the tests."""

    __test__ = False

    judgement: str


class TestResult(msgspec.Struct, kw_only=True, omit_defaults=True):
    """One test; `message` where this role may see it, `printed` for interviewers alone."""

    __test__ = False

    n: int
    name: str
    outcome: str
    duration_ms: int
    message: str | None = None
    printed: str | None = None


class JudgementView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """What came of hidden tests, as this role may see it; the counts are there at the end.

    `detail` are words for everybody, `notes` for interviewers alone. `unisolated`: there were no walls around
    the code, which could have read or forged them.
    """

    judgement: str
    question: str
    by: str
    status: str
    visibility: str
    total: int
    results: list[TestResult]
    passed: int | None = None
    failed: int | None = None
    errors: int | None = None
    skipped: int | None = None
    duration_ms: int | None = None
    unisolated: bool = False
    detail: str | None = None
    notes: list[str] = []


class Judgements:
    """The calls about hidden tests."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        tests = "/api/rooms/{room}/questions/{question}/tests"
        examples = "/api/rooms/{room}/questions/{question}/examples"
        one = f"{tests}/{{judgement}}"
        wait = (("wait", f"seconds to wait for the end of the tests, at most {WAIT_MOST_S}"),)
        return [
            Call("POST", tests, "Run the hidden tests", self.run, Named, TestsQueued, 202),
            Call("GET", one, "What came of them, for this role", self.view, answer=JudgementView, query=wait),
            Call("DELETE", one, "Stop them", self.cancel, status=202),
            Call("POST", examples, "Run its examples in the kernel", self.examples, Named, Queued, 202),
        ]

    async def run(self, request: Request) -> Response:
        """Queue them; a known id is not run again."""
        principal, host = await self._desk.enter(request, "tests.run")
        wanted = await read_body(request, Named)
        judgement = _name(wanted, "j")
        body = {"judgement": judgement, "question": request.path_params["question"]}
        await host.call(principal.person, principal.role, "tests.run", body)
        return answer(TestsQueued(judgement=judgement), 202)

    async def examples(self, request: Request) -> Response:
        """They are in the kernel's folder as data files; what they print is a run's output like any other."""
        principal, host = await self._desk.enter(request, "run")
        run = _name(await read_body(request, Named), "r")
        question = host.state.asked.questions.get(request.path_params["question"])
        if question is None or question.tests is None or not question.tests["examples"]:
            raise Problem(404, "no-examples", "This room has no such question with examples.")
        paths = [path for path in question.tests["examples"] if TEST_FILE.search(path)]
        code = f"# Examples of {question.title}\n{examples_code(paths)}"  # what people see of the run
        await host.call(principal.person, principal.role, "run", {"run": run, "code": code})
        return answer(Queued(run=run), 202)

    async def view(self, request: Request) -> Response:
        """As it is, after waiting for the end if that is asked for."""
        principal, host = await self._desk.enter(request, "read")
        wait = whole(request, "wait", 0, WAIT_MOST_S)
        found = _find(request, host)
        try:
            async with asyncio.timeout(wait):
                while not host.state.asked.judgements[found.judgement].finished:
                    await host.changed()
        except TimeoutError:
            pass  # the answer says how far it is
        principal, host = await self._desk.enter(request, "read")  # they may have been removed meanwhile
        private = INTERVIEWERS in streams(principal.role, principal.person)
        return answer(await _view(host, host.state.asked.judgements[found.judgement], private=private))

    async def cancel(self, request: Request) -> Response:
        """Stopping what is over is no mistake: it may just have ended."""
        principal, host = await self._desk.enter(request, "tests.cancel")
        body = {"judgement": _find(request, host).judgement}
        try:
            await host.call(principal.person, principal.role, "tests.cancel", body)
        except Refused as refused:
            if refused.code != "not-waiting":
                raise
        return answer({}, 202)


def _name(wanted: Named, letter: str) -> str:
    """The id that was given, or a new one; raises Problem."""
    name = f"{letter}-{secrets.token_hex(8)}" if wanted.id is None else wanted.id
    if not RUN_ID.fullmatch(name):
        raise Problem(400, "bad-id", "An id has 1 to 100 letters, digits or _ . : ~ -")
    return name


def _find(request: Request, host: RoomHost) -> Judgement:
    name = request.path_params["judgement"]
    found = host.state.asked.judgements.get(name)
    if found is None or found.question != request.path_params["question"]:
        raise Problem(404, "no-such-judgement", f"This question has no tests of the name {name[:100]}.")
    return found


async def _view(host: RoomHost, found: Judgement, *, private: bool) -> JudgementView:
    results, notes = await host.told.records(found.judgement) if private else ([], [])
    if not private:
        results = await host.told.results(found.judgement)
    return JudgementView(
        judgement=found.judgement,
        question=found.question,
        by=found.by,
        status=found.status,
        visibility=found.visibility,
        total=found.total,
        results=[_result(body) for body in results],
        passed=found.counts.get("passed"),
        failed=found.counts.get("failed"),
        errors=found.counts.get("errors"),
        skipped=found.counts.get("skipped"),
        duration_ms=None if found.duration is None else found.duration // 1000,
        unisolated=found.unisolated,
        detail=found.detail,
        notes=notes,
    )


def _result(body: Mapping[str, Any]) -> TestResult:
    return TestResult(
        n=body["n"],
        name=body["name"],
        outcome=body["outcome"],
        duration_ms=body["duration"] // 1000,
        message=body.get("message"),
        printed=body.get("printed"),
    )
