"""One page that edits with help: it speaks the language server protocol, and this is its server.

Pure: messages in, effects out. Each page has texts of its own, which may differ from everybody else's; a
question names the text that it is about, so that one language server behind it can serve them all.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal
from urllib.parse import unquote

import msgspec

from fourhands_protocol.errors import MalformedFrame, TooLarge, TooMany
from fourhands_protocol.paths import BadPath, check_path
from fourhands_server.core.language.places import FAR, offset

DOCUMENTS: Final = 16  # texts that a page may have open
TEXT: Final = 512 * 1024  # characters of one
OPEN_QUESTIONS: Final = 8  # of one page; further ones are refused
WORK: Final = 64 * 1024 * 1024  # `_work` of one message: some 100 ms
ROOT: Final = "file:///"

CANCELLED, FAILED, UNKNOWN, BAD_PARAMS = -32800, -32803, -32601, -32602  # the protocol's own numbers

What = Literal["completion", "hover", "signature", "diagnostics", "lint", "format"]
METHODS: Final[Mapping[str, What]] = {
    "textDocument/completion": "completion",
    "textDocument/hover": "hover",
    "textDocument/signatureHelp": "signature",
    "textDocument/formatting": "format",
    "fourhands/lint": "lint",
}


@dataclass(frozen=True, slots=True)
class Features:
    """What the room's settings allow."""

    completion: bool = True
    hover: bool = True
    signatures: bool = True
    diagnostics: bool = True
    formatting: bool = True

    @property
    def any(self) -> bool:
        """Whether there is anything to be connected for."""
        return self.completion or self.hover or self.signatures or self.diagnostics or self.formatting

    def allow(self, what: What) -> bool:
        """Whether this may be asked."""
        match what:
            case "completion":
                return self.completion
            case "hover":
                return self.hover
            case "signature":
                return self.signatures
            case "diagnostics":
                return self.diagnostics
            case "lint" | "format":
                return self.formatting


@dataclass(frozen=True, slots=True)
class Say:
    """A message for the page."""

    message: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Ask:
    """A question for the language server; `id` is the page's request, None where it is for diagnostics."""

    id: int | str | None
    what: What
    path: str
    text: str
    version: int
    line: int = 0
    character: int = 0


@dataclass(frozen=True, slots=True)
class Look:
    """The text of this file has changed: look for what is wrong with it after a pause."""

    path: str


Effect = Say | Ask | Look


@dataclass(slots=True)
class Document:
    """A text as the page has it."""

    uri: str
    version: int
    text: str


