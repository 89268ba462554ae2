"""The pytest plugin of the tests' side: a fresh candidate for each test, and one record of how it went."""

import contextlib
import reprlib
import time
import unittest
from collections.abc import Generator, Sequence
from typing import Any, Final, Protocol, cast

import _pytest.assertion.util as util
import pytest

from .desk import Desk
from .line import Line
from .stand_in import Stand

_MESSAGE: Final = 2_000  # characters
_ID: Final = 300
_PRINTED: Final = 8_000
_ONE_SIDE: Final = 200  # characters of one side of a comparison


class Teller(Protocol):
    """What the plugin needs of the host."""

    def tell(self, *record: Any) -> None:
        """Send a record."""
        ...


class Reporting:
    """One test at a time."""

    def __init__(self, host: Teller, line: Line, desk: Desk, *, fresh: str) -> None:
        self._host = host
        self._line = line
        self._desk = desk
        self._fresh = fresh
        self._module: str | None = None
        self._began = 0.0
        self._reports: list[tuple[str, str, str]] = []
        self._resolve_raises()

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Tests that cannot be collected are an error each."""
        if report.failed:
            said = str(report.longrepr)[-_MESSAGE:]
            self._host.tell("result", report.nodeid[:_ID], "error", 0, said, "")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """What there is."""
        self._line.collecting = False
        self._host.tell("collected", len(session.items))

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item, nextitem: Any) -> Generator[None, Any, Any]:
        """One test from its first fixture to its last."""
        module = item.nodeid.split("::")[0]
        self._line.begin(fresh=self._fresh == "test" or module != self._module)
        self._module = module
        self._reports, self._began = [], time.monotonic()
        self._host.tell("began", item.nodeid[:_ID])
        result = yield
        outcome, said = self._outcome()
        micros = round((time.monotonic() - self._began) * 1_000_000)
        self._host.tell(
            "result", item.nodeid[:_ID], outcome, micros, said[:_MESSAGE], self._line.printed[:_PRINTED]
        )
        return result

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtest_setup(self, item: Any) -> None:
        """From here on comparisons are shown our way, and exceptions nobody's but ours: pytest's way stumbles
        over hostile ones.
        """
        util._reprcompare = _compared
        item.repr_failure = item._repr_failure_py = lambda *args, **kwargs: "failed"

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(
        self, item: pytest.Item, call: pytest.CallInfo[None]
    ) -> Generator[None, pytest.TestReport, pytest.TestReport]:
        """Keep how each phase went."""
        report = yield
        said = "" if call.excinfo is None else _said(call.excinfo)
        expected = "wasxfail" in vars(report)
        outcome = "passed" if expected and report.skipped else report.outcome
        self._reports.append((report.when or "", outcome, said))
        return report

    def _outcome(self) -> tuple[str, str]:
        """Passed only if every phase did and the candidate's side was at no fault."""
        if self._line.fault is not None:
            return "failed", self._line.fault
        for when, outcome, said in self._reports:
            if outcome == "failed":
                return ("failed" if when == "call" else "error"), said
        for _, outcome, said in self._reports:
            if outcome == "skipped":
                return "skipped", said
        if [when for when, _, _ in self._reports] != ["setup", "call", "teardown"]:
            return "error", "the test was not run to its end"
        return "passed", ""

    def _resolve_raises(self) -> None:
        """`pytest.raises` wants a class: the one that stands for the candidate's."""
        raises: Any = pytest.raises

        def resolved(expected: Any = None, *args: Any, **kwargs: Any) -> Any:
            if isinstance(expected, tuple):
                expected = tuple(map(self._desk.exception, expected))
            return raises(self._desk.exception(expected), *args, **kwargs)

        pytest.raises = cast("Any", resolved)
        for name in ("assertRaises", "assertRaisesRegex"):
            setattr(unittest.TestCase, name, self._resolved(getattr(unittest.TestCase, name)))

    def _resolved(self, method: Any) -> Any:
        def resolved(case: unittest.TestCase, expected: Any, *args: Any, **kwargs: Any) -> Any:
            return method(case, self._desk.exception(expected), *args, **kwargs)

        return resolved


def _said(found: "pytest.ExceptionInfo[BaseException]") -> str:
    try:
        notes: Sequence[str] = getattr(found.value, "__notes__", ())
        said = found.exconly(tryshort=True)  # with the notes, from pytest 8 or so on
        return "\n".join((said, *(note for note in notes if note not in said)))
    except Exception:
        return found.typename


class _Short(reprlib.Repr):
    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = _ONE_SIDE
        self.maxlist = self.maxtuple = self.maxset = self.maxdict = self.maxfrozenset = 20

    def repr(self, x: Any) -> str:
        """At most so many characters, without asking anybody."""
        if type(x) is Stand:
            return object.__repr__(x)
        with contextlib.suppress(Exception):
            return super().repr(x)[: 2 * _ONE_SIDE]
        return f"<{type(x).__name__}>"


def _compared(op: str, left: Any, right: Any) -> str:
    """Both sides of a comparison, cut; pytest's own differences take for ever on hostile data."""
    return f"{_SHORT.repr(left)} {op} {_SHORT.repr(right)}".replace("%", "%%")


_SHORT: Final = _Short()
