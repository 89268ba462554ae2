"""What each operation of a participant becomes: the one entry it leaves, or why it is refused.

Operations are judged against the room as it will be once everything admitted is committed, so two of
them in one commit cannot contradict each other. Refusals here are answers, not offences: the connection
goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from fourhands_protocol import limits
from fourhands_protocol.paths import BadPath, check_path, path_key, root_name
from fourhands_protocol.roles import ROLES, allows
from fourhands_server.core.state import File, RoomState, Run

QUEUE_LIMIT = 20  # runs that wait for the kernel
TESTS_LIMIT = 5  # judgements of a room at a time: the kernel host takes few at once, from all rooms
ENDED = "The room has ended; nothing more is recorded."

Planned = tuple[str, dict[str, Any]]


class Refused(Exception):
    """The operation leaves no entry. `code` is for programs, `message` for people."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


class AlreadyDone(Exception):
    """A repeated operation, known by its own id (a run's, say): its first entry stands at `seq`."""

    def __init__(self, seq: int) -> None:
        super().__init__(f"done by entry {seq}")
        self.seq = seq


def check_role(role: str, kind: str) -> None:
    """Raise Refused where the role may not do this."""
    if not allows(role, kind):
        raise Refused("forbidden", f"Your role ({role}) does not allow this.")


def check_own(state: RoomState, kind: str, person: str, role: str, body: Mapping[str, Any]) -> None:
    """Raise Refused where one who runs no interview wants what only interviewers, or only its owner, may."""
    if role in ("interviewer", "host"):
        return
    match kind:
        case "run.cancel":
            run = state.runs.get(body["run"])
            if run is not None and run.by != person:
                raise Refused("forbidden", "Only an interviewer takes back what somebody else has queued.")
        case "tests.cancel":
            judgement = state.asked.judgements.get(body["judgement"])
            if judgement is not None and judgement.by != person:
                raise Refused("forbidden", "Only an interviewer stops tests that somebody else runs.")
        case "tests.run":
            question = state.asked.questions.get(body["question"])
            if question is not None and (question.tests or {}).get("run_by") == "interviewer":
                raise Refused("forbidden", "An interviewer runs the tests of this question.")


def plan(state: RoomState, kind: str, body: Mapping[str, Any]) -> Planned:
    """The kind and body of the entry that this operation leaves in a room that goes on.

    Raises Refused or AlreadyDone. `body` has the form that the protocol gives this kind.
    """
    return _PLANS[kind](state, body)


