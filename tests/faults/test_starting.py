"""What a server cannot start with is said in one clear line, and nothing is left behind."""

from __future__ import annotations

import os
import socket
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest
from tests.support.people import People, expect_problem
from tests.support.server import LiveServer

from fourhands_server.cli import main


def refused(data: Path, *arguments: str) -> str:
    """The one line that a server says on stderr when it will not start."""
    command = [sys.executable, "-m", "fourhands_server.cli", "serve", "--data", str(data), *arguments]
    clean = {k: v for k, v in os.environ.items() if not k.startswith("FOURHANDS_")}
    done = subprocess.run(command, capture_output=True, text=True, timeout=30, env=clean)
    assert done.returncode in (1, 2), done
    assert "Traceback" not in done.stderr, done.stderr
    assert "ready at" not in done.stdout
    words = done.stderr.strip().splitlines()[-1]
    assert words.startswith("fourhands"), done.stderr
    return words


def test_a_data_folder_has_one_server(tmp_path: Path) -> None:
    with LiveServer(tmp_path) as server:
        room = People(server)
        room.candidate.run("x = 1")
        words = refused(tmp_path, "--port", "0")
        assert "another server is using this data folder" in words
        assert room.candidate.run("print(x)")["status"] == "ok", "the first one noticed nothing"
        room.candidate.json("PUT", "/files/main.py", json={"text": "goes on"})


def test_a_port_has_one_server(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        words = refused(tmp_path, "--port", str(port))
    assert f"cannot listen on 127.0.0.1:{port}" in words
    assert "in use" in words


def test_an_address_that_is_not_this_machines(tmp_path: Path) -> None:
    assert "cannot listen on 192.0.2.1" in refused(tmp_path, "--host", "192.0.2.1", "--port", "0")


@pytest.mark.parametrize(
    ("option", "value"), [("port", "70000"), ("port", "-1"), ("port", "http"), ("isolation", "some")]
)
@pytest.mark.parametrize("as_variable", [False, True])
def test_an_option_that_cannot_be(
    option: str,
    value: str,
    *,
    as_variable: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    if as_variable:
        monkeypatch.setenv(f"FOURHANDS_{option.upper()}", value)
    with pytest.raises(SystemExit) as ended:
        main(["serve"] if as_variable else ["serve", f"--{option}={value}"])
    assert ended.value.code == 2
    words = capsys.readouterr().err.splitlines()[-1]
    assert words.startswith(f"fourhands serve: error: argument --{option}: ")
    assert value in words


def test_a_store_of_a_newer_version(tmp_path: Path) -> None:
    with LiveServer(tmp_path):
        pass
    store = sqlite3.connect(tmp_path / "rooms.db")
    store.execute("PRAGMA user_version = 99")
    store.close()
    before = (tmp_path / "rooms.db").read_bytes()
    words = refused(tmp_path, "--port", "0")
    assert "newer version" in words
    assert "99" in words
    assert (tmp_path / "rooms.db").read_bytes() == before


def test_a_store_that_is_none(tmp_path: Path) -> None:
    (tmp_path / "rooms.db").write_bytes(b"this is not a database, it is a note\n" * 100)
    assert "not a database" in refused(tmp_path, "--port", "0")


def test_a_data_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "data").write_text("")
    assert str(tmp_path / "data") in refused(tmp_path / "data", "--port", "0")


def test_a_secret_that_was_damaged(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("oops\n")
    words = refused(tmp_path, "--port", "0")
    assert "secret" in words


def test_without_an_environment_rooms_do_all_but_run_code(tmp_path: Path) -> None:
    check_without_kernels(
        LiveServer(tmp_path / "data", "--environments", str(tmp_path / "none")), "environment"
    )


def test_with_a_broken_environment_rooms_do_all_but_run_code(tmp_path: Path) -> None:
    binary = tmp_path / "environments" / "default" / "bin"
    binary.mkdir(parents=True)
    (binary / "python").write_text("#!/bin/sh\nexit 1\n")
    (binary / "python").chmod(0o755)
    check_without_kernels(LiveServer(tmp_path / "data", "--environments", str(tmp_path / "environments")), "")


def check_without_kernels(without: LiveServer, reason: str) -> None:
    with without as server:
        assert "No code can run here: " in "".join(server.output)
        room = People(server)
        for body in ({"code": "1"}, {"file": "main.py"}):
            words = expect_problem(room.candidate("POST", "/runs", json=body), 503, "kernel-unavailable")
            assert reason in words
        expect_problem(room.observer("POST", "/runs", json={"code": "1"}), 403, "forbidden")
        kernel = room.candidate.json("GET")["kernel"]
        assert (kernel["available"], kernel["reason"]) == (False, words)
        assert server.call("GET", "/readyz").json() == {"status": "ready", "kernels": words}
        assert "fourhands_kernels_available 0" in server.call("GET", "/metrics").text
        room.candidate.json("PUT", "/files/main.py", json={"text": "all else works"})
        assert room.observer.text() == "all else works"


def test_isolation_none_runs_code_where_there_is_no_sandbox(tmp_path: Path) -> None:
    with LiveServer(tmp_path, "--isolation", "none", env={"PATH": "/nonexistent"}) as server:
        room = People(server)
        run = room.candidate.run("import os; print(os.getpid() > 2)")
        assert (run["status"], run["outputs"][0]["text"]) == ("ok", "True\n")
