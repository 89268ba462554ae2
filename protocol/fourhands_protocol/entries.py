"""Log entries: what they are, which kinds there are, and what the body of each kind holds (SPEC, K rules)."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from . import cbor, limits, shapes
from .errors import MalformedFrame, TooLarge
from .outputs import RUN_STATUSES
from .roles import INTERVIEWERS, ROLES, ROOM
from .shapes import FLAG, ID, Shape, array, check, data, integer, maybe, one_of, table, text
from .sync import MAX_CLIENT


class Entry(NamedTuple):
    """One entry of a room's log; `at` counts microseconds since 1970, `body` is one canonical CBOR map."""

    stream: str
    seq: int
    at: int
    actor: str
    kind: str
    body: bytes


# The actor of what the room itself does.
SERVER: Final = "server"

ROOM_CREATED: Final = "room.created"
ROOM_ENDED: Final = "room.ended"
PERSON_JOINED: Final = "person.joined"
PERSON_REMOVED: Final = "person.removed"
INVITE_REVOKED: Final = "invite.revoked"
SEAT_OPENED: Final = "seat.opened"
SEAT_LOST: Final = "seat.lost"
SEAT_BACK: Final = "seat.back"
SEAT_MERGED: Final = "seat.merged"
SEAT_CLOSED: Final = "seat.closed"
CLIENT: Final = "client"
EDIT: Final = "edit"
CURSOR: Final = "cursor"
CHAT: Final = "chat"
FILE_CREATED: Final = "file.created"
FILE_RENAMED: Final = "file.renamed"
FILE_DELETED: Final = "file.deleted"
RUN_QUEUED: Final = "run.queued"
RUN_STARTED: Final = "run.started"
RUN_INPUT_ASKED: Final = "run.input_asked"
RUN_INPUT: Final = "run.input"
RUN_OUTPUTS: Final = "run.outputs"
RUN_FINISHED: Final = "run.finished"
KERNEL: Final = "kernel"
KERNEL_INTERRUPTED: Final = "kernel.interrupted"
KERNEL_RESTARTED: Final = "kernel.restarted"
KERNEL_FILES: Final = "kernel.files"
DATA_ADDED: Final = "data.added"
DATA_REMOVED: Final = "data.removed"
QUESTION_OFFERED: Final = "question.offered"
QUESTION_KEPT: Final = "question.kept"
TESTS_QUEUED: Final = "tests.queued"
TESTS_STARTED: Final = "tests.started"
TESTS_RESULT: Final = "tests.result"
TESTS_CANCELLED: Final = "tests.cancelled"
TESTS_FINISHED: Final = "tests.finished"
TESTS_RECORD: Final = "tests.record"
TESTS_DETAIL: Final = "tests.detail"
SERVICE: Final = "service"
SERVICE_DETAIL: Final = "service.detail"

# Kinds of the stream `interviewers`: nobody else ever sees one of these. All others are of the stream `room`.
PRIVATE: Final = frozenset((QUESTION_KEPT, TESTS_RECORD, TESTS_DETAIL, SERVICE_DETAIL))

_PATH: Final = text(limits.PATH, least=1)
# A root name is a path, with `~2` or so after it.
_FILE: Final = text(limits.PATH + 10, least=1)
_CLIENT_ID: Final = integer(most=MAX_CLIENT)
# The code of a run is bounded in bytes when it is asked for; here code points are enough.
_CODE: Final = text(limits.CODE)
_LINE: Final = integer(least=1, most=10_000_000)
_DETAIL: Final = text(2_000)
_PORT: Final = integer(least=1_024, most=65_535)
_RUN: Final[Shape] = {
    "run": ID,
    "file": maybe(_FILE),
    "code": maybe(_CODE),
    "first_line": maybe(_LINE),
    "console": maybe(FLAG),
}
_VISIBILITY: Final = one_of("counts", "names", "messages")
_OUTCOME: Final[Shape] = {
    "judgement": ID,
    "n": integer(least=1),
    "name": text(300),
    "outcome": one_of("passed", "failed", "error", "skipped"),
    "duration": integer(),
}
_EDIT: Final[Shape] = {
    "update": data(limits.STEP2, least=2),
    "time": maybe(integer()),
    "relayed": maybe(FLAG),
}

