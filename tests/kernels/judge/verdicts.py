"""What a judgement told, in the words of its tests."""

import textwrap
from dataclasses import dataclass, field
from typing import Any

from fourhands_kernels.judgement import TestsEvent


def python(text: str) -> bytes:
    return textwrap.dedent(text).encode()


@dataclass
class Verdict:
    """All events, in order."""

    events: list[TestsEvent] = field(default_factory=list)

    def hear(self, event: TestsEvent) -> None:
        self.events.append(event)

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [dict(event.body) for event in self.events if event.kind == kind]

    @property
    def finished(self) -> dict[str, Any]:
        (finished,) = self.of("tests.finished")
        assert self.events[-1].kind == "tests.finished"
        return finished

    @property
    def status(self) -> str:
        return str(self.finished["status"])

    @property
    def outcomes(self) -> dict[str, str]:
        """By the test's own name."""
        return {record["name"].split("::")[-1]: record["outcome"] for record in self.of("tests.record")}

    @property
    def passed(self) -> int:
        return int(self.finished["passed"])

    def message(self, test: str) -> str:
        (found,) = (r["message"] for r in self.of("tests.record") if r["name"].endswith(f"::{test}"))
        return str(found)

    def printed(self, test: str) -> str:
        (found,) = (r["printed"] for r in self.of("tests.record") if r["name"].endswith(f"::{test}"))
        return str(found)

    def all_passed(self) -> None:
        wrong = [r for r in self.of("tests.record") if r["outcome"] != "passed"]
        assert (self.status, wrong) == ("ok", []), self.of("tests.detail")
        assert self.passed == self.finished["total"] > 0