@dataclass(slots=True)
class Page:
    """The server's side of one page. Methods raise ProtocolError for what ends the connection."""

    features: Features
    documents: dict[str, Document] = field(default_factory=dict)
    open: set[int | str] = field(default_factory=set)
    work: int = 0  # that its messages have made in all, in characters looked through

    @property
    def size(self) -> int:
        """Characters of all its texts."""
        return sum(len(document.text) for document in self.documents.values())

    def receive(self, frame: bytes) -> list[Effect]:
        """A message of the page."""
        try:
            message = msgspec.json.decode(frame)
        except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
            raise MalformedFrame("this socket speaks JSON-RPC") from error
        if not isinstance(message, dict) or not isinstance(method := message.get("method"), str):
            raise MalformedFrame("a message without a method")
        params = message.get("params")
        number = message.get("id")
        if number is None:
            return list(self._told(method, params if isinstance(params, dict) else {}))
        if not isinstance(number, int | str) or (isinstance(number, str) and len(number) > 100):
            raise MalformedFrame("a request without a number")
        return list(self._asked(number, method, params if isinstance(params, dict) else {}))

    def answered(self, ask: Ask, result: Any) -> list[Effect]:
        """What came of a question of this page; `result` as the protocol has it."""
        if ask.id is None:
            return self._found(ask, result)
        if ask.id not in self.open:
            return []
        self.open.discard(ask.id)
        return [Say({"jsonrpc": "2.0", "id": ask.id, "result": result})]

    def failed(self, ask: Ask, why: str) -> list[Effect]:
        """Nothing came of a question."""
        if ask.id is None or ask.id not in self.open:
            return []
        self.open.discard(ask.id)
        return [_error(ask.id, FAILED, why)]

    def look(self, path: str) -> list[Effect]:
        """Ask what is wrong with a file, where the page still has it open."""
        document = self.documents.get(path)
        if document is None or not self.features.diagnostics:
            return []
        return [Ask(None, "diagnostics", path, document.text, document.version)]

    # Inside

    def _told(self, method: str, params: dict[str, Any]) -> Iterable[Effect]:
        match method:
            case "textDocument/didOpen":
                path = self._opened(params)
            case "textDocument/didChange":
                path = self._changed(params)
            case "textDocument/didClose":
                self.documents.pop(_path(params), None)
                return ()
            case "$/cancelRequest":
                number = params.get("id")
                if isinstance(number, int | str) and number in self.open:
                    self.open.discard(number)
                    return (_error(number, CANCELLED, "cancelled"),)
                return ()
            case _:
                return ()
        # An empty text needs no language server yet.
        looks = self.features.diagnostics and (self.documents[path].text or method.endswith("didChange"))
        return (Look(path),) if looks else ()

    def _opened(self, params: dict[str, Any]) -> str:
        path, given = _path(params), params["textDocument"]
        text, version = given.get("text"), given.get("version")
        if not isinstance(text, str) or type(version) is not int:
            raise MalformedFrame("a document without text or version")
        if path not in self.documents and len(self.documents) >= DOCUMENTS:
            raise TooMany(f"more than {DOCUMENTS} documents")
        self.documents[path] = Document(given["uri"], version, _bounded(text))
        return path

    def _changed(self, params: dict[str, Any]) -> str:
        path, changes = _path(params), params.get("contentChanges")
        document, version = self.documents.get(path), params["textDocument"].get("version")
        if document is None or type(version) is not int or not isinstance(changes, list):
            raise MalformedFrame("a change of no open document")
        text, most = document.text, self.work + WORK
        for change in changes:
            self.work += _work(text)
            if self.work > most:
                raise TooMany("too many changes of a long text at once")
            text = _bounded(_applied(text, change))
        document.text, document.version = text, version
        return path

    def _asked(self, number: int | str, method: str, params: dict[str, Any]) -> Iterable[Effect]:
        if method == "initialize":
            return (Say({"jsonrpc": "2.0", "id": number, "result": _greeting(self.features)}),)
        if method == "shutdown":
            return (Say({"jsonrpc": "2.0", "id": number, "result": None}),)
        what = METHODS.get(method)
        if what is None or not self.features.allow(what):
            return (_error(number, UNKNOWN, "this room does not offer that"),)
        if number in self.open:
            raise MalformedFrame("a number twice")
        document = self.documents.get(_path(params))
        if document is None:
            return (_error(number, BAD_PARAMS, "this document is not open"),)
        if len(self.open) >= OPEN_QUESTIONS:
            return (_error(number, CANCELLED, "too many questions at once"),)
        line, character = (0, 0) if what in ("lint", "format") else _place(params.get("position"))
        self.open.add(number)
        self.work += _work(document.text)
        return (Ask(number, what, _path(params), document.text, document.version, line, character),)

    def _found(self, ask: Ask, result: Any) -> list[Effect]:
        document = self.documents.get(ask.path)
        if document is None or document.version != ask.version:
            return []  # the page has gone on, and another look is on its way
        params = {"uri": document.uri, "version": ask.version, "diagnostics": result or []}
        method = "textDocument/publishDiagnostics"
        return [Say({"jsonrpc": "2.0", "method": method, "params": params})]


def _greeting(features: Features) -> dict[str, Any]:
    offered: dict[str, Any] = {"positionEncoding": "utf-16", "textDocumentSync": 2}
    if features.completion:
        offered["completionProvider"] = {"triggerCharacters": [".", '"', "'"]}
    if features.signatures:
        offered["signatureHelpProvider"] = {"triggerCharacters": ["(", ","]}
    offered |= {"hoverProvider": features.hover, "documentFormattingProvider": features.formatting}
    return {"capabilities": offered, "serverInfo": {"name": "fourhands"}}


def _applied(text: str, change: Any) -> str:
    if not isinstance(change, dict) or not isinstance(insert := change.get("text"), str):
        raise MalformedFrame("a change that is none")
    place = change.get("range")
    if place is None:
        return insert
    if not isinstance(place, dict):
        raise MalformedFrame("a range that is none")
    start, end = (offset(text, *_place(place.get(name))) for name in ("start", "end"))
    return text[:start] + insert + text[max(start, end) :]


def _path(params: dict[str, Any]) -> str:
    """The path that a document's address stands for."""
    document = params.get("textDocument")
    uri = document.get("uri") if isinstance(document, dict) else None
    if not isinstance(uri, str) or not uri.startswith(ROOT):
        raise MalformedFrame("a document that is no file of the room")
    path = unquote(uri.removeprefix(ROOT))
    try:
        check_path(path)
    except BadPath as error:
        raise MalformedFrame("a document that is no file of the room") from error
    return path


def _place(value: Any) -> tuple[int, int]:
    line, character = (value.get("line"), value.get("character")) if isinstance(value, dict) else (None, None)
    if type(line) is int and type(character) is int and 0 <= line <= FAR and 0 <= character <= FAR:
        return line, character
    raise MalformedFrame("a place that is none")


def _work(text: str) -> int:
    """What it takes to find a place in a text: all of it is looked through, and more than once where places
    are not simply characters.
    """
    return len(text) if text.isascii() else 8 * len(text)


def _bounded(text: str) -> str:
    if len(text) > TEXT:
        raise TooLarge(f"a document of more than {TEXT} characters")
    return text


def _error(number: int | str, code: int, words: str) -> Say:
    return Say({"jsonrpc": "2.0", "id": number, "error": {"code": code, "message": words}})
