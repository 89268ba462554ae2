"""The editor's help through a real server: two pages with texts of their own, and who gets none."""

from __future__ import annotations

import asyncio
import json
from contextlib import suppress
from typing import Any

import pytest
from tests.support.lsp import DEADLINE_S, EditorPage, dial
from tests.support.people import People
from tests.support.server import LiveServer, Seat
from websockets.exceptions import ConnectionClosed

from fourhands_server.live.language import PAGES


async def refused(server: LiveServer, seat: Seat, *messages: Any) -> tuple[int, str]:
    """How the server closes a connection that sends this."""
    link = await dial(server, seat)
    with suppress(ConnectionClosed):
        async with asyncio.timeout(DEADLINE_S):
            for message in messages:
                await link.send(message)
            while True:
                await link.recv()
    return link.close_code or 0, link.close_reason or ""


async def test_two_pages_with_other_texts_are_both_helped(server: LiveServer, room: People) -> None:
    room.candidate.json("PUT", "/files/helper.py", json={"text": "def greet(name):\n    'Say hello.'\n"})
    ada = EditorPage(server, room.ada, "import math\nmath.sq")
    ivy = EditorPage(server, room.ivy, "import helper\nhelper.gr")
    async with ada, ivy:
        for _ in range(3):
            first, second = await asyncio.gather(ada.completions(), ivy.completions())
            assert first[0] == "sqrt"
            assert second[0] == "greet"
        await ada.change("import helper\nhelper.greet(")
        shown = await ada.at_end("signatureHelp")
        assert shown["signatures"][0]["label"].startswith("(name")
        assert "Say hello." in (await ada.at("hover", 1, 9))["contents"]["value"]
        await ivy.change("𝛼: int = 'a'\n")
        assert any("not assignable to `int`" in one for one in await ivy.findings())
        room.candidate.json("PUT", "/files/helper.py", json={"text": "def wave(name): ...\n"})
        await ivy.change("import helper\nhelper.wa")
        async with asyncio.timeout(DEADLINE_S):
            for pause in (0.2,) * 100:
                if "wave" in await ivy.completions():
                    break
                await asyncio.sleep(pause)
        assert await ivy.completions() == ["wave"]


async def test_the_kernel_tells_what_its_variables_hold(server: LiveServer, room: People) -> None:
    run = "made_at_run_time = 1; globals().update({'never_' + 'written': 2}); table = {'name': 1}"
    assert room.candidate.run(run)["status"] == "ok"
    async with EditorPage(server, room.ada, "never_w") as ada:
        assert (await ada.completions())[0] == "never_written"
        await ada.change("table['na")
        found = await ada.at_end("completion")
        assert any("name" in item["label"] for item in found["items"])


async def test_a_text_is_tidied_and_looked_over(server: LiveServer, room: People) -> None:
    async with EditorPage(server, room.ada, "import os\nx  =  1\n") as ada:
        edits = await ada.tidy("textDocument/formatting")
        assert [edit["newText"] for edit in edits] != []
        found = await ada.tidy("fourhands/lint")
        assert [one["code"] for one in found] == ["F401"]
        await ada.change("def (:\n")
        assert "1:5" in (await ada.tidy("textDocument/formatting"))["error"]["message"]


async def test_nobody_is_helped_who_may_not_be(server: LiveServer, room: People) -> None:
    assert (await refused(server, room.olga))[0] == 4403
    bare = server.create("Bare", **dict.fromkeys(("completion", "hover", "signatures"), False))
    seat = server.join(bare["candidate"], "Cy")
    async with EditorPage(server, seat, "import math\nmath.sq") as page:
        assert "completionProvider" not in page.offered
        assert (await page.at_end("completion"))["error"]["code"] == -32601
    names = ("completion", "hover", "signatures", "diagnostics", "formatting")
    none = server.create("None", **dict.fromkeys(names, False))
    code, reason = await refused(server, server.join(none["candidate"], "Dee"))
    assert (code, reason) == (4403, "this room's settings turn the editor's help off")


@pytest.mark.parametrize("message", ["", "{}", b"\xff\xfe", json.dumps([1]), "x" * 900_000])
async def test_what_is_no_message_ends_only_its_own_connection(
    server: LiveServer, room: People, message: Any
) -> None:
    async with EditorPage(server, room.ivy, "import math\nmath.sq") as ivy:
        assert (await refused(server, room.ada, message))[0] == 4400
        assert "sqrt" in await ivy.completions()


async def test_a_flood_ends_only_its_own_connection(server: LiveServer, room: People) -> None:
    flood = [json.dumps({"jsonrpc": "2.0", "id": n, "method": "shutdown"}) for n in range(3000)]
    async with EditorPage(server, room.ivy, "import math\nmath.sq") as ivy:
        assert (await refused(server, room.ada, *flood))[0] in (4429, 4301)
        assert "sqrt" in await ivy.completions()


async def test_somebody_with_many_pages_is_helped_on_the_latest(server: LiveServer, room: People) -> None:
    links = [await dial(server, room.ada) for _ in range(PAGES + 2)]
    initialize = json.dumps({"jsonrpc": "2.0", "id": 1, "method": "initialize"})
    for link in links[2:]:
        await link.send(initialize)
        assert json.loads(await link.recv())["id"] == 1
    for link in links[:2]:
        with suppress(ConnectionClosed):
            await link.recv()
        assert link.close_code == 4303
    for link in links:
        await link.close()
