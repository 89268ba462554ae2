"""The rules for file paths, with words for the person who typed one (SPEC, P rules)."""

import unicodedata
from collections.abc import Container
from itertools import count
from typing import Final

from . import limits

# Separators of lines, and the controls that turn the direction of text, make one name look like another.
_REFUSED_CATEGORIES: Final = frozenset(("Cc", "Cs", "Zl", "Zp"))
_TURNING: Final = frozenset("\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069")


class BadPath(ValueError):
    """A path that no file may have; `words` says why, for the person who typed it."""

    def __init__(self, words: str) -> None:
        """Keep the words."""
        self.words = words
        super().__init__(words)


def check_path(path: str) -> None:
    """Raise BadPath unless the path is a good relative path with forward slashes."""
    if not path:
        raise BadPath("A file needs a name.")
    if len(path) > limits.PATH:
        raise BadPath(f"The name is longer than {limits.PATH} characters.")
    if "\\" in path:
        raise BadPath("Use / between folders, not \\.")
    if path.startswith("/"):
        raise BadPath("A file name cannot begin with /.")
    if any(_is_control(char) for char in path):
        raise BadPath("The name holds a character that cannot be seen.")
    for segment in path.split("/"):
        _check_segment(segment)


def _check_segment(segment: str) -> None:
    if not segment:
        raise BadPath("The name has an empty part: two / in a row, or one at the end.")
    if segment in (".", ".."):
        raise BadPath(f"A part of the name cannot be {segment}")
    if segment != segment.strip():
        raise BadPath("A part of the name begins or ends with a space.")


def _is_control(char: str) -> bool:
    return char in _TURNING or unicodedata.category(char) in _REFUSED_CATEGORIES


def path_key(path: str) -> str:
    """Fold a path so that two paths with one key would be one file on some computer."""
    return unicodedata.normalize("NFC", unicodedata.normalize("NFC", path).casefold())


def root_name(path: str, used: Container[str]) -> str:
    """Name the document root of a new file: its path, or `path~2`, `path~3` … where that was used before."""
    if path not in used:
        return path
    return next(name for n in count(2) if (name := f"{path}~{n}") not in used)
