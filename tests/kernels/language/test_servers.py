"""The editor's help in its sandbox: behind the walls, one a room, back after it died, gone when idle."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.environments import Environments
from fourhands_kernels.kernel import Answer, HostRefused, KernelUnavailable, Question
from fourhands_kernels.language import server as one_server
from fourhands_kernels.language import servers
from fourhands_kernels.language.server import Failed, LanguageServer
from fourhands_kernels.language.servers import LanguageServers
from fourhands_kernels.sandbox.launch import Plain
from tests.kernels.hosting import HostProcess
from tests.kernels.watching import SECONDS

HELPER = {"helper.py": "def greet(name: str) -> str:\n    'Say hello.'\n    return name\n"}


def labels(answer: Answer) -> list[str]:
    return [item["label"] for item in (answer.content or {"items": []})["items"]]


def programs(host: HostProcess, name: str) -> list[int]:
    """The pids of a program below a host."""
    found = []
    for pid in host.sandboxes():
        try:
            words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
        except OSError:
            continue
        if Path(os.fsdecode(words[0])).name == name:
            found.append(pid)
    return found


def status_of(pid: int) -> dict[str, str]:
    """What Linux says of a process."""
    return dict(line.split(":\t", 1) for line in Path(f"/proc/{pid}/status").read_text().splitlines())


async def everything(client: KernelHostClient, room: str) -> None:
    """Each kind of question once."""
    text = "import math\nimport helper\nimport numpy as np\nmath.sq"
    first = await client.consult(room, Question("completion", "main.py", text, 3, 7, files=HELPER))
    assert labels(first) == ["sqrt", "isqrt"]
    known = first.state

    async def ask(what: Any, text: str, line: int = 0, character: int = 0, **more: Any) -> Any:
        answer = await client.consult(
            room, Question(what, "main.py", text, line, character, known=known, **more)
        )
        assert not answer.stale
        return answer.content

    assert "zeros" in [
        i["label"] for i in (await ask("completion", "import numpy\nnumpy.zer", 1, 9))["items"]
    ]
    assert "Say hello." in (await ask("hover", "import helper\nhelper.greet", 1, 9))["text"]
    shown = await ask("signature", "import helper\nhelper.greet(", 1, 13)
    assert shown["label"].startswith("(name: str)")
    found = await ask("diagnostics", "𝛼: int = 'x'\n")
    assert [one["range"] for one in found["items"]] == [[0, 10, 0, 13]]
    assert await ask("format", "x  =  1") == {"text": "x = 1\n"}
    assert "1:5" in (await ask("format", "def (:"))["error"]
    found = await ask("lint", "'𝛼'; import os\n")
    assert {name: value for name, value in found["items"][-1].items() if name != "message"} == {
        "code": "F401",
        "range": [0, 13, 0, 15],
        "severity": 2,
    }


async def test_questions_are_answered_behind_the_walls(host: HostProcess, client: KernelHostClient) -> None:
    before = set(programs(host, "ty"))
    await everything(client, "one")
    (pid,) = set(programs(host, "ty")) - before
    status = status_of(pid)
    assert status["Seccomp"] == "2"
    assert status["NoNewPrivs"] == "1"
    assert int(status["CapEff"], 16) == 0
    assert int(status["Uid"].split()[0]) not in (0, os.geteuid()) or os.geteuid() != 0
    for kind in ("net", "pid", "mnt", "ipc"):
        assert os.readlink(f"/proc/{pid}/ns/{kind}") != os.readlink(f"/proc/{host.process.pid}/ns/{kind}")
    assert not os.access(f"/proc/{pid}/root/etc/shadow", os.F_OK)
    assert not os.access(f"/proc/{pid}/root{Path(__file__)}", os.F_OK)


async def test_it_works_as_an_ordinary_user(isolation: None, tmp_path: Path) -> None:
    host = HostProcess(tmp_path / "host", ordinary=True, launcher="bubblewrap").start()
    client = KernelHostClient(host.socket)
    try:
        await everything(client, "one")
    finally:
        await client.aclose()
        host.end()


async def test_rooms_do_not_see_each_others_files(client: KernelHostClient) -> None:
    question = Question("completion", "main.py", "import helper\nhelper.gr", 1, 9)
    has = await client.consult("with", Question("completion", "main.py", question.text, 1, 9, files=HELPER))
    lacks = await client.consult("without", question)
    assert labels(has)[0] == "greet"
    assert "greet" not in labels(lacks)


async def test_files_are_told_once_and_whoever_knows_others_is_told_so(client: KernelHostClient) -> None:
    first = await client.consult("told", Question("hover", "main.py", "x = 1", files=HELPER))
    stale = await client.consult("told", Question("hover", "main.py", "x", known="of-another-life"))
    assert stale.stale
    changed = {"helper.py": None, "pkg/other.py": "value = 5\n"}
    text = "import pkg.other\nimport helper\npkg.other.val"
    later = Question("completion", "main.py", text, 2, 13, files=changed, known=first.state)
    answer = await client.consult("told", later)
    assert labels(answer) == ["value"]
    wrong = await client.consult("told", Question("diagnostics", "main.py", text, known=answer.state))
    assert wrong.content is not None
    assert any("helper" in one["message"] for one in wrong.content["items"])


async def test_one_that_is_killed_comes_back(host: HostProcess, client: KernelHostClient) -> None:
    before = set(programs(host, "ty"))
    question = Question("completion", "main.py", "import math\nmath.sq", 1, 7)
    first = await client.consult("killed", question)
    (pid,) = set(programs(host, "ty")) - before
    os.kill(pid, signal.SIGKILL)
    failed = await client.consult("killed", Question("hover", "main.py", "", known=first.state))
    assert failed.content is None
    assert labels(await client.consult("killed", question)) == ["sqrt", "isqrt"]


async def test_what_is_no_question_is_refused(client: KernelHostClient) -> None:
    with pytest.raises(HostRefused):
        await client.consult("one", Question("hover", "../x.py", ""))


# Without a host


@pytest.fixture
async def plain(environments: Path, tmp_path: Path) -> AsyncIterator[Callable[..., LanguageServers]]:
    made: list[LanguageServers] = []

    def make(**more: Any) -> LanguageServers:
        made.append(LanguageServers(Plain(tmp_path), Environments(environments).get, **more))
        return made[-1]

    yield make
    for one in made:
        await one.close()


async def until(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS):
        for pause in (0.02,) * 10_000:
            if true():
                return
            await asyncio.sleep(pause)


QUESTION = Question("hover", "main.py", "import math\nmath", 1, 2)


async def test_one_that_idles_is_ended(plain: Callable[..., LanguageServers], tmp_path: Path) -> None:
    rooms = plain(idle=0.1)
    assert (await rooms.consult("one", QUESTION)).content is not None
    await until(lambda: rooms._rooms == {} and not list(tmp_path.iterdir()))
    assert (await rooms.consult("one", QUESTION)).content is not None


async def test_where_there_are_too_many_the_one_that_idles_longest_gives_way(
    plain: Callable[..., LanguageServers], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(servers, "AT_ONCE", 1)
    rooms = plain()
    for room in ("one", "two"):
        assert (await rooms.consult(room, QUESTION)).content is not None
    assert list(rooms._rooms) == ["two"]


async def test_one_that_fails_again_and_again_is_left_alone(
    plain: Callable[..., LanguageServers], monkeypatch: pytest.MonkeyPatch
) -> None:
    failing = replace(one_server.HELP, entry="raise SystemExit(5)")
    monkeypatch.setattr(one_server, "HELP", failing)
    rooms = plain()
    for _ in range(servers.FAILURES + 1):
        with pytest.raises(KernelUnavailable, match="status 5"):
            await rooms.consult("one", QUESTION)
    silent = replace(failing, entry="import desk; desk.exactly = sys.exit; desk.main()")
    monkeypatch.setattr(one_server, "HELP", silent)
    for _ in range(servers.FAILURES):
        assert await rooms.consult("two", QUESTION) == Answer("")
    with pytest.raises(KernelUnavailable, match="again and again"):
        await rooms.consult("two", QUESTION)


class Process:
    """A sandbox that lives as long as it is let."""

    last_words = "nothing"

    def __init__(self) -> None:
        self.alive = True
        self.exited: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    def kill(self) -> None:
        self.alive = False
        self.exited.cancel()


def frame(data: bytes) -> bytes:
    return struct.pack("!I", len(data)) + data


HOSTILE = [
    b"",
    b"\xff\xff\xff\xff" + b"x" * 1000,
    frame(b"no json"),
    frame(b"\xff"),
    frame(b"[" * 100_000),
    frame(b'{"text": ')[:-3],
]


@pytest.mark.parametrize("said", HOSTILE, ids=range(len(HOSTILE)))
async def test_a_sandbox_that_lies_is_of_no_use_any_more(said: bytes) -> None:
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    server = LanguageServer(Process(), ours, ExitStack())  # type: ignore[arg-type]
    asked = asyncio.create_task(server.ask(QUESTION))
    theirs.setblocking(False)
    await asyncio.get_running_loop().sock_sendall(theirs, said)
    theirs.shutdown(socket.SHUT_WR)
    with pytest.raises(Failed):
        await asked
    await server.close()
    assert not server.alive
    theirs.close()


async def test_one_that_never_answers_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(one_server, "ANSWER_SECONDS", 0.05)
    ours, theirs = socket.socketpair()
    ours.setblocking(False)
    server = LanguageServer(Process(), ours, ExitStack())  # type: ignore[arg-type]
    with pytest.raises(Failed, match="no answer"):
        await server.ask(QUESTION)
    await server.close()
    theirs.close()


@pytest.mark.parametrize("text", ["(" * 100_000, "x = " + "-" * 200_000 + "1", "\0" * 1000, "a.b" * 50_000])
async def test_a_text_that_is_made_to_break_it_costs_this_answer_at_most(
    plain: Callable[..., LanguageServers], text: str
) -> None:
    rooms = plain()
    for what in ("diagnostics", "format"):
        await rooms.consult("one", Question(what, "main.py", text))  # type: ignore[arg-type]
    assert (await rooms.consult("one", QUESTION)).content is not None
