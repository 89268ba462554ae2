"""A peer that says or takes nothing does not keep its connection for ever."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from fourhands_server.web import http
from fourhands_server.web.http import ABORT, HttpConnection

SIZE = 4 * 2**20
DEADLINE_S = 20.0


class Answer:
    """An application that answers with more than a network takes at once; `over` when it is done with it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        try:
            if scope["path"] == "/late":
                await asyncio.sleep(0.5)
            await send({"type": "http.response.start", "status": 200, "headers": []})
            await send({"type": "http.response.body", "body": bytes(SIZE), "more_body": True})
            if scope["path"] == "/cut":
                scope[ABORT]()
            await send({"type": "http.response.body", "body": b"", "more_body": False})
        finally:
            self.over.set()


class Unanswered(Answer):
    """It wants the whole request first."""

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass


def get(path: str) -> bytes:
    return f"GET {path} HTTP/1.1\r\nHost: x\r\n\r\n".encode()


@asynccontextmanager
async def saying(request: bytes, answer: Answer, *, window: int) -> AsyncIterator[socket.socket]:
    """A connection on which so much was said, and nothing read yet."""
    config, state = uvicorn.Config(answer, log_config=None, lifespan="off"), ServerState()
    config.load()
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: HttpConnection(config, state, {}), "127.0.0.1", 0)
    with socket.socket() as reader:
        reader.setblocking(False)
        reader.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, window)
        await loop.sock_connect(reader, server.sockets[0].getsockname())
        await loop.sock_sendall(reader, request)
        async with asyncio.timeout(DEADLINE_S):
            yield reader
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize("path", ["/stalled", "/cut"])
async def test_a_reader_that_takes_nothing_loses_its_connection(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    if path == "/stalled":
        monkeypatch.setattr(http, "LOOK_S", 0.1)
    answer = Answer()
    async with saying(get(path), answer, window=4096):
        await answer.over.wait()


@pytest.mark.parametrize(
    "request_",
    [b"", b"GET /", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\nhalf"],
    ids=["nothing", "half a head", "half a body"],
)
async def test_half_a_request_is_not_waited_for_for_ever(
    request_: bytes, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http, "LOOK_S", 0.05)
    async with saying(request_, Unanswered(), window=4096) as reader:
        with suppress(ConnectionResetError):
            while await asyncio.get_running_loop().sock_recv(reader, 100):
                pass


@pytest.mark.parametrize("path", ["/slow", "/late"])
async def test_a_slow_reader_gets_everything(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http, "LOOK_S", 0.2)
    came, loop = 0, asyncio.get_running_loop()
    async with saying(get(path), Answer(), window=256 * 1024) as reader:
        while came < SIZE:
            piece = await loop.sock_recv(reader, 128 * 1024)
            assert piece, f"the answer ended after {came} bytes"
            came += len(piece)
            await asyncio.sleep(0.02)
