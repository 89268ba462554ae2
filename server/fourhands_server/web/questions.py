"""Calls about the questions of a room: add one, see them as one's role may."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_kernels.kernel import Judgement
from fourhands_protocol.roles import INTERVIEWERS, streams
from fourhands_server.blobs.blobs import Blobs
from fourhands_server.blobs.sqlite_file import BadScript, sqlite_file
from fourhands_server.core import adding
from fourhands_server.core.adding import Adding
from fourhands_server.core.asked import Offered
from fourhands_server.core.questions import TEXTS, BadQuestion, Question, checked
from fourhands_server.core.state import DataFile
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import BODY_LIMIT, Call, Desk, answer, read_body
from fourhands_server.web.files import Changed
from fourhands_server.web.problem import Problem

LIMIT = 2 * TEXTS + BODY_LIMIT  # bytes of a body: texts grow when they are written as JSON


class TestsBody(msgspec.Struct, kw_only=True):
    """Hidden tests by path, and examples that everybody may read; times in seconds."""

    __test__ = False

    files: dict[str, str]
    modules: list[str] | None = None
    visibility: str | None = None
    per_call_s: float | None = None
    total_s: float | None = None
    run_by: str | None = None
    examples: dict[str, str] | None = None


class QuestionBody(msgspec.Struct, kw_only=True):
    """A question; SPEC and the server's README say what belongs in it."""

    title: str
    id: str | None = None
    service: dict[str, Any] | None = None
    sqlite: dict[str, str] | None = None
    tests: TestsBody | None = None


class TestsOffered(msgspec.Struct, kw_only=True):
    """What everybody may know of hidden tests; `examples` are paths of data files."""

    __test__ = False

    visibility: str
    run_by: str
    examples: list[str]


class ServiceView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A question's service: its port on the kernel's loopback; `state` is none, running or failed; its last
    `fault` is there for interviewers alone.
    """

    port: int
    state: str
    detail: str | None = None
    fault: str | None = None


class QuestionView(msgspec.Struct, kw_only=True, omit_defaults=True):
    """A question; `whole` is there for interviewers alone."""

    question: str
    title: str
    seq: int
    by: str
    service: ServiceView | None = None
    sqlite: list[str] = []
    tests: TestsOffered | None = None
    whole: Any = None


class QuestionList(msgspec.Struct, kw_only=True):
    """The questions of a room, in the order in which they came."""

    questions: list[QuestionView]


class Questions:
    """The calls about questions."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        folder = "/api/rooms/{room}/questions"
        put = "Add a question, or replace the one of this id (interviewers)"
        return [
            Call("GET", folder, "The questions, as this role may see them", self.all, answer=QuestionList),
            Call("PUT", f"{folder}/{{question}}", put, self.put, QuestionBody, Changed),
        ]

    async def all(self, request: Request) -> Response:
        """Only interviewers get what is hidden."""
        principal, host = await self._desk.enter(request, "read")
        private = INTERVIEWERS in streams(principal.role, principal.person)
        offered = host.state.asked.questions.values()
        return answer(QuestionList(questions=[_view(host, one, private=private) for one in offered]))

    async def put(self, request: Request) -> Response:
        """What it brings along is durable before the log says that it is there."""
        principal, host = await self._desk.enter(request, "question.add")
        raw = await read_body(request, dict[str, Any], limit=LIMIT)
        name = request.path_params["question"]
        if raw.setdefault("id", name) != name:
            raise Problem(
                400, "bad-question", f"The question's id is not {name[:40]!r}, as the address says."
            )
        question = read(raw)
        created = question.id not in host.state.asked.questions
        brought = await brought_along(question)
        adding.plan(host.state, Adding(question, _sizes(brought)))  # before anything is kept
        wanted = await prepare(question, brought, self._desk.hub.parts.blobs)
        body = {"adding": wanted}
        seq = await host.call(principal.person, principal.role, "question.add", body)
        return answer(Changed(seq=seq), 201 if created else 200)


def read(raw: Any) -> Question:
    """The question that a body describes; raises Problem with words for its author."""
    try:
        question = checked(raw)
        if question.tests is not None:
            _try_tests(question)
    except (BadQuestion, ValueError) as bad:
        raise Problem(400, "bad-question", str(bad)) from bad
    return question


async def brought_along(question: Question) -> Mapping[str, bytes]:
    """The files that it will bring along: its examples, and a database for each script; raises Problem."""
    files = {path: text.encode() for path, text in question.examples.items()}
    for path, script in question.sqlite.items():
        try:
            files[path] = await sqlite_file(script)
        except BadScript as bad:
            raise Problem(400, "bad-question", f"sqlite: {path}: {bad}.") from bad
    return files


def _sizes(files: Mapping[str, bytes]) -> tuple[DataFile, ...]:
    return tuple(DataFile(path, len(data), "") for path, data in files.items())


async def prepare(question: Question, files: Mapping[str, bytes], blobs: Blobs) -> Adding:
    """Keep the bytes of what it brings along; raises BlobError."""
    data = [DataFile(path, len(one), await blobs.put(one)) for path, one in files.items()]
    return Adding(question, tuple(data))


def _try_tests(question: Question) -> None:
    """Raise ValueError where the kernels would not take these tests."""
    tests = question.tests
    assert tests is not None, "the caller has looked"
    Judgement(
        id=question.id,
        files={},
        tests={path: text.encode() for path, text in tests.files.items()},
        modules=tests.modules,
        visibility=tests.visibility,
        per_call_s=tests.per_call_s,
        total_s=tests.total_s,
    ).check()


def _view(host: RoomHost, offered: Offered, *, private: bool) -> QuestionView:
    kept = host.room.private.questions.get(offered.question) if private else None
    tests = offered.tests
    return QuestionView(
        question=offered.question,
        title=offered.title,
        seq=offered.seq,
        by=offered.by,
        service=None if offered.service is None else _service(host, offered.service["port"], private=private),
        sqlite=list(offered.sqlite),
        tests=None if tests is None else msgspec.convert(tests, TestsOffered),
        whole=None if kept is None else kept.whole,
    )


def _service(host: RoomHost, port: int, *, private: bool) -> ServiceView:
    state, detail = host.state.asked.services.get(port, ("none", None))
    fault = host.room.private.faults.get(port) if private else None
    return ServiceView(port=port, state=state, detail=detail, fault=fault)
