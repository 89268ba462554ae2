"""Visible example tests run in the room's own kernel, like anything else there: the code of such a run.

They are help for the candidate and prove nothing: code in that kernel could make them say anything.
"""

from collections.abc import Sequence

_CODE = """\
import subprocess, sys
with subprocess.Popen(
    [sys.executable, "-B", "-m", "pytest", "-q", "--no-header", "--tb=short", "-p", "no:cacheprovider",
     *{paths!r}],
    stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace",
) as tests:
    for line in tests.stdout:
        print(line, end="")
"""


def examples_code(paths: Sequence[str]) -> str:
    """Code that runs these files of tests, which the run's `files` bring along, and prints what pytest says.

    A process of its own has the files as they are now; the kernel may have imported earlier ones.
    """
    return _CODE.format(paths=list(paths))
