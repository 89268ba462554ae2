"""A question as far as a room needs it: its form, checked in words for its author; what everybody may know.

    {id, title,
     service?: {port, source} or {port, routes, tokens?, rate?},
     sqlite?: {path: SQL script},
     tests?: {files: {path: text}, modules?: [name], visibility?, per_call_s?, total_s?, run_by?,
              examples?: {path: text}}}

The whole of it is for interviewers; `Question.offered` is what everybody in the room may know.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, get_args

from fourhands_kernels.kernel import SERVICES as SERVICES
from fourhands_kernels.kernel import BadService, service_of
from fourhands_protocol import limits
from fourhands_protocol.paths import BadPath, check_path, path_key

QUESTIONS = 20  # of one room
TEXTS = 1024 * 1024  # UTF-8 bytes of all texts of a question: one entry, which interviewers' pages load
FILES = 100  # in one of its tables
MODULES = 20
CALL_S = 60.0
TOTAL_S = 600.0
Visibility = Literal["counts", "names", "messages"]  # how much candidates are told of each test
RunBy = Literal["interviewer", "candidate"]
Word = TypeVar("Word")
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")
_MODULE = re.compile(r"[A-Za-z_][A-Za-z0-9_]{0,99}")
TEST_FILE = re.compile(r"(^|/)(test_[^/]*|[^/]*_test)\.py$")


class BadQuestion(Exception):
    """A question that no room can have; the text says what is wrong, for whoever wrote it."""


@dataclass(frozen=True, slots=True)
class Tests:
    """Hidden tests and visible examples, as texts by path; times in seconds."""

    __test__ = False

    files: Mapping[str, str]
    modules: tuple[str, ...] = ("main",)
    visibility: Visibility = "counts"
    per_call_s: float = 2.0
    total_s: float = 60.0
    run_by: RunBy = "interviewer"
    examples: Mapping[str, str] = field(default_factory=dict)

    def whole(self) -> dict[str, Any]:
        """As it is kept."""
        return {
            "files": dict(self.files),
            "modules": list(self.modules),
            "visibility": self.visibility,
            "per_call_s": self.per_call_s,
            "total_s": self.total_s,
            "run_by": self.run_by,
            "examples": dict(self.examples),
        }

    def offered(self) -> dict[str, Any]:
        """What candidates may know."""
        return {"visibility": self.visibility, "run_by": self.run_by, "examples": list(self.examples)}


@dataclass(frozen=True, slots=True)
class Question:
    """A question that was found good."""

    id: str
    title: str
    service: Mapping[str, Any] | None = None
    sqlite: Mapping[str, str] = field(default_factory=dict)
    tests: Tests | None = None

    def whole(self) -> dict[str, Any]:
        """As it is kept, for interviewers alone; `checked` reads it."""
        whole: dict[str, Any] = {"id": self.id, "title": self.title}
        if self.service is not None:
            whole["service"] = dict(self.service)
        if self.sqlite:
            whole["sqlite"] = dict(self.sqlite)
        if self.tests is not None:
            whole["tests"] = self.tests.whole()
        return whole

    def offered(self) -> dict[str, Any]:
        """What everybody in the room may know: the body of `question.offered`."""
        offered: dict[str, Any] = {"question": self.id, "title": self.title}
        if self.service is not None:
            offered["service"] = {"port": self.service["port"]}
        if self.sqlite:
            offered["sqlite"] = list(self.sqlite)
        if self.tests is not None:
            offered["tests"] = self.tests.offered()
        return offered

    @property
    def examples(self) -> Mapping[str, str]:
        """Tests that everybody may read and run."""
        return {} if self.tests is None else self.tests.examples


def checked(raw: Any) -> Question:
    """The question that a JSON value describes; raises BadQuestion."""
    found = _table("A question", raw, {"id", "title", "service", "sqlite", "tests"})
    name, title = found.get("id"), found.get("title")
    if not isinstance(name, str) or not _ID.fullmatch(name):
        raise BadQuestion("id has 1 to 40 lower-case letters, digits and dashes, a letter or digit first.")
    if not isinstance(title, str) or not title.strip() or len(title) > limits.TITLE:
        raise BadQuestion(f"title has 1 to {limits.TITLE} characters.")
    _check_text("title", title)
    question = Question(
        id=name,
        title=" ".join(title.split()),
        service=None if found.get("service") is None else _service(found["service"]),
        sqlite={} if found.get("sqlite") is None else _texts("sqlite", found["sqlite"]),
        tests=None if found.get("tests") is None else _tests(found["tests"]),
    )
    _check_folder([*question.sqlite, *question.examples])
    if _size(question.whole()) > TEXTS:
        raise BadQuestion(f"All texts of a question have at most {TEXTS // 1024} KiB together.")
    return question


def _service(raw: Any) -> Mapping[str, Any]:
    """An HTTP service for the candidate's code: a program, or answers that need none."""
    try:
        service_of(raw)
    except BadService as bad:
        raise BadQuestion(f"service: {bad}.") from bad
    return dict(raw)


