"""Files of the kernel's folder and data files by HTTP, with a real kernel where code has to run."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from tests.support import raw
from tests.support.people import Caller, People, expect_problem
from tests.support.server import LiveServer

from fourhands_protocol import limits

MIB = 1024 * 1024


def value(run: dict[str, Any]) -> str:
    """The value of a run's last expression."""
    assert run["status"] == "ok", run["outputs"]
    return str(next(o for o in run["outputs"] if o["output_type"] == "execute_result")["data"]["text/plain"])


def run_file(caller: Caller, path: str) -> dict[str, Any]:
    run = caller.json("POST", "/runs", json={"file": path})["run"]
    return dict(caller.json("GET", f"/runs/{run}?wait=60"))


def written(caller: Caller) -> list[str]:
    return [file["path"] for file in caller.json("GET", "/kernel/files")["files"]]


# Files that code wrote


def test_files_of_the_room_are_imported_and_the_newest_version_counts(room: People) -> None:
    ada = room.candidate
    ada.json("PUT", "/files/main.py", json={"text": "import lib.helper\nlib.helper.answer()"})
    for answer in (41, 42):
        ada.json("PUT", "/files/lib/helper.py", json={"text": f"def answer(): return {answer}"})
        assert value(run_file(ada, "main.py")) == str(answer)
    room.interviewer.json("DELETE", "/files/lib/helper.py")
    ada.json("POST", "/kernel/restart")
    assert run_file(ada, "main.py")["status"] == "error"


def test_what_code_writes_is_listed_saved_and_taken(room: People) -> None:
    ada, olga = room.candidate, room.observer
    ada.run("open('out.csv', 'w').write('1,2\\n'); open('page.html', 'w').write('<script>alert(1)</script>')")
    assert written(olga) == ["out.csv", "page.html"]
    saved = olga("GET", "/kernel/files/page.html")
    assert saved.content == b"<script>alert(1)</script>"
    assert saved.headers["content-type"] == "text/plain; charset=utf-8"
    assert saved.headers["x-content-type-options"] == "nosniff"
    assert saved.headers["content-security-policy"] == "sandbox; default-src 'none'"
    assert saved.headers["content-disposition"].startswith("attachment")
    assert ada("POST", "/kernel/files/out.csv/take").status_code == 201
    assert ada.text("out.csv") == "1,2\n"
    ada.run("open('out.csv', 'a').write('3,4\\n')")
    assert "out.csv" in written(olga)
    assert ada("POST", "/kernel/files/out.csv/take").status_code == 200
    assert ada.text("out.csv") == "1,2\n3,4\n"
    expect_problem(olga("POST", "/kernel/files/out.csv/take"), 403, "forbidden")
    kinds = [entry for entry in olga.json("GET", "/timeline")["entries"] if entry["kind"] == "kernel.files"]
    assert kinds[0]["body"]["files"][0] == {"path": "out.csv", "size": 4}


def test_what_cannot_be_taken_or_read_says_why(room: People) -> None:
    ada = room.candidate
    ada.run(
        f"""
import os
open('picture', 'wb').write(b'\\xff\\xd8')
open('zero', 'wb').write(bytes(10))
open('large', 'w').write('x' * {limits.UPDATE})
os.truncate(os.open('huge', os.O_CREAT | os.O_RDWR), {limits.DATA_FILE + 1})
os.symlink('/etc/passwd', 'link')
"""
    )
    for name in ("picture", "zero"):
        words = expect_problem(ada("POST", f"/kernel/files/{name}/take"), 415, "not-text")
        assert "Download" in words
    expect_problem(ada("POST", "/kernel/files/large/take"), 413, "too-large")
    expect_problem(ada("GET", "/kernel/files/huge"), 413, "too-large")
    for path in ("link", "nothing", "%2e%2e/x", "..%2f..%2fetc/passwd", "%2fetc%2fpasswd", "a%00b", "%ff"):
        answer = ada("GET", f"/kernel/files/{path}")
        assert answer.status_code in (400, 404), (path, answer.text)


def test_without_a_kernel_there_are_no_files(room: People) -> None:
    assert room.observer.json("GET", "/kernel/files") == {"files": [], "more": 0}
    expect_problem(room.observer("GET", "/kernel/files/x"), 404, "no-such-file")


# Data files


