"""HTTP as no polite client would send it: paths, headers and bodies go out exactly as they are given."""

from __future__ import annotations

import socket
from dataclasses import dataclass
from typing import Any

import msgspec


@dataclass(frozen=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        return msgspec.json.decode(self.body)


def send(
    port: int, method: str, target: str | bytes, *, bearer: str = "", body: bytes = b"", promise: int = 0
) -> Answer:
    """One request on its own connection. With `promise`, so many bytes of body are announced, not sent."""
    path = target if isinstance(target, bytes) else target.encode()
    head = [f"{method} ".encode() + path + b" HTTP/1.1", b"Host: 127.0.0.1", b"Connection: close"]
    head += [f"Content-Length: {promise or len(body)}".encode()]
    head += [f"Authorization: Bearer {bearer}".encode()] if bearer else []
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(b"\r\n".join(head) + b"\r\n\r\n" + body)
        return _read(link)


def _read(link: socket.socket) -> Answer:
    received = b""
    while b"\r\n\r\n" not in received:
        received += _more(link)
    head, _, body = received.partition(b"\r\n\r\n")
    status, *lines = head.decode("latin-1").split("\r\n")
    headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines)}
    while len(body) < int(headers["content-length"]):
        body += _more(link)
    return Answer(int(status.split()[1]), headers, body)


def _more(link: socket.socket) -> bytes:
    data = link.recv(65536)
    assert data, "the server closed the connection without an answer"
    return data
