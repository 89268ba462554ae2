"""What every document engine does, over y-py and pycrdt wherever they are installed."""

from __future__ import annotations

import json
import os
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from fourhands_protocol.admission import Admission
from fourhands_protocol.sync import decode_vector
from fourhands_server.engine.engine import Engine, Refused

VECTORS = Path(__file__).parents[2] / "protocol" / "vectors"
SESSIONS = json.loads((VECTORS / "updates.json").read_text())["sessions"]
GOLDEN = bytes.fromhex("0101010004010174016100")
"""Client 1 inserts "a" in Text "t", as Yjs writes it."""

Make = Callable[[], Engine]


def maker(name: str) -> Make:
    if name == "ypy":
        pytest.importorskip("y_py", reason="y-py has no wheels for this Python")
        from fourhands_server.engine.ypy import YpyEngine

        return YpyEngine
    pytest.importorskip("pycrdt")
    from fourhands_server.engine.pycrdt import PycrdtEngine

    return PycrdtEngine


@pytest.fixture(params=["ypy", "pycrdt"])
def make(request: pytest.FixtureRequest) -> Make:
    return maker(request.param)


@pytest.fixture
def engine(make: Make) -> Engine:
    return make()


def write(engine: Engine, text: str, *, client: int = 7, root: str = "main.py") -> bytes:
    update = engine.replace(root, text, client)
    assert update is not None
    engine.apply(update)
    return update


def test_an_empty_document(engine: Engine) -> None:
    assert engine.text("main.py") == ""
    assert engine.vector() == b"\x00"
    assert engine.diff(None) == engine.diff(b"\x00") == b"\x00\x00"


def test_an_update_of_yjs_is_read_and_given_back_byte_for_byte(engine: Engine) -> None:
    engine.apply(GOLDEN)
    assert engine.text("t") == "a"
    assert engine.vector() == bytes.fromhex("010101")
    assert engine.diff(None) == engine.diff(b"\x00") == GOLDEN
    assert engine.diff(engine.vector()) == b"\x00\x00"


def test_an_update_that_is_there_already_changes_nothing(engine: Engine) -> None:
    engine.apply(GOLDEN)
    engine.apply(GOLDEN)
    assert engine.text("t") == "a"


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_sessions_of_yjs_end_as_they_did_in_yjs(engine: Engine, session: dict[str, Any]) -> None:
    for update in session["updates"]:
        engine.apply(bytes.fromhex(update["hex"]))
    assert {root: engine.text(root) for root in session["texts"]} == session["texts"]
    expected = {int(client): clock for client, clock in session["vector"].items()}
    assert decode_vector(engine.vector()) == expected


@pytest.mark.parametrize("session", SESSIONS, ids=lambda session: session["name"])
def test_a_late_joiner_gets_there_by_one_diff(make: Make, session: dict[str, Any]) -> None:
    engine, early, late = make(), make(), make()
    updates = [bytes.fromhex(update["hex"]) for update in session["updates"]]
    for number, update in enumerate(updates):
        engine.apply(update)
        if number == len(updates) // 2:
            early.apply(engine.diff(None))
    early.apply(engine.diff(early.vector()))
    late.apply(engine.diff(None))
    for peer in (early, late):
        assert {root: peer.text(root) for root in session["texts"]} == session["texts"]
        assert decode_vector(peer.vector()) == decode_vector(engine.vector())


@pytest.mark.parametrize("malformed", ["", "01", "0101", "ff", "010101000401017401"])
def test_bytes_that_make_no_sense_are_refused_and_leave_the_document_as_it_was(
    engine: Engine, malformed: str
) -> None:
    engine.apply(GOLDEN)
    with pytest.raises(Refused):
        engine.apply(bytes.fromhex(malformed))
    assert engine.text("t") == "a"
    assert engine.diff(None) == GOLDEN


