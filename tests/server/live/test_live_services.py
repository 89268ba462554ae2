"""Questions with a service or a database, in a live room: the candidate's code talks to them, and nobody but
interviewers learns what is behind.
"""

from __future__ import annotations

import ast
from typing import Any

import pytest
from tests.support.people import People, expect_problem

SECRET = "stays_with_interviewers"
TOKEN = "told-to-everybody"
PORT = 8080
SERVICE: dict[str, Any] = {
    "port": PORT,
    "tokens": [TOKEN],
    "rate": {"requests": 3, "per_s": 3600},
    "routes": [{"path": "/orders/{id}", "json": {"id": "{id}", "total": 12.5}}, {"path": f"/{SECRET}"}],
}
PROGRAM = f"""\
def app(environ, start_response):
    raise LookupError("{SECRET}")
"""
SHOP = """\
-- The shop
CREATE TABLE orders (id INTEGER PRIMARY KEY, name TEXT);
INSERT INTO orders (name) VALUES ('ada'), ('olga');
"""
ASK = f"""\
import json, urllib.error, urllib.request
def ask(path, token=None):
    request = urllib.request.Request("http://127.0.0.1:{PORT}" + path)
    if token:
        request.add_header("Authorization", "Bearer " + token)
    try:
        return json.load(urllib.request.urlopen(request, timeout=20))
    except urllib.error.HTTPError as error:
        return error.code
"""


def add(room: People, name: str = "shop", **parts: Any) -> None:
    question = {"title": "The shop", **parts}
    answer = room.interviewer("PUT", f"/questions/{name}", json=question)
    assert answer.status_code in (200, 201), answer.text


def runs(room: People, code: str) -> str:
    """What the candidate's code comes to."""
    run = room.candidate.json("POST", "/runs", json={"code": code})["run"]
    seen = room.candidate.json("GET", f"/runs/{run}?wait=60")
    assert seen["status"] == "ok", seen
    return str(seen["outputs"][-1]["data"]["text/plain"])


def test_code_talks_to_a_service_and_to_nothing_else(room: People) -> None:
    add(room, service=SERVICE)
    code = f"{ASK}\nask('/orders/7'), [ask('/orders/7', {TOKEN!r}) for _ in range(4)]"
    order = {"id": "7", "total": 12.5}
    assert ast.literal_eval(runs(room, code)) == (401, [order] * 3 + [429])
    for role in ("candidate", "observer"):
        (seen,) = room.of_role(role).json("GET", "/questions")["questions"]
        assert seen["service"] == {"port": PORT, "state": "running"}
        for path in ("", "/questions", "/timeline"):
            assert SECRET not in room.of_role(role)("GET", path).text
    requests = f"import requests\nbears = {{'Authorization': 'Bearer {TOKEN}'}}\n"
    requests += f"found = requests.get('http://localhost:{PORT}/orders/8', headers=bears)\n"
    assert (
        runs(room, f"{requests}found.status_code, int(found.headers['Retry-After']) > 3000") == "(429, True)"
    )


def test_why_a_service_fails_is_for_interviewers(room: People) -> None:
    add(room, service={"port": PORT, "source": PROGRAM})
    assert runs(room, f"{ASK}\nask('/')") == "500"
    add(room, service={"port": PORT, "source": "import nowhere"})
    assert runs(room, "1 + 1") == "2"
    (seen,) = room.interviewer.json("GET", "/questions")["questions"]
    assert seen["service"]["state"] == "failed"
    assert "No module named 'nowhere'" in seen["service"]["fault"]
    (theirs,) = room.candidate.json("GET", "/questions")["questions"]
    assert set(theirs["service"]) == {"port", "state", "detail"}
    private = room.interviewer.json("GET", "/timeline?stream=interviewers")["entries"]
    assert f"LookupError: {SECRET}" in next(
        e["body"]["text"] for e in private if e["kind"] == "service.detail"
    )
    assert SECRET not in room.candidate("GET", "/timeline").text
    room.candidate("POST", "/kernel/restart")
    assert runs(room, "1 + 1") == "2"


def test_a_script_becomes_a_database(room: People) -> None:
    add(room, sqlite={"data/shop.db": SHOP})
    query = "SELECT name FROM orders ORDER BY id"
    code = f"import sqlite3\nsqlite3.connect('data/shop.db').execute({query!r}).fetchall()"
    assert runs(room, code) == "[('ada',), ('olga',)]"
    (offered,) = room.candidate.json("GET", "/questions")["questions"]
    assert offered["sqlite"] == ["data/shop.db"]
    add(room, sqlite={"data/other.db": SHOP})
    assert [file["path"] for file in room.candidate.json("GET", "/data")["files"]] == ["data/other.db"]


@pytest.mark.parametrize(
    ("parts", "words"),
    [
        (
            {"sqlite": {"a.db": "CREATE TABLE a (x);\n\nINSERT INTO b VALUES (1);"}},
            "a.db: line 3: no such table: b",
        ),
        (
            {"sqlite": {"a.db": "ATTACH '/etc/passwd' AS b;"}},
            "line 1: a script may change its own database alone",
        ),
        ({"sqlite": {"a.db": "-- nothing"}}, "makes no table"),
        ({"service": {"port": 80, "source": "x"}}, "the port is one of 1024 to 65535"),
        ({"service": {"port": PORT, "routes": [{"path": "x"}]}}, "route 1: path"),
    ],
)
def test_what_cannot_work_is_refused_in_words(room: People, parts: dict[str, Any], words: str) -> None:
    answer = room.interviewer("PUT", "/questions/bad", json={"title": "Bad", **parts})
    assert words in expect_problem(answer, 400, "bad-question")
    assert room.interviewer.json("GET", "/questions")["questions"] == []


def test_hidden_tests_find_the_services_of_the_room(room: People) -> None:
    tests = "from main import total\n\ndef test_total():\n    assert total(7) == 12.5\n"
    add(room, service=SERVICE, tests={"files": {"test_it.py": tests}})
    main = f"{ASK}\ndef total(order):\n    return ask(f'/orders/{{order}}', {TOKEN!r})['total']\n"
    room.candidate("PUT", "/files/main.py", json={"text": main})
    name = room.interviewer.json("POST", "/questions/shop/tests", json={})["judgement"]
    seen = room.interviewer.json("GET", f"/questions/shop/tests/{name}?wait=60")
    assert (seen["status"], seen["passed"], seen["total"]) == ("ok", 1, 1), seen


def test_two_questions_have_two_ports(room: People) -> None:
    add(room, service=SERVICE)
    taken = room.interviewer("PUT", "/questions/other", json={"title": "Other", "service": SERVICE})
    assert "on port 8080 already" in expect_problem(taken, 409, "port-taken")
    text = {"path": "/", "json": "other"}
    add(room, "other", service={"port": PORT + 1, "routes": [text]})
    code = ASK.replace(str(PORT), str(PORT + 1))
    assert runs(room, f"{code}\nask('/')") == "'other'"
    add(room, service=SERVICE)
