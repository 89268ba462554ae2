"""The command line: rooms of a running server, options and their variables, and words for what goes wrong."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest
from tests.support.people import People
from tests.support.processes import children, wait_until_gone
from tests.support.server import ADMIN, LiveServer

from fourhands_kernels.client import EmbeddedOptions
from fourhands_server.cli import build_parser, main
from fourhands_server.config import Config

COMMAND = [sys.executable, "-m", "fourhands_server.cli"]


def fourhands(*arguments: str, env: dict[str, str] | None = None) -> tuple[int, str, str]:
    """Status, stdout and stderr of one command, with no variable of ours but those given."""
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOURHANDS_")}
    done = subprocess.run(
        [*COMMAND, *arguments], capture_output=True, text=True, timeout=40, env=clean | (env or {})
    )
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, done.stdout, done.stderr


def of(server: LiveServer) -> dict[str, str]:
    return {"FOURHANDS_PORT": str(server.port), "FOURHANDS_ADMIN_KEY": ADMIN}


def test_rooms_are_made_listed_and_ended(server: LiveServer) -> None:
    status, out, _ = fourhands("rooms", "create", "Ada, first round", env=of(server))
    assert status == 0
    first, *links = out.splitlines()
    room = first.removeprefix("room ")
    assert [line.split()[0] for line in links] == ["interviewer", "candidate", "observer"]
    seat = server.join(links[1].partition("#")[2], "Ada")
    assert (seat.room, seat.role) == (room, "candidate")

    _, out, _ = fourhands("rooms", "list", env=of(server))
    row = next(line for line in out.splitlines() if line.startswith(room))
    assert "0 online" in row
    assert row.endswith("Ada, first round")

    assert fourhands("rooms", "end", room, env=of(server))[:2] == (0, f"room {room} has ended\n")
    assert server.state(seat)["ended"]
    _, out, _ = fourhands("rooms", "list", env=of(server))
    assert "ended" in next(line for line in out.splitlines() if line.startswith(room))
    assert fourhands("rooms", "end", room, env=of(server))[0] == 0, "ending twice is ending once"


def test_a_room_is_made_with_its_settings(server: LiveServer) -> None:
    chosen = ["--environment", "bare", "--time-limit", "30"]
    status, out, _ = fourhands("rooms", "create", "Ada", *chosen, env=of(server))
    assert status == 0
    seat = server.join(out.splitlines()[1].partition("#")[2], "Grace")
    settings = server.timeline(seat)[0]["body"]["settings"]
    assert settings == {"environment": "bare", "time_limit_s": 30}

    for refused, words in (
        (["--environment", "none-such"], "There is no environment 'none-such' here"),
        (["--time-limit", "0"], "time_limit_s is a whole number of seconds"),
    ):
        status, out, err = fourhands("rooms", "create", "Ada", *refused, env=of(server))
        assert (status, out) == (1, "")
        assert err.startswith(f"fourhands: {words}")


def test_a_room_is_made_with_questions(server: LiveServer, tmp_path: Path) -> None:
    good, bad, none = tmp_path / "good.json", tmp_path / "bad.json", tmp_path / "none.json"
    good.write_text('{"id": "one", "title": "One"}')
    bad.write_text("{")
    create = ["rooms", "create", "Ada", "--question"]
    status, out, _ = fourhands(*create, str(good), env=of(server))
    assert status == 0
    with server.http() as http:
        room = out.splitlines()[0].removeprefix("room ")
        listed = http.get(f"/api/rooms/{room}/questions").json()["questions"]
    assert [one["title"] for one in listed] == ["One"]
    for path, words in ((bad, "is not JSON"), (none, "cannot be read")):
        status, _, err = fourhands(*create, str(path), env=of(server))
        assert (status, words in err, str(path) in err) == (1, True, True)
    good.write_text('{"id": "No id", "title": "One"}')
    status, _, err = fourhands(*create, str(good), env=of(server))
    assert (status, err[:31]) == (1, "fourhands: id has 1 to 40 lower")


def test_the_admin_key_may_come_from_the_data_folder(server: LiveServer, tmp_path: Path) -> None:
    (tmp_path / "admin-key").write_text(ADMIN + "\n")
    where = ["--data", str(tmp_path), "--host", "127.0.0.1", "--port", str(server.port)]
    status, out, _ = fourhands("rooms", "create", *where)
    assert (status, out[:5]) == (0, "room ")
    assert fourhands("rooms", "list", *where)[0] == 0


def test_without_rooms_the_list_says_so(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        assert fourhands("rooms", "list", env=of(server))[:2] == (0, "no rooms yet\n")


def test_a_proxy_of_the_environment_is_not_asked(server: LiveServer) -> None:
    env = of(server) | {"http_proxy": "http://127.0.0.1:9", "HTTP_PROXY": "http://127.0.0.1:9"}
    assert fourhands("rooms", "list", env=env)[0] == 0


def test_a_base_url_is_for_links_and_not_for_calls(server: LiveServer) -> None:
    env = of(server) | {"FOURHANDS_BASE_URL": "https://interviews.example.org"}
    assert fourhands("rooms", "list", env=env)[0] == 0


# What goes wrong


def test_what_a_server_refuses_is_told_in_its_words(server: LiveServer) -> None:
    for room in ("nope", "no such/room", "..", "%"):
        status, out, err = fourhands("rooms", "end", room, env=of(server))
        assert (status, out) == (1, "")
        assert err.startswith("fourhands: There is ")
    status, _, err = fourhands("rooms", "create", "x" * 201, env=of(server))
    assert (status, err) == (1, "fourhands: A title has at most 200 characters.\n")
    status, _, err = fourhands("rooms", "list", env=of(server) | {"FOURHANDS_ADMIN_KEY": "wrong"})
    assert (status, "admin key" in err) == (1, True)


def test_without_a_key_it_says_where_to_look(tmp_path: Path) -> None:
    status, _, err = fourhands("rooms", "list", "--data", str(tmp_path))
    assert (status, str(tmp_path) in err, "FOURHANDS_ADMIN_KEY" in err) == (1, True, True)


def test_without_a_server_it_says_so() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    status, _, err = fourhands("rooms", "list", "--port", port, env={"FOURHANDS_ADMIN_KEY": "k"})
    assert (status, f"no server answers at http://127.0.0.1:{port}" in err) == (1, True)


@contextmanager
def somebody_else(status: int, body: bytes) -> Iterator[str]:
    """A web server that is not ours; its port."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *arguments: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Handler) as http:
        thread = threading.Thread(target=http.serve_forever)
        thread.start()
        yield str(http.server_port)
        http.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "body"), [(200, b"<html>"), (200, b"[]"), (200, b"{}"), (500, b"oops"), (404, b"[1]")]
)
def test_where_something_else_answers_it_says_so(status: int, body: bytes) -> None:
    with somebody_else(status, body) as port:
        code, _, err = fourhands("rooms", "list", "--port", port, env={"FOURHANDS_ADMIN_KEY": "k"})
    assert (code, "no Fourhands server" in err) == (1, True)


