"""A judgement and its sheet: what is to be judged, what came of each test, and who is told how much of it.

Pure: no sandbox, socket or clock. Kinds of events and their bodies (times in microseconds):

    tests.started   {judgement, visibility, unisolated: bool}
    tests.result    {judgement, n, total, name, outcome, duration, message?}     as the visibility allows
    tests.finished  {judgement, status, passed, failed, errors, skipped, total, duration}
    tests.record    {judgement, n, name, outcome, duration, message, printed}    for interviewers alone
    tests.detail    {judgement, text}                                            for interviewers alone

`outcome` is passed, failed, error (a fixture or a file of tests that does not work) or skipped; `status` is
ok (every test has an outcome), timeout, cancelled or error. With the visibility `counts` nobody but
interviewers hears of a single test: even the order of outcomes would tell.
"""

import re
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from fourhands_protocol.paths import BadPath, check_path

from .service import BadService, Service, check_services

Visibility = Literal["counts", "names", "messages"]
Outcome = Literal["passed", "failed", "error", "skipped"]
Status = Literal["ok", "timeout", "cancelled", "error"]
Fresh = Literal["test", "module"]
TestsEventKind = Literal["tests.started", "tests.result", "tests.finished", "tests.record", "tests.detail"]

# Nobody but interviewers may read these.
PRIVATE: Final = frozenset(("tests.record", "tests.detail"))

TESTS: Final = 2_000  # of one judgement
BYTES: Final = 2 * 1024 * 1024  # of all files of one side
FILES: Final = 100
CALL_SECONDS: Final = 60.0
TOTAL_SECONDS: Final = 600.0
MODULES: Final = 20
_ID: Final = 100  # characters
_NAME: Final = 300
_TEXT: Final = 2_000
_PRINTED: Final = 8_000
_OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)
_MODULE: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
# Names that mean something else on the tests' side.
_TAKEN: Final = frozenset(("pytest", "_pytest", "pluggy", "numpy", "conftest", "fourhands_tests", "inside"))


