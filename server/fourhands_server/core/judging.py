"""Hidden tests of a room: asked for once, with the files of that moment, and brought to an end on the record.

The kernel host runs them apart from the room's kernel, so they wait for no run and hold none up.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from fourhands_protocol import cbor
from fourhands_protocol.entries import TESTS_DETAIL, TESTS_FINISHED, Entry
from fourhands_server.core.asked import Judgement
from fourhands_server.core.effects import AskTexts, CancelJudgement, Judge
from fourhands_server.core.ledger import KERNEL, Ledger
from fourhands_server.core.questions import BadQuestion, Tests, checked
from fourhands_server.core.settings import Settings

FILES_LIMIT = 2 * 1024 * 1024  # UTF-8 bytes of the room's files that tests are run on
TOO_LARGE = "the room's files are larger than 2 MiB together, which is the most that tests are run on"
REPLACED = "the question was replaced before its tests began; run them again"
HOST_REPLACED = "the kernel host was replaced, and the tests with it; run them again"


class Judging:
    """Judgements of one room: what becomes of each committed entry that is about tests."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._handed: set[str] = set()  # to the kernel host, in this life of the room

    def committed(self, entry: Entry) -> None:
        """Act on an entry, now that it is in the log."""
        match entry.kind:
            case "tests.queued":
                self._want_texts(self._of(entry), past=False)
            case "tests.cancelled":
                self._cancel(self._of(entry))
            case "tests.finished":
                self._handed.discard(cbor.decode(entry.body)["judgement"])

    def texts(self, name: str, texts: Mapping[str, str]) -> None:
        """The texts for a judgement have been read, by root; one that was cancelled meanwhile needs none."""
        found = self._ledger.ahead.asked.unfinished.get(name)
        if found is None or found.cancelled or self._ledger.ahead.ended_at is not None:
            return
        files = {path: texts[root] for root, path in found.files if root in texts}
        if sum(len(text.encode()) for text in files.values()) > FILES_LIMIT:
            self._finish(found, "error", public=TOO_LARGE)
            return
        tests = self._tests_of(found)
        if tests is None:
            return
        self._handed.add(name)
        environment = Settings.of(self._ledger.state.settings).environment
        services = self._ledger.private.services
        self._ledger.effects.append(Judge(name, tests, files, dict(found.data), environment, services))

    def failed(self, name: str, *, public: str | None = None, private: str | None = None) -> None:
        """It could not be handed over; `public` is for everybody, `private` for interviewers."""
        found = self._ledger.ahead.asked.unfinished.get(name)
        if found is not None and self._ledger.ahead.ended_at is None:
            self._finish(found, "error", public=public, private=private)

    def attached(self, known: Collection[str]) -> None:
        """The kernel host told which judgements it has heard of; the others are handed over or are lost."""
        if self._ledger.ahead.ended_at is not None:
            return
        for found in list(self._ledger.state.asked.unfinished.values()):
            if found.judgement not in self._ledger.ahead.asked.unfinished:
                continue
            if found.cancelled and found.judgement in known:
                self._ledger.effects.append(CancelJudgement(found.judgement))
            elif found.cancelled:
                # No host will say that it is over; one that is about to be handed it, will not run it.
                self._finish(found, "cancelled")
                self._ledger.effects.append(CancelJudgement(found.judgement))
            elif found.judgement in known:
                self._handed.add(found.judgement)
            elif found.status == "queued":
                self._want_texts(found, past=True)
            else:
                self._finish(found, "error", public=HOST_REPLACED)

    def abandon(self) -> None:
        """The room ends: so do its tests, on the record."""
        for found in list(self._ledger.ahead.asked.unfinished.values()):
            self._finish(found, "cancelled")
            self._ledger.effects.append(CancelJudgement(found.judgement))

    def _tests_of(self, found: Judgement) -> Tests | None:
        """The tests that were asked for; None where they are no more, which is then on the record."""
        kept = self._ledger.private.questions.get(found.question)
        if kept is not None and kept.after > found.seq:
            # Others than those that were asked for; the record must not name one and hold the other.
            self._finish(found, "error", public=REPLACED)
            return None
        try:
            tests = checked(kept.whole).tests if kept is not None else None
        except BadQuestion as bad:  # this version knows it no more
            self._finish(found, "error", private=str(bad))
            return None
        if tests is None:
            self._finish(found, "error", public="the question has no tests any more")
        return tests

    def _of(self, entry: Entry) -> Judgement:
        return self._ledger.state.asked.judgements[cbor.decode(entry.body)["judgement"]]

    def _cancel(self, found: Judgement) -> None:
        """The host says that it is over, if it has it; else we do."""
        if found.judgement in self._handed:
            self._ledger.effects.append(CancelJudgement(found.judgement))
        elif found.judgement in self._ledger.ahead.asked.unfinished:
            self._finish(found, "cancelled")

    def _want_texts(self, found: Judgement, *, past: bool) -> None:
        roots = tuple(root for root, _ in found.files)
        self._ledger.effects.append(AskTexts(found.judgement, roots, found.seq, past))

    def _finish(
        self, found: Judgement, status: str, *, public: str | None = None, private: str | None = None
    ) -> None:
        """End one whose end no host reports; results that came before it stand."""
        if private is not None:
            why = {"judgement": found.judgement, "text": private[:2_000]}
            self._ledger.own(TESTS_DETAIL, why, actor=KERNEL)
        body: dict[str, Any] = {"judgement": found.judgement, "status": status}
        body |= dict.fromkeys(("passed", "failed", "errors", "skipped"), 0)
        body |= {"total": found.total, "duration": 0}
        if public is not None:
            body["detail"] = public[:2_000]
        self._ledger.own(TESTS_FINISHED, body, actor=KERNEL)
