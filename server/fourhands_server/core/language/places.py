"""Places in a text as the language server protocol counts them: lines, and UTF-16 units in a line, from 0."""

from __future__ import annotations

from typing import Final

FAR: Final = 2**31 - 1


def offset(text: str, line: int, character: int) -> int:
    """The index of a place; one behind the end of its line, or of the text, is that end."""
    start = 0
    for _ in range(line):
        end = text.find("\n", start)
        if end < 0:
            return len(text)
        start = end + 1
    end = text.find("\n", start)
    return start + points(text[start : end if end >= 0 else len(text)], character)


def points(line: str, units: int) -> int:
    """How many characters of a line so many UTF-16 units are."""
    if line.isascii():
        return min(units, len(line))
    left = units
    for at, char in enumerate(line):
        if left <= 0:
            return at
        left -= 2 if ord(char) > 0xFFFF else 1
    return len(line)


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text) if text.isascii() else len(text) + sum(ord(char) > 0xFFFF for char in text)


def line_at(text: str, line: int) -> str:
    """A line without its end; empty where there is none."""
    start = offset(text, line, 0)
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)]
