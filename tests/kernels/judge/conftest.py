"""Judgements in real sandboxes: the walls that the kernel host would choose, without the host around them."""

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from pathlib import Path

import pytest

from fourhands_kernels.environments import Environments
from fourhands_kernels.judge.judge import Judging
from fourhands_kernels.judge.judgement import Judgement
from fourhands_kernels.judge.pair import Pairs
from fourhands_kernels.sandbox.launch import Bubblewrap
from fourhands_kernels.sandbox.probe import choose_mode

from ..hosting import ENVIRONMENTS
from .verdicts import Verdict, python

SECONDS = 60.0
Examine = Callable[..., Awaitable[Verdict]]


@pytest.fixture
def pairs(isolation: None, tmp_path: Path) -> Pairs:
    return Pairs(Bubblewrap(choose_mode(), tmp_path))


@pytest.fixture
def examine(pairs: Pairs) -> Iterator[Examine]:
    """Judge `main.py` (and other files) by tests; returns when all is over and nothing is left."""

    async def examined(main: str, tests: str, **settings: object) -> Verdict:
        files = {"main.py": python(main), **settings.pop("files", {})}  # type: ignore[dict-item]
        hidden = {"test_hidden.py": python(tests), **settings.pop("more_tests", {})}  # type: ignore[dict-item]
        judgement = Judgement("judged", files, hidden, **settings)  # type: ignore[arg-type]
        judgement.check()
        environments = Environments(ENVIRONMENTS)
        candidate = await environments.get(judgement.environment)
        verdict = Verdict()
        judging = Judging(
            judgement,
            settings.get("pairs", pairs),  # type: ignore[arg-type]
            verdict.hear,
            candidate=candidate,
            tests=await environments.get(judgement.tests_environment),
        )
        async with asyncio.timeout(SECONDS):
            await judging.run()
        return verdict

    return examined