BODIES: Final[Mapping[str, Shape]] = {
    ROOM_CREATED: {
        "title": text(limits.TITLE),
        "lineage": ID,
        "settings": table(),
        "version": integer(least=1),
    },
    ROOM_ENDED: {},
    PERSON_JOINED: {
        "name": text(limits.NAME, least=1),
        "role": one_of(*ROLES),
        "colour": integer(most=1_000),
        "invite": text(limits.ID),
    },
    PERSON_REMOVED: {"person": ID},
    INVITE_REVOKED: {"invite": ID},
    SEAT_OPENED: {
        "seat": ID,
        "dialect": one_of("stock", "hocuspocus", "fourhands", "api", "jupyter"),
        "again": maybe(ID),
        "away": maybe(integer()),
        "pending": maybe(integer()),
    },
    SEAT_LOST: {"seat": ID, "code": integer(most=4_999), "silent": maybe(integer())},
    SEAT_BACK: {"seat": ID, "away": integer(), "pending": integer()},
    SEAT_MERGED: {"seat": ID, "edits": integer(least=1)},
    SEAT_CLOSED: {"seat": ID, "code": integer(most=4_999)},
    CLIENT: {"client": _CLIENT_ID},
    EDIT: _EDIT,
    CURSOR: {"client": _CLIENT_ID, "file": _FILE, "anchor": integer(), "head": integer()},
    CHAT: {"text": text(limits.CHAT, least=1)},
    FILE_CREATED: {"file": _FILE, "path": _PATH},
    FILE_RENAMED: {"file": _FILE, "path": _PATH},
    FILE_DELETED: {"file": _FILE},
    RUN_QUEUED: _RUN,
    RUN_STARTED: {"run": ID, "code": _CODE, "limit": maybe(integer(least=1))},
    RUN_INPUT_ASKED: {"run": ID, "prompt": text(limits.INPUT), "password": FLAG},
    RUN_INPUT: {"run": ID, "text": maybe(text(limits.INPUT))},
    RUN_OUTPUTS: {"run": ID, "n": integer(), "items": array()},
    RUN_FINISHED: {
        "run": ID,
        "status": one_of(*RUN_STATUSES),
        "duration": integer(),
        "count": maybe(integer()),
        "dropped": maybe(integer()),
        "stop": maybe(one_of("message", "signal", "replaced")),
    },
    KERNEL: {
        "state": one_of("none", "starting", "idle", "busy", "dead", "unavailable"),
        "detail": maybe(_DETAIL),
    },
    KERNEL_INTERRUPTED: {},
    KERNEL_RESTARTED: {},
    KERNEL_FILES: {"files": array(1_000), "more": integer()},
    DATA_ADDED: {"path": _PATH, "size": integer(most=limits.DATA_FILE), "sha256": text(64, least=64)},
    DATA_REMOVED: {"path": _PATH},
    QUESTION_OFFERED: {
        "question": ID,
        "title": text(limits.TITLE, least=1),
        "service": maybe(table()),
        "sqlite": maybe(array(limits.DATA_FILES)),
        "tests": maybe(table()),
    },
    QUESTION_KEPT: {"question": ID, "whole": table(), "after": integer()},
    TESTS_QUEUED: {"judgement": ID, "question": ID},
    TESTS_STARTED: {"judgement": ID, "visibility": _VISIBILITY, "unisolated": FLAG},
    TESTS_RESULT: {**_OUTCOME, "total": integer(), "message": maybe(_DETAIL)},
    TESTS_CANCELLED: {"judgement": ID},
    TESTS_FINISHED: {
        "judgement": ID,
        "status": one_of("ok", "timeout", "cancelled", "error"),
        "passed": integer(),
        "failed": integer(),
        "errors": integer(),
        "skipped": integer(),
        "total": integer(),
        "duration": integer(),
        "detail": maybe(_DETAIL),
    },
    TESTS_RECORD: {**_OUTCOME, "message": _DETAIL, "printed": text(8_000), "after": integer()},
    TESTS_DETAIL: {"judgement": ID, "text": _DETAIL, "after": integer()},
    SERVICE: {"port": _PORT, "state": one_of("running", "failed", "none"), "detail": maybe(_DETAIL)},
    SERVICE_DETAIL: {"port": _PORT, "text": text(4_000), "after": integer()},
}
KINDS: Final = tuple(BODIES)

