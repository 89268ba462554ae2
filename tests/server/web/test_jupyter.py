"""A Jupyter front end that is not ours attaches to a room of a real server: it works, within its role, and
everything it does is the room's.
"""

from __future__ import annotations

import base64
import json
import re
import struct
import threading
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
from jupyter_kernel_client import KernelHttpManager
from tests.support.people import People, expect_problem
from tests.support.server import ADMIN, Seat
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from fourhands_server.core.jupyter.framing import V1

DEADLINE_S = 60
PIXEL = (
    "import base64; from IPython.display import Image, display; "
    "display(Image(base64.b64decode('iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==')))"
)


class Stock:
    """The client of PyPI's jupyter-kernel-client, as its own users drive it."""

    def __init__(self, people: People, seat: Seat) -> None:
        self.people = people
        self.http = KernelHttpManager(people.server.url, seat.token, kernel_id=people.id)
        self.socket = self.http.client
        self.asked: list[dict[str, Any]] = []

    def __enter__(self) -> Stock:
        self.socket.start_channels()
        self.socket.wait_for_ready(timeout=DEADLINE_S)
        return self

    def __exit__(self, *reason: object) -> None:
        link = self.socket.kernel_socket.sock.sock
        self.people.host("POST", "/end")  # the client's own way to close may take it ten seconds
        self.socket.connection_thread.join(DEADLINE_S)
        self.socket.stop_channels()
        link.close()  # it forgets that where the server was first

    def run(self, code: str, answer: str = "", told: Callable[[str], None] = str) -> tuple[Any, list[Any]]:
        """Execute code; returns the reply and what came on iopub, but for states."""
        came: list[Any] = []

        def hear(message: dict[str, Any]) -> None:
            came.append((message["header"]["msg_type"], message["content"]))
            told(message["header"]["msg_type"])

        def ask(message: dict[str, Any]) -> None:
            self.asked.append(message["content"])
            self.socket.input(answer)

        reply = self.socket.execute_interactive(
            code, timeout=DEADLINE_S, output_hook=hear, stdin_hook=ask, allow_stdin=True
        )
        return reply["content"], [one for one in came if one[0] not in ("status", "execute_input")]

    def reply(self, msg_id: str) -> dict[str, Any]:
        """The answer to a request on the shell channel."""
        while True:
            message = self.socket.get_shell_msg(timeout=DEADLINE_S)
            if message["parent_header"]["msg_id"] == msg_id:
                return dict(message["content"])


@pytest.fixture
def stock(room: People) -> Iterator[Stock]:
    with Stock(room, room.ivy) as made:
        yield made


def kinds(people: People, actor: str = "") -> list[str]:
    entries = people.server.timeline(people.ada)
    return [entry["kind"] for entry in entries if actor in ("", entry["actor"])]


def test_what_it_runs_is_a_run_of_the_room(room: People, stock: Stock) -> None:
    reply, came = stock.run("print('hi')\n1+1")
    assert (reply["status"], reply["execution_count"]) == ("ok", 1)
    assert came[0] == ("stream", {"name": "stdout", "text": "hi\n"})
    assert came[1][1]["data"] == {"text/plain": "2"}
    queued = next(e for e in room.server.timeline(room.ada) if e["kind"] == "run.queued")
    assert queued["actor"] == room.ivy.participant
    assert queued["body"]["code"] == "print('hi')\n1+1"
    run = room.candidate.json("GET", f"/runs/{queued['body']['run']}")
    assert (run["status"], run["execution_count"]) == ("ok", 1)
    assert len(run["outputs"]) == 2
    reply, came = stock.run("1/0")
    assert (reply["status"], reply["ename"]) == ("error", "ZeroDivisionError")
    assert came[0][1]["ename"] == "ZeroDivisionError"
    _, came = stock.run(PIXEL)
    assert base64.b64decode(came[0][1]["data"]["image/png"]).startswith(b"\x89PNG")


def test_questions_are_answered_where_they_were_asked(room: People, stock: Stock) -> None:
    _, came = stock.run("print(input('who? '))", answer="me")
    assert came == [("stream", {"name": "stdout", "text": "me\n"})]
    _, came = stock.run("import getpass; print(len(getpass.getpass('key ')))", answer="s3cret")
    assert came == [("stream", {"name": "stdout", "text": "6\n"})]
    assert stock.asked == [{"prompt": "who? ", "password": False}, {"prompt": "key ", "password": True}]
    given = [e["body"] for e in room.server.timeline(room.ada) if e["kind"] == "run.input"]
    assert [body.get("text") for body in given] == ["me", None]
    assert "s3cret" not in json.dumps(room.server.timeline(room.ivy))


