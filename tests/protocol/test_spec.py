"""SPEC.md says what the code does: close codes, kinds, ops, limits, messages; every tested rule exists."""

import re
from pathlib import Path

import pytest

from fourhands_protocol import close, entries, envelope, limits, roles
from fourhands_protocol.shapes import Shape

SPEC = (Path(__file__).parents[2] / "protocol" / "SPEC.md").read_text(encoding="utf-8")
RULES = re.findall(r"^- \*\*([A-Z])-(\d+)\*\*", SPEC, re.MULTILINE)


def rows(section: str) -> dict[str, str]:
    """The two-column rows of the tables in one section, by their first column."""
    found = re.search(rf"^## {section}\. .*?(?=^## |\Z)", SPEC, re.MULTILINE | re.DOTALL)
    assert found is not None
    cells = [line.strip("| ").split(" | ") for line in found[0].splitlines() if line.startswith("|")]
    return {row[0].strip("`"): " | ".join(row[1:]) for row in cells}


def test_rules_are_numbered_without_holes():
    for letter in dict.fromkeys(letter for letter, _ in RULES):
        numbers = [int(number) for one, number in RULES if one == letter]
        assert numbers == list(range(1, len(numbers) + 1)), letter


def test_every_rule_named_by_a_test_or_in_the_code_exists():
    known = {f"{letter}{number}" for letter, number in RULES}
    tests = Path(__file__).parent.glob("test_*.py")
    named = {rule for path in tests for rule in re.findall(r"def test_([A-Z]\d+)_", path.read_text("utf-8"))}
    assert named
    assert named <= known


def test_X1_close_codes():
    assert {int(code): words for code, words in rows("X").items() if code.isdigit()} == close.CLOSE_CODES


def fields(shape: Shape) -> set[str]:
    return {name if field.required else f"{name}?" for name, field in shape.items()}


@pytest.mark.parametrize("kind", entries.KINDS)
def test_K2_kinds_and_their_fields(kind):
    body = re.search(r"\{(.*?)\}", rows("K")[kind])
    assert body is not None
    assert {name.strip() for name in body[1].split(",") if name} == fields(entries.BODIES[kind])


@pytest.mark.parametrize("kind", entries.OPS)
def test_K4_ops_and_their_fields(kind):
    op = re.search(rf"`{re.escape(kind)} \{{(.*?)\}}`", SPEC)
    assert op is not None
    names = {name.strip() for name in op[1].split(",") if name}
    assert names == set(fields(entries.OPS[kind]))


@pytest.mark.parametrize(
    ("what", "limit"),
    [
        ("the body of an entry", f"{limits.BODY // limits.KIB**2} MiB"),
        ("an edit's update", f"{limits.UPDATE // limits.KIB} KiB"),
        ("a step 2", f"{limits.STEP2 // limits.KIB} KiB"),
        ("code of a run", f"{limits.CODE // limits.KIB} KiB"),
        ("an answer to `input()`, a prompt", f"{limits.INPUT:,} characters"),
        ("a chat message", f"{limits.CHAT:,} characters"),
        ("path", f"{limits.PATH} characters"),
        ("title", f"{limits.TITLE} characters"),
        ("name", f"{limits.NAME} characters"),
        ("ids (participant, run, seat, lineage …)", f"{limits.ID} characters"),
        ("files at a time", str(limits.FILES)),
        ("all files of a room, for a run", f"{limits.RUN_FILES // limits.KIB**2} MiB"),
        ("a data file", f"{limits.DATA_FILE // limits.KIB**2} MiB"),
        ("all data files of a room", f"{limits.DATA_ROOM // limits.KIB**2} MiB"),
        ("data files at a time", str(limits.DATA_FILES)),
        ("Yjs client ids a person", str(limits.CLIENT_IDS)),
    ],
)
def test_K5_limits(what, limit):
    assert rows("K")[what] == limit


def test_limits_in_rules():
    for words in (
        f"A frame has at most {limits.FRAME // limits.KIB} KiB",
        f"A state has at most {limits.AWARENESS_STATE // limits.KIB} KiB",
        f"at most {limits.AWARENESS_STATES:,} states",
        f"at most {limits.STEPS:,} steps",
        f"Beyond {limits.OUTPUTS:,} outputs",
        f"`size` bytes and at most {limits.PACKED // limits.KIB**2} MiB",
    ):
        assert words in SPEC


def test_E2_messages():
    names = "HELLO WELCOME ENTRY ACK OP REFUSED PING PONG TOKEN STATE GOAWAY PACKED"
    for name in names.split():
        assert f"| {getattr(envelope, name)} | {name} |" in SPEC


def test_R1_every_action_is_told():
    assert all(f"`{action}`" in SPEC for action in roles.ACTIONS if action != "read")
