"""Hidden tests of code that talks to a service: it is beside each candidate's side, and its faults are for
interviewers.
"""

from pathlib import Path

import pytest

from fourhands_kernels.environments import Environments
from fourhands_kernels.judge.judge import Judging
from fourhands_kernels.judge.pair import Pairs
from fourhands_kernels.judgement import BadJudgement
from fourhands_kernels.kernel import Service, service_of
from fourhands_kernels.sandbox.launch import Bubblewrap
from fourhands_kernels.sandbox.probe import choose_mode
from fourhands_kernels.services.stage import Stage

from ..hosting import ENVIRONMENTS
from .conftest import judgement
from .verdicts import Verdict

MAIN = """
    import json, os, urllib.error, urllib.request

    def total(order):
        with urllib.request.urlopen(f"http://127.0.0.1:8080/orders/{order}", timeout=20) as answer:
            return json.load(answer)["total"]

    def dies():
        os._exit(1)
"""
TESTS = """
    import pytest
    from main import dies, total

    def test_total():
        assert total(7) == 12.5

    def test_dies():
        with pytest.raises(ValueError):
            dies()

    def test_total_again():
        assert total(8) == 12.5
"""
SERVICE = service_of({"port": 8080, "routes": [{"path": "/orders/{id}", "json": {"total": 12.5}}]})


async def judged(tmp_path: Path, *services: Service) -> Verdict:
    wanted = judgement(MAIN, TESTS, services=services)
    environments, launcher = Environments(ENVIRONMENTS), Bubblewrap(choose_mode(), tmp_path)
    python, verdict = await environments.get("default"), Verdict()
    stage = Stage(launcher, environments.get)
    await Judging(wanted, Pairs(launcher), verdict.hear, candidate=python, tests=python, stage=stage).run()
    return verdict


@pytest.mark.usefixtures("isolation")
async def test_code_under_test_reaches_it_in_each_sandbox(tmp_path: Path) -> None:
    verdict = await judged(tmp_path, SERVICE)
    assert verdict.outcomes == {"test_total": "passed", "test_dies": "failed", "test_total_again": "passed"}
    assert verdict.of("tests.detail") == []


@pytest.mark.usefixtures("isolation")
async def test_its_faults_are_for_interviewers(tmp_path: Path) -> None:
    verdict = await judged(tmp_path, Service(8080, "import nowhere"))
    assert verdict.outcomes["test_total"] == "failed"
    details = " ".join(body["text"] for body in verdict.of("tests.detail"))
    assert "the service on port 8080: Traceback" in details
    assert "No module named 'nowhere'" in details


def test_what_is_no_service_is_refused() -> None:
    with pytest.raises(BadJudgement, match="same port"):
        judgement(MAIN, TESTS, services=(SERVICE, SERVICE))
