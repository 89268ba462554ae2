"""Bytes that come and go as they are: a body up to a limit, a file that no browser takes for a page."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Final
from urllib.parse import quote

from starlette.requests import Request
from starlette.responses import Response

from fourhands_protocol import limits
from fourhands_server.web.problem import Problem

IMAGES: Final = {
    ".png": "image/png",
    ".jpg": "image/jpeg",
    ".jpeg": "image/jpeg",
    ".gif": "image/gif",
    ".webp": "image/webp",
}
TEXT: Final = "text/plain; charset=utf-8"
_DRAINED: Final = 64 * limits.KIB**2  # bytes: who is cut off while sending never reads why


async def read_bytes(request: Request, most: int) -> bytes:
    """The body; raises Problem (413) where it is larger than `most` bytes, once most of it has come."""
    size, pieces = 0, []
    async for piece in request.stream():
        size += len(piece)
        if size <= most:
            pieces.append(piece)
        elif size > _DRAINED:
            break
        else:
            pieces.clear()
    if size > most:
        raise Problem(413, "too-large", f"A file has at most {most // limits.KIB**2} MiB.")
    return b"".join(pieces)


def file_answer(path: str, data: bytes) -> Response:
    """A file to be saved; what a browser might run is sent as plain text or bytes."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(PurePosixPath(path).name, safe='')}",
        "Content-Security-Policy": "sandbox; default-src 'none'",
        "Cross-Origin-Resource-Policy": "same-origin",
        "X-Content-Type-Options": "nosniff",
        "Cache-Control": "no-store",
    }
    answer = Response(data, headers=headers)
    answer.headers["Content-Type"] = _type(path, data)
    return answer


def _type(path: str, data: bytes) -> str:
    image = IMAGES.get(PurePosixPath(path).suffix.lower())
    if image is not None:
        return image
    try:
        return TEXT if "\0" not in data.decode() else "application/octet-stream"
    except UnicodeDecodeError:
        return "application/octet-stream"