@pytest.mark.parametrize("arguments", [[], ["rooms"], ["dance"], ["rooms", "end"], ["serve", "--colour"]])
def test_what_cannot_be_meant_is_refused_with_the_usage(arguments: list[str]) -> None:
    status, _, err = fourhands(*arguments)
    assert status == 2
    assert err.startswith("usage: fourhands")


# Options and variables

OPTIONS = {
    "host": ("0.0.0.0", "0.0.0.0"),
    "port": ("8123", 8123),
    "base_url": ("https://a.example", "https://a.example"),
    "data": ("/somewhere", Path("/somewhere")),
    "isolation": ("none", "none"),
    "environments": ("/kernels", Path("/kernels")),
    "warm": ("5", 5),
    "launcher": ("bubblewrap", "bubblewrap"),
    "kernel_host": ("/run/host.sock", Path("/run/host.sock")),
    "redis": ("redis://127.0.0.1:6379/0", "redis://127.0.0.1:6379/0"),
}


@pytest.mark.parametrize("name", OPTIONS)
def test_each_option_has_its_variable_and_the_option_wins(name: str) -> None:
    text, value = OPTIONS[name]
    variable, flag = f"FOURHANDS_{name.upper()}", "--" + name.replace("_", "-")
    assert getattr(build_parser({variable: text}).parse_args(["serve"]), name) == value
    assert getattr(build_parser({}).parse_args(["serve", flag, text]), name) == value
    other = {"isolation": "auto", "launcher": "zygote"}.get(name, "1")
    chosen = build_parser({variable: other}).parse_args(["serve", flag, text])
    assert getattr(chosen, name) == value
    empty = build_parser({variable: ""}).parse_args(["serve"])
    assert getattr(empty, name) == getattr(build_parser({}).parse_args(["serve"]), name)