def test_data_files_are_in_every_kernel(room: People) -> None:
    ada, ivy = room.candidate, room.interviewer
    data = os.urandom(2 * MIB)
    assert ivy("PUT", "/data/set/numbers.bin", content=data).status_code == 201
    code = "data = open('set/numbers.bin', 'rb').read(); import hashlib; hashlib.sha256(data).hexdigest()"
    digest = ada.json("GET", "/data")["files"][0]["sha256"]
    assert value(ada.run(code)) == repr(digest)
    ada.json("POST", "/kernel/restart")
    assert value(ada.run(code)) == repr(digest)
    assert written(ada) == []
    assert room.observer("GET", "/data/set/numbers.bin").content == data
    assert ivy("PUT", "/data/set/numbers.bin", content=b"new").status_code == 200
    assert value(ada.run("open('set/numbers.bin').read()")) == "'new'"
    ivy.json("DELETE", "/data/set/numbers.bin")
    assert value(ada.run("import os; os.path.exists('set')")) == "False"
    expect_problem(ada("GET", "/data/set/numbers.bin"), 404, "no-such-file")


def test_data_files_outlive_the_server(tmp_path: Any) -> None:
    with LiveServer(tmp_path / "data") as server:
        room = People(server)
        room.interviewer("PUT", "/data/d.txt", content=b"kept")
        room.candidate.json("PUT", "/files/helper.py", json={"text": "x = 7"})
        server.kill()
        server.start()
        assert room.observer("GET", "/data/d.txt").content == b"kept"
        assert value(room.candidate.run("import helper; (helper.x, open('d.txt').read())")) == "(7, 'kept')"


def test_only_interviewers_bring_and_remove_data(room: People) -> None:
    for caller in (room.candidate, room.observer):
        expect_problem(caller("PUT", "/data/x", content=b"x"), 403, "forbidden")
        expect_problem(caller("DELETE", "/data/x"), 403, "forbidden")
    answer = raw.send(
        room.server.port,
        "PUT",
        f"/api/rooms/{room.id}/data/x",
        bearer=room.ada.token,
        promise=500_000,
    )
    assert (answer.status, answer.json()["code"]) == (403, "forbidden")
    assert room.host("PUT", "/data/x", content=b"x").status_code == 201


def test_what_is_too_large_says_how_large_it_may_be(room: People) -> None:
    ivy = room.interviewer
    assert ivy("PUT", "/data/exact", content=bytes(limits.DATA_FILE)).status_code == 201
    words = expect_problem(ivy("PUT", "/data/x", content=bytes(limits.DATA_FILE + 1)), 413, "too-large")
    assert "16 MiB" in words
    for n in range(3):
        ivy("PUT", f"/data/{n}", content=bytes(limits.DATA_FILE))
    assert "64 MiB" in expect_problem(ivy("PUT", "/data/x", content=b"x"), 413, "too-large")
    assert ivy("PUT", "/data/exact", content=b"smaller").status_code == 200
    assert ivy("PUT", "/data/x", content=b"x").status_code == 201


@pytest.mark.parametrize("path", ["main.py", "Main.PY", "main.py/x"])
def test_data_and_files_share_one_folder(room: People, path: str) -> None:
    expect_problem(room.interviewer("PUT", f"/data/{path}", content=b"x"), 409, "path-taken")
    assert room.interviewer("PUT", "/data/data.csv", content=b"x").status_code == 201
    expect_problem(room.candidate("PUT", "/files/data.csv", json={"text": ""}), 409, "path-taken")


@pytest.mark.parametrize("path", ["%2e%2e/x", "a//b", "%ff", "a%09b"])
def test_bad_names_are_refused(room: People, path: str) -> None:
    answer = room.interviewer("PUT", f"/data/{path}", content=b"x")
    assert expect_problem(answer, 400, "bad-path")


def test_uploads_and_runs_at_once(room: People) -> None:
    ada, ivy = room.candidate, room.interviewer
    ivy("PUT", "/data/x", content=b"0" * MIB)

    def upload(n: int) -> int:
        return ivy("PUT", "/data/x", content=str(n).encode() * MIB).status_code

    def look(_: int) -> str:
        return value(ada.run("text = open('x').read(); (len(text), len(set(text)))"))

    with ThreadPoolExecutor(4) as pool:
        uploads, runs = pool.map(upload, range(5)), pool.map(look, range(5))
        assert set(uploads) == {200}
        assert set(runs) == {f"({MIB}, 1)"}


def test_after_the_end_nothing_is_uploaded(room: People) -> None:
    room.interviewer.json("POST", "/end")
    expect_problem(room.interviewer("PUT", "/data/x", content=b"x"), 409, "ended")
