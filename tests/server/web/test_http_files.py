"""Files by HTTP: read, create, replace by an edit, delete; and names that no file may have."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import quote

import pytest
from tests.support import raw
from tests.support.people import People, expect_problem

TEXT_LIMIT = 256 * 1024 - 1024  # bytes


def test_a_file_is_created_then_replaced(room: People) -> None:
    first = room.candidate("PUT", "/files/lib/tool.py", json={"text": "a = 1\n"})
    assert first.status_code == 201
    again = room.candidate("PUT", "/files/lib/tool.py", json={"text": "a = 2\n"})
    assert again.status_code == 200
    assert again.json()["seq"] > first.json()["seq"]
    read = room.observer.json("GET", "/files/lib/tool.py")
    assert read["text"] == "a = 2\n"
    assert read["seq"] >= again.json()["seq"]
    assert {"file": "lib/tool.py", "path": "lib/tool.py"} in room.observer.json("GET")["files"]


def test_a_replacement_is_a_small_edit_of_its_writer(room: People) -> None:
    text = "def f(x):\n    return x\n" * 500
    room.candidate.json("PUT", "/files/main.py", json={"text": text})
    room.interviewer.json("PUT", "/files/main.py", json={"text": text.replace("return x", "return y", 1)})
    edit = room.host.json("GET", "/timeline")["entries"][-1]
    assert (edit["kind"], edit["actor"]) == ("edit", room.ivy.participant)
    assert len(base64.b64decode(edit["body"]["update"])) < 60


def test_a_replacement_that_changes_nothing_leaves_no_entry(room: People) -> None:
    seq = room.candidate.json("PUT", "/files/main.py", json={"text": "same"})["seq"]
    assert room.candidate.json("PUT", "/files/main.py", json={"text": "same"})["seq"] == seq
    assert room.host.json("GET")["head_seq"] == seq


@pytest.mark.parametrize("text", ["", "😀 𝒳 漢字 \u0000 \r\n\t", "👩‍👩‍👧" * 100, "\ufeffx", "a\u2028b"])
def test_any_text_comes_back_as_it_went_in(room: People, text: str) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "😁 before"})
    room.candidate.json("PUT", "/files/main.py", json={"text": text})
    assert room.observer.text() == text


def test_replacements_at_once_are_made_one_after_the_other(room: People) -> None:
    texts = [f"{n} " * 50 for n in range(12)]
    with ThreadPoolExecutor(6) as pool:
        callers = [room.candidate, room.interviewer] * 6
        answers = list(pool.map(lambda c, t: c("PUT", "/files/main.py", json={"text": t}), callers, texts))
    assert {answer.status_code for answer in answers} == {200}
    assert room.observer.text() in texts


def test_the_largest_text_fits_and_one_byte_more_does_not(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "é" * (TEXT_LIMIT // 2)})
    assert len(room.candidate.text().encode()) == TEXT_LIMIT
    head = room.host.json("GET")["head_seq"]
    answer = room.candidate("PUT", "/files/main.py", json={"text": "x" * (TEXT_LIMIT + 1)})
    assert str(TEXT_LIMIT) in expect_problem(answer, 413, "too-large")
    answer = room.candidate("PUT", "/files/new.py", json={"text": "x" * (TEXT_LIMIT + 1)})
    expect_problem(answer, 413, "too-large")
    assert room.host.json("GET")["head_seq"] == head, "no empty file either"


def test_a_deleted_file_is_gone_and_its_name_is_free(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "old"})
    room.candidate.json("PUT", "/files/other.py", json={"text": ""})
    room.interviewer.json("DELETE", "/files/main.py")
    expect_problem(room.candidate("GET", "/files/main.py"), 404, "no-such-file")
    expect_problem(room.interviewer("DELETE", "/files/main.py"), 404, "no-such-file")
    room.candidate.json("PUT", "/files/main.py", json={"text": "new"})
    assert room.candidate.text() == "new"
    assert {"file": "main.py~2", "path": "main.py"} in room.candidate.json("GET")["files"]


def test_the_last_file_stays(room: People) -> None:
    expect_problem(room.interviewer("DELETE", "/files/main.py"), 409, "last-file")


def test_two_names_that_some_computer_takes_for_one_are_one(room: People) -> None:
    expect_problem(room.candidate("PUT", "/files/MAIN.py", json={"text": "x"}), 409, "path-taken")
    room.candidate.json("PUT", "/files/stra\u00dfe.py", json={"text": "x"})
    expect_problem(room.candidate("PUT", "/files/STRASSE.py", json={"text": "x"}), 409, "path-taken")
    room.candidate.json("PUT", "/files/caf\u00e9.py", json={"text": "x"})
    expect_problem(room.candidate("PUT", "/files/cafe\u0301.py", json={"text": "y"}), 409, "path-taken")


BAD_NAMES = [
    "../x", "a/../b", "a/..", "..", ".", "a/./b", "..%2fx", "%2e%2e/x", "%2e%2e%2fx", "a%2f%2e%2e%2fb",
    "%2fetc%2fpasswd", "//etc/passwd", "a//b", "a/", "a%5cb", "..%5cx", "a%00b", "a%0db", "a%7fb",
    "a%e2%80%aeb", "%20a", "a%20", "", "x" * 201,
]  # fmt: skip


@pytest.mark.parametrize("name", BAD_NAMES)
def test_a_name_that_no_file_may_have_is_refused_in_words(room: People, name: str) -> None:
    target = f"/api/rooms/{room.id}/files/{name}"
    answer = raw.send(room.server.port, "PUT", target, bearer=room.ada.token, body=b'{"text":"x"}')
    problem = answer.json()
    assert (answer.status, problem["code"]) == (400, "bad-path"), problem
    assert "name" in problem["detail"] or "/" in problem["detail"]
    for method, token in (("GET", room.ada.token), ("DELETE", room.ivy.token)):
        assert raw.send(room.server.port, method, target, bearer=token).status in (400, 404)
    assert room.candidate.json("GET")["files"] == [{"file": "main.py", "path": "main.py"}]


def test_a_name_of_two_lines_has_no_address(room: People) -> None:
    target = f"/api/rooms/{room.id}/files/a%0ab"
    answer = raw.send(room.server.port, "PUT", target, bearer=room.ada.token, body=b'{"text":"x"}')
    assert (answer.status, answer.json()["code"]) == (404, "not-found")


@pytest.mark.parametrize("name", ["%ff", "%ed%a0%80", "caf%e9.py"])
def test_a_name_that_is_no_text_is_refused(room: People, name: str) -> None:
    target = f"/api/rooms/{room.id}/files/{name}"
    answer = raw.send(room.server.port, "PUT", target, bearer=room.ada.token, body=b'{"text":"x"}')
    assert (answer.status, answer.json()["code"]) == (400, "bad-path")


@pytest.mark.parametrize(
    "name", ["naïve.py", "a b.py", "100%.txt", "q?.txt", "#1.md", "漢字/😀.py", "x" * 200]
)
def test_a_name_with_odd_letters_works(room: People, name: str) -> None:
    room.candidate.json("PUT", f"/files/{quote(name)}", json={"text": name})
    assert room.candidate.text(quote(name)) == name


def test_the_fifty_first_file_is_refused_until_one_is_deleted(room: People) -> None:
    for number in range(49):
        room.candidate.json("PUT", f"/files/f{number}", json={"text": ""})
    answer = room.candidate("PUT", "/files/one-more", json={"text": ""})
    assert "50" in expect_problem(answer, 409, "too-many-files")
    room.interviewer.json("DELETE", "/files/f7")
    room.candidate.json("PUT", "/files/one-more", json={"text": "x"})


def test_what_is_read_is_what_is_committed(room: People) -> None:
    for number in range(20):
        seq = room.candidate.json("PUT", "/files/main.py", json={"text": json.dumps(number)})["seq"]
        read = room.observer.json("GET", "/files/main.py")
        assert (read["text"], read["seq"] >= seq) == (str(number), True)
