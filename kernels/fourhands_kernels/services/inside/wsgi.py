"""One request of HTTP/1.1 read from a connection, handed to a WSGI app, and its answer as bytes.

Everything is bounded: the head, the body, the answer. Requests in chunks are refused; each connection has one
request.
"""

import http.client
import io
import re
import socket
import sys
import urllib.parse
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

HEAD = 32 * 1024  # bytes
BODY = 1024 * 1024
ANSWER = 4 * 1024 * 1024
PIECE = 64 * 1024
DRAINED = 4 * 1024 * 1024  # bytes of a refused request that are still read: who sends hears the answer then
_STATUS = re.compile(r"[2-5][0-9]{2} [\x20-\x7e\xa0-\xff]*")
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t\x20-\x7e\xa0-\xff]*")
_BODILESS = ("204", "304")

App = Callable[[dict[str, Any], Callable[..., Any]], Iterable[bytes]]


class Refused(Exception):
    """A request that is none, or too large; `status` is a status line's."""

    def __init__(self, status: str) -> None:
        super().__init__(status)
        self.status = status


class Request(NamedTuple):
    """A request that was read whole."""

    method: str
    target: str
    version: str
    headers: http.client.HTTPMessage
    body: bytes

    @property
    def path(self) -> str:
        """Its path, as it was sent."""
        return self.target.partition("?")[0]


def receive(link: socket.socket) -> Request | None:
    """Read a request; None where the other side goes before it is whole."""
    data = bytearray()
    while (end := data.find(b"\r\n\r\n")) < 0:
        if len(data) > HEAD:
            raise Refused("431 Request Header Fields Too Large")
        if not (piece := link.recv(PIECE)):
            return None
        data += piece
    line, _, rest = bytes(data[: end + 4]).partition(b"\r\n")
    words = line.decode("latin-1").split(" ")
    if len(words) != 3 or not words[2].startswith("HTTP/1.") or not words[0].isalpha():
        raise Refused("400 Bad Request")
    try:
        headers = http.client.parse_headers(io.BytesIO(rest))
    except http.client.HTTPException:
        raise Refused("431 Request Header Fields Too Large") from None
    body = data[end + 4 :]
    length = _length(headers)
    if length and len(body) < length and headers.get("Expect", "").lower() == "100-continue":
        link.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
    while len(body) < length:
        if not (piece := link.recv(PIECE)):
            return None
        body += piece
    return Request(words[0], _origin(words[1]), words[2], headers, bytes(body[:length]))


def _length(headers: http.client.HTTPMessage) -> int:
    if "Transfer-Encoding" in headers:
        raise Refused("411 Length Required")
    length = headers.get("Content-Length", "0").strip()
    if not re.fullmatch(r"[0-9]{1,18}", length, re.ASCII):
        raise Refused("400 Bad Request")
    if int(length) > BODY:
        raise Refused("413 Content Too Large")
    return int(length)


def _origin(target: str) -> str:
    """Path and query of a target, which through a proxy has the whole address."""
    if target.startswith("/"):
        return target
    if target.lower().startswith("http://"):
        return "/" + target.partition("://")[2].partition("/")[2]
    raise Refused("400 Bad Request")


def environment(request: Request, *, port: int, errors: Any) -> dict[str, Any]:
    """What WSGI (PEP 3333) tells the app."""
    path, _, query = request.target.partition("?")
    environ: dict[str, Any] = {
        "REQUEST_METHOD": request.method,
        "SCRIPT_NAME": "",
        "PATH_INFO": urllib.parse.unquote(path, "latin-1"),
        "QUERY_STRING": query,
        "CONTENT_TYPE": request.headers.get("Content-Type", ""),
        "CONTENT_LENGTH": str(len(request.body)) if "Content-Length" in request.headers else "",
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": str(port),
        "SERVER_PROTOCOL": request.version,
        "REMOTE_ADDR": "127.0.0.1",
        "wsgi.version": (1, 0),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(request.body),
        "wsgi.errors": errors,
        "wsgi.multithread": True,
        "wsgi.multiprocess": False,
        "wsgi.run_once": False,
    }
    for name, value in request.headers.items():
        key = "HTTP_" + name.upper().replace("-", "_")
        if key not in ("HTTP_CONTENT_TYPE", "HTTP_CONTENT_LENGTH"):
            environ[key] = f"{environ[key]},{value}" if key in environ else value
    return environ


def call(app: App, request: Request, *, port: int) -> bytes:
    """Have the app answer; raises whatever the app raises, TypeError or ValueError for answers that are
    none.
    """
    begun: list[tuple[str, list[tuple[str, str]]]] = []
    body = bytearray()

    def write(piece: bytes) -> None:
        body.extend(piece)
        if len(body) > ANSWER:
            raise ValueError(f"an answer of more than {ANSWER // 2**20} MiB")

    def start_response(status: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
        if begun and exc_info is None:
            raise AssertionError("start_response was called twice")
        begun[:] = [(status, list(headers))]
        return write

    pieces = app(environment(request, port=port, errors=sys.stderr), start_response)
    try:
        for piece in pieces:
            write(piece)
    finally:
        if (close := getattr(pieces, "close", None)) is not None:
            close()
    if not begun:
        raise AssertionError("the app did not call start_response")
    return answer(*begun[0], bytes(body), bare=request.method == "HEAD")


def answer(status: str, headers: list[tuple[str, str]], body: bytes, *, bare: bool = False) -> bytes:
    """An answer as bytes; `bare` leaves the body out, as HEAD wants it."""
    if not isinstance(status, str) or not _STATUS.fullmatch(status):
        raise ValueError(f"{status!r} is no status like '200 OK'")
    lines = [f"HTTP/1.1 {status}"]
    for name, value in headers:
        if not _NAME.fullmatch(name) or not _VALUE.fullmatch(value):
            raise ValueError(f"{name!r}: {value!r} is no header")
        if name.lower() not in ("connection", "content-length", "transfer-encoding"):
            lines.append(f"{name}: {value}")
    bodiless = status[:3] in _BODILESS
    lines += [] if bodiless else [f"Content-Length: {len(body)}"]
    lines += ["Connection: close", "", ""]
    return "\r\n".join(lines).encode("latin-1") + (b"" if bare or bodiless else body)


def plain(status: str, words: str = "") -> bytes:
    """An answer of our own, in words."""
    body = (words or status[4:]).encode()
    return answer(status, [("Content-Type", "text/plain; charset=utf-8")], body)


def drain(link: socket.socket) -> None:
    """Read what a refused request still sends, within bounds: closed over unread bytes, a connection takes
    its answer along.
    """
    link.shutdown(socket.SHUT_WR)
    left = DRAINED
    while left > 0 and (piece := link.recv(PIECE)):
        left -= len(piece)
