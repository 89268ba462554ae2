"""The changes that lead from one text to another, as small as is cheap to find: carets stay where they are.

Lines that stand once in both texts hold the two together; what lies between them is compared line by line
where it is short, and replaced where it is long. The time is that of sorting the lines, whatever they hold.
"""

from __future__ import annotations

import difflib
import re
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any, Final

from fourhands_server.core.language.places import units

_LINE: Final = re.compile(r"[^\n]*\n|[^\n]+")
_SHORT: Final = 60  # lines on either side; of those every pair may be compared

Block = tuple[int, int, int, int]  # lines of the one from, to; of the other from, to


def edits(before: str, after: str) -> list[dict[str, Any]]:
    """Text edits of the language server protocol, in order, all about the text as it was."""
    old, new = _LINE.findall(before), _LINE.findall(after)
    return [_edit(old[i:j], new[k:m], i) for i, j, k, m in _blocks(old, new)]


def _blocks(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    """What differs."""
    at_old = at_new = 0
    for i, k in [*_anchors(old, new), (len(old), len(new))]:
        for one, other, third, fourth in _between(old[at_old:i], new[at_new:k]):
            yield at_old + one, at_old + other, at_new + third, at_new + fourth
        at_old, at_new = i + 1, k + 1


def _anchors(old: Sequence[str], new: Sequence[str]) -> list[tuple[int, int]]:
    """Lines that stand once in both, as many as are in the same order there."""
    once = {line for line, count in Counter(new).items() if count == 1}
    once &= {line for line, count in Counter(old).items() if count == 1}
    place = {line: at for at, line in enumerate(new) if line in once}
    pairs = [(at, place[line]) for at, line in enumerate(old) if line in once]
    # The longest rising run: the ends of the best runs of each length, and whom each pair follows.
    ends: list[int] = []
    last: list[int] = []
    follows: list[int] = []
    for number, (_, there) in enumerate(pairs):
        length = bisect_left(ends, there)
        ends[length : length + 1] = [there]
        last[length : length + 1] = [number]
        follows.append(last[length - 1] if length else -1)
    chain = []
    number = last[-1] if last else -1
    while number >= 0:
        chain.append(pairs[number])
        number = follows[number]
    return chain[::-1]


def _between(old: Sequence[str], new: Sequence[str]) -> Iterator[Block]:
    head = _common(old, new)
    tail = _common(old[head:][::-1], new[head:][::-1])
    i, j, k, m = head, len(old) - tail, head, len(new) - tail
    if max(j - i, m - k) > _SHORT:
        yield i, j, k, m
        return
    matcher = difflib.SequenceMatcher(None, old[i:j], new[k:m], autojunk=False)
    for tag, a, b, c, d in matcher.get_opcodes():
        if tag != "equal":
            yield i + a, i + b, k + c, k + d


def _edit(old: Sequence[str], new: Sequence[str], line: int) -> dict[str, Any]:
    """One change, without the characters that both sides begin and end with."""
    one, other = "".join(old), "".join(new)
    head = _common(one, other)
    tail = _common(one[head:][::-1], other[head:][::-1])
    end = len(one) - tail
    place = {"start": _position(one, head, line), "end": _position(one, end, line)}
    return {"range": place, "newText": other[head : len(other) - tail]}


def _position(text: str, index: int, line: int) -> dict[str, int]:
    start = text.rfind("\n", 0, index) + 1
    return {"line": line + text.count("\n", 0, start), "character": units(text[start:index])}


def _common(one: Sequence[str], other: Sequence[str]) -> int:
    """How many elements two sequences begin with alike."""
    most = min(len(one), len(other))
    return next((at for at in range(most) if one[at] != other[at]), most)
