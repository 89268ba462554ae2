"""Files and data files of a room, as runs see them and as the log tells of them."""

from __future__ import annotations

import pytest
from tests.support.world import Call, World

from fourhands_protocol import limits
from fourhands_server.core.operations import Refused, plan
from fourhands_server.core.state import DataFile, RoomState

SHA = "a" * 64


@pytest.fixture
def world() -> World:
    made = World()
    made.join("ada")
    made.join("ivy", "interviewer")
    return made


def add(world: World, path: str, size: int = 3, sha256: str = SHA) -> Call:
    call = world.call("ivy", "interviewer", "data.add", path=path, size=size, sha256=sha256)
    world.settle()
    return call


def test_a_run_sees_the_files_of_its_own_seq(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    ada.type(0, "import helper")
    ada.op("file.create", {"path": "helper.py"})
    world.settle()
    ada.op("run", {"run": "r1", "file": "main.py"})
    ada.op("file.rename", {"file": "helper.py", "path": "other.py"})
    ada.type(0, "# later\n")
    ada.op("run", {"run": "r2", "file": "main.py"})
    world.settle()
    assert world.executed[0].files == {"main.py": "import helper", "helper.py": ""}
    world.kernel_says("run.finished", run="r1", status="ok", duration=5)
    world.settle()
    assert world.executed[1].files == {"main.py": "# later\nimport helper", "other.py": ""}
    assert world.executed[1].code == world.executed[1].files["main.py"]
    world.check()


def test_a_run_sees_the_data_files_of_its_own_seq(world: World) -> None:
    add(world, "data.csv")
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.call("ivy", "interviewer", "data.remove", path="data.csv")
    world.call("ada", "candidate", "run", run="r2", code="2")
    world.settle()
    world.kernel_says("run.finished", run="r1", status="ok", duration=5)
    world.settle()
    assert [executed.data for executed in world.executed] == [{"data.csv": SHA}, {}]
    assert world.room.state.runs["r1"].data == ()
    world.check()


def test_a_run_that_waits_when_the_server_dies_keeps_its_files(world: World) -> None:
    ada = world.client("ada")
    ada.connect()
    ada.type(0, "1")
    world.settle()
    ada.op("run", {"run": "r1", "file": "main.py"})
    ada.deliver(None)
    world.commit()
    ada.type(1, "2")
    ada.deliver(None)
    world.commit()
    world.crash()
    world.settle()
    assert [(one.run, one.files) for one in world.executed] == [("r1", {"main.py": "1"})]


def test_a_run_that_never_reached_the_host_is_handed_over_with_its_files(world: World) -> None:
    world.kernel_says("kernel", state="idle")
    world.call("ada", "candidate", "run", run="r1", code="1")
    world.settle()
    world.executed.clear()
    world.crash()
    world.settle()
    world.room.kernel.attached("journal-1", {}, "idle", None, now=world.now)
    world.carry_out()
    world.settle()
    assert [(one.run, one.files) for one in world.executed] == [("r1", {"main.py": ""})]


def test_files_too_large_for_a_run_are_said(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(limits, "RUN_FILES", 5)
    ada = world.client("ada")
    ada.connect()
    ada.type(0, "print(1)")
    ada.op("run", {"run": "r1", "file": "main.py"})
    world.settle()
    run = world.room.state.runs["r1"]
    assert (run.status, run.outputs[0]["ename"]) == ("aborted", "FilesTooLarge")
    assert world.executed == []


def test_data_files_are_added_replaced_and_removed(world: World) -> None:
    assert add(world, "data/x.csv").seq
    assert add(world, "data/x.csv", 5, "b" * 64).seq
    assert world.room.state.data == {"data/x.csv": DataFile("data/x.csv", 5, "b" * 64)}
    world.call("ivy", "interviewer", "data.remove", path="data/x.csv")
    world.settle()
    assert world.room.state.data == {}
    world.check()


def test_candidates_bring_no_data(world: World) -> None:
    call = world.call("ada", "candidate", "data.add", path="x", size=1, sha256=SHA)
    assert call.refused == "forbidden"


@pytest.mark.parametrize("path", ["main.py", "MAIN.py", "main.py/x", "data/x.csv/y", "Data/X.csv"])
def test_one_name_is_one_file(world: World, path: str) -> None:
    add(world, "data/x.csv")
    assert add(world, path).refused == "path-taken"
    call = world.call("ada", "candidate", "file.create", path=path)
    assert call.refused == "path-taken"


def test_a_folder_s_name_is_no_file(world: World) -> None:
    add(world, "data/x.csv")
    assert add(world, "data").refused == "path-taken"
    assert add(world, "data/y.csv").seq


def test_a_file_may_be_renamed_into_a_folder_of_its_own_name() -> None:
    world = World()
    world.join("ada")
    call = world.call("ada", "candidate", "file.rename", file="main.py", path="main.py/x")
    world.settle()
    assert call.seq


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"path": "x", "size": limits.DATA_FILE + 1}, "too-large"),
        ({"path": "x", "size": 11}, "too-large"),
        ({"path": "../x", "size": 1}, "bad-path"),
    ],
)
def test_data_that_a_room_does_not_take(body: dict[str, object], code: str) -> None:
    state = RoomState(data={"big": DataFile("big", limits.DATA_ROOM - 10, SHA)})
    with pytest.raises(Refused) as caught:
        plan(state, "data.add", body | {"sha256": SHA})
    assert caught.value.code == code


def test_as_many_data_files_as_may_be() -> None:
    files = {str(n): DataFile(str(n), 1, SHA) for n in range(limits.DATA_FILES)}
    state = RoomState(data=files)
    with pytest.raises(Refused, match="50 data files"):
        plan(state, "data.add", {"path": "one more", "size": 1, "sha256": SHA})
    plan(state, "data.add", {"path": "1", "size": 1, "sha256": SHA})


def test_what_code_wrote_goes_with_its_kernel(world: World) -> None:
    world.kernel_says("kernel", state="idle")
    world.kernel_says("kernel.files", files=[{"path": "out.csv", "size": 3}], more=2)
    world.settle()
    state = world.room.state
    assert (state.written, state.written_more) == ((("out.csv", 3),), 2)
    world.kernel_says("kernel", state="busy")
    world.settle()
    assert state.written
    world.kernel_says("kernel", state="starting")
    world.settle()
    assert (state.written, state.written_more) == ((), 0)
    world.check()
