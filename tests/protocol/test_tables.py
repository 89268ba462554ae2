"""Roles, paths and close codes: the small tables (R, P and X rules)."""

import inspect

import pytest

from fourhands_protocol import close, errors, limits, paths, roles
from tests.support.vectors import load

PATHS = load("paths")
CANDIDATE = {
    "edit",
    "relay",
    "chat",
    "file.create",
    "file.rename",
    "run",
    "run.cancel",
    "interrupt",
    "restart",
    "input",
    "tests.run",
    "tests.cancel",
    "read",
}
INTERVIEWER = CANDIDATE | {
    "file.delete",
    "end",
    "revoke",
    "remove",
    "download",
    "data.add",
    "data.remove",
    "attach",
    "question.add",
}


@pytest.mark.parametrize(
    ("role", "may"),
    [
        ("observer", {"read"}),
        ("candidate", CANDIDATE),
        ("interviewer", INTERVIEWER),
        ("host", set(roles.ACTIONS)),
    ],
)
def test_R1_who_may_do_what(role, may):
    assert {action for action in roles.ACTIONS if roles.allows(role, action)} == may


def test_R1_unknown_roles_and_actions_may_nothing():
    assert not roles.allows("god", "read")
    assert not roles.allows("host", "fly")
    assert roles.streams("god", "p-1") == ()


def test_R2_who_reads_which_stream():
    assert roles.streams("observer", "p-1") == ("room", "person/p-1")
    assert roles.streams("candidate", "p-1") == ("room", "person/p-1")
    assert roles.streams("interviewer", "p-2") == ("room", "interviewers", "person/p-2")
    assert roles.streams("host", "p-3") == ("room", "interviewers", "person/p-3")


@pytest.mark.parametrize("path", PATHS["good"])
def test_P1_good_paths(path):
    paths.check_path(path)


@pytest.mark.parametrize("path", [*PATHS["bad"], "x" * (limits.PATH + 1), "a\ud800b"])
def test_P1_bad_paths_get_words(path):
    with pytest.raises(paths.BadPath) as caught:
        paths.check_path(path)
    assert caught.value.words[0].isupper()


@pytest.mark.parametrize(("one", "other"), PATHS["same"])
def test_P2_paths_that_count_as_one(one, other):
    assert paths.path_key(one) == paths.path_key(other)


@pytest.mark.parametrize("case", PATHS["roots"], ids=lambda case: case["root"])
def test_P3_root_names(case):
    assert paths.root_name(case["path"], case["used"]) == case["root"]


def kinds_of_error() -> list[type[errors.ProtocolError]]:
    found = [kind for _, kind in inspect.getmembers(errors, inspect.isclass)]
    return [
        kind for kind in found if issubclass(kind, errors.ProtocolError) and kind is not errors.ProtocolError
    ]


def test_X1_every_error_has_a_close_code_of_its_own():
    codes = [kind.close_code for kind in kinds_of_error()]
    assert sorted(codes) == sorted(set(close.CLOSE_CODES) - {1001, 1011})


def test_X2_a_reason_fits_a_close_frame():
    assert errors.MalformedFrame("ä" * 100).reason == "ä" * 60
    assert errors.MalformedFrame("😀" * 31).reason == "😀" * 30
    assert len(errors.MalformedFrame("\ud800" * 200).reason) == errors.MAX_REASON_BYTES


def test_X3_after_which_codes_a_client_comes_back():
    again = {code for code in close.CLOSE_CODES if close.may_retry(code)}
    assert again == {1001, 1011, 4300, 4301, 4302, 4304}