def _chat(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if not body["text"].strip():
        raise Refused("empty", "There is nothing in this message.")
    return "chat", {"text": body["text"]}


def _free_path(state: RoomState, path: str, *, beside: str = "") -> str:
    """The path, if one more file can have it beside all others but one in the kernel's folder."""
    try:
        check_path(path)
    except BadPath as bad:
        raise Refused("bad-path", bad.words) from bad
    wanted = path_key(path)
    for other in (*(file.path for file in state.living_files()), *state.data):
        taken = path_key(other)
        if other == beside:
            continue
        if taken == wanted:
            raise Refused("path-taken", f"There is already a file named {other}.")
        if taken.startswith(f"{wanted}/") or wanted.startswith(f"{taken}/"):
            raise Refused("path-taken", f"There is already {other}: one name cannot be a file and a folder.")
    return path


def _create_file(state: RoomState, body: Mapping[str, Any]) -> Planned:
    path = _free_path(state, body["path"])
    if len(state.living_files()) >= limits.FILES:
        raise Refused("too-many-files", f"A room holds at most {limits.FILES} files. Delete one first.")
    return "file.created", {"file": root_name(path, state.files), "path": path}


def _living(state: RoomState, file: str) -> File:
    found = state.files.get(file)
    if found is None or found.deleted:
        raise Refused("no-such-file", f"There is no file {file}; it may have been deleted.")
    return found


def _rename_file(state: RoomState, body: Mapping[str, Any]) -> Planned:
    file = _living(state, body["file"])
    path = _free_path(state, body["path"], beside=file.path)
    return "file.renamed", {"file": file.id, "path": path}


def _delete_file(state: RoomState, body: Mapping[str, Any]) -> Planned:
    file = _living(state, body["file"])
    if len(state.living_files()) == 1:
        raise Refused("last-file", "A room keeps at least one file.")
    return "file.deleted", {"file": file.id}


def _add_data(state: RoomState, body: Mapping[str, Any]) -> Planned:
    known = state.data.get(body["path"])
    path = _free_path(state, body["path"], beside=body["path"] if known is not None else "")
    if body["size"] > limits.DATA_FILE:
        raise Refused("too-large", f"A data file has at most {limits.DATA_FILE // limits.KIB**2} MiB.")
    others = sum(one.size for one in state.data.values() if one is not known)
    if others + body["size"] > limits.DATA_ROOM:
        whole = limits.DATA_ROOM // limits.KIB**2
        raise Refused("too-large", f"The data files of a room have at most {whole} MiB. Remove one first.")
    if known is None and len(state.data) >= limits.DATA_FILES:
        raise Refused(
            "too-many-files", f"A room holds at most {limits.DATA_FILES} data files. Remove one first."
        )
    return "data.added", {"path": path, "size": body["size"], "sha256": body["sha256"]}


def _remove_data(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if body["path"] not in state.data:
        raise Refused("no-such-file", f"There is no data file {body['path'][:100]}.")
    return "data.removed", {"path": body["path"]}


def _run(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if known := state.runs.get(body["run"]):
        raise AlreadyDone(known.seq)
    if len(state.waiting_runs()) >= QUEUE_LIMIT:
        raise Refused("queue-full", f"{QUEUE_LIMIT} runs are waiting already. Interrupt or wait.")
    if "file" in body:
        _living(state, body["file"])
    wanted = ("run", "file", "code", "first_line", "console")
    return "run.queued", {key: body[key] for key in wanted if key in body}


def _cancel_run(state: RoomState, body: Mapping[str, Any]) -> Planned:
    run = state.runs.get(body["run"])
    if run is None or run.status != "queued":
        raise Refused("not-waiting", "This run waits no longer: it has started or is over.")
    return "run.finished", {"run": run.run, "status": "aborted", "duration": 0}


def _run_tests(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if known := state.asked.judgements.get(body["judgement"]):
        raise AlreadyDone(known.seq)
    question = state.asked.questions.get(body["question"])
    if question is None:
        raise Refused("no-such-question", "This room has no such question.")
    if question.tests is None:
        raise Refused("no-tests", "This question has no hidden tests.")
    if len(state.asked.unfinished) >= TESTS_LIMIT:
        raise Refused("queue-full", f"Tests were asked for {TESTS_LIMIT} times already. Wait for them.")
    return "tests.queued", {"judgement": body["judgement"], "question": question.question}


def _cancel_tests(state: RoomState, body: Mapping[str, Any]) -> Planned:
    found = state.asked.judgements.get(body["judgement"])
    if found is None:
        raise Refused("no-such-judgement", "Nobody has run tests under this name.")
    if found.finished or found.cancelled:
        raise Refused("not-waiting", "These tests are over, or are being stopped.")
    return "tests.cancelled", {"judgement": found.judgement}


def _interrupt(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if state.active_run() is None:
        raise Refused("nothing-runs", "Nothing is running.")
    return "kernel.interrupted", {}


def _restart(state: RoomState, body: Mapping[str, Any]) -> Planned:
    return "kernel.restarted", {}


def _asking(state: RoomState, run: str) -> Run:
    found = state.runs.get(run)
    if found is None or not found.asking:
        raise Refused("not-asking", "The program is not waiting for input.")
    return found


def _input(state: RoomState, body: Mapping[str, Any]) -> Planned:
    run = _asking(state, body["run"])
    hidden = run.asking_password
    return "run.input", {"run": run.run} if hidden else {"run": run.run, "text": body["text"]}


def _remove(state: RoomState, body: Mapping[str, Any]) -> Planned:
    person = state.people.get(body["person"])
    if person is None or person.removed:
        raise Refused("no-such-person", "There is nobody of that id in the room.")
    return "person.removed", {"person": person.id}


def _revoke(state: RoomState, body: Mapping[str, Any]) -> Planned:
    if body["invite"] in state.revoked:
        raise Refused("revoked", "This invite is revoked already.")
    if body["invite"] not in (state.invite(role) for role in ROLES if role != "host"):
        raise Refused("no-such-invite", "There is no invite of that name.")
    return "invite.revoked", {"invite": body["invite"]}


_PLANS: dict[str, Callable[[RoomState, Mapping[str, Any]], Planned]] = {
    "chat": _chat,
    "file.create": _create_file,
    "file.rename": _rename_file,
    "file.delete": _delete_file,
    "data.add": _add_data,
    "data.remove": _remove_data,
    "run": _run,
    "run.cancel": _cancel_run,
    "interrupt": _interrupt,
    "restart": _restart,
    "input": _input,
    "remove": _remove,
    "revoke": _revoke,
    "tests.run": _run_tests,
    "tests.cancel": _cancel_tests,
}
