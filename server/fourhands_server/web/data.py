"""Calls about data files: bytes that an interviewer uploads and the room's code finds in its folder."""

from __future__ import annotations

import msgspec
from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import limits
from fourhands_server.core import operations
from fourhands_server.core.state import DataFile
from fourhands_server.live.host import RoomHost
from fourhands_server.web.api import Call, Desk, answer
from fourhands_server.web.bytes import file_answer, read_bytes
from fourhands_server.web.files import Changed, path_of
from fourhands_server.web.problem import Problem


class DataRow(msgspec.Struct, kw_only=True):
    """A data file; `size` in bytes."""

    path: str
    size: int
    sha256: str


class DataList(msgspec.Struct, kw_only=True):
    """The data files of a room, and how many bytes they may have each and together."""

    files: list[DataRow]
    largest: int
    most: int


class Data:
    """The calls about data files."""

    def __init__(self, desk: Desk) -> None:
        self._desk = desk

    def calls(self) -> list[Call]:
        """The rows of the API."""
        folder = "/api/rooms/{room}/data"
        path = f"{folder}/{{path:path}}"
        put = "Upload a data file (interviewers), up to 16 MiB"
        return [
            Call("GET", folder, "The data files of the room", self.all_files, answer=DataList),
            Call("GET", path, "A data file", self.read, raw_answer=True),
            Call("PUT", path, put, self.put, answer=Changed, raw_body=True),
            Call("DELETE", path, "Remove a data file (interviewers)", self.remove, answer=Changed),
        ]

    async def all_files(self, request: Request) -> Response:
        """What the next run finds."""
        _, host = await self._desk.enter(request, "read")
        rows = [DataRow(path=f.path, size=f.size, sha256=f.sha256) for f in host.state.data.values()]
        return answer(DataList(files=rows, largest=limits.DATA_FILE, most=limits.DATA_ROOM))

    async def read(self, request: Request) -> Response:
        """The bytes that were uploaded."""
        _, host = await self._desk.enter(request, "read")
        file = _file(host, path_of(request))
        return file_answer(file.path, await self._desk.hub.parts.blobs.get(file.sha256))

    async def put(self, request: Request) -> Response:
        """The bytes are durable before the log says that they are there."""
        principal, host = await self._desk.enter(request, "data.add")
        path = path_of(request)
        data = await read_bytes(request, limits.DATA_FILE)
        body = {"path": path, "size": len(data), "sha256": ""}
        operations.plan(host.state, "data.add", body)  # nothing is kept that would be refused
        created = path not in host.state.data
        body["sha256"] = await self._desk.hub.parts.blobs.put(data)
        seq = await host.call(principal.person, principal.role, "data.add", body)
        return answer(Changed(seq=seq), 201 if created else 200)

    async def remove(self, request: Request) -> Response:
        """Later runs do not find it; its bytes stay beside the log, which names them."""
        principal, host = await self._desk.enter(request, "data.remove")
        file = _file(host, path_of(request))
        seq = await host.call(principal.person, principal.role, "data.remove", {"path": file.path})
        return answer(Changed(seq=seq))


def _file(host: RoomHost, path: str) -> DataFile:
    file = host.state.data.get(path)
    if file is None:
        raise Problem(404, "no-such-file", f"There is no data file {path[:100]}.")
    return file