def test_a_server_makes_as_many_kernels_ahead_as_a_kernel_host_by_itself() -> None:
    wanted = EmbeddedOptions(Path("data"), Path("environments"))
    assert (Config().warm, Config().launcher) == (wanted.warm, wanted.launcher)


def test_no_option_is_missing_above() -> None:
    assert vars(build_parser({}).parse_args(["serve"])).keys() == {*OPTIONS, "command", "with_room"}


@pytest.mark.parametrize(("text", "value"), [("1", True), ("0", False), ("", False)])
def test_a_flag_has_its_variable(text: str, *, value: bool) -> None:
    assert build_parser({"FOURHANDS_WITH_ROOM": text}).parse_args(["serve"]).with_room is value


def test_a_variable_that_a_command_does_not_use_is_none_of_its_business() -> None:
    build_parser({"FOURHANDS_ISOLATION": "some"}).parse_args(["rooms", "list"])


@pytest.mark.parametrize(
    "arguments",
    [[], ["serve"], ["kernel-host"], ["rooms"], ["rooms", "create"], ["rooms", "list"], ["rooms", "end"]],
)
def test_every_command_explains_itself(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main([*arguments, "--help"])
    assert ended.value.code == 0
    assert "usage: fourhands" in capsys.readouterr().out


def test_links_begin_with_the_base_url(tmp_path: Path) -> None:
    env = {"FOURHANDS_BASE_URL": "https://interviews.example.org/"}
    server = LiveServer(tmp_path, "--with-room", env=env)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        server.port = free.getsockname()[1]
    with server:
        assert "interviewer  https://interviews.example.org/r/" in "".join(server.output)
        room = People(server)
        link = room.interviewer.json("GET", "/links")["candidate"]
        assert link.startswith(f"https://interviews.example.org/r/{room.id}#")


def test_a_kernel_host_by_itself_is_taken_up_by_a_server(tmp_path: Path) -> None:
    chosen = ["--warm", "0", "--launcher", "bubblewrap"]
    command = [*COMMAND, "kernel-host", "--data", str(tmp_path), *chosen]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
        try:
            while not (tmp_path / "kernels" / "host.sock").exists():
                assert host.poll() is None
            with LiveServer(tmp_path) as server:
                assert server.process is not None
                room = People(server)
                assert room.candidate.run("1")["status"] == "ok"
                assert not [p for p in children(server.process.pid) if "fourhands_kernels.host" in p.command]
                words = Path(f"/proc/{host.pid}/cmdline").read_text().split("\0")
                assert " ".join(chosen) in " ".join(words)
                sandboxes = children(host.pid)
                assert len(sandboxes) >= 3
        finally:
            host.send_signal(signal.SIGTERM)
            host.wait(15)
    wait_until_gone(sandboxes)


def test_a_server_uses_a_kernel_host_that_is_none_of_its_own(tmp_path: Path) -> None:
    """It outlives the server with all variables, and the server goes on where there is none."""
    path = tmp_path / "apart" / "kernels" / "host.sock"
    command = [*COMMAND, "kernel-host", "--data", str(tmp_path / "apart"), "--warm", "0"]
    server = LiveServer(tmp_path / "data", env={"FOURHANDS_KERNEL_HOST": str(path)})
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as host:
        try:
            while not path.exists():
                assert host.poll() is None
            with server:
                room = People(server)
                assert room.candidate.run("x = 42")["status"] == "ok"
            assert host.poll() is None
            with server:
                (output,) = room.candidate.run("x")["outputs"]
            assert output["data"]["text/plain"] == "42"
            assert not (tmp_path / "data" / "kernels").exists()
        finally:
            host.send_signal(signal.SIGTERM)
            host.wait(15)
    with server:
        assert "no kernel host answers" in server.state(room.ada)["kernel"]["reason"]


def test_environments_are_arranged_where_the_server_looks_for_them(tmp_path: Path) -> None:
    where = {"FOURHANDS_ENVIRONMENTS": str(tmp_path)}
    assert fourhands("environments", "list", env=where)[1].startswith(f"No environment in {tmp_path}")
    status, _, err = fourhands("environments", "add", "data", "-r", str(tmp_path / "missing.txt"), env=where)
    assert (status, err) == (1, f"fourhands: there is no requirements file {tmp_path}/missing.txt\n")
    status, _, err = fourhands("environments", "remove", "-x", env=where)
    assert status == 2
    assert fourhands("environments", "add", "data", env=where)[0] == 2, "nothing to put into it"
