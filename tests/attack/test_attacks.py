"""A few of the attacks, against both modes; `make attack` tries all of them with every launcher."""

from collections import Counter

import pytest

from . import refusal
from .campaign import ATTACKS, GROUPS, MODES, Result, assault

QUICK = (
    "environments of all processes",
    "files of the host",
    "a listener on the host's loopback",
    "new namespaces",
    "memory: one block",
    "memory: files without a folder",
    "text that is no text",
    "an exit without goodbye",
    "entries of the log",
    "outputs and ends of other runs",
)


def test_there_are_attacks_of_every_group() -> None:
    assert len(ATTACKS) >= 40
    assert len({attack.name for attack in ATTACKS}) == len(ATTACKS)
    assert {group for group, known in GROUPS.items() if len(known) >= 10} == set(GROUPS)
    assert Counter(attack.name in QUICK for attack in ATTACKS)[True] == len(QUICK) == 10


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("mode", MODES)
async def test_quick_attacks_are_withstood(mode: str) -> None:
    result = Result(mode, "bubblewrap")
    await assault(result, [attack for attack in ATTACKS if attack.name in QUICK])
    assert result.failed == {}
    assert len(result.tried) == len(QUICK)


@pytest.mark.parametrize("name", ["no bubblewrap", "no walls at all"])
async def test_without_walls_no_code_runs(name: str) -> None:
    if "root" not in MODES:
        pytest.skip("an ordinary user puts nothing in bubblewrap's place")
    assert await refusal.refuses(name) == []
