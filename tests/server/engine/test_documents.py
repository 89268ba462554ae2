"""Live documents over a real worker process: always what the log says, whatever happens to the worker."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pycrdt
import pytest
from tests.server.engine.edits import Edits

from fourhands_server.engine.documents import Documents
from fourhands_server.engine.engine import Refused
from fourhands_server.engine.errors import DocumentFailed, EngineOverloaded, EngineUnavailable
from fourhands_server.engine.settings import Settings

ABORTS = bytes.fromhex("ff" * 10 + "01")
"""y-py asks for 352 GB and the process is aborted; pycrdt refuses it."""
PANICS = bytes.fromhex("01014d00040104636f646501a000")
"""Accepted by y-py though it is not UTF-8, and every later read panics; pycrdt refuses it."""


@pytest.fixture
def edits() -> Edits:
    return Edits()


@asynccontextmanager
async def opened(edits: Edits, **settings: float) -> AsyncIterator[Documents]:
    documents = Documents(edits.source, Settings(**settings))  # type: ignore[arg-type]
    await documents.start()
    yield documents
    await documents.aclose()


@pytest.fixture
async def documents(edits: Edits) -> AsyncIterator[Documents]:
    async with opened(edits) as documents:
        yield documents


def at_hand(documents: Documents, room: str = "r1") -> list[bytes] | None:
    parts = documents.parts(room)
    return parts and parts.result()


def latest(edits: Edits, room: str = "r1") -> int:
    return edits.rooms[room][-1][0]


async def test_a_document_is_built_at_the_first_question(edits: Edits, documents: Documents) -> None:
    for letter in "abcdefgh":
        documents.apply("r1", *edits.type("r1", letter))
    assert edits.asked == []
    assert await documents.text("r1", "main.py", at=latest(edits)) == "abcdefgh"
    assert await documents.text("r1", "other.py", at=latest(edits)) == ""
    assert await documents.text("empty", "main.py", at=0) == ""


async def test_a_live_document_does_not_read_the_log_again(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    await documents.text("r1", "main.py", at=latest(edits))
    edits.asked.clear()
    for letter in "bcd 😀 éß":
        documents.apply("r1", *edits.type("r1", letter))
    assert await documents.text("r1", "main.py", at=latest(edits)) == "abcd 😀 éß"
    assert edits.asked == []


async def test_a_text_is_as_it_stood_when_it_was_asked_for(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "x")
    await documents.text("r1", "main.py", at=latest(edits))
    answered: list[str] = []
    questions = []
    for letter in "abcdefghij" * 10:
        documents.apply("r1", *edits.type("r1", letter))
        question = documents.text("r1", "main.py", at=latest(edits))
        question.add_done_callback(lambda question: answered.append(question.result()))
        questions.append(question)
    await asyncio.gather(*questions)
    typed = edits.text("r1")
    assert answered == [typed[: n + 2] for n in range(100)]


async def test_a_log_that_is_ahead_does_not_show_in_a_text(edits: Edits, documents: Documents) -> None:
    """Committed but not yet applied: the run that asks stands before them in the log."""
    seq, _ = edits.type("r1", "before")
    edits.type("r1", " after")
    assert await documents.text("r1", "main.py", at=seq) == "before"
    assert await documents.text("r1", "main.py", at=latest(edits)) == "before after"


async def test_an_edit_that_arrives_during_a_load_is_not_lost(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    question = documents.diff("r1", None)
    await edits.reading.wait()
    documents.apply("r1", *edits.type("r1", "b"))
    await question
    assert await documents.text("r1", "main.py", at=latest(edits)) == "ab"


async def test_a_text_of_the_past_is_built_beside_the_live_one(edits: Edits, documents: Documents) -> None:
    seqs = [edits.type("r1", letter)[0] for letter in "abcdefgh"]
    assert await documents.text("r1", "main.py", at=latest(edits)) == "abcdefgh"
    past = await asyncio.gather(*(documents.text_at("r1", "main.py", seq) for seq in [0, *seqs, 999]))
    assert past == ["abcdefgh"[:n] for n in range(9)] + ["abcdefgh"]


async def test_several_texts_are_read_as_of_one_moment(edits: Edits, documents: Documents) -> None:
    """In the order asked for; a root that nobody has written to is empty."""
    seq, _ = edits.type("r1", "now")
    roots = ["nothing", "main.py", "names with ~2 and 😀"]
    assert await documents.texts("r1", roots, at=seq) == ["", "now", ""]
    documents.apply("r1", *edits.type("r1", " later"))
    assert await documents.texts("r1", roots, at=latest(edits)) == ["", "now later", ""]
    assert await documents.texts("r1", roots, at=seq) == ["", "now", ""]
    assert await documents.texts_at("r1", ["main.py", "main.py"], seq) == ["now", "now"]


async def test_a_peer_gets_what_it_lacks(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "old")
    peer: pycrdt.Doc = pycrdt.Doc()
    peer.apply_update(await documents.diff("r1", None))
    assert peer.get_state() == await documents.vector("r1")
    documents.apply("r1", *edits.type("r1", " new"))
    missing = await documents.diff("r1", peer.get_state())
    assert len(missing) < len(await documents.diff("r1", None))
    peer.apply_update(missing)
    assert str(peer.get("main.py", type=pycrdt.Text)) == "old new"


async def test_a_whole_document_is_encoded_once_for_all_who_come_before_the_next_edit(
    edits: Edits, documents: Documents
) -> None:
    documents.apply("r1", *edits.type("r1", "0123456789" * 1_000))
    whole = await documents.diff("r1", None)
    assert documents.diff("r1", b"\x00").result() == whole  # at once: nobody was asked
    documents.apply("r1", *edits.type("r1", "!"))
    assert at_hand(documents) == [whole, edits.rooms["r1"][-1][1]]
    more = await documents.diff("r1", b"\x00")
    assert len(more) > len(whole)
    assert at_hand(documents) == [more]
    documents.drop("r1")
    assert at_hand(documents) is None
    assert not documents.diff("r1", None).done()


async def test_an_answer_that_comes_after_its_room_was_dropped_is_kept_for_nobody(
    edits: Edits, documents: Documents
) -> None:
    edits.type("r1", "0123456789" * 1_000)
    early = documents.diff("r1", None)
    documents.drop("r1")
    edits.type("r1", "!")
    later = documents.diff("r1", None)
    await asyncio.gather(early, later)
    assert "!" in await documents.text("r1", "main.py", at=latest(edits))
    assert documents.diff("r1", None).result() == later.result()


async def test_a_vector_that_cannot_be_read_is_refused(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    pid = documents.worker_pid
    with pytest.raises(Refused):
        await documents.diff("r1", b"\x01")
    assert await documents.text("r1", "main.py", at=latest(edits)) == "a"
    assert documents.worker_pid == pid


async def test_replacing_a_text_makes_an_update_only(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "hello 😀 world")
    update = await documents.replace("r1", "main.py", "hello 😁 world!", 1234)
    assert update is not None
    assert await documents.text("r1", "main.py", at=latest(edits)) == "hello 😀 world"
    documents.apply("r1", *edits.commit("r1", update))
    assert await documents.text("r1", "main.py", at=latest(edits)) == "hello 😁 world!"
    assert await documents.replace("r1", "main.py", "hello 😁 world!", 1234) is None
    with pytest.raises(ValueError, match="surrogates"):
        documents.replace("r1", "main.py", "half \ud83d", 1234)


async def test_kill_9_in_the_middle_is_not_noticed(edits: Edits, documents: Documents) -> None:
    for room in ("r1", "r2", "r3"):
        edits.type(room, "x")
        await documents.text(room, "main.py", at=latest(edits, room))
    for _ in range(5):
        questions: dict[asyncio.Future[str], str] = {}
        pid = documents.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        for room in ("r1", "r2", "r3") * 5:
            documents.apply(room, *edits.type(room, "abc"))
            question = documents.text(room, "main.py", at=latest(edits, room))
            questions[question] = edits.text(room)
        os.kill(pid, signal.SIGKILL)
        for question, expected in questions.items():
            assert await question == expected
        assert documents.worker_pid not in (None, pid)


async def test_a_worker_that_hangs_is_replaced(edits: Edits) -> None:
    edits.type("r1", "a")
    async with opened(edits, patience=1) as documents:
        assert await documents.text("r1", "main.py", at=latest(edits)) == "a"
        pid = documents.worker_pid
        assert pid is not None
        os.kill(pid, signal.SIGSTOP)
        documents.apply("r1", *edits.type("r1", "b"))
        assert await documents.text("r1", "main.py", at=latest(edits)) == "ab"
        assert documents.worker_pid != pid


async def test_a_worker_that_can_be_told_no_more_is_replaced_before_its_end_is_noticed(
    edits: Edits, documents: Documents
) -> None:
    edits.type("r1", "a")
    await documents.text("r1", "main.py", at=latest(edits))
    for looks_back in (False, True, False):
        worker = documents._workers.current
        assert worker is not None
        assert worker._child.stdin is not None
        worker._child.stdin.transport.close()  # as when only this of its two pipes is known to have ended
        documents.drop("r1")
        ask = documents.text_at("r1", "main.py", latest(edits)) if looks_back else documents.diff("r1", None)
        assert await ask
        assert documents.worker_pid not in (None, worker.pid)


async def test_a_standstill_of_our_own_is_not_held_against_the_worker(edits: Edits) -> None:
    async with opened(edits, patience=0.5) as documents:
        assert await documents.text("r1", "main.py", at=0) == ""
        pid = documents.worker_pid
        question = documents.text("r1", "main.py", at=0)
        stand_still(0.6)
        assert await question == ""
        assert await documents.text("r1", "main.py", at=0) == ""
        assert documents.worker_pid == pid


def stand_still(seconds: float) -> None:
    """As when the whole process is paused."""
    time.sleep(seconds)


@pytest.mark.parametrize("poison", [ABORTS, PANICS, b"\x01"], ids=["aborts", "panics", "malformed"])
async def test_a_room_that_ends_the_engine_is_given_up_and_others_go_on(
    edits: Edits, documents: Documents, poison: bytes
) -> None:
    for room in ("good", "bad"):
        documents.apply(room, *edits.type(room, "x", root="code"))
        assert await documents.text(room, "code", at=latest(edits, room)) == "x"
    documents.apply("bad", *edits.commit("bad", poison))
    documents.apply("good", *edits.type("good", "y", root="code"))
    answers = await asyncio.gather(
        *(documents.text(room, "code", at=latest(edits, room)) for room in ("bad", "good", "bad")),
        return_exceptions=True,
    )
    assert isinstance(answers[0], DocumentFailed)
    assert answers[1] == "xy"
    documents.apply("good", *edits.type("good", "z", root="code"))
    assert await documents.text("good", "code", at=latest(edits, "good")) == "xyz"


async def test_a_failed_room_says_so_at_once_until_it_is_dropped(edits: Edits, documents: Documents) -> None:
    edits.commit("bad", ABORTS)
    with pytest.raises(DocumentFailed):
        await documents.diff("bad", None)
    edits.asked.clear()
    for question in (documents.diff("bad", None), documents.text_at("bad", "code", 9)):
        with pytest.raises(DocumentFailed):
            await question
    assert edits.asked == []
    edits.rooms["bad"].clear()
    documents.drop("bad")
    assert await documents.text("bad", "code", at=0) == ""


async def test_a_worker_that_grows_is_replaced_and_nobody_notices(edits: Edits) -> None:
    pids = set()
    async with opened(edits, most_memory=1, least_answers=20) as documents:
        for _ in range(40):
            documents.apply("r1", *edits.type("r1", "word "))
            texts = [documents.text("r1", "main.py", at=latest(edits)) for _ in range(3)]
            assert await asyncio.gather(*texts) == [edits.text("r1")] * 3
            pids.add(documents.worker_pid)
    assert len(pids - {None}) > 2


async def test_a_source_that_fails_fails_its_questions_only(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    edits.failing = OSError("no such disk")
    for question in (documents.diff("r1", None), documents.text_at("r1", "main.py", 9)):
        with pytest.raises(OSError, match="no such disk"):
            await question
    edits.failing = None
    assert await documents.text("r1", "main.py", at=latest(edits)) == "a"


async def test_open_questions_are_bounded(edits: Edits) -> None:
    async with opened(edits, open_questions=3) as documents:
        questions = [documents.diff("r1", None) for _ in range(5)]
        outcomes = await asyncio.gather(*questions, return_exceptions=True)
        assert [isinstance(outcome, EngineOverloaded) for outcome in outcomes] == [False] * 3 + [True] * 2
        assert await documents.text("r1", "main.py", at=0) == ""


async def test_a_dropped_room_is_built_anew(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    assert await documents.text("r1", "main.py", at=latest(edits)) == "a"
    documents.drop("r1")
    documents.apply("r1", *edits.type("r1", "b"))
    question = documents.text("r1", "main.py", at=latest(edits))
    documents.drop("r1")
    assert await question == "ab"
    assert await documents.text("r1", "main.py", at=latest(edits)) == "ab"


async def test_a_caller_that_goes_away_disturbs_nobody(edits: Edits, documents: Documents) -> None:
    edits.type("r1", "a")
    for question in (documents.diff("r1", None), documents.text_at("r1", "main.py", 9)):
        question.cancel()
    assert await documents.text("r1", "main.py", at=latest(edits)) == "a"


async def test_closing_answers_everybody_and_leaves_no_process(edits: Edits) -> None:
    async with opened(edits) as documents:
        pid = documents.worker_pid
        questions = [documents.diff("r1", None), documents.text_at("r1", "main.py", 1)]
    for question in (*questions, documents.vector("r1")):
        with pytest.raises(EngineUnavailable):
            await question
    assert pid is not None
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


async def test_the_worker_inherits_no_listening_socket_and_none_of_our_settings(
    edits: Edits, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("FOURHANDS_ADMIN_KEY", "secret")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.set_inheritable(True)
        inode = f"socket:[{os.fstat(listening.fileno()).st_ino}]"
        async with opened(edits) as documents:
            process = Path(f"/proc/{documents.worker_pid}")
            assert inode not in {os.readlink(fd) for fd in (process / "fd").iterdir()}
            assert b"FOURHANDS" not in (process / "environ").read_bytes()
