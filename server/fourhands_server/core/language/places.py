"""Places in a text as the language server protocol counts them: lines, and UTF-16 units in a line, from 0."""

from __future__ import annotations

from typing import Final

FAR: Final = 2**31 - 1


def offset(text: str, line: int, character: int) -> int:
    """The index of a place; one behind the end of its line, or of the text, is that end."""
    start = _line_start(text, line)
    if start < 0:
        return len(text)
    end = text.find("\n", start)
    return start + points(text[start : end if end >= 0 else len(text)], character)


def _line_start(text: str, line: int) -> int:
    """The index at which a line begins, -1 where there are not so many. It is found by halves, as a text may
    have as many lines as characters, and pages name places many times a second.
    """
    before, after, left = 0, len(text), line
    if left and text.count("\n") < left:
        return -1
    while left:  # so many ends of lines, of those from `before` on, which lie before `after`
        middle = (before + after) // 2
        if after - before == 1:
            return after
        found = text.count("\n", before, middle)
        if found >= left:
            after = middle
        else:
            before, left = middle, left - found
    return 0


def points(line: str, units: int) -> int:
    """How many characters of a line so many UTF-16 units are."""
    if line.isascii():
        return min(units, len(line))
    start = line[:units].encode("utf-16-le", "surrogatepass")[: 2 * units]
    return len(start.decode("utf-16-le", "surrogatepass"))  # half a character is one


def units(text: str) -> int:
    """UTF-16 units."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le", "surrogatepass")) // 2


def line_at(text: str, line: int) -> str:
    """A line without its end; empty where there is none."""
    start = offset(text, line, 0)
    end = text.find("\n", start)
    return text[start : end if end >= 0 else len(text)]
