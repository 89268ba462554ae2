"""What is asked of an idle kernel: answered from its variables, never in the way of a run, never trusted."""

import asyncio
import itertools
from collections.abc import Mapping
from typing import Any

import pytest

from fourhands_kernels import enquiries
from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.enquiries import ANSWER_SECONDS, AT_ONCE, Enquiries, cleaned, request

from .watching import SECONDS, Watched


class Asked:
    """A kernel by hand: what it was sent, and how often it was told to stop."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.stops = asyncio.Event()
        self.enquiries = Enquiries(self._send, self.stops.set)

    def _send(self, kind: str, content: dict[str, Any]) -> str:
        self.sent.append(kind)
        return f"message-{len(self.sent)}"


async def test_an_answer_finds_its_question() -> None:
    kernel = Asked()
    one = asyncio.create_task(kernel.enquiries.ask("complete", {}))
    two = asyncio.create_task(kernel.enquiries.ask("inspect", {}))
    await asyncio.sleep(0)
    assert not kernel.enquiries.take("complete_reply", "message-2", {"forged": 1})
    assert not kernel.enquiries.take("complete_reply", ["unhashable"], {})
    assert kernel.enquiries.take("inspect_reply", "message-2", {"n": 2})
    assert kernel.enquiries.take("complete_reply", "message-1", {"n": 1})
    assert (await one, await two) == ({"n": 1}, {"n": 2})
    await kernel.enquiries.settled()


async def test_a_late_answer_is_interrupted_and_dropped() -> None:
    kernel = Asked()
    assert await kernel.enquiries.ask("complete", {}) is None
    await kernel.stops.wait()
    assert await kernel.enquiries.ask("complete", {}) is None  # not before it is done
    assert kernel.sent == ["complete_request"]
    waiting = asyncio.create_task(kernel.enquiries.settled())
    await asyncio.sleep(0)
    assert not waiting.done()
    assert kernel.enquiries.take("complete_reply", "message-1", {})
    await waiting


async def test_one_that_heeds_no_interrupt_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(enquiries, "GIVEN_UP", 0.05)
    kernel = Asked()
    assert await kernel.enquiries.ask("complete", {}) is None
    await kernel.enquiries.settled()
    assert not kernel.enquiries.take("complete_reply", "message-1", {})


async def test_only_so_many_wait() -> None:
    kernel = Asked()
    asking = [asyncio.create_task(kernel.enquiries.ask("complete", {})) for _ in range(AT_ONCE + 1)]
    assert await asking.pop() is None
    kernel.enquiries.close()
    assert await asyncio.gather(*asking) == [None] * AT_ONCE


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"status": "error"},
        {"status": "ok", "matches": "abc", "cursor_start": 0, "cursor_end": 1},
        {"status": "ok", "matches": [], "cursor_start": True, "cursor_end": 1},
        {"status": "ok", "matches": [], "cursor_start": 1, "cursor_end": 0},
        {"status": "ok", "matches": [], "cursor_start": 0, "cursor_end": 10**30},
    ],
)
def test_a_reply_of_another_shape_says_nothing(content: Mapping[str, Any]) -> None:
    assert cleaned("complete", content, 5) is None


def test_a_reply_is_bounded() -> None:
    hostile = {
        "status": "ok",
        "matches": ["x" * 10**6, 7, None, "\ud800", *["y"] * 10_000],
        "cursor_start": 0,
        "cursor_end": 3,
        "metadata": {
            "_jupyter_types_experimental": [
                {"start": 0, "end": 3, "text": "y", "type": "function", "signature": "(a)", "more": object()},
                {"start": 0, "end": 99, "text": "y", "type": "", "signature": ""},
                "nothing",
            ],
            "more": [object()],
        },
    }
    found = cleaned("complete", hostile, 3)
    assert found is not None
    assert found["matches"][:2] == ["?", "y"]
    assert len(found["matches"]) < 500
    said = {"start": 0, "end": 3, "text": "y", "type": "function", "signature": "(a)"}
    assert found["metadata"] == {"_jupyter_types_experimental": [said]}
    shown = {"status": "ok", "found": True, "data": {"text/plain": "a" * 10**6, "text/html": "<script>"}}
    explained = cleaned("inspect", shown, 3)
    assert explained is not None
    assert list(explained["data"]) == ["text/plain"]
    assert len(explained["data"]["text/plain"]) == 64 * 1024


def test_a_cursor_outside_the_code_is_no_request() -> None:
    assert request("abc", 3) == {"code": "abc", "cursor_pos": 3}
    assert request("abc", 4) is None
    assert request("abc", -1) is None
    assert request("x" * (1024 * 1024 + 1), 0) is None


@pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])
async def test_a_kernel_knows_what_its_variables_hold(client: KernelHostClient, room: Watched) -> None:
    code = "𝛼 = 1; table['na"
    assert await client.complete(room.name, code, len(code)) is None  # no kernel, and none is started
    assert await client.inspect(room.name, "len", 3) is None
    assert room.events == []
    await room.runs("table = {'name': 1, 'nation': 2}\ndef f(a):\n    'Explained.'")
    found = await answered(lambda: client.complete(room.name, code, len(code)))
    assert {"name", "nation"} <= {match.strip("']") for match in found["matches"]}
    assert code[found["cursor_start"] : found["cursor_end"]] == "na"
    shown = await answered(lambda: client.inspect(room.name, "f(", 1))
    assert "Explained." in shown["data"]["text/plain"]
    assert not (await client.inspect(room.name, "nothing", 3) or {"found": False})["found"]
    after = await room.runs("_ih[-1], table")
    assert after.finished["count"] == 2  # enquiries are no runs


@pytest.mark.parametrize("launcher", ["bubblewrap", "zygote"])
async def test_a_busy_kernel_is_not_asked_and_a_stuck_one_runs_on(
    client: KernelHostClient, room: Watched
) -> None:
    await room.runs(
        "class Trap:\n"
        "    def __dir__(self):\n"
        "        print('caught')\n"
        "        while True: pass\n"
        "trap = Trap()"
    )
    began = asyncio.get_running_loop().time()
    assert await client.complete(room.name, "trap.", 5) is None
    assert asyncio.get_running_loop().time() - began >= ANSWER_SECONDS / 2
    run = await room.runs("6 * 7")
    assert run.status == "ok"
    assert run.value == "42"
    asking = await room.begins("input()")
    await room.event("run.input_asked", run=asking)
    assert await client.complete(room.name, "trap.", 5) is None
    await client.answer(room.name, asking, "go on")
    assert (await room.ends(asking)).status == "ok"


async def answered(ask: Any) -> dict[str, Any]:
    """On a busy machine an answer may come too late; one of the next need not."""
    async with asyncio.timeout(SECONDS):
        for pause in itertools.repeat(0.05):
            found = await ask()
            if found is not None:
                assert isinstance(found, dict)
                return found
            await asyncio.sleep(pause)
    raise AssertionError("an endless loop ended")
