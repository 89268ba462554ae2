"""A kernel that cannot start: the run says why, the room goes on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from tests.support.people import People
from tests.support.server import LiveServer

REAL = Path(__file__).parents[2] / ".kernels" / "default"


class Environments:
    """The folder of environments, whose one can be broken and mended while the server runs."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.default = folder / "default"
        folder.mkdir()
        self.mend()

    def mend(self) -> None:
        self.default.unlink(missing_ok=True)
        self.default.symlink_to(REAL)

    def take_away(self) -> None:
        self.default.unlink()

    def replace(self, script: str) -> None:
        """Another environment takes its place, whose Python is this shell script."""
        self.default.unlink()
        binaries = self.folder / "broken" / "bin"
        binaries.mkdir(parents=True, exist_ok=True)
        (binaries / "python").write_text(f"#!/bin/sh\n{script}\n")
        (binaries / "python").chmod(0o755)
        self.default.symlink_to(self.folder / "broken")


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory) -> Environments:
    return Environments(tmp_path_factory.mktemp("kernels") / "environments")


@pytest.fixture(scope="module")
def server(environments: Environments, tmp_path_factory: pytest.TempPathFactory) -> Iterator[LiveServer]:
    data = tmp_path_factory.mktemp("server")
    with LiveServer(data, "--environments", str(environments.folder)) as live:
        yield live


@pytest.fixture
def room(server: LiveServer, environments: Environments) -> Iterator[People]:
    people = People(server)
    yield people
    environments.mend()
    people.host("POST", "/end")


def ended_badly(room: People) -> str:
    """The words of a run whose kernel did not come."""
    view: dict[str, Any] = room.candidate.run("print('never')")
    assert view["status"] == "kernel_died", view
    assert [output["output_type"] for output in view["outputs"]] == ["error"], "and it says why"
    return str(view["outputs"][0]["evalue"])


def goes_on(room: People) -> None:
    room.candidate.json("PUT", "/files/main.py", json={"text": "all else works"})
    assert room.observer.text() == "all else works"


def test_an_environment_that_is_gone(room: People, environments: Environments) -> None:
    environments.take_away()
    assert "environment" in ended_badly(room)
    goes_on(room)
    environments.mend()
    assert room.candidate.run("print('again')")["outputs"][0]["text"] == "again\n"


@pytest.mark.parametrize("script", ["exit 1", "kill -9 $$", "echo no >&2; exit 3"])
def test_an_environment_that_is_broken(room: People, environments: Environments, script: str) -> None:
    environments.replace(script)
    words = ended_badly(room)
    assert len(words) > 10
    assert "Traceback" not in words
    goes_on(room)
    queued = room.candidate.json("POST", "/runs", json={"code": "1"})["run"]
    assert room.candidate.json("GET", f"/runs/{queued}?wait=30")["status"] == "kernel_died"
    environments.mend()
    assert room.candidate.run("print('again')")["outputs"][0]["text"] == "again\n"


def test_a_kernel_stays_when_its_environment_breaks(room: People, environments: Environments) -> None:
    room.candidate.run("x = 1")
    environments.replace("exit 1")
    assert room.candidate.run("print(x)")["status"] == "ok"
    room.candidate.json("POST", "/kernel/restart")
    assert ended_badly(room)
    environments.mend()
    assert room.candidate.run("print('again')")["outputs"][0]["text"] == "again\n"
