"""Runs as a page sees them: input, passwords, everybody away, floods of output and of commands, the end."""

from __future__ import annotations

import os
from typing import Any

import pytest
from tests.support.documents import Document
from tests.support.people import People
from tests.support.wire import OurClient, dial, end_of

from fourhands_protocol import cbor, outputs, sync

LINES = 20_000 if int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "0")) >= 500 else 2_000


def told(page: OurClient, kind: str, run: str) -> list[dict[str, Any]]:
    """The bodies of the entries of a kind that are about a run."""
    bodies = [cbor.decode(entry.body) for entry in page.entries if entry.kind == kind]
    return [body for body in bodies if body.get("run") == run]


def stdout(page: OurClient, run: str) -> str:
    """What a run has printed, as this page shows it."""
    shown: list[Any] = []
    for body in told(page, "run.outputs", run):
        for item in body["items"]:
            shown = outputs.fold(shown, item)
    return "".join(o["text"] for o in shown if o["output_type"] == "stream" and o["name"] == "stdout")


async def finished(page: OurClient, run: str, *, seconds: float = 40) -> str:
    await page.until(lambda: told(page, "run.finished", run), seconds=seconds)
    return str(told(page, "run.finished", run)[0]["status"])


async def test_everybody_sees_a_run_from_its_queueing_to_its_end(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.olga) as olga:
        ada.type(0, "print('seen by all')")
        ada.op("run", run="r1", file="main.py")
        for page in (ada, olga):
            assert await finished(page, "r1") == "ok"
            assert stdout(page, "r1") == "seen by all\n"
            story = [e.kind for e in page.entries if e.kind.startswith("run.")]
            assert story == ["run.queued", "run.started", "run.outputs", "run.finished"]
        assert told(olga, "run.started", "r1")[0]["code"] == "print('seen by all')"


async def test_input_is_answered_by_whoever_may_run(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.olga) as olga:
        ada.op("run", run="r1", code="print('hello', input('name? '))")
        await olga.until(lambda: told(olga, "run.input_asked", "r1"))
        assert told(olga, "run.input_asked", "r1") == [{"run": "r1", "prompt": "name? ", "password": False}]
        olga.op("input", run="r1", text="nobody")
        await olga.settled()
        assert [r.code for r in olga.refused] == ["forbidden"]
        ada.op("input", run="r1", text="Ada 😀")
        assert await finished(ada, "r1") == "ok"
        assert stdout(ada, "r1").endswith("hello Ada 😀\n")
        assert told(ada, "run.input", "r1") == [{"run": "r1", "text": "Ada 😀"}]
        ada.op("input", run="r1", text="too late")
        await ada.settled()
        assert [r.code for r in ada.refused] == ["not-asking"]