class BadJudgement(ValueError):
    """What cannot be judged, in words for its author."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """Candidate's files and hidden tests, by path; `id` makes it idempotent.

    `modules` are the names by which the tests import the candidate's code. The candidate's program is fresh
    for each `fresh`. Times in seconds. The tests run on `tests_environment`, which has to have pytest.
    `services` answer on the loopback of the candidate's code, as they do in the room, and live as long as its
    sandbox: through many tests.
    """

    id: str
    files: Mapping[str, bytes]
    tests: Mapping[str, bytes]
    modules: tuple[str, ...] = ("main",)
    visibility: Visibility = "counts"
    per_call_s: float = 2.0
    total_s: float = 60.0
    fresh: Fresh = "test"
    environment: str = "default"
    tests_environment: str = "default"
    services: tuple[Service, ...] = ()

    def check(self) -> None:
        """Raise BadJudgement, in words, unless it can be tried."""
        if not 0 < len(self.id) <= _ID:
            raise BadJudgement(f"the id has to have 1 to {_ID} characters")
        if self.visibility not in get_args(Visibility) or self.fresh not in get_args(Fresh):
            raise BadJudgement("unknown visibility, or unknown word for how often the program is fresh")
        if not 0 < self.per_call_s <= CALL_SECONDS or not 0 < self.total_s <= TOTAL_SECONDS:
            raise BadJudgement(
                f"a call may take up to {CALL_SECONDS:g} s, all tests up to {TOTAL_SECONDS:g} s"
            )
        _check_files("the candidate's files", self.files)
        _check_files("the tests", self.tests)
        if not self.test_files:
            raise BadJudgement("none of the tests' files is called test_….py or …_test.py")
        if not 0 < len(self.modules) <= MODULES:
            raise BadJudgement(f"the tests import 1 to {MODULES} modules of the candidate's")
        try:
            check_services(self.services)
        except BadService as error:
            raise BadJudgement(str(error)) from None
        for name in self.modules:
            if not _MODULE.fullmatch(name) or name in _TAKEN or name in sys.stdlib_module_names:
                raise BadJudgement(f"{name!r} cannot be the name of a module of the candidate's")

    @property
    def test_files(self) -> list[str]:
        """The files in which pytest looks for tests."""
        return sorted(path for path in self.tests if re.search(r"(^|/)(test_[^/]*|[^/]*_test)\.py$", path))


def _check_files(whose: str, files: Mapping[str, bytes]) -> None:
    if len(files) > FILES or sum(map(len, files.values())) > BYTES:
        raise BadJudgement(f"{whose}: more than {FILES} files or {BYTES // 2**20} MiB")
    for path in files:
        try:
            check_path(path)
        except BadPath as error:
            raise BadJudgement(f"{whose}: {path!r}: {error.words}") from None


@dataclass(frozen=True, slots=True)
class TestsEvent:
    """One event; kind and body are those of the room log."""

    __test__ = False

    kind: TestsEventKind
    body: Mapping[str, Any]

    @property
    def private(self) -> bool:
        """Whether it is for interviewers alone."""
        return self.kind in PRIVATE


@dataclass(slots=True)
class Sheet:
    """What is known so far; each step returns the events that follow from it."""

    judgement: Judgement
    total: int = 0
    finished: bool = False
    _counts: dict[Outcome, int] = field(default_factory=lambda: dict.fromkeys(_OUTCOMES, 0))
    _names: set[str] = field(default_factory=set)

    def start(self, *, unisolated: bool) -> list[TestsEvent]:
        """It begins."""
        return [self._event("tests.started", visibility=self.judgement.visibility, unisolated=unisolated)]

    def collected(self, number: int) -> None:
        """So many tests were found."""
        self.total = min(number, TESTS)

    def result(
        self, name: str, outcome: Outcome, *, duration: int, message: str = "", printed: str = ""
    ) -> list[TestsEvent]:
        """One test is done; a second outcome of the same test is none."""
        name, message, printed = name[:_NAME], message[:_TEXT], printed[:_PRINTED]
        if self.finished or outcome not in _OUTCOMES or name in self._names or len(self._names) >= TESTS:
            return []
        self._names.add(name)
        self._counts[outcome] += 1
        n = len(self._names)
        self.total = max(self.total, n)
        one: dict[str, Any] = {"n": n, "name": name, "outcome": outcome, "duration": max(0, duration)}
        events = [self._event("tests.record", **one, message=message, printed=printed)]
        match self.judgement.visibility:
            case "counts":
                pass
            case "names":
                events.append(self._event("tests.result", **one, total=self.total))
            case "messages":
                events.append(self._event("tests.result", **one, total=self.total, message=message))
        return events

    def note(self, text: str) -> list[TestsEvent]:
        """Something that interviewers have to know."""
        return [] if self.finished else [self._event("tests.detail", text=text[:_TEXT])]

    def finish(self, status: Status, *, duration: int, detail: str | None = None) -> list[TestsEvent]:
        """It is over; tests without an outcome make it no `ok`."""
        if self.finished:
            return []
        if status == "ok" and (self.total == 0 or len(self._names) < self.total):
            status = "error"
            detail = detail or f"{len(self._names)} of {self.total} tests came to an end"
        self.finished = True
        counts = self._counts
        events = [] if not detail else [self._event("tests.detail", text=detail[:_TEXT])]
        numbers = {"passed": counts["passed"], "failed": counts["failed"], "errors": counts["error"]}
        last = self._event(
            "tests.finished",
            status=status,
            **numbers,
            skipped=counts["skipped"],
            total=self.total,
            duration=max(0, duration),
        )
        return [*events, last]

    def _event(self, kind: TestsEventKind, **body: Any) -> TestsEvent:
        return TestsEvent(kind, {"judgement": self.judgement.id, **body})
