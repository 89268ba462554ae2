"""Services of questions in the core: handed over with each run, told as the kernel host says, and ended with
the kernel.
"""

from __future__ import annotations

from typing import Any

import pytest
from tests.support.world import SECRET, World

from fourhands_protocol import cbor
from fourhands_server.core.adding import Adding
from fourhands_server.core.questions import SERVICES, BadQuestion, checked

PROGRAM = {"port": 8080, "source": f"# {SECRET.decode()}"}


@pytest.fixture
def world() -> World:
    world = World()
    for person, role in (("ada", "candidate"), ("ivy", "interviewer")):
        world.join(person, role)
    return world


def add(world: World, name: str, service: dict[str, Any] | None) -> str | None:
    raw = {"id": name, "title": name} | ({"service": service} if service is not None else {})
    call = world.call("ivy", "interviewer", "question.add", adding=Adding(checked(raw)))
    world.settle()
    return call.refused or None


def run(world: World, name: str) -> Any:
    world.call("ada", "candidate", "run", run=name, code="1")
    world.settle()
    world.kernel_says("run.finished", run=name, status="ok", duration=1)
    world.settle()
    return [declared["port"] for declared in world.executed[-1].services]


def test_each_run_brings_the_services_of_its_moment(world: World) -> None:
    assert run(world, "r-1") == []
    add(world, "first", PROGRAM)
    add(world, "none", None)
    add(world, "second", {"port": 8081, "routes": [{"path": "/", "json": None}]})
    assert run(world, "r-2") == [8080, 8081]
    add(world, "first", {**PROGRAM, "port": 9000})
    world.crash()
    assert sorted(run(world, "r-3")) == [8081, 9000]
    assert SECRET not in b"".join(entry.body for entry in world.log)


def test_a_port_is_one_question_s_and_there_are_eight(world: World) -> None:
    assert add(world, "first", PROGRAM) is None
    assert add(world, "other", PROGRAM) == "port-taken"
    for number in range(1, SERVICES):
        assert add(world, f"question-{number}", {**PROGRAM, "port": 8080 + number}) is None
    assert add(world, "other", {**PROGRAM, "port": 9000}) == "too-many-services"
    assert add(world, "first", {**PROGRAM, "port": 9000}) is None


def test_what_the_host_says_is_told_and_ends_with_the_kernel(world: World) -> None:
    ada, ivy = world.client("ada"), world.client("ivy", role="interviewer")
    for client in (ada, ivy):
        client.connect()
    world.settle()
    world.kernel_says("kernel", state="idle")
    world.kernel_says("service", port=8080, state="failed", detail="it did not begin")
    world.kernel_says("service.detail", port=8080, text=SECRET.decode())
    world.settle()
    assert world.room.state.asked.services == {8080: ("failed", "it did not begin")}
    assert world.room.private.faults == {8080: SECRET.decode()}
    assert cbor.decode(world.private_log[-1].body)["after"] == world.log[-1].seq
    world.kernel_says("kernel", state="busy")
    world.settle()
    assert 8080 in world.room.state.asked.services
    world.kernel_says("kernel", state="dead", detail="ended")
    world.settle()
    assert world.room.state.asked.services == {}


@pytest.mark.parametrize(
    ("service", "words"),
    [
        ({"port": 80, "source": "x"}, "the port is one of 1024 to 65535"),
        ({"port": 8080}, "a source or routes"),
        ({"port": 8080, "source": "\ud800"}, "valid text"),
        ({"port": 8080, "routes": [{"path": "/", "json": "\ud800"}]}, "valid text"),
        ({"port": 8080, "routes": [{"path": "/", "json": 2**64}]}, "64 bits"),
        ({"port": 8080, "routes": "all"}, "a list"),
        ("x", "table"),
    ],
)
def test_what_is_no_service_is_refused_in_words(service: Any, words: str) -> None:
    with pytest.raises(BadQuestion, match=words):
        checked({"id": "a", "title": "A", "service": service})