def _tests(raw: Any) -> Tests:
    names = {"files", "modules", "visibility", "per_call_s", "total_s", "run_by", "examples"}
    found = {key: value for key, value in _table("tests", raw, names).items() if value is not None}
    files = _texts("tests: files", found.get("files"))
    if not any(TEST_FILE.search(path) for path in files):
        raise BadQuestion("tests: files needs a file of tests, called test_….py or …_test.py.")
    examples = _texts("tests: examples", found["examples"]) if found.get("examples") else {}
    if examples and not any(TEST_FILE.search(path) for path in examples):
        raise BadQuestion("tests: examples needs a file of tests, called test_….py or …_test.py.")
    modules = found.get("modules", ["main"])
    if (
        not isinstance(modules, list)
        or not 1 <= len(modules) <= MODULES
        or not all(isinstance(name, str) and _MODULE.fullmatch(name) for name in modules)
    ):
        raise BadQuestion(f"tests: modules is a list of 1 to {MODULES} names of modules, such as main.")
    return Tests(
        files=files,
        modules=tuple(dict.fromkeys(modules)),
        visibility=_word("visibility", found.get("visibility", "counts"), get_args(Visibility)),
        per_call_s=_seconds("per_call_s", found.get("per_call_s", 2.0), CALL_S),
        total_s=_seconds("total_s", found.get("total_s", 60.0), TOTAL_S),
        run_by=_word("run_by", found.get("run_by", "interviewer"), get_args(RunBy)),
        examples=examples,
    )


def _table(what: str, raw: Any, known: set[str]) -> Mapping[str, Any]:
    if not isinstance(raw, dict):
        raise BadQuestion(f"{what} is an object with {', '.join(sorted(known))}.")
    for name in raw:
        if name not in known:
            # A misspelt name must not quietly cost a question its tests.
            raise BadQuestion(f"{what} has no {name[:40]!r}; it knows {', '.join(sorted(known))}.")
    return raw


def _texts(what: str, raw: Any) -> Mapping[str, str]:
    """Texts by path."""
    if not isinstance(raw, dict) or not 1 <= len(raw) <= FILES:
        raise BadQuestion(f"{what} is an object of 1 to {FILES} paths with the text of each.")
    for path, text in raw.items():
        _check_text(what, path)
        try:
            check_path(path)
        except BadPath as bad:
            raise BadQuestion(f"{what}: {path[:100]!r}: {bad.words}") from bad
        if not isinstance(text, str):
            raise BadQuestion(f"{what}: {path[:100]} has no text.")
        _check_text(f"{what}: {path[:100]}", text)
    return dict(raw)


def _check_folder(paths: list[str]) -> None:
    """These lie in one folder, beside each other."""
    keys = [path_key(path) for path in paths]
    for path, key in zip(paths, keys, strict=True):
        if keys.count(key) > 1 or any(other.startswith(f"{key}/") for other in keys):
            raise BadQuestion(f"{path[:100]} is named twice, or is a file and a folder.")


def _check_text(what: str, text: str) -> None:
    try:
        text.encode()
    except UnicodeEncodeError as error:
        raise BadQuestion(f"{what} holds half of a surrogate pair.") from error


def _word(what: str, value: Any, words: tuple[Word, ...]) -> Word:
    for word in words:
        if value == word:
            return word
    raise BadQuestion(f"tests: {what} is one of {', '.join(map(str, words))}.")


def _seconds(what: str, value: Any, most: float) -> float:
    if type(value) not in (int, float) or not 0 < value <= most:
        raise BadQuestion(f"tests: {what} is a number of seconds up to {most:g}.")
    return float(value)


def _size(value: Any) -> int:
    """UTF-8 bytes of all texts in it."""
    match value:
        case str():
            return len(value.encode())
        case dict():
            return sum(_size(key) + _size(one) for key, one in value.items())
        case list():
            return sum(map(_size, value))
    return 0
