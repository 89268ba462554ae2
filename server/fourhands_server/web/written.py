"""Calls about the files that code wrote: list them, save one, take one into the room."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_server.live.server_edits import TEXT_LIMIT, put_file
from fourhands_server.web.api import Call, Desk, answer
from fourhands_server.web.bytes import file_answer
from fourhands_server.web.files import Changed, path_of
from fourhands_server.web.problem import Problem


class WrittenFile(msgspec.Struct, kw_only=True):
    """A file that code wrote; `size` in bytes."""

    path: str
    size: int


class WrittenList(msgspec.Struct, kw_only=True):
    """The files that code wrote, as of now or a second ago; `more` at least are there besides."""

    files: list[WrittenFile]
    more: int


class Written:
    """The calls about the kernel's folder. Everybody who reads the room may look into it."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        folder = "/api/rooms/{room}/kernel/files"
        path = f"{folder}/{{path:path}}"
        return [
            Call("GET", folder, "The files that code wrote", self.all_files, answer=WrittenList),
            Call(
                "POST", f"{path}/take", "Take a text that code wrote into the room", self.take, None, Changed
            ),
            Call("GET", path, "A file of the kernel's folder, up to 16 MiB", self.read, raw_answer=True),
        ]

    async def all_files(self, request: Request) -> Response:
        """Looked up now: others hear of it where it is news."""
        _, host = await self._desk.enter(request, "read")
        found = await self._desk.hub.parts.kernels.files(host.id)
        files = [WrittenFile(path=path, size=size) for path, size in found.files]
        return answer(WrittenList(files=files, more=found.more))

    async def read(self, request: Request) -> Response:
        """The bytes as they are now; the kernel may go on writing."""
        _, host = await self._desk.enter(request, "read")
        path = path_of(request)
        return file_answer(path, await self._desk.hub.parts.kernels.read_file(host.id, path))

    async def take(self, request: Request) -> Response:
        """A new file of the room, or an edit of the one that has this name."""
        principal, host = await self._desk.enter(request, "file.create")
        path = path_of(request)
        data = await self._desk.hub.parts.kernels.read_file(host.id, path)
        if len(data) > TEXT_LIMIT:
            raise Problem(413, "too-large", f"A file of the room takes texts of up to {TEXT_LIMIT} bytes.")
        try:
            text = data.decode()
        except UnicodeDecodeError as error:
            raise Problem(415, "not-text", f"{path} is not text in UTF-8. Download it instead.") from error
        if "\0" in text:
            raise Problem(415, "not-text", f"{path} is not text. Download it instead.")
        seq, created = await put_file(
            host,
            self._desk.documents,
            self._desk.auth.server_client,
            person=principal.person,
            role=principal.role,
            path=path,
            text=text,
        )
        return answer(Changed(seq=seq), 201 if created else 200)