def test_it_interrupts_completes_and_restarts(room: People, stock: Stock) -> None:
    def interrupt_once(kind: str) -> None:
        if kind == "stream":
            threading.Thread(target=stock.http.interrupt_kernel).start()

    reply, _ = stock.run("print(1, flush=True)\nimport time; time.sleep(100)", told=interrupt_once)
    assert (reply["status"], reply["ename"]) == ("error", "KeyboardInterrupt")
    stock.run("a_long_name = 5")
    while "a_long_name" not in stock.reply(stock.socket.complete("a_lo"))["matches"]:
        pass  # a kernel that is slow at the moment has no answer; the test's own time limit bounds this
    assert stock.reply(stock.socket.is_complete("if x:"))["status"] == "incomplete"
    stock.socket.shutdown(restart=True)
    assert stock.socket.get_control_msg(timeout=DEADLINE_S)["content"] == {"status": "ok", "restart": True}
    reply, _ = stock.run("a_long_name")
    assert (reply["ename"], reply["execution_count"]) == ("NameError", 1)
    did = kinds(room, room.ivy.participant)
    assert "kernel.interrupted" in did
    assert "kernel.restarted" in did


def test_runs_of_the_page_are_seen_and_the_visitor_too(room: People, stock: Stock) -> None:
    room.candidate.run("print('from the page')")
    while True:
        message = stock.socket.get_iopub_msg(timeout=DEADLINE_S)
        if message["header"]["msg_type"] == "stream":
            break
    assert message["content"]["text"] == "from the page\n"
    assert message["parent_header"]["username"] == "Candidate"
    assert message["parent_header"]["session"] != stock.socket.session.session
    opened = [e for e in room.server.timeline(room.ada) if e["kind"] == "seat.opened"]
    assert opened[-1]["actor"] == room.ivy.participant
    assert opened[-1]["body"]["dialect"] == "jupyter"
    there = {p["name"]: p["online"] for p in room.candidate.json("GET")["participants"]}
    assert there["Interviewer"]


# The socket by itself


def address(people: People, kernel: str = "") -> str:
    return f"ws://127.0.0.1:{people.server.port}/api/kernels/{kernel or people.id}/channels"


@contextmanager
def attached(people: People, seat: Seat, **details: Any) -> Iterator[ClientConnection]:
    headers = {"Authorization": f"token {seat.token}"}
    with connect(address(people), additional_headers=headers, proxy=None, **details) as socket:
        yield socket


def v1(channel: str, header: dict[str, Any], content: dict[str, Any]) -> bytes:
    parts = [channel.encode(), *(json.dumps(part).encode() for part in (header, {}, {}, content))]
    offsets = [8 * (len(parts) + 2)]
    for part in parts:
        offsets.append(offsets[-1] + len(part))
    return struct.pack(f"<{len(offsets) + 1}Q", len(offsets), *offsets) + b"".join(parts)


def test_the_subprotocol_of_jupyter_is_spoken_in_binary_frames(room: People) -> None:
    with attached(room, room.ivy, subprotocols=[V1]) as socket:
        assert socket.subprotocol == V1
        socket.send(v1("shell", {"msg_id": "m-1", "msg_type": "execute_request"}, {"code": "40+2"}))
        told = b""
        while b"execute_reply" not in told:
            frame = socket.recv(DEADLINE_S)
            assert isinstance(frame, bytes)
            assert struct.unpack_from("<Q", frame)[0] == 6
            told += frame
        assert b'"text/plain":"42"' in told
        socket.send("no binary frame")
        closed(socket, 4400)


def closed(socket: ClientConnection, code: int) -> str:
    """Wait until the server closes it for this reason; returns its words."""
    with pytest.raises(ConnectionClosed) as end:
        deque(iter(partial(socket.recv, DEADLINE_S), None), maxlen=0)
    assert end.value.rcvd is not None
    assert end.value.rcvd.code == code
    return end.value.rcvd.reason


@pytest.mark.parametrize(
    "frame", ["{", "[1]", b"\x00\xff\xff\xff\xff", '{"a": NaN}', "[" * 100_000, "x" * 600_000]
)
def test_what_is_no_message_costs_the_connection_and_nothing_else(room: People, frame: str | bytes) -> None:
    with attached(room, room.ivy) as socket:
        socket.send(frame)
        assert closed(socket, 4413 if len(frame) > 500_000 else 4400)
    assert room.candidate.run("1")["status"] == "ok"


