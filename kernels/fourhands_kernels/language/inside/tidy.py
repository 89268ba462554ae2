"""Ruff, asked: the text as it would format it, and what its linter finds; without any configuration."""

import json
import subprocess
import sys
from typing import Any

SECONDS = 5
VERSION = f"py3{sys.version_info.minor}"
RULES = "E4,E7,E9,F,B,SIM1,UP"  # ruff's own choice, likely mistakes, and code that goes in a simpler way
FOUND = 200


def formatted(ruff: str, path: str, text: str) -> Any:
    """{text}, or {error} where it is no Python."""
    done = _run([ruff, "format", "--isolated", "--no-cache", *_place(path)], text)
    if done.returncode == 0:
        return {"text": done.stdout.decode()}
    said = done.stderr.decode(errors="replace").strip().splitlines() or ["Ruff could not format it"]
    return {"error": said[0].removeprefix("error: ").replace(f"Failed to parse {path}:", "line ")}


def linted(ruff: str, path: str, text: str) -> Any:
    """Diagnostics."""
    options = ["--isolated", "--no-cache", "--exit-zero", "--output-format", "json", "--select", RULES]
    done = _run([ruff, "check", *options, *_place(path)], text)
    lines = text.split("\n")
    return {"items": [_finding(one, lines) for one in json.loads(done.stdout)[:FOUND]]}


def _place(path: str) -> list[str]:
    return ["--target-version", VERSION, "--stdin-filename", path, "-"]


def _run(command: list[str], text: str) -> "subprocess.CompletedProcess[bytes]":
    return subprocess.run(command, input=text.encode(), capture_output=True, timeout=SECONDS, check=False)


def _finding(one: Any, lines: list[str]) -> Any:
    start, end = _at(one["location"], lines), _at(one["end_location"], lines)
    code = one.get("code") or "invalid-syntax"
    severity = 1 if code == "invalid-syntax" or code.startswith("E9") else 2
    return {"range": [*start, *end], "severity": severity, "message": one["message"], "code": code}


def _at(location: Any, lines: list[str]) -> tuple[int, int]:
    """Ruff counts from 1, and code points."""
    row, column = location["row"] - 1, location["column"] - 1
    before = lines[row][:column] if row < len(lines) else ""
    return row, len(before.encode("utf-16-le")) // 2
