"""What interviewers alone know of a room: the fold of its `interviewers` stream, beside that of `room`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from fourhands_protocol import cbor
from fourhands_protocol.entries import QUESTION_KEPT, SERVICE_DETAIL, TESTS_DETAIL, TESTS_RECORD, Entry
from fourhands_protocol.roles import INTERVIEWERS


@dataclass(frozen=True, slots=True)
class Kept:
    """A whole question, with tests that nobody else may see; `after` is the seq of the room at its moment."""

    whole: Mapping[str, Any]
    after: int


@dataclass(slots=True)
class Told:
    """Where the log says what came of each test of a judgement: the first and last seq of this stream."""

    first: int
    last: int


@dataclass(slots=True)
class PrivateState:
    """The folded stream. What tests printed is not in it: the log is read where somebody asks."""

    head: int = 0
    at: int = 0
    questions: dict[str, Kept] = field(default_factory=dict)
    judgements: dict[str, Told] = field(default_factory=dict)
    faults: dict[int, str] = field(default_factory=dict)  # the last one of the service of a port

    def apply(self, entry: Entry) -> None:
        """Fold one entry; unknown kinds only move the head. Raises AssertionError on a gap."""
        if entry.stream != INTERVIEWERS or entry.seq != self.head + 1:
            raise AssertionError(f"{entry.stream} {entry.seq} follows {self.head}: each stream is dense")
        self.head, self.at = entry.seq, entry.at
        if entry.kind == QUESTION_KEPT:
            body = cbor.decode(entry.body)
            self.questions[body["question"]] = Kept(body["whole"], body["after"])
        elif entry.kind in (TESTS_RECORD, TESTS_DETAIL):
            judgement = cbor.decode(entry.body)["judgement"]
            told = self.judgements.setdefault(judgement, Told(entry.seq, entry.seq))
            told.last = entry.seq
        elif entry.kind == SERVICE_DETAIL:
            body = cbor.decode(entry.body)
            self.faults[body["port"]] = body["text"]

    @property
    def services(self) -> tuple[Mapping[str, Any], ...]:
        """What the questions declare as their services."""
        wholes = (kept.whole for kept in self.questions.values())
        return tuple(whole["service"] for whole in wholes if "service" in whole)


def replay(entries: Iterable[Entry]) -> PrivateState:
    """The state after `entries`, which begin at seq 1."""
    state = PrivateState()
    for entry in entries:
        state.apply(entry)
    return state
