"""Whether a piece of code can be run as it stands, or somebody is in the middle of typing it.

It is looked at as tokens alone: the server compiles nobody's code. So what is complete may yet be wrong; its
run says so.
"""

from __future__ import annotations

import io
import tokenize
from collections.abc import Iterator
from typing import Any, Final

LONGEST: Final = 4 * 1024  # characters, some 20 ms of looking; of longer code nothing is said
_OPEN: Final = {"(": ")", "[": "]", "{": "}"}
_IPYTHON: Final = ("%", "!", "?")  # begin what is no Python, but runs
_SKIPPED: Final = frozenset(
    (tokenize.NL, tokenize.NEWLINE, tokenize.COMMENT, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)
)


def is_complete(code: str) -> dict[str, Any]:
    """The content of an `is_complete_reply`."""
    if len(code) > LONGEST:
        return {"status": "unknown"}
    if code.endswith(("\\", "\\\n")):
        return _incomplete(code)
    if code.lstrip()[:1] in _IPYTHON or code.rstrip().endswith("?"):
        return {"status": "complete"}
    try:
        tokens = list(_tokens(code))
    except tokenize.TokenError as error:
        # In the middle of brackets or of a long string; Python 3.12 and later tell mistakes in the same way.
        midway = any(words in str(error.args[0]) for words in ("EOF", "triple-quoted"))
        return _incomplete(code) if midway else {"status": "invalid"}
    except (SyntaxError, ValueError):
        return {"status": "invalid"}
    if not _brackets_match(tokens):
        return {"status": "invalid"}
    seen = [token for token in tokens if token.type not in _SKIPPED]
    if seen and seen[-1].string == ":" and seen[-1].type == tokenize.OP:
        return _incomplete(code, deeper=True)
    last = code.rsplit("\n", 1)[-1]
    if last.strip() and last[:1].isspace():
        return _incomplete(code)  # inside a block; an empty line ends it
    return {"status": "complete"}


def _tokens(code: str) -> Iterator[tokenize.TokenInfo]:
    for token in tokenize.generate_tokens(io.StringIO(code).readline):
        if token.type == tokenize.ERRORTOKEN and token.string.strip():
            raise SyntaxError(token.string)
        yield token


def _brackets_match(tokens: list[tokenize.TokenInfo]) -> bool:
    wanted: list[str] = []
    for token in tokens:
        if token.type == tokenize.OP and token.string in _OPEN:
            wanted.append(_OPEN[token.string])
        elif (
            token.type == tokenize.OP
            and token.string in ")]}"
            and (not wanted or wanted.pop() != token.string)
        ):
            return False
    return True


def _incomplete(code: str, *, deeper: bool = False) -> dict[str, Any]:
    last = code.rstrip("\n").rsplit("\n", 1)[-1]
    indent = last[: len(last) - len(last.lstrip())][:200]
    return {"status": "incomplete", "indent": indent + ("    " if deeper else "")}
