"""Judgements through a kernel host's socket: once each, recorded in the room's journal, with an end whatever
happens.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.judge.judges import AT_ONCE
from fourhands_kernels.judgement import PRIVATE, Judgement
from fourhands_kernels.kernel import HostRefused

from ..hosting import HostProcess, wait_gone
from ..watching import Watched

TESTS = b"from main import f\ndef test_f(): assert f(2) == 4\ndef test_g(): assert f(3) == 9\n"
DOUBLE = {"main.py": b"def f(x): return 2 * x"}
ENDLESS = {"main.py": b"import time\ndef f(x):\n    while x != 2: time.sleep(60)\n    return 4"}


def judgement(name: str, files: dict[str, bytes] = DOUBLE, **more: object) -> Judgement:
    return Judgement(name, files, {"test_f.py": TESTS}, **more)  # type: ignore[arg-type]


def halves(host: HostProcess) -> list[int]:
    """The processes of pairs below a host."""
    found = []
    for pid in host.sandboxes():
        with contextlib.suppress(OSError):
            if b"inside.entry" in Path(f"/proc/{pid}/cmdline").read_bytes():
                found.append(pid)
    return found


async def test_every_result_is_an_event_of_the_journal(room: Watched) -> None:
    await room.client.judge(room.name, judgement("names", visibility="names"))
    finished = await room.event("tests.finished")
    told = [event for event in room.events if event.kind.startswith("tests.")]
    assert [event.kind for event in told] == [
        *("tests.started", "tests.record", "tests.result", "tests.record", "tests.result", "tests.finished")
    ]
    shown = [dict(event.body) for event in told if event.kind == "tests.result"]
    assert [(one["n"], one["total"], one["name"], one["outcome"]) for one in shown] == [
        (1, 2, "test_f.py::test_f", "passed"),
        (2, 2, "test_f.py::test_g", "failed"),
    ]
    assert all("message" not in one for one in shown)
    body = dict(finished.body)
    assert body.pop("duration") > 0
    assert body == {
        **{"judgement": "names", "status": "ok", "total": 2, "passed": 1},
        **{"failed": 1, "errors": 0, "skipped": 0},
    }
    assert (await room.attach(after=room.stands)).judgements == {"names": "ok"}


async def test_an_id_is_judged_once(room: Watched) -> None:
    await room.client.judge(room.name, judgement("once"))
    await room.event("tests.finished", judgement="once")
    await room.client.judge(room.name, judgement("once"))
    await room.client.judge(room.name, judgement("again"))
    await room.event("tests.finished", judgement="again")
    started = [event.body["judgement"] for event in room.events if event.kind == "tests.started"]
    assert started == ["once", "again"]


async def test_the_room_hears_only_what_its_visibility_allows(room: Watched) -> None:
    await room.client.judge(room.name, judgement("counts", visibility="counts"))
    await room.event("tests.finished", judgement="counts")
    await room.client.judge(room.name, judgement("messages", visibility="messages"))
    await room.event("tests.finished", judgement="messages")
    public = [event for event in room.events if event.kind not in PRIVATE]
    counted = [event.kind for event in public if event.body.get("judgement") == "counts"]
    assert counted == ["tests.started", "tests.finished"]
    messages = [e.body["message"] for e in public if e.kind == "tests.result"]
    assert messages == ["", "assert 6 == 9"]


async def test_one_that_is_cancelled_says_so_and_leaves_nothing(host: HostProcess, room: Watched) -> None:
    await room.client.judge(room.name, judgement("endless", ENDLESS, per_call_s=50))
    await room.event("tests.record")
    running = halves(host)
    assert running
    await room.client.cancel_judgement(room.name, "endless")
    finished = await room.event("tests.finished")
    assert finished.body["status"] == "cancelled"
    await asyncio.to_thread(wait_gone, running)
    assert halves(host) == []


async def test_a_room_that_asks_again_and_again_takes_no_other_rooms_place(
    room: Watched, other: Watched
) -> None:
    endless = [f"endless-{n}" for n in range(AT_ONCE + 1)]
    for name in endless:
        await room.client.judge(room.name, judgement(name, ENDLESS, per_call_s=50))
    await room.event("tests.record")
    await other.client.judge(other.name, judgement("short"))
    assert (await other.event("tests.finished")).body["status"] == "ok"
    for name in reversed(endless):
        await room.client.cancel_judgement(room.name, name)
        await room.event("tests.finished", judgement=name, status="cancelled")
    assert [event.body["judgement"] for event in room.events if event.kind == "tests.started"] == endless[:1]


async def test_all_tests_together_have_a_time_limit(room: Watched) -> None:
    await room.client.judge(room.name, judgement("late", ENDLESS, per_call_s=50, total_s=1))
    finished = await room.event("tests.finished")
    assert finished.body["status"] == "timeout"
    (detail,) = [event.body["text"] for event in room.events if event.kind == "tests.detail"]
    assert detail == "all tests together took longer than 1 s"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"modules": ("json",)}, "'json' cannot be the name of a module"),
        ({"tests": {"helper.py": b""}}, "none of the tests' files is called test_"),
        ({"files": {"../main.py": b""}}, "A part of the name cannot be .."),
        ({"per_call_s": 1000}, "a call may take up to 60 s"),
        ({"visibility": "all"}, "unknown visibility"),
    ],
)
async def test_what_cannot_be_judged_is_refused_in_words(
    room: Watched, wrong: dict[str, object], words: str
) -> None:
    fields: dict[str, object] = {"files": DOUBLE, "tests": {"test_f.py": TESTS}, **wrong}
    with pytest.raises(HostRefused) as refused:
        await room.client.judge(room.name, Judgement("wrong", **fields))  # type: ignore[arg-type]
    assert words in refused.value.reason


async def test_tests_that_do_not_work_are_errors_and_interviewers_hear_why(room: Watched) -> None:
    broken = {"test_f.py": b"import nothing_of_that_name\n", "test_g.py": b"def test_g(): pass\n"}
    await room.client.judge(room.name, Judgement("broken", DOUBLE, broken))
    finished = await room.event("tests.finished")
    assert (finished.body["status"], finished.body["errors"]) == ("error", 1)
    (record,) = [event.body for event in room.events if event.kind == "tests.record"]
    assert "nothing_of_that_name" in record["message"]


@pytest.fixture
async def plainly(environments: Path, tmp_path: Path) -> AsyncIterator[Watched]:
    host = HostProcess(tmp_path / "plain", isolation="none").start()
    client = KernelHostClient(host.socket)
    room = Watched(client)
    await room.attach()
    yield room
    await client.aclose()
    host.end()


async def test_without_isolation_results_are_marked(plainly: Watched) -> None:
    await asyncio.gather(*(plainly.client.judge(plainly.name, judgement(name)) for name in "abc"))
    for name in "abc":
        finished = await plainly.event("tests.finished", judgement=name)
        assert (finished.body["passed"], finished.body["failed"]) == (1, 1)
        assert (await plainly.event("tests.started", judgement=name)).body["unisolated"] is True


@pytest.fixture
async def ordinary(ordinary_host: HostProcess) -> AsyncIterator[Watched]:
    client = KernelHostClient(ordinary_host.socket)
    room = Watched(client)
    await room.attach()
    yield room
    await client.aclose()


async def test_an_ordinary_users_host_judges_too(ordinary: Watched) -> None:
    """Also where the candidate's code kills all that it can reach, and looks at what else runs."""
    hostile = {
        "main.py": b"""
import os, signal
def f(x):
    if x == 2:
        return 4
    seen = "".join(open(f"/proc/{p}/cmdline").read() for p in os.listdir("/proc") if p.isdigit())
    if "test_f" in seen or "pytest" in seen:
        return 9
    os.kill(-1, signal.SIGKILL)
"""
    }
    await ordinary.client.judge(ordinary.name, judgement("user", hostile, visibility="names"))
    finished = await ordinary.event("tests.finished")
    assert (finished.body["status"], finished.body["passed"], finished.body["failed"]) == ("ok", 1, 1)
