"""What the documents say exists, and what exists is said: options, variables, close codes, limits."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from fourhands_protocol import close, errors, limits
from fourhands_protocol.roles import ROLES
from fourhands_server.cli import build_parser
from fourhands_server.core.operations import QUEUE_LIMIT
from fourhands_server.web.problem import REFUSED_STATUS

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text("utf-8")
SPEC = (ROOT / "protocol" / "SPEC.md").read_text("utf-8")
SERVER = [path.read_text("utf-8") for path in sorted((ROOT / "server" / "fourhands_server").rglob("*.py"))]
# Their defaults are no plain values.
MADE_OTHERWISE = {"--environments", "--base-url", "--kernel-host", "--redis", "--with-room"}


def commands(parser: argparse.ArgumentParser) -> dict[str, argparse.ArgumentParser]:
    """The commands below a parser, by name."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            return dict(action.choices)
    return {}


def options(parser: argparse.ArgumentParser) -> dict[str, argparse.Action]:
    return {
        action.option_strings[0]: action
        for action in parser._actions
        if "-h" not in action.option_strings[:1] and action.option_strings
    }


def option_rows() -> dict[str, list[str]]:
    """The rows of the README's table of options, by option (or variable, where there is none)."""
    section = README.partition("## Options")[2].partition("\n## ")[0]
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")]
        for line in section.splitlines()
        if line.startswith("|")
    ]
    return {(row[0] or row[1]).strip("`"): row for row in rows[2:]}


def test_every_option_of_serve_is_in_the_readme_and_no_other() -> None:
    serve = options(commands(build_parser({}))["serve"])
    assert option_rows().keys() == serve.keys() | {"FOURHANDS_ADMIN_KEY"}
    for flag, action in serve.items():
        _, variable, default, words = option_rows()[flag]
        name = "FOURHANDS_" + flag[2:].replace("-", "_").upper()
        assert variable.strip("`").removesuffix("=1") == name
        assert words
        assert action.help
        if flag not in MADE_OTHERWISE:
            assert default.strip("`") == str(action.default)


def test_options_of_other_commands_mean_the_same() -> None:
    parser = commands(build_parser({}))
    serve = options(parser["serve"])
    of_one_room = {"--environment", "--time-limit", "--question"}
    for other in (parser["kernel-host"], *commands(parser["rooms"]).values()):
        found = {flag: a.help for flag, a in options(other).items() if flag not in of_one_room}
        assert found.items() <= {f: a.help for f, a in serve.items()}.items()


@pytest.mark.parametrize("file", ["README.md", "docker-compose.yml", "server/Dockerfile", "Makefile"])
def test_every_variable_that_is_named_exists(file: str) -> None:
    serve = options(commands(build_parser({}))["serve"])
    known = {"FOURHANDS_" + flag[2:].replace("-", "_").upper() for flag in serve} | {"FOURHANDS_ADMIN_KEY"}
    known |= {"FOURHANDS_FUZZ_SEEDS", "FOURHANDS_MUTATIONS", "FOURHANDS_JUDGE"}  # of the tests
    named = set(re.findall(r"FOURHANDS_[A-Z_]+", (ROOT / file).read_text("utf-8")))
    assert named <= known


def test_every_command_in_the_readme_exists() -> None:
    parser = build_parser({})
    for line in re.findall(r"bin/fourhands ((?:rooms|environments) .*)", README):
        words = re.findall(r'"[^"]*"|\S+', line)
        parser.parse_args(words)
    named = set(re.findall(r"`fourhands ([a-z-]+)`", README))
    assert named <= commands(parser).keys()
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE))
    assert set(re.findall(r"\bmake ([a-z]+)`", README)) | {"run", "test"} <= targets


def test_every_file_in_the_readme_exists() -> None:
    named = set(re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:md|yml|py))`", README)) | set(
        re.findall(r"\]\(([\w./-]+)\)", README)
    )
    for file in named - {"main.py"}:
        assert (ROOT / file).exists(), file


def test_the_readme_tells_of_every_role() -> None:
    assert re.findall(r"^\| (\w+) \|", README.partition("| role |")[2], re.MULTILINE)[:4] == list(ROLES)


# Close codes and refusals


def leaves(kind: type[errors.ProtocolError]) -> list[type[errors.ProtocolError]]:
    below = kind.__subclasses__()
    return [leaf for one in below for leaf in leaves(one)] if below else [kind]


def test_every_error_has_a_close_code_of_its_own_that_is_told() -> None:
    codes = {kind.close_code: kind.__name__ for kind in leaves(errors.ProtocolError)}
    assert len(codes) == len(leaves(errors.ProtocolError))
    assert codes.keys() == {code for code in close.CLOSE_CODES if code >= 4000}
    drawn = dict(re.findall(r"(\w+) +(\d{4})$", errors.__doc__ or "", re.MULTILINE))
    assert {name: int(code) for name, code in drawn.items()} == {name: code for code, name in codes.items()}


def test_the_server_closes_with_no_code_that_is_not_told() -> None:
    used = {
        int(code)
        for text in SERVER
        for code in re.findall(r"(?:\bclose|drop_seat)\([^)\n]*?\b(\d{4})\b", text)
    }
    assert {1001, 1011} < used <= close.CLOSE_CODES.keys()


def test_pages_have_words_for_every_close_code() -> None:
    text = (ROOT / "frontend" / "src" / "room" / "closes.ts").read_text("utf-8")
    named = {int(code) for code in re.findall(r"\b(1001|4[34]\d\d)\b(?=: \{|;)", text)}
    assert named == {code for code in close.CLOSE_CODES if code >= 4000 or code == 1001}


def test_every_refusal_is_told() -> None:
    core = "".join(
        path.read_text("utf-8") for path in (ROOT / "server" / "fourhands_server" / "core").glob("*.py")
    )
    used = set(re.findall(r'Refused\("([a-z-]+)"', core))
    rule = re.search(r"\*\*E-8\*\*.*?Codes: (.*?)\n- ", SPEC, re.DOTALL)
    assert rule is not None
    assert set(re.findall(r"`([a-z-]+)`", rule[1])) == used
    assert REFUSED_STATUS.keys() <= used


# Limits


def test_the_queue_of_runs_is_told() -> None:
    assert f"| runs that wait for the kernel | {QUEUE_LIMIT} |" in SPEC


def test_pages_keep_the_same_limits() -> None:
    text = (ROOT / "protocol" / "ts" / "limits.ts").read_text("utf-8")
    found = dict(re.findall(r"export const ([A-Z]+) = ([^;]+);", text))
    found.pop("PASTE")  # what is left of UPDATE for the text alone
    values = {name: eval(term, {"KIB": 1024}) for name, term in found.items()}
    assert values == {name: getattr(limits, name) for name in values}


def test_the_changelog_knows_this_version() -> None:
    version = re.search(r'^version = "(.*)"', (ROOT / "pyproject.toml").read_text("utf-8"), re.MULTILINE)
    changelog = (ROOT / "CHANGELOG.md").read_text("utf-8")
    assert version is not None
    assert f"## [{version[1]}]" in changelog or "## [Unreleased]" in changelog
