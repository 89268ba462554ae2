"""What the kernel host tells a room: of runs, judgements and the kernel. `now` is µs of the wall clock."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fourhands_server.core.judging import Judging
from fourhands_server.core.jupyter.fronts import FrontEnds
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.runs import Runs


class KernelNews:
    """One room's; the answers to what the room asks on behalf of its kernel come here too."""

    def __init__(self, ledger: Ledger, runs: Runs, judging: Judging, fronts: FrontEnds) -> None:
        self._ledger = ledger
        self._runs = runs
        self._judging = judging
        self._fronts = fronts

    def attached(
        self,
        journal: str,
        known: Mapping[str, str],
        state: str,
        detail: str | None,
        judgements: Collection[str] = (),
        *,
        now: int,
    ) -> None:
        """The kernel host answered what it has for this room: its runs and its judgements."""
        self._ledger.now = now
        self._runs.attached(journal, known, state, detail)
        self._judging.attached(judgements)

    def event(self, journal: str, n: int, kind: str, body: Mapping[str, Any], *, now: int) -> None:
        """One event of the kernel host's journal for this room."""
        self._ledger.now = now
        self._runs.event(journal, n, kind, body)
        if kind == "run.finished":
            self._fronts.failing(body["run"], body["status"])

    def answered(self, number: int, content: Mapping[str, Any] | None, *, now: int) -> None:
        """The answer to AskKernel; None where there is none."""
        self._ledger.now = now
        self._fronts.answered(number, content)

    def code_read(self, run: str, texts: Mapping[str, str], *, now: int) -> None:
        """The answer to AskCode: texts by root."""
        self._ledger.now = now
        self._runs.code(run, texts)

    def run_failed(self, run: str, reason: str, *, now: int) -> None:
        """The run could not be handed to a kernel."""
        self._ledger.now = now
        self._runs.failed(run, reason)
        self._fronts.failing(run, "error")

    def texts_read(self, judgement: str, texts: Mapping[str, str], *, now: int) -> None:
        """The answer to AskTexts: texts by root."""
        self._ledger.now = now
        self._judging.texts(judgement, texts)

    def judgement_failed(self, judgement: str, reason: str, *, now: int, public: bool = False) -> None:
        """Hidden tests could not be handed over; unless it is `public`, only interviewers are told why."""
        self._ledger.now = now
        if public:
            self._judging.failed(judgement, public=reason)
        else:
            self._judging.failed(judgement, private=reason)