async def test_input_is_answered_by_somebody_else_than_who_ran_the_code(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("run", run="r1", code="print('hello', input('name? '))")
        await ivy.until(lambda: told(ivy, "run.input_asked", "r1"))
        ivy.op("input", run="r1", text="from Ivy")
        assert await finished(ada, "r1") == "ok"
        assert stdout(ada, "r1").endswith("hello from Ivy\n")
        answers = [e.actor for e in ada.entries if e.kind == "run.input"]
        assert answers == [room.ivy.participant]


async def test_a_password_is_not_recorded(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada:
        ada.op("run", run="r1", code="import getpass; print(len(getpass.getpass()))")
        await ada.until(lambda: told(ada, "run.input_asked", "r1"))
        assert told(ada, "run.input_asked", "r1")[0]["password"] is True
        ada.op("input", run="r1", text="correct horse")
        assert await finished(ada, "r1") == "ok"
        assert stdout(ada, "r1").endswith("13\n")
    assert "correct horse" not in str(room.host.json("GET", "/timeline"))
    for file in ("rooms.db", "rooms.db-wal"):
        assert b"correct horse" not in (room.server.data / file).read_bytes()


async def test_a_run_goes_on_while_every_browser_is_away(room: People) -> None:
    ada = OurClient(room.server, room.ada)
    await ada.connect()
    ada.op("run", run="r1", code="import time\nfor n in range(8): print(n, flush=True); time.sleep(0.1)")
    await ada.until(lambda: told(ada, "run.started", "r1"))
    await ada.cut()
    assert room.host.json("GET", "/runs/r1?wait=30")["status"] == "ok"
    assert (await ada.connect()).mode == "resumed"
    assert await finished(ada, "r1") == "ok"
    assert stdout(ada, "r1") == "0\n1\n2\n3\n4\n5\n6\n7\n"
    await ada.leave()


@pytest.mark.timeout(180)
async def test_flushed_lines_all_arrive_in_few_entries(room: People) -> None:
    """Twenty thousand in `make fuzz`; the kernel takes half a millisecond for each."""
    async with OurClient(room.server, room.ada) as ada:
        ada.op("run", run="lines", code=f"for i in range({LINES}): print('line', i, flush=True)")
        assert await finished(ada, "lines", seconds=120) == "ok"
        end = told(ada, "run.finished", "lines")[0]
        assert stdout(ada, "lines") == "".join(f"line {i}\n" for i in range(LINES))
        assert "dropped" not in end
        assert len(told(ada, "run.outputs", "lines")) <= 20 * end["duration"] / 1_000_000 + 2


async def test_endless_output_is_capped_and_what_was_dropped_is_counted(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("run", run="flood", code="for _ in range(300): print('x' * 99_999)")
        assert await finished(ada, "flood") == "ok"
        end = told(ada, "run.finished", "flood")[0]
        assert (
            0 <= end["dropped"] + len(stdout(ada, "flood")) - 30_000_000 < 100_000
        )  # quotes and escapes count
        assert 1_000_000 < len(stdout(ada, "flood")) < 10_000_000
        ada.op("run", run="endless", code="while True: print('x' * 100)")
        await ada.until(lambda: told(ada, "run.outputs", "endless"))
        ivy.type(0, "typing goes on")
        await ada.sees("typing goes on")
        ada.op("interrupt")
        assert await finished(ada, "endless") == "interrupted"
        assert not ada.closed
        assert not ivy.closed
    assert room.host.json("GET", "/runs/flood")["dropped"] == end["dropped"]


async def test_a_flood_of_commands_changes_nothing_for_the_room(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("run", run="r1", code="input()")
        await ada.until(lambda: told(ada, "run.input_asked", "r1"))
        for _ in range(300):
            ada.op("interrupt")
            ada.op("restart")
        assert await finished(ada, "r1") in ("interrupted", "aborted")
        await ada.settled()
        ivy.type(0, "goes on")
        await ada.sees("goes on")
        ada.op("run", run="r2", code="print('and runs')")
        assert await finished(ivy, "r2") == "ok"
        assert not ada.closed
    assert stdout(ivy, "r2") == "and runs\n"


async def test_the_queue_has_an_end_and_a_restart_empties_it(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada:
        ada.op("run", run="first", code="input()")
        await ada.until(lambda: told(ada, "run.input_asked", "first"))
        for number in range(21):
            ada.op("run", run=f"r{number}", code="1")
        await ada.settled()
        assert [r.code for r in ada.refused] == ["queue-full"]
        ada.op("restart")
        for run in ("first", *(f"r{n}" for n in range(20))):
            assert await finished(ada, run) == "aborted"
        assert not told(ada, "run.started", "r0")


async def test_a_run_that_waits_is_taken_back_and_the_others_go_on(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("run", run="first", code="input()")
        await ada.until(lambda: told(ada, "run.input_asked", "first"))
        ivy.op("run", run="hers", code="print('hers')")
        ada.op("run", run="mine", code="print('mine')")
        await ivy.settled()
        ada.op("run.cancel", run="hers")
        ada.op("run.cancel", run="first")
        await ada.settled()
        assert [r.code for r in ada.refused] == ["forbidden", "not-waiting"]
        ivy.op("run.cancel", run="mine")
        assert await finished(ada, "mine") == "aborted"
        ada.op("input", run="first", text="go on")
        assert await finished(ada, "hers") == "ok"
        assert not told(ada, "run.started", "mine")


async def test_edits_stop_when_the_end_begins(room: People) -> None:
    """A run gets three seconds more; what is typed meanwhile is refused, and said so, by every road."""
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("run", run="r1", code="import time; print('a', flush=True); time.sleep(1); print('b')")
        await ada.until(lambda: stdout(ada, "r1"))
        ivy.op("end")
        await ivy.settled()
        typed = ada.type(0, "too late")
        said = ada.op("chat", text="too late")
        assert room.candidate("PUT", "/files/main.py", json={"text": "late"}).status_code == 409
        assert await finished(ada, "r1") == "ok"
        assert stdout(ada, "r1") == "a\nb\n"
        await ada.settled()
        assert {(r.pseq, r.code) for r in ada.refused} == {(typed, "ended"), (said, "ended")}
        await ada.until(lambda: ada.entries[-1].kind == "room.ended")
        assert not ada.closed, "a room that ended can be read"
    assert room.host.text() == ""


async def test_a_stock_client_that_types_after_the_end_is_told_by_its_close_code(room: People) -> None:
    room.host.json("POST", "/end")
    link = await dial(room.server, room.ada, ours=False)
    await link.send(sync.step1(b"\x00"))
    await link.send(sync.update(Document(77).edit("main.py", 0, insert="late")))
    code, reason, _ = await end_of(link)
    assert code == 4410
    assert "ended" in reason
