"""The queue in front of the kernel: one run at a time, each with the exact code of the moment it was asked
for.

The log says what was asked, started and ended; here is only what it does not say: code that was read
for runs that wait, and passwords on their way to `getpass`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from fourhands_protocol import cbor, limits
from fourhands_protocol.entries import Entry
from fourhands_server.core.effects import (
    Acknowledge,
    AnswerInput,
    AskCode,
    Execute,
    Interrupt,
    Origin,
    Restart,
    StopKernel,
)
from fourhands_server.core.ledger import KERNEL, Ledger
from fourhands_server.core.settings import Settings
from fourhands_server.core.state import Run

CONSOLE = "<console>"  # what a traceback calls a line typed there
RESTED = "nobody was here for two hours, so the kernel was stopped; its variables are gone"
TOO_LARGE = f"the file is larger than {limits.CODE // limits.KIB} KiB, which is the most that can be run"
FILES_TOO_LARGE = (
    f"the room's files are larger than {limits.RUN_FILES // limits.KIB**2} MiB together, which is the most "
    "that goes along with a run: shorten or delete some; an interviewer can upload large files as data"
)
JOURNAL_KINDS = frozenset(
    {"kernel", "run.outputs", "run.input_asked", "run.finished", "kernel.files", "kernel.restarted"}
    | {"tests.started", "tests.result", "tests.finished", "tests.record", "tests.detail"}
    | {"service", "service.detail"}
)  # what a kernel host may say; its kind says in which stream it stands (`entries.PRIVATE`)


class Runs:
    """Runs of one room: what becomes of each committed entry, and of each event of the kernel host."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger
        self._codes: dict[str, str] = {}
        self._files: dict[str, dict[str, str]] = {}  # texts by path, of each run until its end
        self._passwords: dict[str, str] = {}

    def awaken(self) -> None:
        """The room was rebuilt: ask again for the code of runs that wait."""
        for run in self._ledger.state.waiting_runs():
            self._want_code(run, past=True)
        if self._ledger.state.ended_at is not None and self._ledger.state.kernel not in ("none", "dead"):
            self._effect(StopKernel())  # whoever ended the room may have died before it could say so
        self.advance()

    def rest(self) -> None:
        """Nobody has been here for long: a kernel without work is let go."""
        ahead = self._ledger.ahead
        if ahead.kernel == "idle" and not ahead.unfinished and ahead.ended_at is None:
            self._effect(StopKernel(RESTED))

    def remember_answer(self, run: str, text: str) -> None:
        """Keep an answer that the log must not hold until its entry is committed."""
        self._passwords[run] = text

    def committed(self, entry: Entry, origin: Origin) -> None:
        """Act on an entry, now that it is in the log."""
        match entry.kind:
            case "run.queued":
                self._want_code(self._ledger.state.runs[cbor.decode(entry.body)["run"]], past=False)
            case "run.finished":
                run = cbor.decode(entry.body)["run"]
                self._codes.pop(run, None)
                self._files.pop(run, None)
            case "run.started":
                self._execute(cbor.decode(entry.body)["run"])
            case "run.input":
                self._answer(cbor.decode(entry.body))
            case "kernel.interrupted":
                self._effect(Interrupt())
            case "kernel.restarted" if entry.actor != KERNEL:
                self.abort_waiting()
                self._effect(Restart())
            case "room.ended":
                self._effect(StopKernel())
        if origin.person == KERNEL:
            self._effect(Acknowledge(self._ledger.instance(origin.producer).settled))
        self.advance()

    def code(self, run: str, texts: Mapping[str, str]) -> None:
        """The texts for a run have been read, by root; a run that was taken back meanwhile needs none."""
        found = self._ledger.ahead.runs.get(run)
        if found is not None and not found.finished:
            files = {path: texts[root] for root, path in found.files if root in texts}
            text = found.code if found.code is not None else texts[found.file or ""]
            if len(text.encode()) > limits.CODE:
                self.failed(run, TOO_LARGE, name="FileTooLarge", status="aborted")
            elif sum(len(one.encode()) for one in files.values()) > limits.RUN_FILES:
                self.failed(run, FILES_TOO_LARGE, name="FilesTooLarge", status="aborted")
            else:
                self._files[run] = files
                if found.status == "running":
                    self._execute(run)
                else:
                    self._codes[run] = text
        self.advance()

    def failed(
        self, run: str, reason: str, *, name: str = "KernelUnavailable", status: str = "kernel_died"
    ) -> None:
        """The kernel host did not take the run, or its code could not be read or be run."""
        found = self._ledger.ahead.runs.get(run)
        if found is None or found.finished or self._ledger.ahead.ended_at is not None:
            return
        error = {"output_type": "error", "ename": name, "evalue": reason, "traceback": []}
        self._ledger.own("run.outputs", {"run": run, "n": 0, "items": [error]}, actor=KERNEL)
        self.finish(found, status)

    def event(self, journal: str, n: int, kind: str, body: Mapping[str, Any]) -> None:
        """One event of the kernel host's journal; what the log has already is only acknowledged."""
        producer = f"kernel/{journal}"
        progress = self._ledger.instance(producer)
        if n <= progress.settled or self._ledger.ahead.ended_at is not None:
            self._effect(Acknowledge(n))
            return
        if n <= progress.admitted:
            return  # acknowledged once it is in the log
        if kind not in JOURNAL_KINDS:  # a newer host's: nothing that this version could record
            progress.admit(n, logged=False)
            if progress.settled >= n:
                self._effect(Acknowledge(n))
            return
        self._ledger.append(Origin(KERNEL, KERNEL, producer, n), kind, body)

    def attached(self, journal: str, known: Mapping[str, str], state: str, detail: str | None) -> None:
        """The kernel host told what it has: a run that it never heard of died with an earlier host.

        Where it is the same host (its journal is in our log already), the run never reached it: hand it
        over now. So too where no host has ever told anything of this room: nothing can have been lost.
        """
        run = self._ledger.state.active_run()
        if run is not None and run.run not in known:
            if self._ledger.instance(f"kernel/{journal}").settled or not self._ledger.heard_of("kernel/"):
                self._execute(run.run)
            else:
                self._died_with_its_host(run)
        if state in ("none", "unavailable", "dead") and self._ledger.ahead.kernel not in ("none", state):
            body = {"state": state, "detail": detail} if detail else {"state": state}
            self._ledger.own("kernel", body, actor=KERNEL)

    def _died_with_its_host(self, run: Run) -> None:
        if run.outputs:
            self.finish(run, "kernel_died")
        else:
            self.failed(run.run, "the kernel host was replaced, and its kernels with it; variables are gone")

    def finish(self, run: Run, status: str) -> None:
        """End a run whose end no kernel reports."""
        now = self._ledger.now
        duration = max(0, now - (run.started_at or now))
        self._ledger.own(
            "run.finished", {"run": run.run, "status": status, "duration": duration}, actor=KERNEL
        )

    def abandon(self) -> None:
        """The room ends: what runs is interrupted, what waits is aborted, both on the record."""
        self.abort_waiting()
        if run := self._ledger.ahead.active_run():
            self.finish(run, "interrupted")

    def advance(self) -> None:
        """Start the next run where none goes and its code is here."""
        ahead = self._ledger.ahead
        if ahead.ended_at is not None or ahead.active_run() is not None:
            return
        waiting = ahead.waiting_runs()
        if waiting and waiting[0].run in self._codes:
            run = waiting[0].run
            limit = Settings.of(ahead.settings).time_limit_s
            body = {"run": run, "code": self._codes.pop(run), "limit": limit}
            self._ledger.own("run.started", body, actor=KERNEL)

    def _want_code(self, run: Run, *, past: bool) -> None:
        if run.finished:
            return
        if run.code is None and run.file is None:
            raise AssertionError("a queued run has a file or code: the protocol checked")
        self._effect(AskCode(run.run, tuple(root for root, _ in run.files), run.seq, past))

    def _execute(self, name: str) -> None:
        state = self._ledger.state
        run = state.runs[name]
        if name not in self._files:  # they were read by an earlier life of the room
            self._want_code(run, past=True)
            return
        file = state.files.get(run.file) if run.file is not None else None
        filename = file.path if file is not None else CONSOLE if run.console else "selection.py"
        data = {one.path: one.sha256 for one in run.data}
        services = self._ledger.private.services
        files = self._files[name]
        self._effect(Execute(run.run, run.code or "", filename, run.first_line, files, data, services))

    def _answer(self, body: Mapping[str, Any]) -> None:
        text = body["text"] if "text" in body else self._passwords.pop(body["run"], "")
        self._effect(AnswerInput(body["run"], text))

    def abort_waiting(self) -> None:
        """End the runs of the queue, on the record."""
        for run in self._ledger.ahead.waiting_runs():
            self._codes.pop(run.run, None)
            self.finish(run, "aborted")

    def _effect(
        self, effect: Acknowledge | AnswerInput | AskCode | Execute | Interrupt | Restart | StopKernel
    ) -> None:
        self._ledger.effects.append(effect)
