"""The first code inside one sandbox of a pair: limits itself, gives its sign, then is the tests or the
candidate.

Its one argument is the number of a descriptor that holds the settings as plain data:

    {role: tests|candidate, report, cwd, limits: {name: number}, files: {path: bytes}, link, alone?,
     parent?, …}
"""

import os
import sys
from typing import Any

import boot  # type: ignore[import-not-found, unused-ignore]

from .reading import decode


def write_files(files: dict[str, bytes], folder: str) -> None:
    """Put the files where they belong; the host has looked at their paths."""
    for path, content in files.items():
        place = os.path.join(folder, path)
        os.makedirs(os.path.dirname(place), exist_ok=True)
        with open(place, "wb") as file:
            file.write(content)


def main() -> None:
    """Be one half of a pair."""
    with open(int(sys.argv[1]), "rb") as file:
        settings: dict[str, Any] = decode(file.read())
    if "parent" in settings:
        boot.die_with(settings["parent"])
    boot.lead()
    boot.report(settings["report"], settings["cwd"])
    boot.limit(settings["limits"])
    os.set_inheritable(settings["link"], False)
    folder = os.path.abspath(settings["cwd"])
    write_files(settings["files"], folder)
    if settings["role"] == "candidate":
        from .candidate import run
    else:
        from .examiner import run
    run(settings, folder)
