"""Frames between a server and its kernel host: a length of four bytes, then one canonical CBOR map.

Client to host: the first frame is {hello: version}; then {call, id, …arguments}, without id where no answer
is wanted. Host to client: {version, host, options} first; then {id, result} or {id, error: {kind, …}} or
{event: [room, journal, n, kind, body]}.
"""

import asyncio
import os
import socket
import stat
import struct
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Final

from fourhands_protocol import cbor
from fourhands_protocol.errors import ProtocolError

from .editor_help import Answer, BadQuestion, Question
from .judgement import BadJudgement, Judgement
from .kernel import (
    Attachment,
    Execution,
    FileTooLarge,
    HostRefused,
    KernelBusy,
    KernelError,
    KernelUnavailable,
    MissingData,
    NoSuchFile,
    NotAsking,
    Service,
)
from .service import BadService, check_services

VERSION: Final = 3
FRAME: Final = 20 * 1024 * 1024  # bytes; a data file of 16 MiB, or the code and the files of a run
_LENGTH: Final = struct.Struct("!I")
_PATH: Final = 107  # bytes that fit into a unix socket's address

Message = dict[str, Any]


async def read(reader: asyncio.StreamReader) -> Message | None:
    """Read one frame; None at the end; HostRefused where it is none."""
    try:
        (length,) = _LENGTH.unpack(await reader.readexactly(_LENGTH.size))
        if length > FRAME:
            raise HostRefused(f"a frame of {length} bytes")
        message = cbor.decode(await reader.readexactly(length))
    except (asyncio.IncompleteReadError, ConnectionError):
        return None
    except ProtocolError as error:
        raise HostRefused(f"a malformed frame: {error}") from error
    if not isinstance(message, dict):
        raise HostRefused("a frame that is no map")
    return message


def write(message: Mapping[str, Any]) -> bytes:
    """One frame."""
    payload = cbor.encode(message)
    return _LENGTH.pack(len(payload)) + payload


def execution_message(execution: Execution) -> Message:
    """An execution as a map."""
    limit = execution.time_limit_s
    return {
        "run": execution.run,
        "code": execution.code,
        "filename": execution.filename,
        "first_line": execution.first_line,
        "time_limit_s": None if limit is None else float(limit),
        "environment": execution.environment,
        "files": dict(execution.files),
        "data": dict(execution.data),
        "services": services_message(execution.services),
    }


def execution_from(message: Mapping[str, Any]) -> Execution:
    """The execution that a map stands for; HostRefused where its services cannot be any."""
    return Execution(**{**message, "services": services_from(message["services"])})


def services_message(services: tuple[Service, ...]) -> list[list[Any]]:
    """Services as pairs."""
    return [[service.port, service.source] for service in services]


def services_from(message: list[list[Any]]) -> tuple[Service, ...]:
    """The services that pairs stand for; HostRefused says why they cannot be any."""
    services = tuple(Service(port, source) for port, source in message)
    try:
        check_services(services)
    except BadService as error:
        raise HostRefused(str(error)) from error
    return services


def attachment_message(attachment: Attachment) -> Message:
    """An attachment as a map."""
    return {
        "room": attachment.room,
        "journal": attachment.journal,
        "state": attachment.state,
        "detail": attachment.detail,
        "runs": dict(attachment.runs),
        "judgements": dict(attachment.judgements),
    }


def judgement_message(judgement: Judgement) -> Message:
    """A judgement as a map."""
    return {
        "id": judgement.id,
        "files": dict(judgement.files),
        "tests": dict(judgement.tests),
        "modules": list(judgement.modules),
        "visibility": judgement.visibility,
        "per_call_s": float(judgement.per_call_s),
        "total_s": float(judgement.total_s),
        "fresh": judgement.fresh,
        "environment": judgement.environment,
        "tests_environment": judgement.tests_environment,
        "services": services_message(judgement.services),
    }


def judgement_from(message: Mapping[str, Any]) -> Judgement:
    """The judgement that a map stands for; HostRefused says why it cannot be one."""
    try:
        services = services_from(message["services"])
        judgement = Judgement(**{**message, "modules": tuple(message["modules"]), "services": services})
        judgement.check()
    except BadJudgement as error:
        raise HostRefused(str(error)) from error
    return judgement


def question_message(question: Question) -> Message:
    """A question for the editor's help as a map."""
    return {
        "what": question.what,
        "path": question.path,
        "text": question.text,
        "line": question.line,
        "character": question.character,
        "files": dict(question.files),
        "known": question.known,
        "environment": question.environment,
    }


def question_from(message: Mapping[str, Any]) -> Question:
    """The question that a map stands for; HostRefused says why it cannot be one."""
    question = Question(**message)
    try:
        question.check()
    except BadQuestion as error:
        raise HostRefused(str(error)) from error
    return question


def answer_message(answer: Answer) -> Message:
    """An answer of the editor's help as a map."""
    content = None if answer.content is None else dict(answer.content)
    return {"state": answer.state, "content": content, "stale": answer.stale}


def error_message(error: Exception) -> Message:
    """An error as a map."""
    match error:
        case KernelUnavailable(reason=reason):
            return {"kind": "unavailable", "reason": reason}
        case KernelBusy(run=run):
            return {"kind": "busy", "run": run}
        case NotAsking(run=run):
            return {"kind": "not-asking", "run": run}
        case MissingData(digests=digests):
            return {"kind": "missing-data", "digests": list(digests)}
        case NoSuchFile(path=path):
            return {"kind": "no-such-file", "path": path}
        case FileTooLarge(path=path, size=size):
            return {"kind": "file-too-large", "path": path, "size": size}
    return {"kind": "refused", "reason": str(error)}


def error_from(message: Mapping[str, Any]) -> KernelError:
    """The error that a map stands for."""
    match message:
        case {"kind": "unavailable", "reason": str(reason)}:
            return KernelUnavailable(reason)
        case {"kind": "busy", "run": str(run)}:
            return KernelBusy(run)
        case {"kind": "not-asking", "run": str(run)}:
            return NotAsking(run)
        case {"kind": "missing-data", "digests": list(digests)}:
            return MissingData(digests)
        case {"kind": "no-such-file", "path": str(path)}:
            return NoSuchFile(path)
        case {"kind": "file-too-large", "path": str(path), "size": int(size)}:
            return FileTooLarge(path, size)
    return HostRefused(str(message.get("reason", "no reason given")))


@contextmanager
def address(path: Path) -> Iterator[str]:
    """The socket's address; a path too long for one is reached through a descriptor of its folder."""
    if len(os.fsencode(path)) <= _PATH:
        yield str(path)
        return
    folder = os.open(path.parent, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        yield f"/proc/self/fd/{folder}/{path.name}"
    finally:
        os.close(folder)


def private(folder: Path) -> Path:
    """Make a folder that is nobody else's; PermissionError where it is somebody's."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.geteuid():
        raise PermissionError(f"{folder} is not a folder of uid {os.geteuid()}")
    folder.chmod(0o700)
    return folder


def peer(link: socket.socket) -> tuple[int, int]:
    """Pid and uid of the other side, in the kernel's words."""
    pid, uid, _ = struct.unpack("3i", link.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, 12))
    return pid, uid
