"""Files that change under people's hands: deleted, renamed, named again, one too many, too large a paste."""

from __future__ import annotations

import asyncio

import pytest
from tests.support.people import People
from tests.support.wire import OurClient

from fourhands_protocol import limits


def kinds(page: OurClient) -> list[str]:
    return [entry.kind for entry in page.entries]


async def test_typing_in_a_file_that_is_deleted_meanwhile_costs_nothing(room: People) -> None:
    """The edits are history that the replay shows; nobody is disconnected for what another did."""
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("file.create", path="notes.md")
        await ivy.until(lambda: kinds(ivy).count("file.created") == 2)
        ada.type(0, "one ", file="notes.md")
        await ivy.sees("one ", file="notes.md")
        ivy.op("file.delete", file="notes.md")
        for number in range(20):
            ada.type(0, f"{number} ", file="notes.md")
        await ada.settled()
        await ada.until(lambda: "file.deleted" in kinds(ada))
        ada.type(0, "after ", file="notes.md")
        ada.type(0, "main goes on")
        await ada.settled()
        await ivy.sees("main goes on")
        assert ada.closed == ivy.closed == []
        assert not ada.refused
        await ivy.sees(ada.text("notes.md"), file="notes.md")
    assert room.host("GET", "/files/notes.md").status_code == 404
    assert room.host.json("GET")["files"] == [{"file": "main.py", "path": "main.py"}]


async def test_typing_in_a_file_that_is_renamed_meanwhile_goes_on(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        for number in range(10):
            ada.type(0, f"{number}")
            ivy.op("file.rename", file="main.py", path=f"solution{number}.py")
        await ada.settled()
        await ivy.settled()
        await ivy.sees("9876543210")
        assert not ada.closed
        assert not ivy.refused
    assert room.host.text("solution9.py") == "9876543210"
    assert room.host.json("GET")["files"] == [{"file": "main.py", "path": "solution9.py"}]


async def test_a_name_used_again_is_another_document(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.type(0, "old")
        await ada.settled()
        ivy.op("file.create", path="spare.py")
        ivy.op("file.delete", file="main.py")
        ada_made = ivy.op("file.create", path="main.py")
        await ivy.settled()
        assert ada_made not in [r.pseq for r in ivy.refused]
        ada.type(0, "new", file="main.py~2")
        ada.type(0, "still ")
        await ada.settled()
        assert not ada.refused
        await ivy.sees("new", file="main.py~2")
        await ivy.sees("still old")
    assert room.host.text() == "new"


async def test_a_root_that_no_file_names_is_not_admitted(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.type(0, "x", file="nowhere.py")
        code, reason = await ada.is_closed()
        assert code == 4422
        assert reason
        ivy.type(0, "the room goes on")
        await ivy.settled()
    assert room.host.text() == "the room goes on"


async def test_two_make_the_same_file_at_once(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ada.op("file.create", path="same.py")
        ivy.op("file.create", path="Same.py")
        await asyncio.gather(ada.settled(), ivy.settled())
        refused = ada.refused + ivy.refused
        assert [r.code for r in refused] == ["path-taken"]
        assert "ame.py" in refused[0].message
    assert len(room.host.json("GET")["files"]) == 2


BAD_PATHS = [
    "",
    "..",
    "../x",
    "a/../b",
    "/etc/passwd",
    "a//b",
    "a\\b",
    "a\x00b",
    "a\nb",
    "\u202eyp.x",
    "x" * 201,
]


async def test_a_bad_name_is_refused_in_words_and_the_page_stays(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada:
        for path in BAD_PATHS:
            ada.op("file.create", path=path)
            ada.op("file.rename", file="main.py", path=path)
        await ada.settled()
        assert [r.code for r in ada.refused] == ["bad-path"] * 2 * len(BAD_PATHS)
        assert all(len(r.message) > 10 for r in ada.refused)
        ada.type(0, "still here")
        await ada.settled()
        assert not ada.closed
    assert room.host.json("GET")["files"] == [{"file": "main.py", "path": "main.py"}]


async def test_files_up_to_the_limit(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        for number in range(limits.FILES):
            ivy.op("file.create", path=f"{number}.py")
        await ivy.settled()
        assert [r.code for r in ivy.refused] == ["too-many-files"]
        ivy.op("file.delete", file="7.py")
        ivy.op("file.create", path="again.py")
        await ivy.settled()
        assert len(ivy.refused) == 1
    assert len(room.host.json("GET")["files"]) == limits.FILES


async def test_the_last_file_stays(room: People) -> None:
    async with OurClient(room.server, room.ivy) as ivy:
        ivy.op("file.delete", file="main.py")
        await ivy.settled()
        assert [r.code for r in ivy.refused] == ["last-file"]


@pytest.mark.parametrize("over", [False, True])
async def test_a_paste_up_to_the_limit(room: People, *, over: bool) -> None:
    """What is larger costs its sender the connection, with the reason; the others lose nothing."""
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        ivy.type(0, "before ")
        await ada.sees("before ")
        paste = "x" * (limits.UPDATE + 1 if over else limits.UPDATE - 100)
        ada.type(7, paste)
        if over:
            code, reason = await ada.is_closed()
            assert code == 4413
            assert "262144" in reason or "256" in reason
            ivy.type(7, "and after")
            await ivy.settled()
            assert ivy.text() == room.host.text() == "before and after"
        else:
            await ada.settled()
            await ivy.sees("before " + paste)


async def test_a_large_paste_in_several_edits_arrives_whole(room: People) -> None:
    async with OurClient(room.server, room.ada) as ada, OurClient(room.server, room.ivy) as ivy:
        pieces = [str(n) * 200_000 for n in range(6)]
        for n, piece in enumerate(pieces):
            ada.type(n * 200_000, piece)
        await ada.settled()
        await ivy.sees("".join(pieces))
