"""A room's settings: what may be asked for, and what an old room comes to."""

from typing import Any

import pytest

from fourhands_server.core.settings import EDITOR_HELP, BadSetting, Settings, checked


@pytest.mark.parametrize("limit", [1, 120, 3600])
def test_a_time_limit_in_seconds_is_kept(limit: int) -> None:
    assert checked({"time_limit_s": limit}) == {"time_limit_s": limit}
    assert Settings.of({"time_limit_s": limit}).time_limit_s == limit


@pytest.mark.parametrize("limit", [0, -1, 3601, True, 1.5, "10", [10]])
def test_any_other_time_limit_is_refused_by_name(limit: Any) -> None:
    with pytest.raises(BadSetting, match="time_limit_s is a whole number of seconds from 1 to 3600"):
        checked({"time_limit_s": limit})


@pytest.mark.parametrize("name", ["default", "bare", "py3_14-data", "7"])
def test_an_environment_is_kept_by_its_name(name: str) -> None:
    assert checked({"environment": name}) == {"environment": name}
    assert Settings.of({"environment": name}).environment == name


@pytest.mark.parametrize("name", ["", "Bare", "../bare", "a" * 41, "bare\n", 7, ["bare"], True])
def test_what_is_no_name_of_an_environment_is_refused(name: Any) -> None:
    with pytest.raises(BadSetting, match="environment is the name of one"):
        checked({"environment": name})


def test_a_misspelt_setting_is_noticed() -> None:
    with pytest.raises(BadSetting, match="no setting 'time_limit'"):
        checked({"time_limit": 10})


def test_a_setting_left_open_is_the_default() -> None:
    assert checked({"time_limit_s": None}) == {}
    assert Settings.of({}) == Settings(time_limit_s=120, environment="default")


def test_a_room_of_another_version_opens_whatever_else_it_was_set_to() -> None:
    assert Settings.of({"spelling": False, "time_limit_s": 7200, "hover": "no"}) == Settings()


def test_the_editors_help_is_on_unless_a_room_wants_none() -> None:
    assert all(getattr(Settings(), name) for name in EDITOR_HELP)
    off = checked({"completion": False, "hover": None})
    assert off == {"completion": False}
    assert not Settings.of(off).completion
    with pytest.raises(BadSetting, match="diagnostics is true or false"):
        checked({"diagnostics": 1})
