"""Changes from one text to another: right for any two texts, small, and found in no time."""

from __future__ import annotations

import random
import time
from typing import Any

from fourhands_server.core.language.edits import edits
from fourhands_server.core.language.places import offset, points, units


def apply(text: str, changes: list[dict[str, Any]]) -> str:
    for edit in reversed(changes):
        start, end = (
            offset(text, edit["range"][name]["line"], edit["range"][name]["character"])
            for name in ("start", "end")
        )
        text = text[:start] + edit["newText"] + text[end:]
    return text


def test_edits_are_small_and_lead_from_one_text_to_the_other() -> None:
    before = "import os\nx  =  1\n\n\n\ny = '𝛼'\nprint( y )\n"
    after = 'import os\n\nx = 1\n\n\ny = "𝛼"\nprint(y)\n'
    found = edits(before, after)
    assert apply(before, found) == after
    assert len(found) > 1
    assert edits(before, before) == []
    chance = random.Random(4)
    for _ in range(500):
        one, other = ("".join(chance.choices("ab𝛼\n\r ", k=chance.randrange(30))) for _ in range(2))
        assert apply(one, edits(one, other)) == other


def test_one_line_of_many_is_one_small_change() -> None:
    lines = [f"line {number}\n" for number in range(5000)]
    before = "".join(lines)
    lines[2500] = "another\n"
    (edit,) = edits(before, "".join(lines))
    assert edit["range"]["start"] == {"line": 2500, "character": 0}
    assert edit["newText"] == "another"


def test_texts_that_are_made_to_be_hard_cost_no_more() -> None:
    began = time.process_time()
    for before, after in (
        ("a\n" * 100_000, "b\n" * 100_000),
        ("a\nb\n" * 50_000, "b\na\n" * 50_000),
        ("".join(f"{n}\n" for n in range(50_000)), "".join(f"{n}\n" for n in reversed(range(50_000)))),
        ("x" * 500_000, "x" * 250_000 + "y" + "x" * 250_000),
    ):
        assert apply(before, edits(before, after)) == after
    assert time.process_time() - began < 5


def test_places_are_where_counting_finds_them() -> None:
    def count(line: str, left: int) -> int:
        for at, char in enumerate(line):
            if left <= 0:
                return at
            left -= 2 if ord(char) > 0xFFFF else 1
        return len(line)

    chance = random.Random(7)
    for _ in range(3_000):
        text = "".join(chance.choices("ab\n\né𝛼", k=chance.randrange(20)))
        lines = text.split("\n")
        line, character = chance.randrange(12), chance.choice([chance.randrange(24), 2**31 - 1])
        if line < len(lines):
            before = sum(len(one) + 1 for one in lines[:line])
            assert offset(text, line, character) == before + count(lines[line], character)
            assert points(lines[line], character) == count(lines[line], character)
        else:
            assert offset(text, line, character) == len(text)
        assert units(text) == len(text) + text.count("𝛼")