def handshake(people: People, token: str, kernel: str = "", header: str = "Bearer") -> int:
    """The status that answers a handshake."""
    headers = {"Authorization": f"{header} {token}"} if header else {}
    where = address(people, kernel) + ("" if header else f"?token={token}")
    try:
        with connect(where, additional_headers=headers, proxy=None):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def test_only_interviewers_attach(room: People) -> None:
    for header in ("Bearer", "token", "BEARER", ""):
        assert handshake(room, room.ivy.token, header=header) == 101
        assert handshake(room, room.ada.token, header=header) == 403
        assert handshake(room, room.olga.token, header=header) == 403
    assert handshake(room, ADMIN) == 101
    assert handshake(room, ADMIN, kernel="nope") == 404
    assert handshake(room, "nonsense") == 401
    other = People(room.server)
    assert handshake(room, other.ivy.token) == 401
    assert handshake(room, room.ivy.token, kernel="nope") == 401
    other.host("POST", "/end")
    assert handshake(other, other.ivy.token) == 409
    said = "".join(room.server.output)
    assert room.ivy.token not in said
    assert "token=" not in said


def test_whoever_is_removed_is_cut_off(room: People) -> None:
    with attached(room, room.ivy) as socket:
        room.host.json("POST", "/remove", json={"participant": room.ivy.participant})
        closed(socket, 4401)
    assert handshake(room, room.ivy.token) == 401


def test_the_end_of_the_room_closes_it(room: People) -> None:
    with attached(room, room.ivy) as socket:
        room.host.json("POST", "/end")
        assert "ended" in closed(socket, 4410)


# The calls beside it


def test_the_calls_that_front_ends_make(room: People) -> None:
    ivy = room.interviewer
    assert set(room.server.call("GET", "/api").json()) == {"version"}
    (kernel,) = ivy.at("GET", "/api/kernels").json()
    assert (kernel["id"], kernel["name"], kernel["execution_state"]) == (room.id, "python3", "idle")
    assert ivy.at("GET", f"/api/kernels/{room.id}").json() == kernel
    made = ivy.at("POST", "/api/kernels", json={"name": "python3"})
    assert (made.status_code, made.json()["id"]) == (201, room.id)
    specs = ivy.at("GET", "/api/kernelspecs").json()
    assert specs["kernelspecs"][specs["default"]]["spec"]["language"] == "python"
    assert ivy.at("GET", "/api/status").json()["kernels"] == 1
    assert ivy.at("GET", "/api/me").json()["identity"]["name"] == "Interviewer"
    assert ivy.at("POST", f"/api/kernels/{room.id}/interrupt").status_code == 204
    assert ivy.at("POST", f"/api/kernels/{room.id}/restart").json()["id"] == room.id
    assert room.host.at("GET", f"/api/kernels/{room.id}").json()["id"] == room.id
    expect_problem(room.host.at("GET", "/api/kernels"), 400, "no-room")
    expect_problem(ivy.at("DELETE", f"/api/kernels/{room.id}"), 403, "shared-kernel")
    spec = ivy.at("GET", "/api/kernelspecs/python3").json()
    assert spec == specs["kernelspecs"]["python3"]
    expect_problem(ivy.at("GET", "/api/kernelspecs/other"), 404, "no-such-kernelspec")
    expect_problem(ivy.at("GET", "/api/kernels/other"), 404, "no-such-kernel")
    assert room.server.call("GET", f"/api/kernels?token={room.ivy.token}").is_success
    assert "kernel.restarted" in kinds(room, room.ivy.participant)


def test_a_jupyter_server_takes_its_kernels_from_here(room: People) -> None:
    """It knows only ids of five parts, and takes leave of a kernel when it stops."""
    ivy = room.interviewer
    made = ivy.at("POST", "/gateway/api/kernels", json={"name": "python3"})
    assert re.fullmatch(r"\w+-\w+-\w+-\w+-\w+", made.json()["id"])
    assert ivy.at("GET", made.headers["location"]).json() == made.json()
    assert ivy.at("GET", "/gateway/api/kernels").json() == [made.json()]
    assert ivy.at("GET", "/gateway/api/kernelspecs").is_success
    assert handshake(room, room.ivy.token, kernel=made.json()["id"]) == 101
    before = kinds(room)
    assert ivy.at("DELETE", f"/gateway/api/kernels/{made.json()['id']}").status_code == 204
    assert kinds(room)[: len(before)] == before
    assert "kernel" not in kinds(room)[len(before) :]
    expect_problem(room.candidate.at("GET", "/gateway/api/kernels"), 403, "forbidden")


@pytest.mark.parametrize("role", ["candidate", "observer"])
@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", ""),
        ("POST", ""),
        ("GET", "/{room}"),
        ("DELETE", "/{room}"),
        ("POST", "/{room}/interrupt"),
        ("POST", "/{room}/restart"),
        ("GET", "/../kernelspecs"),
    ],
)
def test_they_are_for_interviewers(room: People, role: str, method: str, path: str) -> None:
    target = ("/api/kernels" + path).replace("/kernels/..", "").replace("{room}", room.id)
    before = len(room.server.timeline(room.ada))
    assert role in expect_problem(room.of_role(role).at(method, target), 403, "forbidden")
    expect_problem(room.server.call(method, target), 401, "bad-token")
    assert len(room.server.timeline(room.ada)) == before
