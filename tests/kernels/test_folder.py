"""The host's hands in a folder whose owner is hostile: nothing outside is touched, nothing takes long."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from fourhands_kernels.sandbox import folder as folders
from fourhands_kernels.sandbox import listing
from fourhands_kernels.sandbox.beneath import open_beneath, why_not
from fourhands_kernels.sandbox.folder import READ, Content, Folder, FolderError, NotSmall, NotThere
from fourhands_kernels.sandbox.listing import DEPTH, LISTED, look


@pytest.fixture
def place(tmp_path: Path) -> Path:
    place = tmp_path / "work"
    place.mkdir()
    return place


@pytest.fixture
def folder(place: Path) -> Iterator[Folder]:
    fd = os.open(place, os.O_PATH | os.O_DIRECTORY)
    yield Folder(fd)
    os.close(fd)


def of(**files: str) -> dict[str, Content]:
    return {name.replace("_py", ".py"): Content.of(text.encode()) for name, text in files.items()}


def at(path: str, text: str) -> dict[str, Content]:
    return {path: Content.of(text.encode())}


def listed(folder: Folder) -> list[str]:
    return [path for path, _ in look(folder).files]


# What the room puts in


def test_files_are_written_with_their_folders(folder: Folder, place: Path) -> None:
    assert folder.hold(at("lib/deep/helper.py", "x = 1")) == ["lib/deep/helper.py"]
    assert (place / "lib/deep/helper.py").read_text() == "x = 1"
    assert (place / "lib/deep/helper.py").stat().st_uid == place.stat().st_uid
    assert [path.name for path in (place / "lib/deep").iterdir()] == ["helper.py"]


def test_only_what_changed_is_written(folder: Folder) -> None:
    folder.hold(of(a_py="1", b_py="2"))
    assert folder.hold(of(a_py="1", b_py="3")) == ["b.py"]
    assert folder.hold(of(a_py="1", b_py="3")) == []


def test_what_is_open_never_shows_half_a_version(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="old version"))
    with (place / "a.py").open() as old:
        folder.hold(of(a_py="new"))
        assert old.read() == "old version"
    assert (place / "a.py").read_text() == "new"


def test_what_code_changed_stays_until_the_room_changes_it(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="room"))
    (place / "a.py").write_text("code")
    folder.hold(of(a_py="room"))
    assert (place / "a.py").read_text() == "code"
    folder.hold(of(a_py="room again"))
    assert (place / "a.py").read_text() == "room again"


def test_what_code_deleted_comes_back(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="room"))
    (place / "a.py").unlink()
    folder.hold(of(a_py="room"))
    assert (place / "a.py").read_text() == "room"


def test_what_the_room_deleted_goes_with_its_folder(folder: Folder, place: Path) -> None:
    folder.hold(at("lib/deep/a.py", "1") | at("b.py", "2"))
    folder.hold(at("b.py", "2"))
    assert [path.name for path in place.iterdir()] == ["b.py"]


def test_what_the_room_deleted_and_code_changed_stays(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="room", b_py="2"))
    (place / "a.py").write_text("code")
    folder.hold(of(b_py="2"))
    assert (place / "a.py").read_text() == "code"
    assert listed(folder) == ["a.py"]


def test_a_touched_file_is_no_changed_file(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="room"))
    os.utime(place / "a.py", (1, 1))
    assert listed(folder) == []
    folder.hold({})
    assert list(place.iterdir()) == []


def test_a_file_of_the_host_is_copied(folder: Folder, place: Path, tmp_path: Path) -> None:
    source = tmp_path / "blob"
    source.write_bytes(os.urandom(3_000_000))
    folder.hold({"data.bin": Content("digest", source)})
    assert (place / "data.bin").read_bytes() == source.read_bytes()


# What hostile code puts in the way


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "socket", "hardlink"])
def test_what_is_in_the_way_is_replaced(folder: Folder, place: Path, tmp_path: Path, kind: str) -> None:
    outside = tmp_path / "outside"
    outside.write_text("outside")
    put(place / "a.py", kind, outside)
    folder.hold(of(a_py="room"))
    assert (place / "a.py").read_text() == "room"
    assert not (place / "a.py").is_symlink()
    assert outside.read_text() == "outside"


@pytest.mark.parametrize("kind", ["link", "fifo", "file"])
def test_what_is_in_the_way_of_a_folder_is_replaced(
    folder: Folder, place: Path, tmp_path: Path, kind: str
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    put(place / "lib", kind, outside)
    folder.hold(at("lib/a.py", "room"))
    assert (place / "lib/a.py").read_text() == "room"
    assert list(outside.iterdir()) == []


def put(path: Path, kind: str, outside: Path) -> None:
    match kind:
        case "link":
            path.symlink_to(outside)
        case "dangling":
            path.symlink_to(outside.with_name("nowhere"))
        case "fifo":
            os.mkfifo(path)
        case "socket":
            with socket.socket(socket.AF_UNIX) as listener:
                listener.bind(str(path))
        case "hardlink":
            os.link(outside, path)
        case "file":
            path.write_text("code")


def test_a_folder_in_the_way_is_said(folder: Folder, place: Path) -> None:
    (place / "a.py").mkdir()
    with pytest.raises(FolderError, match=r"a\.py could not be written: code made a folder"):
        folder.hold(of(a_py="room"))
    (place / "a.py").rmdir()
    assert folder.hold(of(a_py="room")) == ["a.py"]


def test_a_name_that_is_file_and_folder_is_said(folder: Folder) -> None:
    with pytest.raises(FolderError, match="lib cannot be both a file and a folder"):
        folder.hold(at("lib", "x") | at("lib/a.py", "y"))


def test_a_removed_folder_is_said(folder: Folder, place: Path) -> None:
    place.rmdir()
    with pytest.raises(FolderError, match="restart the kernel"):
        folder.hold(of(a_py="room"))


def test_a_name_too_long_is_said(folder: Folder) -> None:
    with pytest.raises(FolderError, match="too long"):
        folder.hold(at("é" * 150, "x"))


def test_a_full_folder_is_said_and_nothing_half_stays(
    folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder.hold(of(a_py="old"))

    def full(fd: int, source: object) -> None:
        os.write(fd, b"half")
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(folders, "_fill", full)
    with pytest.raises(FolderError, match=r"a\.py could not be written: the kernel's folder is full"):
        folder.hold(of(a_py="new"))
    assert (place / "a.py").read_text() == "old"
    assert [path.name for path in place.iterdir()] == ["a.py"]
    monkeypatch.undo()
    assert folder.hold(of(a_py="new")) == ["a.py"]


# What is read


def test_a_file_is_read(folder: Folder, place: Path) -> None:
    (place / "sub").mkdir()
    (place / "sub/out.csv").write_bytes(b"1,2\n")
    assert folder.read("sub/out.csv") == b"1,2\n"


@pytest.mark.parametrize("kind", ["link", "dangling", "fifo", "socket", "folder", "nothing"])
def test_only_regular_files_are_read(folder: Folder, place: Path, kind: str) -> None:
    if kind == "folder":
        (place / "x").mkdir()
    else:
        put(place / "x", kind, Path("/etc/passwd"))
    with pytest.raises(NotThere):
        folder.read("x")


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "sub/../../outside", "link/passwd", "."])
def test_nothing_outside_is_read(folder: Folder, place: Path, tmp_path: Path, path: str) -> None:
    (tmp_path / "outside").write_text("outside")
    (place / "sub").mkdir()
    (place / "link").symlink_to("/etc")
    with pytest.raises(NotThere):
        folder.read(path)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root makes device files")
def test_devices_are_not_read(folder: Folder, place: Path) -> None:
    os.mknod(place / "zero", 0o600 | 0o020000, os.makedev(1, 5))
    with pytest.raises(FolderError):
        folder.read("zero")


def test_a_large_hole_is_not_read(folder: Folder, place: Path) -> None:
    with (place / "hole").open("wb") as file:
        file.truncate(10 << 30)
    with pytest.raises(NotSmall) as caught:
        folder.read("hole")
    assert caught.value.size == 10 << 30
    assert look(folder).files == (("hole", 10 << 30),)


def test_a_file_that_grows_or_shrinks_meanwhile_is_read_in_bounds(
    folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "x").write_bytes(b"x" * 5_000_000)
    read = os.read

    def changing(fd: int, size: int) -> bytes:
        os.truncate(place / "x", length)
        return read(fd, size)

    monkeypatch.setattr(os, "read", changing)
    length = 1000
    assert folder.read("x") == b"x" * 1000
    length = READ + 5_000_000
    with pytest.raises(NotSmall):
        folder.read("x")


def test_links_swapped_during_walks_and_reads_lead_nowhere(
    folder: Folder, place: Path, tmp_path: Path
) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "secret").write_text("outside")
    (place / "real").mkdir()
    (place / "real/secret").write_text("inside")
    with swapping(place, place / "real", outside):
        for number in range(300):
            assert len("outside") not in {size for _, size in look(folder).files}
            for path in ("swap/secret", "real/secret", "aside/secret"):
                with suppress(NotThere):
                    assert folder.read(path) == b"inside"
            with suppress(FolderError):
                folder.hold(at("swap/mine", str(number % 7)))
            with suppress(OSError):  # what was made in the middle of the swapping would end it
                (place / "swap/mine").unlink()
                (place / "swap").rmdir()
    assert [path.name for path in outside.iterdir()] == ["secret"]


@contextmanager
def swapping(place: Path, real: Path, outside: Path) -> Iterator[None]:
    """Keep moving a folder and a link to one outside through the same name."""
    ended = threading.Event()
    link, swap, aside = place / "link", place / "swap", place / "aside"

    def swap_on() -> None:
        while not ended.is_set():
            for step in (
                lambda: link.symlink_to(outside),
                lambda: real.rename(swap),
                lambda: swap.rename(aside),
                lambda: link.rename(swap),
                lambda: swap.unlink(),
                lambda: aside.rename(real),
            ):
                with suppress(OSError):  # the other side has made or taken away something
                    step()

    thread = threading.Thread(target=swap_on)
    thread.start()
    try:
        yield
    finally:
        ended.set()
        thread.join()


# What is listed


def test_what_code_wrote_is_listed(folder: Folder, place: Path) -> None:
    folder.hold(of(a_py="room", b_py="room"))
    (place / "b.py").write_text("code")
    (place / "out.csv").write_text("1,2")
    (place / "plots").mkdir()
    (place / "plots/one.png").write_bytes(b"x" * 10)
    assert look(folder).files == (("b.py", 4), ("out.csv", 3), ("plots/one.png", 10))


def test_what_tools_leave_behind_is_not_listed(folder: Folder, place: Path) -> None:
    (place / "__pycache__").mkdir()
    (place / "__pycache__/helper.pyc").write_text("x")
    assert look(folder).files == ()


def test_links_pipes_and_sockets_are_not_listed(folder: Folder, place: Path) -> None:
    put(place / "link", "link", Path("/etc/passwd"))
    put(place / "fifo", "fifo", place)
    put(place / "socket", "socket", place)
    (place / "folder").symlink_to("/etc")
    assert look(folder) == type(look(folder))()


@pytest.mark.parametrize(
    "name", [b"new\nline", b"not \xff utf-8", b"back\\slash", b" space", "\u202egnp.exe"]
)
def test_odd_names_are_counted(folder: Folder, place: Path, name: bytes | str) -> None:
    raw = name.encode() if isinstance(name, str) else name
    with open(os.path.join(os.fsencode(place), raw), "wb"):
        pass
    found = look(folder)
    assert (found.files, found.more) == ((), 1)


def test_many_files_are_counted(folder: Folder, place: Path) -> None:
    for number in range(LISTED + 7):
        (place / f"{number:04}").touch()
    found = look(folder)
    assert len(found.files) == LISTED
    assert found.more == 7


def test_a_flood_of_names_is_cut(folder: Folder, place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(listing, "LOOKED_AT", 300)
    fd = os.open(place, os.O_RDONLY)
    for number in range(1000):
        os.mknod(str(number), dir_fd=fd)
    os.close(fd)
    found = look(folder)
    assert len(found.files) <= LISTED
    assert found.more > 0


def test_folders_in_one_another_are_cut(folder: Folder, place: Path) -> None:
    fd = os.open(place, os.O_RDONLY)
    for _ in range(300):
        os.mkdir("d", dir_fd=fd)
        below = os.open("d", os.O_RDONLY, dir_fd=fd)
        os.close(fd)
        fd = below
        with open("f", "x", opener=lambda name, flags, at=fd: os.open(name, flags, dir_fd=at)):
            pass
    os.close(fd)
    found = look(folder)
    assert [path.count("/") for path, _ in found.files] == list(range(1, DEPTH))[::-1] or found.more == 1
    assert len(found.files) == DEPTH - 1
    remove_deep(place)


def remove_deep(place: Path) -> None:
    """pytest's own removal of folders is recursive."""
    top = place / "d"
    while True:
        children = [path for path in top.iterdir() if path.is_dir()]
        for path in top.iterdir():
            if not path.is_dir():
                path.unlink()
        if not children:
            top.rmdir()
            return
        moved = place / "next"
        children[0].rename(moved)
        top.rmdir()
        moved.rename(top)


def test_a_folder_without_permissions_is_passed(folder: Folder, place: Path) -> None:
    (place / "closed").mkdir(mode=0)
    (place / "file").touch(mode=0)
    assert "file" in listed(folder)


# The system call


def test_openat2_is_there(folder: Folder) -> None:
    assert why_not(folder.fd) is None


def test_a_system_without_openat2_is_told_so(folder: Folder, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("fourhands_kernels.sandbox.beneath._OPENAT2", 1_000_000)
    assert "5.6" in (why_not(folder.fd) or "")


def test_what_is_opened_is_inherited_by_nobody(folder: Folder, place: Path) -> None:
    (place / "x").touch()
    for flags in (os.O_RDONLY, os.O_PATH):
        fd = open_beneath(folder.fd, b"x", flags)
        assert not os.get_inheritable(fd)
        os.close(fd)
