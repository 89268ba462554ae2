"""The HTTP server inside a service's sandbox, spoken to over a loopback of the tests' own."""

import contextlib
import http.client
import socket
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import fourhands_kernels.services

INSIDE = Path(fourhands_kernels.services.__file__).parent / "inside"
SECONDS = 30.0


@pytest.fixture(scope="module")
def serving() -> Iterator[Any]:
    sys.path.insert(0, str(INSIDE))
    try:
        import serving  # type: ignore[import-not-found]

        yield serving
    finally:
        sys.path.remove(str(INSIDE))


class Service:
    """A server in threads of this process, with short limits."""

    def __init__(self, serving: Any, app: Any) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.told: list[str] = []
        self.news = threading.Event()
        self.serving = serving.Server(self.listener, app, self._tell)
        threading.Thread(target=self.serving.run, daemon=True).start()

    def _tell(self, kind: str, text: str) -> None:
        self.told.append(f"{kind}: {text}")
        self.news.set()

    @property
    def address(self) -> tuple[str, int]:
        return self.listener.getsockname()  # type: ignore[no-any-return]

    def ask(self, method: str, path: str, body: bytes | None = None) -> tuple[int, str]:
        link = http.client.HTTPConnection(*self.address, timeout=SECONDS)
        with contextlib.closing(link):
            link.request(method, path, body)
            answer = link.getresponse()
            return answer.status, answer.read().decode()

    def says(self, data: bytes) -> bytes:
        """What comes back for these bytes, until the other side ends."""
        with socket.create_connection(self.address, timeout=SECONDS) as link:
            link.sendall(data)
            return b"".join(iter(lambda: link.recv(65536), b""))


def app(environ: dict[str, Any], start_response: Any) -> list[bytes]:
    path = environ["PATH_INFO"]
    if path == "/echo":
        start_response("200 OK", [("X-Kind", environ["CONTENT_TYPE"])])
        return [environ["wsgi.input"].read(), environ["QUERY_STRING"].encode()]
    if path == "/fails":
        raise LookupError("of its own")
    if path == "/split":
        start_response("200 OK\r\nX: y", [])
        return []
    if path == "/nothing":
        return []
    if path == "/large":
        start_response("200 OK", [])
        return [bytes(1 << 20)] * 5
    if path == "/slow":
        threading.Event().wait(SECONDS)
    start_response("200 OK", [("Content-Length", "99999"), ("X-Name", environ.get("HTTP_X_NAME", ""))])
    return [b"hello"]


@pytest.fixture(scope="module")
def service(serving: Any) -> Service:
    return Service(serving, app)


def test_requests_are_answered(service: Service) -> None:
    assert service.ask("GET", "/") == (200, "hello")
    assert service.ask("POST", "/echo?a=b", b"body") == (200, "bodya=b")
    assert service.ask("HEAD", "/") == (200, "")
    assert service.says(b"GET http://127.0.0.1:8080/echo?x HTTP/1.1\r\n\r\n").endswith(b"\r\n\r\nx")
    assert b"X-Name: a, b" not in service.says(b"GET / HTTP/1.1\r\nX-Name: a\r\nX-Name: b\r\n\r\n")


def test_a_body_that_waits_to_be_asked_for_is(service: Service) -> None:
    head = b"POST /echo HTTP/1.1\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n"
    with socket.create_connection(service.address, timeout=SECONDS) as link:
        link.sendall(head)
        assert link.recv(65536).startswith(b"HTTP/1.1 100 ")
        link.sendall(b"body")
        assert link.recv(65536).startswith(b"HTTP/1.1 200 OK")


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"nonsense\r\n\r\n", b"400"),
        (b"GET / HTTP/2\r\n\r\n", b"400"),
        (b"GET x HTTP/1.1\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nContent-Length: -5\r\n\r\n", b"400"),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", b"411"),
        (b"POST / HTTP/1.1\r\nContent-Length: 2000000\r\n\r\n" + bytes(2_000_000), b"413"),
        (b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 200 + b"\r\n", b"431"),
        (b"GET / HTTP/1.1\r\nX: " + b"y" * 100_000, b"431"),
    ],
)
def test_what_is_no_request_is_refused(service: Service, data: bytes, status: bytes) -> None:
    if not data.endswith(b"\r\n\r\n") and status == b"431":
        with socket.create_connection(service.address, timeout=SECONDS) as link:
            link.sendall(data)
            link.shutdown(socket.SHUT_WR)
            assert link.recv(65536).startswith(b"HTTP/1.1 431")
    else:
        found = service.says(data) if status != b"413" else _sent(service, data)
        assert found.startswith(b"HTTP/1.1 " + status), found[:200]
    assert service.ask("GET", "/") == (200, "hello")


def _sent(service: Service, data: bytes) -> bytes:
    """The answer to a body that is refused: it can be read by who sends first and reads then."""
    with socket.create_connection(service.address, timeout=SECONDS) as link:
        link.sendall(data)
        return link.recv(65536)


@pytest.mark.parametrize(
    ("path", "why"),
    [("/fails", "LookupError"), ("/split", "no status"), ("/nothing", "start_response"), ("/large", "4 MiB")],
)
def test_a_fault_is_for_interviewers(service: Service, path: str, why: str) -> None:
    status, text = service.ask("GET", path)
    assert (status, why in text) == (500, False)
    assert service.told[-1].startswith(f"fault: GET {path}\n")
    assert why in service.told[-1]


def test_who_is_slow_or_silent_keeps_nobody_waiting(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "READ_SECONDS", 0.5)
    quick = Service(serving, app)
    with contextlib.ExitStack() as stack:
        for data in (b"", b"GET / HT") * 20:
            link = stack.enter_context(socket.create_connection(quick.address, timeout=SECONDS))
            link.sendall(data)
        assert quick.ask("GET", "/") == (200, "hello")


def test_an_app_that_is_stuck_loses_its_thread(serving: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(serving, "ANSWER_SECONDS", 0.5)
    stuck = Service(serving, app)
    asked = [threading.Thread(target=stuck.ask, args=("GET", "/slow")) for _ in range(serving.THREADS - 1)]
    for one in asked:
        one.start()
    assert stuck.ask("GET", "/slow")[0] == 503
    for one in asked:
        one.join(SECONDS)
    assert stuck.ask("GET", "/") == (200, "hello")
    assert "GET /slow\nno answer within" in stuck.told[0]
    assert "threading.Event().wait" in stuck.told[0]
