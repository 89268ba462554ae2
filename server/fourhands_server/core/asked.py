"""What everybody may know of the questions of a room and of their tests: a part of the fold of `room`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from fourhands_protocol.entries import Entry


@dataclass(frozen=True, slots=True)
class Offered:
    """A question, as the last `question.offered` of its id has it; `seq` is that entry's."""

    question: str
    title: str
    seq: int
    by: str
    service: Mapping[str, Any] | None = None
    sqlite: tuple[str, ...] = ()
    tests: Mapping[str, Any] | None = None

    @property
    def data(self) -> tuple[str, ...]:
        """The data files that it brought along."""
        examples = () if self.tests is None else tuple(self.tests.get("examples", ()))
        return (*self.sqlite, *examples)


@dataclass(slots=True)
class Judgement:
    """One running of a question's hidden tests; times in µs. `first` and `last` are seqs of its results, 0
    where there are none: the log has what they say.

    `files` (root, path) are those of its moment, `data` (path, SHA-256) its databases; forgotten at its end.
    """

    judgement: str
    question: str
    by: str
    seq: int
    queued_at: int
    status: str = "queued"
    visibility: str = "counts"
    unisolated: bool = False
    first: int = 0
    last: int = 0
    total: int = 0
    counts: Mapping[str, int] = field(default_factory=dict)
    duration: int | None = None
    detail: str | None = None
    cancelled: bool = False
    files: tuple[tuple[str, str], ...] = ()
    data: tuple[tuple[str, str], ...] = ()

    @property
    def finished(self) -> bool:
        """Whether it has reached a final status."""
        return self.status not in ("queued", "running")


@dataclass(slots=True)
class Asked:
    """Questions by id and judgements by id; of the latter also the unfinished ones, oldest first."""

    questions: dict[str, Offered] = field(default_factory=dict)
    judgements: dict[str, Judgement] = field(default_factory=dict)
    unfinished: dict[str, Judgement] = field(default_factory=dict)
    services: dict[int, tuple[str, str | None]] = field(default_factory=dict)  # by port: state and detail

    def serve(self, body: Mapping[str, Any]) -> None:
        """A service runs, or does not."""
        self.services[body["port"]] = body["state"], body.get("detail")

    def offer(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """A question, or another one in the place of an earlier one."""
        self.questions[body["question"]] = Offered(
            question=body["question"],
            title=body["title"],
            seq=entry.seq,
            by=entry.actor,
            service=body.get("service"),
            sqlite=tuple(body.get("sqlite", ())),
            tests=body.get("tests"),
        )

    def queue(
        self,
        entry: Entry,
        body: Mapping[str, Any],
        files: tuple[tuple[str, str], ...],
        data: Mapping[str, str],
    ) -> None:
        """Somebody wants the tests of a question run; `data` are the room's data files, path to SHA-256."""
        question = self.questions.get(body["question"])
        databases = () if question is None else question.sqlite
        found = Judgement(
            body["judgement"],
            body["question"],
            entry.actor,
            entry.seq,
            entry.at,
            files=files,
            data=tuple((path, data[path]) for path in databases if path in data),
        )
        self.judgements[found.judgement] = self.unfinished[found.judgement] = found

    def start(self, body: Mapping[str, Any]) -> None:
        """They run."""
        if found := self.unfinished.get(body["judgement"]):
            found.status, found.visibility = "running", body["visibility"]
            found.unisolated = body["unisolated"]

    def result(self, entry: Entry, body: Mapping[str, Any]) -> None:
        """One test came to its end."""
        if found := self.unfinished.get(body["judgement"]):
            found.first, found.last = found.first or entry.seq, entry.seq
            found.total = body["total"]

    def cancel(self, body: Mapping[str, Any]) -> None:
        """Somebody wants them no more."""
        if found := self.unfinished.get(body["judgement"]):
            found.cancelled = True

    def finish(self, body: Mapping[str, Any]) -> None:
        """All is over; a second end is none."""
        if found := self.unfinished.pop(body["judgement"], None):
            found.status, found.duration, found.files = body["status"], body["duration"], ()
            found.data = ()
            found.counts = {name: body[name] for name in ("passed", "failed", "errors", "skipped")}
            found.total, found.detail = body["total"], body.get("detail")
