"""Bubblewrap's options, as built for both modes; what they achieve is tried in test_walls."""

from pathlib import Path

import pytest

from fourhands_kernels.sandbox import argv
from fourhands_kernels.sandbox.argv import Mode, Sandbox


@pytest.fixture
def system(tmp_path: Path) -> Path:
    """A merged /usr, with one folder that is not merged."""
    (tmp_path / "usr/bin").mkdir(parents=True)
    (tmp_path / "bin").symlink_to("usr/bin")
    (tmp_path / "lib").mkdir()
    return tmp_path


def built(system: Path, mode: Mode = "root", **more: object) -> list[str]:
    return argv.options(Sandbox(mode=mode, uid=1_900_000_001, **more), root=system)  # type: ignore[arg-type]


def pairs(options: list[str], name: str) -> list[str]:
    return [options[i + 1] for i, option in enumerate(options) if option == name]


@pytest.mark.parametrize("mode", ["root", "user"])
def test_every_wall_is_asked_for(system: Path, mode: Mode) -> None:
    options = built(system, mode)
    for wall in (
        "--unshare-pid",
        "--unshare-net",
        "--unshare-ipc",
        "--unshare-uts",
        "--new-session",
        "--clearenv",
    ):
        assert wall in options
    assert "--die-with-parent" in options
    assert pairs(options, "--cap-drop") == ["ALL"]
    assert pairs(options, "--remount-ro") == ["/dev", "/"]
    assert not {"--bind", "--dev-bind", "--share-net"} & set(options)


def test_root_mode_keeps_what_changing_the_uid_takes_and_no_more(system: Path) -> None:
    assert pairs(built(system), "--cap-add") == ["CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]
    change = argv.change_uid(Sandbox(mode="root", uid=7))
    assert change[:4] == ("/usr/bin/setpriv", "--reuid", "7", "--regid")
    assert "--bounding-set=-all" in change


def test_user_mode_takes_a_user_namespace_that_cannot_make_another(system: Path) -> None:
    options = built(system, "user")
    assert "--unshare-user" in options
    assert "--disable-userns" in options
    assert pairs(options, "--cap-add") == []
    assert list(argv.change_uid(Sandbox(mode="user", uid=7))) == []


@pytest.mark.parametrize("mode", ["root", "user"])
def test_a_zygote_keeps_what_building_walls_takes_and_no_more(system: Path, mode: Mode) -> None:
    options = built(system, mode, zygote=True)
    kept = ["CAP_SYS_ADMIN", "CAP_NET_ADMIN", "CAP_SETUID", "CAP_SETGID", "CAP_SETPCAP"]
    assert pairs(options, "--cap-add") == kept + (["CAP_SETFCAP"] if mode == "user" else [])
    assert "--as-pid-1" in options
    assert "--die-with-parent" in options
    assert "--disable-userns" not in options
    assert pairs(options, "--uid") == (["0"] if mode == "user" else [])
    assert list(argv.change_uid(Sandbox(mode=mode, uid=0, zygote=True))) == []


def test_the_system_is_shown_as_it_lies(system: Path) -> None:
    options = built(system)
    assert options[options.index("--symlink") + 1 :][:2] == ["usr/bin", "/bin"]
    assert str(system / "lib") in pairs(options, "--ro-bind")


def test_parents_of_what_is_shown_may_be_passed(system: Path) -> None:
    options = built(system, readable=(Path("/root/.pyenv/versions/3.11"), Path("/usr/local")))
    at = options.index("/root/.pyenv/versions/3.11")
    made = [
        options[i + 3]
        for i, option in enumerate(options[:at])
        if option == "--perms" and options[i + 2] == "--dir"
    ]
    assert [folder for folder in made if folder.startswith("/root")] == [
        "/root",
        "/root/.pyenv",
        "/root/.pyenv/versions",
    ]
    assert "/usr/local" not in options  # /usr shows it already


def test_what_is_shown_comes_after_the_places_that_would_hide_it(system: Path) -> None:
    options = built(system, readable=(Path("/tmp/envs/default"),))
    assert options.index("/tmp") < options.index("/tmp/envs/default") < options.index("--remount-ro")


def test_what_must_not_be_seen_is_covered(system: Path) -> None:
    options = built(
        system, readable=(Path("/srv/app/env"),), masked=(Path("/srv/app/env/data"), Path("/var/lib/x"))
    )
    assert "/srv/app/env/data" in pairs(options, "--tmpfs")
    assert "/var/lib/x" not in options


@pytest.mark.parametrize("folder", ["/", "/root", "/home", "/home/ada", "/etc", "/var"])
def test_no_home_or_root_is_shown_whole(folder: str) -> None:
    with pytest.raises(ValueError, match="refusing"):
        Sandbox(mode="root", uid=7, readable=(Path(folder),))


def test_writable_places_have_a_size(system: Path) -> None:
    options = built(system)
    for place in ("/tmp", "/dev/shm", argv.HOME):
        at = options.index(place)
        assert options[at - 1] == "--tmpfs"
        assert options[at - 3] == "--size"