OPS: Final[Mapping[str, Shape]] = {
    "edit": {"update": data(limits.UPDATE, least=2), "time": maybe(integer())},
    "relay": {"update": data(limits.STEP2, least=2)},
    "chat": {"text": text(limits.CHAT, least=1)},
    "file.create": {"path": text(limits.FRAME)},
    "file.rename": {"file": _FILE, "path": text(limits.FRAME)},
    "file.delete": {"file": _FILE},
    "run": _RUN,
    "run.cancel": {"run": ID},
    "interrupt": {},
    "restart": {},
    "input": {"run": ID, "text": text(limits.INPUT)},
    "end": {},
    "remove": {"person": ID},
    "revoke": {"invite": ID},
}


def stream_of(kind: str) -> str:
    """The stream that entries of a kind belong to."""
    return INTERVIEWERS if kind in PRIVATE else ROOM


def body(kind: str, mapping: Mapping[str, Any]) -> bytes:
    """Write the body of an entry; ValueError if it does not have the shape of its kind (our own mistake)."""
    try:
        check(kind, BODIES[kind], dict(mapping))
    except (KeyError, MalformedFrame, TooLarge) as error:
        raise ValueError(f"not the body of an entry: {error}") from error
    return cbor.encode(mapping)


def op(kind: str, body: bytes) -> dict[str, Any]:
    """Read the body of a client's OP; MalformedFrame or TooLarge unless it has the shape of its kind."""
    shape = OPS.get(kind)
    if shape is None:
        raise MalformedFrame(f"no such op: {kind[:40]}")
    found = shapes.check(kind, shape, cbor.decode(body))
    if kind == "run":
        _check_run(found)
    return found


def _check_run(run: dict[str, Any]) -> None:
    if "file" not in run and "code" not in run:
        raise MalformedFrame("run: neither a file nor code")
    if run.get("console") and ("file" in run or "first_line" in run):
        raise MalformedFrame("run: what is typed at the console stands in no file")
    if len(run.get("code", "").encode()) > limits.CODE:
        raise TooLarge(f"run: code is larger than {limits.CODE // limits.KIB} KiB")


class Edit(NamedTuple):
    """The body of an `edit`; `time`: the typist's own clock in ms; `relayed`: others' ids are in it."""

    update: bytes
    time: int | None = None
    relayed: bool = False


_UPDATE_ALONE: Final = b"\xa1\x66update"


def edit_body(update: bytes, time: int | None = None, *, relayed: bool = False) -> bytes:
    """Write the body of an `edit`."""
    if time is None and not relayed:
        return _UPDATE_ALONE + cbor.head(2, len(update)) + update
    fields: dict[str, Any] = {"update": update}
    if time is not None:
        fields["time"] = time
    if relayed:
        fields["relayed"] = True
    return cbor.encode(fields)


def edit(body: bytes) -> Edit:
    """Read the body of an `edit`."""
    update = edit_update_alone(body)
    return Edit(**check(EDIT, _EDIT, cbor.decode(body))) if update is None else Edit(update)


def edit_update_alone(body: bytes) -> bytes | None:
    """The update in a body that holds nothing else, and is small; None for every other body."""
    if body[:8] == _UPDATE_ALONE and len(body) >= 10:
        head = body[8]
        if len(body) == 9 + head - 0x40 and head < 0x58:
            return body[9:]
        if head == 0x58 and len(body) == 10 + body[9] and body[9] >= 24:
            return body[10:]
    return None


def edit_update(body: bytes) -> bytes:
    """Read the update out of the body of an `edit`."""
    return edit_update_alone(body) or edit(body).update
