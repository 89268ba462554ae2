"""A page's own language server: its text followed, its questions handed on, everything else refused."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from fourhands_protocol.errors import MalformedFrame, ProtocolError, TooLarge, TooMany
from fourhands_server.core.language.page import (
    DOCUMENTS,
    OPEN_QUESTIONS,
    TEXT,
    WORK,
    Ask,
    Effect,
    Features,
    Look,
    Page,
    Say,
)

MAIN = "file:///main.py"


def send(page: Page, method: str, params: Any = None, number: Any = None) -> list[Effect]:
    message = {"jsonrpc": "2.0", "method": method, "params": params}
    return page.receive(json.dumps(message if number is None else message | {"id": number}).encode())


def opened(text: str = "", *, features: Features | None = None) -> Page:
    page = Page(features or Features())
    document = {"uri": MAIN, "languageId": "python", "version": 0, "text": text}
    send(page, "textDocument/didOpen", {"textDocument": document})
    return page


def change(page: Page, version: int, *changes: Any) -> list[Effect]:
    document = {"uri": MAIN, "version": version}
    return send(page, "textDocument/didChange", {"textDocument": document, "contentChanges": list(changes)})


def ask(page: Page, method: str, number: Any, line: int = 0, character: int = 0) -> list[Effect]:
    place = {"line": line, "character": character}
    return send(page, method, {"textDocument": {"uri": MAIN}, "position": place}, number)


def said(effects: list[Effect]) -> Any:
    (effect,) = effects
    assert isinstance(effect, Say)
    return effect.message


def put(line: int, start: int, end: int, text: str) -> dict[str, Any]:
    place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
    return {"range": place, "text": text}


def test_a_greeting_offers_what_the_room_allows() -> None:
    everything = said(send(Page(Features()), "initialize", {}, 1))["result"]["capabilities"]
    assert everything["completionProvider"]
    assert everything["textDocumentSync"] == 2
    little = Page(Features(completion=False, hover=False, signatures=False, formatting=False))
    offered = said(send(little, "initialize", {}, 1))["result"]["capabilities"]
    assert "completionProvider" not in offered
    assert "signatureHelpProvider" not in offered
    assert not offered["hoverProvider"]
    assert not offered["documentFormattingProvider"]


def test_a_question_is_about_the_text_that_the_page_has() -> None:
    page = opened("one\n𝛼𝛽 two\nthree")
    assert change(page, 1, put(1, 5, 8, "2"), put(0, 0, 3, "ONE")) == [Look("main.py")]
    assert ask(page, "textDocument/completion", 7, 1, 6) == [
        Ask(7, "completion", "main.py", "ONE\n𝛼𝛽 2\nthree", 1, 1, 6)
    ]
    change(page, 2, {"text": "whole"}, put(9, 0, 0, "!"))
    (asked,) = ask(page, "textDocument/hover", "h")
    assert isinstance(asked, Ask)
    assert asked.text == "whole!"
    assert said(page.answered(asked, {"contents": "x"}))["result"] == {"contents": "x"}
    assert page.answered(asked, None) == []  # once


def test_two_pages_have_texts_of_their_own() -> None:
    ada, ivy = opened("ada"), opened("ivy")
    texts = [e.text for p in (ada, ivy) for e in ask(p, "textDocument/hover", 1) if isinstance(e, Ask)]
    assert texts == ["ada", "ivy"]


def test_what_the_settings_turn_off_is_not_asked() -> None:
    page = opened("x", features=Features(completion=False, diagnostics=False, formatting=False))
    for method in ("textDocument/completion", "textDocument/formatting", "fourhands/lint"):
        assert said(ask(page, method, 1))["error"]["code"] == -32601
    assert change(page, 1, {"text": "y"}) == []
    assert page.look("main.py") == []


@pytest.mark.parametrize("method", ["workspace/executeCommand", "textDocument/rename", "shutdownNow", "$/x"])
def test_no_other_request_is_handed_on(method: str) -> None:
    assert said(send(opened(), method, {"textDocument": {"uri": MAIN}}, 1))["error"]["code"] == -32601
    assert send(opened(), method, {"textDocument": {"uri": MAIN}}) == []


def test_diagnostics_of_an_older_text_are_not_shown() -> None:
    page = opened("x")
    (first,) = page.look("main.py")
    assert isinstance(first, Ask)
    change(page, 1, {"text": "y"})
    assert page.answered(first, []) == []
    (second,) = page.look("main.py")
    assert isinstance(second, Ask)
    shown = said(page.answered(second, [{"message": "m"}]))
    assert shown["params"] == {"uri": MAIN, "version": 1, "diagnostics": [{"message": "m"}]}


def test_a_cancelled_question_is_answered_once() -> None:
    page = opened("x")
    (asked,) = ask(page, "textDocument/hover", 4)
    assert isinstance(asked, Ask)
    assert said(send(page, "$/cancelRequest", {"id": 4}))["error"]["code"] == -32800
    assert page.answered(asked, {}) == []
    assert page.failed(asked, "too late") == []


def test_only_so_many_questions_wait() -> None:
    page = opened("x")
    for number in range(OPEN_QUESTIONS):
        assert isinstance(ask(page, "textDocument/hover", number)[0], Ask)
    assert said(ask(page, "textDocument/hover", 99))["error"]["code"] == -32800


HOSTILE = [
    b"",
    b"[]",
    b"{}",
    b"\xff",
    b"[" * 100_000,
    b'{"method": 1}',
    b'{"method": "textDocument/didOpen"}',
    b'{"method": "textDocument/didOpen", "params": {"textDocument": {"uri": "file:///main.py"}}}',
    b'{"method": "textDocument/didChange", "params": {"textDocument": {"uri": "file:///no.py"}}}',
    b'{"method": "textDocument/hover", "id": {}, "params": {}}',
    b'{"method": "textDocument/hover", "id": 1, "params": []}',
    b'{"method": "textDocument/hover", "id": 1, "params": {"textDocument": {"uri": "http://x/"}}}',
]
OUTSIDE = ["file:///../etc/passwd", "file:////etc/passwd", "file:///a%2F..%2Fb.py", "file:///%00", "file:///"]


@pytest.mark.parametrize("uri", OUTSIDE)
def test_a_document_is_a_file_of_the_room(uri: str) -> None:
    document = {"uri": uri, "version": 1, "text": ""}
    with pytest.raises(MalformedFrame):
        send(opened(), "textDocument/didOpen", {"textDocument": document})


@pytest.mark.parametrize("frame", HOSTILE)
def test_what_is_no_message_ends_the_connection(frame: bytes) -> None:
    with pytest.raises(MalformedFrame):
        opened().receive(frame)


@pytest.mark.parametrize(
    "place",
    [
        None,
        5,
        {},
        {"line": -1, "character": 0},
        {"line": True, "character": 0},
        {"line": 2**40, "character": 0},
    ],
)
def test_a_place_that_is_none_ends_the_connection(place: Any) -> None:
    with pytest.raises(MalformedFrame):
        send(opened("x"), "textDocument/hover", {"textDocument": {"uri": MAIN}, "position": place}, 1)
    with pytest.raises(MalformedFrame):
        change(opened("x"), 1, {"range": {"start": place, "end": place}, "text": ""})


def test_texts_are_bounded_in_size_and_number() -> None:
    page = opened("x" * TEXT)
    with pytest.raises(TooLarge):
        change(page, 1, put(0, 0, 0, "y"))
    documents = [{"uri": f"file:///{n}.py", "version": 0, "text": ""} for n in range(DOCUMENTS)]
    for document in documents[1:]:
        send(page, "textDocument/didOpen", {"textDocument": document})
    with pytest.raises(TooMany):
        send(page, "textDocument/didOpen", {"textDocument": documents[0]})


def test_a_place_behind_the_text_is_its_end() -> None:
    page = opened("ab\ncd")
    change(page, 1, put(0, 99, 99, "!"), put(7, 0, 5, "?"))
    assert page.documents["main.py"].text == "ab!\ncd?"
    backwards = {"start": {"line": 1, "character": 2}, "end": {"line": 0, "character": 0}}
    change(page, 2, {"range": backwards, "text": "x"})
    assert page.documents["main.py"].text == "ab!\ncdx?"


def test_a_closed_document_is_forgotten() -> None:
    page = opened("x")
    send(page, "textDocument/didClose", {"textDocument": {"uri": MAIN}})
    assert said(ask(page, "textDocument/hover", 1))["error"]["code"] == -32602
    assert page.look("main.py") == []
    with pytest.raises(ProtocolError):
        change(page, 1, {"text": "y"})


def test_one_message_cannot_have_a_long_text_looked_through_without_end() -> None:
    page = opened("𝛼" * 100_000)
    few = [put(0, 0, 0, "")] * 50
    change(page, 1, *few)
    assert page.work < WORK
    with pytest.raises(TooMany):
        change(page, 2, *few, *few)
    assert page.work < 3 * WORK


@pytest.mark.parametrize("text", ["\n" * TEXT, "𝛼" * TEXT, "x\n" * (TEXT // 2)])
def test_places_in_the_longest_texts_are_found_at_once(text: str) -> None:
    page = opened(text)
    began = time.process_time()
    for version in range(15):
        far = {"line": 2**31 - 1 if version % 2 else text.count("\n") // 2, "character": 2**31 - 1}
        change(page, version, {"range": {"start": far, "end": far}, "text": ""})
    assert time.process_time() - began < 1.0  # character by character it takes several seconds
