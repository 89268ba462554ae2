"""Bad input of every sort by HTTP: a clear problem, no entry, and a server that goes on as if nothing was."""

from __future__ import annotations

import json
import socket

import pytest
from httpx import Response
from tests.support import raw
from tests.support.people import People, expect_problem
from tests.support.server import ADMIN, LiveServer

BODY_LIMIT, OPEN_LIMIT = 1024 * 1024, 16 * 1024  # bytes: of somebody known, of a stranger

BROKEN = {
    "empty": b"",
    "cut short": b'{"text": "x',
    "no JSON": b"text=x",
    "not UTF-8": b'{"text": "\xff"}',
    "another encoding": '{"text": "x"}'.encode("utf-16"),
    "two values": b'{"text": "x"} {}',
    "a trailing comma": b'{"text": "x",}',
    "an array": b"[]",
    "a string": b'"x"',
    "null": b"null",
    "NaN": b'{"text": NaN}',
    "a number for a text": b'{"text": 5}',
    "null for a text": b'{"text": null}',
    "a list for a text": b'{"text": ["x"]}',
    "a lone surrogate": b'{"text": "\\ud800"}',
    "a lone surrogate at the end": b'{"text": "x\\udc00"}',
    "surrogates the wrong way round": b'{"text": "\\ude00\\ud83d"}',
    "a surrogate in UTF-8": b'{"text": "\xed\xa0\x80"}',
    "very deep": b'{"text": ' + b"[" * 200_000 + b"]" * 200_000 + b"}",
    "very deep beside": b'{"text": "x", "y": ' + b'{"a":' * 100_000 + b"1" + b"}" * 100_000 + b"}",
}


@pytest.fixture(scope="module")
def room(server: LiveServer) -> People:
    return People(server)


@pytest.mark.parametrize("kind", BROKEN)
def test_a_body_that_is_not_what_the_call_takes(room: People, kind: str) -> None:
    head = room.host.json("GET")["head_seq"]
    expect_problem(room.candidate("PUT", "/files/main.py", content=BROKEN[kind]), 400, "bad-body")
    assert room.host.json("GET")["head_seq"] == head


@pytest.mark.parametrize("kind", ["cut short", "not UTF-8", "an array", "a lone surrogate", "very deep"])
def test_every_call_with_a_body_checks_it(room: People, kind: str) -> None:
    body = BROKEN[kind].replace(b"text", b"invite")
    server = room.server
    for path in ("/api/join", "/api/invite"):
        long = len(body) > OPEN_LIMIT
        status, code = (413, "too-large") if long else (400, "bad-body")
        expect_problem(server.call("POST", path, content=body), status, code)
    for answer in (
        server.call("POST", "/api/rooms", bearer=ADMIN, content=BROKEN[kind].replace(b"text", b"title")),
        room.candidate("POST", "/runs", content=BROKEN[kind].replace(b"text", b"code")),
        room.interviewer("POST", "/revoke", content=body),
        room.interviewer("POST", "/remove", content=BROKEN[kind].replace(b"text", b"participant")),
    ):
        expect_problem(answer, 400, "bad-body")


def test_the_place_of_the_first_mistake_is_named(room: People) -> None:
    assert "$.text" in expect_problem(
        room.candidate("PUT", "/files/main.py", json={"text": 5}), 400, "bad-body"
    )


def test_what_a_call_does_not_know_is_passed_over(room: People) -> None:
    """So that a client of a later version can talk to this one."""
    answer = room.candidate("PUT", "/files/main.py", json={"text": "x", "later": [1, {"a": None}]})
    assert answer.is_success


def test_a_body_is_read_up_to_its_limit_and_no_further(room: People) -> None:
    def of_a_stranger(body: bytes) -> Response:
        return room.server.call("POST", "/api/join", content=body)

    def of_a_participant(body: bytes) -> Response:
        return room.candidate("PUT", "/files/main.py", content=body)

    for limit, call in ((OPEN_LIMIT, of_a_stranger), (BODY_LIMIT, of_a_participant)):
        for size in (limit + 1, 5 * limit):
            assert str(limit) in expect_problem(call(b" " * size), 413, "too-large")
        expect_problem(call(b" " * (limit - 2) + b"{}"), 400, "bad-body")


def test_a_body_without_end_is_cut_off(room: People) -> None:
    """Sent in chunks, so that no length announces it."""
    with socket.create_connection(("127.0.0.1", room.server.port), timeout=20) as link:
        link.sendall(b"POST /api/join HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
        received = b""
        try:
            for _ in range(100):
                link.sendall(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
        except (BrokenPipeError, ConnectionResetError):
            pass
        try:
            received = link.recv(65536)
        except ConnectionResetError:
            return
    assert received.startswith(b"HTTP/1.1 413 ")


@pytest.mark.parametrize(
    ("method", "path", "status", "code"),
    [
        ("GET", "/nope", 404, "not-found"),
        ("GET", "/api/", 404, "not-found"),
        ("GET", "/api/nope", 404, "not-found"),
        ("GET", "/api/rooms/", 404, "not-found"),
        ("GET", "/yjs/room", 404, "not-found"),
        ("GET", "/assets/nope.js", 404, "not-found"),
        ("GET", "/api/join", 405, "method-not-allowed"),
        ("DELETE", "/api/rooms", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
        ("TRACE", "/healthz", 405, "method-not-allowed"),
        ("OPTIONS", "/api/rooms", 405, "method-not-allowed"),
    ],
)
def test_an_address_or_method_that_is_not_there(
    server: LiveServer, method: str, path: str, status: int, code: str
) -> None:
    answer = server.call(method, path, bearer=ADMIN)
    assert "/api/openapi.json" in expect_problem(answer, status, code)
    assert ("allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize("target", ["/assets/../index.html", "/assets/%2e%2e/x", "/../../etc/passwd"])
def test_no_path_leads_out_of_the_pages(server: LiveServer, target: str) -> None:
    assert raw.send(server.port, "GET", target).status == 404


@pytest.mark.parametrize("bearer", [b"\xff\xfe", b"a" * 20_000, b"\x7f", b"a b c", b"a.b.c", b"==="])
def test_a_bearer_may_be_any_bytes(server: LiveServer, bearer: bytes) -> None:
    answer = server.call("GET", "/api/rooms/x", headers={b"Authorization": b"Bearer " + bearer})  # type: ignore[dict-item]
    assert answer.status_code in (400, 401, 431)
    assert server.call("GET", "/healthz").status_code == 200


def test_many_bad_calls_leave_the_room_as_it_was(room: People) -> None:
    before = room.host.json("GET")
    for number in range(50):
        room.candidate("PUT", f"/files/..%2f{number}", json={"text": "x"})
        room.candidate("POST", "/runs", json={"code": 5})
        room.candidate("POST", "/runs", content=b"{" * number)
        room.server.call("POST", "/api/join", json={"invite": "x" * number, "name": "x"})
    assert room.host.json("GET") == before
    assert not [line for line in room.server.output if "Traceback" in line or " ERROR " in line]


def test_json_that_means_the_same_is_taken(room: People) -> None:
    for body in (b'\n {"text" : "\\u0078"}\t', json.dumps({"text": "x", "\u0000": 1}).encode()):
        assert room.candidate("PUT", "/files/main.py", content=body).is_success
        assert room.candidate.text() == "x"