@pytest.mark.parametrize("malformed", ["", "01", "0101", "ff"])
def test_a_vector_that_makes_no_sense_is_refused(engine: Engine, malformed: str) -> None:
    engine.apply(GOLDEN)
    with pytest.raises(Refused):
        engine.diff(bytes.fromhex(malformed))
    assert engine.text("t") == "a"


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("", "hello"),
        ("hello", ""),
        ("hello", "help"),
        ("aaaa", "aa"),
        ("abcabc", "abc"),
        ("x = 1\ny = 2\n", "x = 1\nz = 3\ny = 2\n"),
        ("tab\tline\r\n", "tab\tline\n"),
        ("one\0two", "one\0\0two"),
        ("say 😀 now", "say 😁 now"),
        ("😀😀😀", "😀😁😀"),
        ("👩‍👩‍👧", "👩‍👦‍👧"),
        ("é漢😀", "漢é😀!"),
        ("x" * 200_000, "x" * 100_000 + "y" + "x" * 100_000),
    ],
)
def test_replacing_makes_one_small_update(make: Make, old: str, new: str) -> None:
    engine, peer = make(), make()
    if old:
        peer.apply(write(engine, old))
    update = engine.replace("main.py", new, 99)
    assert update is not None
    assert len(update) < 40 + 4 * abs(len(new) - len(old))
    assert engine.text("main.py") == old
    for document in (engine, peer):
        document.apply(update)
        assert document.text("main.py") == new
    assert engine.replace("main.py", new, 99) is None


def test_replacing_goes_on_with_the_clock_of_its_client(engine: Engine) -> None:
    for text in ("one", "one two", "two", "twofold"):
        write(engine, text, client=5)
    assert engine.text("main.py") == "twofold"
    assert set(decode_vector(engine.vector())) == {5}


def test_roots_are_apart(engine: Engine) -> None:
    write(engine, "main", root="main.py")
    write(engine, "other", root="src/läuft.py~2")
    assert (engine.text("main.py"), engine.text("src/läuft.py~2")) == ("main", "other")


ALPHABET = ["a", "b", " ", "\n", "é", "漢", "😀", "😁", "👩‍👧"]


def retyped(text: str, chance: random.Random) -> str:
    """The text with a piece of it replaced."""
    begin = chance.randint(0, len(text))
    end = min(len(text), begin + chance.choice([0, 0, 1, 3]))
    return text[:begin] + "".join(chance.choices(ALPHABET, k=chance.randint(0, 4))) + text[end:]


@pytest.mark.parametrize("seed", range(int(os.environ.get("FOURHANDS_FUZZ_SEEDS", "50"))))
def test_peers_on_different_engines_converge(seed: int) -> None:
    """Four people type at once; a server puts their updates in one order, and everybody gets them late."""
    chance = random.Random(seed)
    makers = [maker("pycrdt")]
    try:
        makers.append(maker("ypy"))
    except pytest.skip.Exception:
        makers.append(makers[0])
    server: list[tuple[int, bytes]] = []
    peers = [makers[number % 2]() for number in range(4)]
    seen = [0] * len(peers)
    for _ in range(60):
        who = chance.randrange(len(peers))
        if chance.random() < 0.5:
            catch_up(peers[who], who, server, seen, chance.randint(0, 5))
        else:
            update = peers[who].replace("main.py", retyped(peers[who].text("main.py"), chance), 100 + who)
            if update is not None:
                peers[who].apply(update)
                server.append((who, update))
    for who, peer in enumerate(peers):
        catch_up(peer, who, server, seen, len(server))
    replayed = [make() for make in makers]
    for engine in replayed:
        for _, update in server:
            engine.apply(update)
    everybody = [*peers, *replayed]
    assert len({engine.text("main.py") for engine in everybody}) == 1
    admission = Admission(["main.py"])
    for who, update in server:
        admission.check(update, f"p-{who}")
    assert len({tuple(sorted(decode_vector(engine.vector()).items())) for engine in everybody}) == 1


def catch_up(peer: Engine, who: int, server: list[tuple[int, bytes]], seen: list[int], most: int) -> None:
    for author, update in server[seen[who] : seen[who] + most]:
        if author != who:
            peer.apply(update)
    seen[who] = min(len(server), seen[who] + most)
