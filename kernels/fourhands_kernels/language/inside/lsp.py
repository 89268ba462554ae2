"""The language server, spoken to: one document open at a time, one question at a time, answers made small."""

import json
import os
import subprocess
from typing import Any
from urllib.parse import quote

ITEMS = 200  # completions that are handed on
EXPLAINED = 40  # of which so many with a text
METHODS = {
    "completion": "textDocument/completion",
    "hover": "textDocument/hover",
    "signature": "textDocument/signatureHelp",
    "diagnostics": "textDocument/diagnostic",
}
CAPABILITIES = {
    "general": {"positionEncodings": ["utf-16"]},
    "textDocument": {
        "completion": {"completionItem": {"documentationFormat": ["plaintext"]}},
        "diagnostic": {},
        "hover": {"contentFormat": ["markdown"]},
        "signatureHelp": {"signatureInformation": {"documentationFormat": ["plaintext"]}},
    },
    "workspace": {"didChangeWatchedFiles": {"dynamicRegistration": True}},
}


class Server:
    """A language server on a folder; its end, or nonsense of its, raises."""

    def __init__(self, program: str, folder: str, prefix: str) -> None:
        self._folder = folder
        self._process = subprocess.Popen(
            [program, "server"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            env={**os.environ, "RAYON_NUM_THREADS": "2", "TY_MAX_PARALLELISM": "2"},
        )
        self._number = 0
        self._open: tuple[str, str] | None = None
        root = self._uri("")
        options = {
            "completions": {"autoImport": False},
            "configuration": {"environment": {"python": prefix, "root": [folder]}},
            "diagnosticMode": "openFilesOnly",
        }
        self._request(
            "initialize",
            {
                "processId": None,
                "rootUri": root,
                "workspaceFolders": [{"uri": root, "name": "room"}],
                "capabilities": CAPABILITIES,
                "initializationOptions": options,
            },
        )
        self._notify("initialized", {})

    def changed(self, files: list[tuple[str, int]]) -> None:
        """Files of the folder were made (1), written (2) or removed (3)."""
        changes = [{"uri": self._uri(path), "type": kind} for path, kind in files]
        self._notify("workspace/didChangeWatchedFiles", {"changes": changes})

    def ask(self, what: str, path: str, text: str, line: int, character: int) -> Any:
        """What stands at a place of a text (see `editor_help`)."""
        self._show(path, text)
        params: dict[str, Any] = {"textDocument": {"uri": self._uri(path)}}
        if what != "diagnostics":
            params["position"] = {"line": line, "character": character}
        return SHORTENED[what](self._request(METHODS[what], params))

    def _show(self, path: str, text: str) -> None:
        """Have this text of this file open and no other: what is open counts for the files that import it."""
        self._number += 1
        document = {"uri": self._uri(path), "version": self._number}
        if self._open is not None and self._open[0] == path:
            if self._open[1] != text:
                changes = [{"text": text}]
                self._notify("textDocument/didChange", {"textDocument": document, "contentChanges": changes})
        else:
            if self._open is not None:
                self._notify("textDocument/didClose", {"textDocument": {"uri": self._uri(self._open[0])}})
            opened = {**document, "languageId": "python", "text": text}
            self._notify("textDocument/didOpen", {"textDocument": opened})
        self._open = (path, text)

    def _uri(self, path: str) -> str:
        return "file://" + quote(os.path.join(self._folder, path).rstrip("/"))

    def _notify(self, method: str, params: Any) -> None:
        self._write({"jsonrpc": "2.0", "method": method, "params": params})

    def _request(self, method: str, params: Any) -> Any:
        self._number += 1
        number = self._number
        self._write({"jsonrpc": "2.0", "id": number, "method": method, "params": params})
        while True:
            message = self._read()
            if "method" in message:
                if "id" in message:
                    self._reply(message)
            elif message.get("id") == number:
                return message.get("result")

    def _reply(self, message: Any) -> None:
        """The server's own questions: it has all it needs."""
        items = message["params"]["items"] if message["method"] == "workspace/configuration" else None
        result = None if items is None else [None] * len(items)
        self._write({"jsonrpc": "2.0", "id": message["id"], "result": result})

    def _write(self, message: Any) -> None:
        data = json.dumps(message).encode()
        assert self._process.stdin is not None
        self._process.stdin.write(b"Content-Length: %d\r\n\r\n" % len(data) + data)
        self._process.stdin.flush()

    def _read(self) -> Any:
        assert self._process.stdout is not None
        size = 0
        while (line := self._process.stdout.readline().strip()) or not size:
            name, _, value = line.partition(b":")
            if name.lower() == b"content-length":
                size = int(value)
            elif not line:
                raise EOFError("the language server ended")
        return json.loads(self._process.stdout.read(size))


def completion(result: Any) -> Any:
    """The best completions, most of them without their text."""
    whole = result if isinstance(result, dict) else {"items": result or []}
    items = sorted(whole["items"], key=lambda item: item.get("sortText") or item["label"])
    more = len(items) > ITEMS
    return {"items": [_item(one, at < EXPLAINED) for at, one in enumerate(items[:ITEMS])], "more": more}


def _item(item: Any, explained: bool) -> Any:
    found = {"label": item["label"], "kind": item.get("kind"), "detail": (item.get("detail") or "")[:200]}
    if (insert := item.get("insertText")) and insert != item["label"]:
        found["insert"] = insert
    if explained:
        found["text"] = words(item.get("documentation")).strip().split("\n\n")[0][:400]
    return found


def hover(result: Any) -> Any:
    """Markdown, and what it is about."""
    if not result:
        return None
    found = {"text": words(result["contents"])[:8000]}
    return found | ({"range": place(result["range"])} if result.get("range") else {})


def signature(result: Any) -> Any:
    """The signature that applies."""
    if not result or not result.get("signatures"):
        return None
    one = result["signatures"][result.get("activeSignature") or 0]
    label, at, parameters = one["label"], 0, []
    for parameter in one.get("parameters") or []:
        given = parameter["label"]
        if isinstance(given, str):
            start = label.find(given, at)
            given = [start, start + len(given)] if start >= 0 else [0, 0]
        at = given[1]
        parameters.append(given)
    active = one.get("activeParameter", result.get("activeParameter"))
    text = words(one.get("documentation"))[:2000]
    return {"label": label, "parameters": parameters, "active": active or 0, "text": text}


def diagnostics(result: Any) -> Any:
    """What is wrong, each in its first line."""
    items = (result or {}).get("items") or []
    return {
        "items": [
            {
                "range": place(one["range"]),
                "severity": one.get("severity"),
                "message": one["message"].split("\n")[0],
                "code": str(one.get("code") or ""),
            }
            for one in items[:200]
        ]
    }


def words(value: Any) -> str:
    """The text of whatever the protocol allows where there is one."""
    if isinstance(value, dict):
        value = value.get("value")
    return value if isinstance(value, str) else ""


def place(value: Any) -> list[int]:
    """A range as four numbers."""
    start, end = value["start"], value["end"]
    return [start["line"], start["character"], end["line"], end["character"]]


SHORTENED = {"completion": completion, "hover": hover, "signature": signature, "diagnostics": diagnostics}
