"""Liveness, readiness, metrics, and the document that describes the API."""

from __future__ import annotations

import re

from tests.support.people import People
from tests.support.server import LiveServer

from fourhands_protocol import limits

CONTRACT = {
    ("post", "/api/rooms"),
    ("post", "/api/join"),
    ("post", "/api/token"),
    ("get", "/api/rooms/{room}"),
    ("get", "/api/rooms/{room}/files/{path}"),
    ("put", "/api/rooms/{room}/files/{path}"),
    ("delete", "/api/rooms/{room}/files/{path}"),
    ("post", "/api/rooms/{room}/runs"),
    ("get", "/api/rooms/{room}/runs/{run}"),
    ("post", "/api/rooms/{room}/kernel/interrupt"),
    ("post", "/api/rooms/{room}/kernel/restart"),
    ("get", "/api/rooms/{room}/timeline"),
    ("get", "/api/rooms/{room}/recording"),
    ("post", "/api/rooms/{room}/end"),
    ("get", "/healthz"),
    ("get", "/readyz"),
    ("get", "/metrics"),
}


def test_the_process_is_alive_and_rooms_can_be_used(server: LiveServer) -> None:
    assert server.call("GET", "/healthz").json() == {"status": "ok"}
    assert server.call("GET", "/readyz").json() == {"status": "ready", "kernels": "ok"}


def figures(server: LiveServer) -> dict[str, float]:
    answer = server.call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    lines = answer.text.splitlines()
    names = [line.split()[0] for line in lines if not line.startswith("#")]
    for name in names:
        assert f"# TYPE {name} gauge" in lines
        assert any(line.startswith(f"# HELP {name} ") for line in lines)
        assert re.fullmatch(r"fourhands_[a-z_]+", name)
    return {line.split()[0]: float(line.split()[1]) for line in lines if not line.startswith("#")}


def test_metrics_follow_what_goes_on(server: LiveServer) -> None:
    before = figures(server)
    assert before["fourhands_kernels_available"] == 1
    people = People(server)
    people.candidate.json("POST", "/runs", json={"code": "input()", "id": "r"})
    while people.candidate.json("GET", "/runs/r?wait=1")["status"] != "running":
        pass
    after = figures(server)
    assert after["fourhands_rooms_live"] == before["fourhands_rooms_live"] + 1
    assert after["fourhands_runs_active"] == before["fourhands_runs_active"] + 1
    people.host("POST", "/kernel/interrupt")
    people.host("POST", "/end")
    assert figures(server)["fourhands_runs_active"] == before["fourhands_runs_active"]


def test_the_api_describes_every_call_of_the_contract(server: LiveServer) -> None:
    document = server.call("GET", "/api/openapi.json").json()
    assert document["openapi"].startswith("3.1")
    described = {(method, path) for path, calls in document["paths"].items() for method in calls}
    assert described >= CONTRACT
    for path, calls in document["paths"].items():
        for operation in calls.values():
            assert operation["summary"]
            assert "application/problem+json" in operation["responses"]["default"]["content"]
            named = {p["name"] for p in operation["parameters"] if p["in"] == "path"}
            assert named == set(re.findall(r"{(\w+)}", path))


def test_every_reference_of_the_description_leads_somewhere(server: LiveServer) -> None:
    text = server.call("GET", "/api/openapi.json").text
    schemas = server.call("GET", "/api/openapi.json").json()["components"]["schemas"]
    references = set(re.findall(r'"#/components/schemas/(\w+)"', text))
    assert references
    assert references <= schemas.keys()


def test_the_answers_have_the_shape_that_is_described(server: LiveServer, room: People) -> None:
    document = server.call("GET", "/api/openapi.json").json()
    schemas = document["components"]["schemas"]
    run = room.candidate.run("1")
    for path, answer in {
        "/api/rooms/{room}": room.candidate.json("GET"),
        "/api/rooms/{room}/files/{path}": room.candidate.json("GET", "/files/main.py"),
        "/api/rooms/{room}/runs/{run}": run,
        "/api/rooms/{room}/timeline": room.candidate.json("GET", "/timeline"),
    }.items():
        content = document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]
        shape = schemas[content["schema"]["$ref"].rpartition("/")[2]]
        assert answer.keys() == shape["properties"].keys()
        assert set(shape["required"]) <= answer.keys()


def test_probes_are_answered_while_a_large_text_is_written(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "x" * (limits.UPDATE - 1024)})
    assert room.server.call("GET", "/readyz").json()["status"] == "ready"
