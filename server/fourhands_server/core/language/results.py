"""What the language server and the kernel found, as results of the protocol that a page understands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from fourhands_server.core.language.places import line_at, points, units

KERNEL: Final = "from the kernel"
_OWN: Final = 60  # completions that the kernel alone knows
_MACHINERY: Final = frozenset(("In", "Out", "exit", "quit", "get_ipython"))  # names of IPython's own
_SUBSCRIPT: Final = re.compile(r"\[\s*[^\[\]]*$")
_HIDDEN: Final = re.compile(r"(?<![a-zA-Z0-9])_\w*$")
_CALLED: Final = re.compile(r"^(?:bound method |def |class )[\w.]+(?=\()")  # the name, which stands before it
_KINDS: Final = {"function": 3, "class": 7, "module": 9, "keyword": 14, "instance": 6}
_QUIET: Final = frozenset(("invalid-syntax", "unresolved-reference", "unresolved-import", "import-not-found"))


def kernel_request(text: str, line: int, character: int) -> tuple[str, int]:
    """What the kernel is asked for a place: its line, and the cursor in characters."""
    code = line_at(text, line)
    return code, points(code, character)


def completion(
    text: str, line: int, character: int, found: Mapping[str, Any] | None, kernel: Mapping[str, Any] | None
) -> dict[str, Any]:
    """Both kinds of completions, each name once; what only the kernel knows (columns, names made at run time)
    stands first.
    """
    code, cursor = kernel_request(text, line, character)
    items = [item for item in (found or {}).get("items", []) if _shown(item["label"], code[:cursor])]
    known = {item["label"] for item in items}
    own = [] if kernel is None else _kernel_items(code, cursor, kernel)
    if (
        own and not own[0][0].isidentifier()
    ):  # a key: what else the language server says is about something else
        start, end = (units(code[:at]) for at in (kernel["cursor_start"], kernel["cursor_end"]))  # type: ignore[index]
        place = {"start": {"line": line, "character": start}, "end": {"line": line, "character": end}}
        shown = [_kernel_item(name, kind, at) for at, (name, kind) in enumerate(own[:_OWN])]
        return {"isIncomplete": False, "itemDefaults": {"editRange": place}, "items": shown}
    fresh = [one for one in own if one[0] not in known][:_OWN]
    shown = [_kernel_item(name, kind, at) for at, (name, kind) in enumerate(fresh)]
    shown += [_item(item, at) for at, item in enumerate(items)]
    return {"isIncomplete": bool((found or {}).get("more")), "items": shown}


def hover(found: Mapping[str, Any] | None) -> Any:
    """Markdown, or null."""
    if not found:
        return None
    result: dict[str, Any] = {"contents": {"kind": "markdown", "value": found["text"]}}
    return result | ({"range": _range(found["range"])} if "range" in found else {})


def signature(found: Mapping[str, Any] | None) -> Any:
    """The signature that applies, or null."""
    if not found:
        return None
    one: dict[str, Any] = {
        "label": found["label"],
        "parameters": [{"label": place} for place in found["parameters"]],
    }
    if "text" in found:
        one["documentation"] = found["text"]
    active = min(found["active"], max(0, len(found["parameters"]) - 1))
    return {"signatures": [one], "activeSignature": 0, "activeParameter": active}


def diagnostics(text: str, found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What is wrong. Of a text that cannot be read as Python only the first place: all else follows from it,
    and whoever types is in the middle of something. What only a type checker minds is a warning.
    """
    items = list((found or {}).get("items", []))
    broken = [item for item in items if item.get("code") == "invalid-syntax"]
    lines = text.split("\n")
    ends: dict[int, int] = {}  # a line may be as long as the text, and all of it wrong
    shown = []
    for item in broken[:1] or items:
        line, character, last, end = item["range"]
        if line >= len(lines):
            continue
        last = min(last, len(lines) - 1)
        for one in (line, last):
            if one not in ends:
                ends[one] = units(lines[one])
        start = {"line": line, "character": min(character, ends[line])}
        stop = {"line": last, "character": min(end, ends[last])}
        minded = item["severity"] == 1 and item.get("code") not in _QUIET
        shown.append(
            {
                "range": {"start": start, "end": stop},
                "severity": 2 if minded else item["severity"],
                "code": item.get("code", ""),
                "message": item["message"],
            }
        )
    return shown


def lint(text: str, found: Mapping[str, Any] | None) -> list[dict[str, Any]]:
    """What Ruff finds, all of it: somebody asked."""
    return diagnostics(text, found)


def _shown(label: str, before: str) -> bool:
    """What begins with an underscore is for those who begin with one."""
    return not label.startswith("_") or _HIDDEN.search(before) is not None


def _kernel_items(code: str, cursor: int, kernel: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Names and kinds of what the kernel offers; keys of a subscript, or names that go on from the cursor."""
    start = kernel["cursor_start"]
    types = {one["text"]: one["type"] for one in kernel["metadata"].get("_jupyter_types_experimental", ())}
    word = cursor
    while word > 0 and (code[word - 1].isalnum() or code[word - 1] == "_"):
        word -= 1
    prefix, lead = code[word:cursor], code[start:word]
    keys = _SUBSCRIPT.search(code[:cursor]) is not None
    found = []
    for match in kernel["matches"]:
        if start <= word and match.startswith(lead) and (name := match[len(lead) :]).isidentifier():
            if name.startswith("_") and not prefix.startswith("_"):
                continue
            if name not in _MACHINERY:
                found.append((name, types.get(match, "")))
        elif keys and match[:1] not in ("%", "/", "~", "."):
            found.append((match, "key"))
    named = [one for one in found if one[0].isidentifier()]
    return [one for one in found if one[1] == "key"] or named


def _kernel_item(name: str, kind: str, at: int) -> dict[str, Any]:
    return {"label": name, "kind": _KINDS.get(kind, 6), "detail": KERNEL, "sortText": f"0{at:04}"}


def _item(item: Mapping[str, Any], at: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"label": item["label"], "sortText": f"1{at:04}"}
    if "kind" in item:
        shown["kind"] = item["kind"]
    if "detail" in item:
        shown["detail"] = _CALLED.sub("", item["detail"])
    if "insert" in item:
        shown["insertText"] = item["insert"]
    if "text" in item:
        shown["documentation"] = {"kind": "plaintext", "value": item["text"]}
    return shown


def _range(place: list[int]) -> dict[str, Any]:
    line, character, last, end = place
    return {"start": {"line": line, "character": character}, "end": {"line": last, "character": end}}
