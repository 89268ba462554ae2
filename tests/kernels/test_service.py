"""What a question may declare as its service, and how answers that need no program answer."""

import importlib.util
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

import fourhands_kernels.services
from fourhands_kernels.kernel import BadService, Service, service_of
from fourhands_kernels.service import check_services

INSIDE = Path(fourhands_kernels.services.__file__).parent / "inside"
ROUTE = {"path": "/users", "json": [1]}


def loaded(name: str) -> Any:
    """A module that runs inside, where it is a neighbour of others."""
    spec = importlib.util.spec_from_file_location(name, INSIDE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


answers = loaded("fourhands_service")


def test_a_program_is_taken_as_it_is() -> None:
    assert service_of({"port": 8080, "source": "app = 1"}) == Service(8080, "app = 1")


def test_routes_become_a_program(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "fourhands_service", answers)
    declared = {"port": 8080, "routes": [{"path": "/it's", "text": 'a "quoted" \\ {x} é'}]}
    found: dict[str, Any] = {}
    exec(service_of(declared).source, found)
    assert ask(found["app"], "/it's")[2] == 'a "quoted" \\ {x} é'


@pytest.mark.parametrize(
    ("declared", "words"),
    [
        ([], "table"),
        ({"source": "x"}, "port is missing"),
        ({"port": 80, "source": "x"}, "1024"),
        ({"port": True, "source": "x"}, "number"),
        ({"port": 8080}, "a source or routes"),
        ({"port": 8080, "source": ""}, "KiB"),
        ({"port": 8080, "source": "x" * 300_000}, "KiB"),
        ({"port": 8080, "source": "\ud800"}, "valid text"),
        ({"port": 8080, "source": "x", "routes": [ROUTE]}, "not both"),
        ({"port": 8080, "source": "x", "rout": []}, "there is no 'rout'"),
        ({"port": 8080, "routes": []}, "a list of 1 to"),
        ({"port": 8080, "routes": [{"json": 1}]}, "path is missing"),
        ({"port": 8080, "routes": [ROUTE, {"path": "users"}]}, "route 2: path"),
        ({"port": 8080, "routes": [{"path": "/{a}/{a}"}]}, "odd"),
        ({"port": 8080, "routes": [ROUTE | {"method": "get"}]}, "method is one of"),
        ({"port": 8080, "routes": [ROUTE | {"status": 100}]}, "a number from 200 to 599"),
        ({"port": 8080, "routes": [ROUTE | {"text": "x"}]}, "only one of"),
        ({"port": 8080, "routes": [ROUTE | {"size": 3}]}, "size is for items"),
        ({"port": 8080, "routes": [ROUTE | {"headers": {"X-A": "b\r\nX-C: d"}}]}, "X-A"),
        ({"port": 8080, "routes": [{"path": "/", "json": float("nan")}]}, "JSON"),
        ({"port": 8080, "routes": [ROUTE], "tokens": ["a b"]}, "a token"),
        ({"port": 8080, "routes": [ROUTE], "rate": {"requests": 5}}, "per_s is missing"),
        ({"port": 8080, "routes": [ROUTE], "rate": {"requests": 5, "per_s": 0}}, "per_s"),
    ],
)
def test_what_cannot_be_one_is_refused_in_words(declared: Any, words: str) -> None:
    with pytest.raises(BadService, match=words):
        service_of(declared)


def test_deep_answers_are_refused() -> None:
    deep: list[Any] = []
    for _ in range(1_000):
        deep = [deep]
    with pytest.raises(BadService, match="deeper"):
        service_of({"port": 8080, "routes": [{"path": "/", "json": deep}]})


def test_one_service_a_port_and_eight_in_all() -> None:
    with pytest.raises(BadService, match="same port"):
        check_services((Service(8080, "a"), Service(8080, "b")))
    with pytest.raises(BadService, match="up to 8"):
        check_services(tuple(Service(8080 + n, "a") for n in range(9)))


def ask(
    app: Any, path: str, method: str = "GET", *, token: str = "", query: str = ""
) -> tuple[int, dict[str, str], Any]:
    """Status, headers and body of an answer."""
    begun: list[Any] = []
    environ = {"REQUEST_METHOD": method, "PATH_INFO": path, "QUERY_STRING": query}
    if token:
        environ["HTTP_AUTHORIZATION"] = token
    (body,) = app(environ, lambda status, headers: begun.append((status, headers)))
    status, headers = begun[0][0], dict(begun[0][1])
    text = body.decode()
    return int(status[:3]), headers, json.loads(text) if "json" in headers.get("Content-Type", "") else text


def made(*routes: dict[str, Any], clock: Callable[[], float] = lambda: 0.0, **more: Any) -> Any:
    declaration = {"routes": list(routes), **more}
    service_of({"port": 8080, **declaration})  # it is one that the host would take
    return answers.Answers(declaration, clock=clock)


def test_routes_answer_by_path_and_method() -> None:
    app = made(
        {"path": "/users/{id}", "json": {"id": "{id}", "name": ["user {id}", 7]}},
        {"path": "/users", "method": "POST", "status": 201, "json": {}, "headers": {"Location": "/users/1"}},
        {"path": "/bye", "method": "DELETE", "status": 204},
    )
    assert ask(app, "/users/ada")[2] == {"id": "ada", "name": ["user ada", 7]}
    assert ask(app, "/users", "POST")[:2] == (
        201,
        {"Content-Type": "application/json", "Location": "/users/1"},
    )
    assert ask(app, "/bye", "DELETE") == (204, {}, "")
    assert ask(app, "/users/ada/x")[0] == 404
    assert ask(app, "/users") == (
        405,
        {"Content-Type": "application/json", "Allow": "POST"},
        {"error": "not by this method"},
    )
    assert ask(app, "/users/ada", "HEAD")[0] == 200


def test_a_parameter_puts_nothing_into_headers() -> None:
    app = made({"path": "/{to}", "status": 302, "headers": {"Location": "/{to}"}})
    assert ask(app, "/a\r\nSet-Cookie: b")[1]["Location"] == "/a??Set-Cookie: b"


def test_a_token_is_needed_where_there_are_some() -> None:
    app = made(ROUTE, {"path": "/health", "text": "fine", "open": True}, tokens=["secret"])
    status, headers, body = ask(app, "/users")
    assert (status, headers["WWW-Authenticate"], body) == (
        401,
        "Bearer",
        {"error": "a bearer token is needed"},
    )
    assert ask(app, "/users", token="Bearer wrong")[0] == 401
    assert ask(app, "/users", token="Basic secret")[0] == 401
    assert ask(app, "/nothing")[0] == 401
    assert ask(app, "/users", token="bearer secret")[2] == [1]
    assert ask(app, "/health")[2] == "fine"


def test_too_many_requests_are_told_when_to_come_back() -> None:
    now = [100.0]
    app = made(ROUTE, tokens=["a", "b"], rate={"requests": 2, "per_s": 10}, clock=lambda: now[0])
    assert [ask(app, "/users", token="Bearer a")[0] for _ in range(3)] == [200, 200, 429]
    assert ask(app, "/users", token="Bearer b")[0] == 200
    now[0] = 107.5
    status, headers, _ = ask(app, "/users", token="Bearer a")
    assert (status, headers["Retry-After"]) == (429, "3")
    now[0] = 110.0
    assert ask(app, "/users", token="Bearer a")[0] == 200


def test_items_come_in_pages() -> None:
    app = made({"path": "/items", "items": list(range(25)), "size": 10})
    assert ask(app, "/items")[2] == {"items": list(range(10)), "page": 1, "pages": 3, "next": 2}
    assert ask(app, "/items", query="page=3")[2] == {
        "items": [20, 21, 22, 23, 24],
        "page": 3,
        "pages": 3,
        "next": None,
    }
    assert ask(app, "/items", query="page=9")[2]["items"] == []
    assert ask(app, "/items", query="page=zero")[0] == 400
