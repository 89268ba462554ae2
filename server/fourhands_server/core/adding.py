"""Adding a question to a room: the entries that it becomes, which the log takes together or not at all.

Its example tests, like every other file that it brings along, become data files of the room: they are in
the folder of each run without anybody's doing, and nobody changes them by mistake, as one would with a file
of the editor. (Such files would be edits as well, which cannot be one append with the rest.)
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from fourhands_protocol.entries import QUESTION_KEPT, QUESTION_OFFERED
from fourhands_server.core import questions
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.operations import AlreadyDone, Planned, Refused
from fourhands_server.core.operations import plan as plan_one
from fourhands_server.core.questions import Question
from fourhands_server.core.state import DataFile, RoomState


@dataclass(frozen=True, slots=True)
class Adding:
    """A question and the data files that it brings along, whose bytes are kept already."""

    question: Question
    data: tuple[DataFile, ...] = ()


def check_new(ledger: Ledger, adding: Adding) -> None:
    """Raise AlreadyDone where this very question is in the room: a retry leaves no second entry."""
    name = adding.question.id
    kept, offered = ledger.private.questions.get(name), ledger.ahead.asked.questions.get(name)
    if (
        kept is not None
        and offered is not None
        and kept.after == offered.seq
        and kept.whole == adding.question.whole()
        and all(ledger.ahead.data.get(file.path) == file for file in adding.data)
    ):
        raise AlreadyDone(offered.seq)


def plan(state: RoomState, adding: Adding) -> list[Planned]:
    """The entries of a question in a room that goes on, the public one before the whole; raises Refused."""
    question = adding.question
    known = state.asked.questions.get(question.id)
    if known is None and len(state.asked.questions) >= questions.QUESTIONS:
        raise Refused("too-many-questions", f"A room holds at most {questions.QUESTIONS} questions.")
    _check_port(state, question)
    planned: list[Planned] = []
    scratch = replace(state, data=dict(state.data))
    brought = {file.path for file in adding.data}
    for path in known.data if known is not None else ():
        if path in scratch.data and path not in brought:
            del scratch.data[path]
            planned.append(("data.removed", {"path": path}))
    for file in adding.data:
        planned.append(plan_one(scratch, "data.add", _row(file)))
        scratch.data[file.path] = file
    planned.append((QUESTION_OFFERED, question.offered()))
    planned.append((QUESTION_KEPT, {"question": question.id, "whole": question.whole()}))
    return planned


def _check_port(state: RoomState, question: Question) -> None:
    """Two services cannot listen on one port."""
    if question.service is None:
        return
    others = [one for one in state.asked.questions.values() if one.question != question.id]
    ports = {one.service["port"]: one.question for one in others if one.service is not None}
    if (port := question.service["port"]) in ports:
        raise Refused("port-taken", f"The question {ports[port]} has its service on port {port} already.")
    if len(ports) >= questions.SERVICES:
        raise Refused("too-many-services", f"A room holds at most {questions.SERVICES} services.")


def _row(file: DataFile) -> Mapping[str, Any]:
    return {"path": file.path, "size": file.size, "sha256": file.sha256}
