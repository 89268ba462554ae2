"""What the editor's help is asked and what it may answer: plain, bounded data.

Lines and characters count from 0; characters are UTF-16 units, as in the language server protocol. Answers
come out of a sandbox in which hostile code was parsed: `cleaned` keeps what has the right shape.

    completion   {items: [{label, kind?, detail?, text?, insert?}, …], more: bool}
    hover        {text, range?}                       Markdown
    signature    {label, parameters: [[from, to], …], active, text?}
    diagnostics  {items: [{range, severity, message, code?}, …]}
    lint         the same, of Ruff
    format       {text} or {error}

`range` is [line, character, end line, end character].
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final, Literal, get_args

from fourhands_protocol.paths import BadPath, check_path

What = Literal["completion", "hover", "signature", "diagnostics", "lint", "format"]

TEXT: Final = 1024 * 1024  # characters of one file
FILES: Final = 8 * 1024 * 1024  # characters of all files of one question
LARGEST: Final = 2**31 - 1
_ITEMS: Final = 200  # completions; whoever types on asks again
_FOUND: Final = 200  # diagnostics
_WORD: Final = 200  # characters of a name
_LINE: Final = 1_000  # of a message
_WORDS: Final = 8_000  # of an explanation
_PARAMETERS: Final = 100


class BadQuestion(ValueError):
    """What nobody can be asked; the text says why."""


@dataclass(frozen=True, slots=True)
class Question:
    """One question about a place in a file, as whoever asks sees its text.

    `files` are the room's other files: all of them where `known` is empty, else what changed since the answer
    that bore this state (None for one that is gone).
    """

    what: What
    path: str
    text: str
    line: int = 0
    character: int = 0
    files: Mapping[str, str | None] = field(default_factory=dict)
    known: str = ""
    environment: str = "default"

    def check(self) -> None:
        """Raise BadQuestion unless it can be asked."""
        try:
            for path in (self.path, *self.files):
                check_path(path)
        except BadPath as error:
            raise BadQuestion(str(error)) from error
        texts = [text for text in self.files.values() if text is not None]
        if self.what not in get_args(What) or not isinstance(self.known, str):
            raise BadQuestion("no such question")
        if not all(isinstance(text, str) for text in (self.text, *texts)):
            raise BadQuestion("a text that is none")
        if len(self.text) > TEXT or sum(map(len, texts)) > FILES:
            raise BadQuestion("too much text")
        if not all(type(n) is int and 0 <= n <= LARGEST for n in (self.line, self.character)):
            raise BadQuestion("a place that is none")


@dataclass(frozen=True, slots=True)
class Answer:
    """`state` stands for the files that the server holds now; `stale` says that it was asked on other ones:
    ask again, with all files. `content` is None where there is nothing to say.
    """

    state: str
    content: Mapping[str, Any] | None = None
    stale: bool = False


def cleaned(what: What, content: object) -> dict[str, Any] | None:
    """What of an answer may leave the host; None where it has another shape."""
    if not isinstance(content, dict):
        return None
    match what:
        case "completion":
            return {"items": _each(content, _completion, _ITEMS), "more": content.get("more") is True}
        case "hover":
            return _hover(content)
        case "signature":
            return _signature(content)
        case "diagnostics" | "lint":
            return {"items": _each(content, _diagnostic, _FOUND)}
        case "format":
            return _formatted(content)


def _each(content: dict[str, Any], one: Callable[[Any], dict[str, Any] | None], most: int) -> list[Any]:
    items = content.get("items")
    found = [one(item) for item in items[:most]] if isinstance(items, list) else []
    return [item for item in found if item is not None]


def _completion(item: object) -> dict[str, Any] | None:
    if not isinstance(item, dict) or not (label := text(item.get("label"), _WORD)):
        return None
    kept: dict[str, Any] = {"label": label}
    if type(kind := item.get("kind")) is int and 1 <= kind <= 25:
        kept["kind"] = kind
    for name, most in (("detail", _WORD), ("text", _LINE), ("insert", _WORD)):
        if found := text(item.get(name), most):
            kept[name] = found
    return kept


def _hover(content: dict[str, Any]) -> dict[str, Any] | None:
    if not (words := text(content.get("text"), _WORDS)):
        return None
    place = _range(content.get("range"))
    return {"text": words} | ({} if place is None else {"range": place})


def _signature(content: dict[str, Any]) -> dict[str, Any] | None:
    if not (label := text(content.get("label"), _LINE)):
        return None
    given, active = content.get("parameters"), content.get("active")
    parameters = [
        [one[0], one[1]]
        for one in (given[:_PARAMETERS] if isinstance(given, list) else [])
        if isinstance(one, list)
        and len(one) == 2
        and all(map(_whole, one))
        and one[0] <= one[1] <= len(label)
    ]
    kept: dict[str, Any] = {
        "label": label,
        "parameters": parameters,
        "active": active if _whole(active) else 0,
    }
    if words := text(content.get("text"), _WORDS):
        kept["text"] = words
    return kept


def _diagnostic(item: object) -> dict[str, Any] | None:
    if not isinstance(item, dict):
        return None
    place, message = _range(item.get("range")), text(item.get("message"), _LINE)
    if place is None or not message:
        return None
    severity = item.get("severity")
    known = type(severity) is int and 1 <= severity <= 4
    kept = {"range": place, "severity": severity if known else 1, "message": message}
    if code := text(item.get("code"), 60):
        kept["code"] = code
    return kept


def _formatted(content: dict[str, Any]) -> dict[str, Any] | None:
    if isinstance(found := content.get("text"), str) and len(found) <= TEXT:
        return {"text": _valid(found)}
    if error := text(content.get("error"), _LINE):
        return {"error": error}
    return None


def text(value: object, most: int) -> str:
    """A text of at most so many characters that every wire can carry; empty where it is none."""
    return _valid(value[:most]) if isinstance(value, str) else ""


def _range(value: object) -> list[int] | None:
    if not isinstance(value, list) or len(value) != 4 or not all(map(_whole, value)):
        return None
    return value if value[:2] <= value[2:] else None


def _whole(value: object) -> bool:
    return type(value) is int and 0 <= value <= LARGEST


def _valid(value: str) -> str:
    return value.encode(errors="replace").decode()
