"""Calls about the files of a room: read, create or replace, delete."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_server.live.server_edits import put_file
from fourhands_server.web.api import Call, Desk, answer, read_body
from fourhands_server.web.problem import Problem


class Text(msgspec.Struct, kw_only=True):
    """The whole text of a file."""

    text: str


class FileText(msgspec.Struct, kw_only=True):
    """The committed text, and the room seq at which it stood so."""

    text: str
    seq: int


class Changed(msgspec.Struct, kw_only=True):
    """The seq of the entry that records the change."""

    seq: int


class Files:
    """The calls about files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        path = "/api/rooms/{room}/files/{path:path}"
        return [
            Call("GET", path, "The text of a file", self.read, answer=FileText),
            Call("PUT", path, "Create a file, or replace its text by an edit", self.put, Text, Changed),
            Call("DELETE", path, "Delete a file", self.delete, answer=Changed),
        ]

    async def read(self, request: Request) -> Response:
        """The text as it is committed."""
        _, host = await self._desk.enter(request, "read")
        file = host.state.path_owner(request.path_params["path"])
        if file is None:
            raise _missing(request)
        text, seq = await host.text(file.id)
        return answer(FileText(text=text, seq=seq))

    async def put(self, request: Request) -> Response:
        """Everybody sees the replacement as an edit of this participant."""
        principal, host = await self._desk.enter(request, "edit")
        wanted = await read_body(request, Text)
        try:
            wanted.text.encode()
        except UnicodeEncodeError as error:
            raise Problem(400, "bad-text", "The text holds half of a surrogate pair.") from error
        seq, created = await put_file(
            host,
            self._desk.documents,
            self._desk.auth.server_client,
            person=principal.person,
            role=principal.role,
            path=path_of(request),
            text=wanted.text,
        )
        return answer(Changed(seq=seq), 201 if created else 200)

    async def delete(self, request: Request) -> Response:
        """The file's history stays in the log."""
        principal, host = await self._desk.enter(request, "file.delete")
        file = host.state.path_owner(path_of(request))
        if file is None:
            raise _missing(request)
        seq = await host.call(principal.person, principal.role, "file.delete", {"file": file.id})
        return answer(Changed(seq=seq))


def path_of(request: Request) -> str:
    """The path that a call is about; raises Problem where its bytes are no text."""
    path: str = request.path_params["path"]
    if "\ufffd" in path:  # what stands for such bytes once the URL is decoded
        raise Problem(400, "bad-path", "The name is not written in UTF-8.")
    return path


def _missing(request: Request) -> Problem:
    return Problem(404, "no-such-file", f"There is no file {request.path_params['path'][:100]}.")
