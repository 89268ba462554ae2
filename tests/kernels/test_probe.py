"""The probe: walls that stand, walls that do not, and words that an operator can act on."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import pytest

from fourhands_kernels.environments import Environment, Environments
from fourhands_kernels.kernel import KernelUnavailable
from fourhands_kernels.sandbox import argv, launch, probe
from fourhands_kernels.sandbox.argv import Mode
from fourhands_kernels.sandbox.launch import Bubblewrap


@pytest.fixture
async def environment(environments: Path) -> Environment:
    return await Environments(environments).get("default")


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize("mode", ["root", "user"])
async def test_the_walls_stand(environment: Environment, tmp_path: Path, mode: Mode) -> None:
    if mode == "root" and probe.choose_mode() == "user":
        pytest.skip("root mode needs root")
    await probe.probe(Bubblewrap(mode, tmp_path), environment)


def without(options: list[str], *names: str) -> list[str]:
    """Options with some of them, and their values, taken out."""

    def kept() -> Iterator[str]:
        skip = 0
        for option in options:
            if option in names:
                skip = 1 if option.startswith(("--unshare", "--new")) else 2
            if skip:
                skip -= 1
            else:
                yield option

    return list(kept())


@pytest.mark.usefixtures("isolation")
@pytest.mark.parametrize(
    ("removed", "words"),
    [
        ("--unshare-net", "reach the network"),
        ("--unshare-pid", "see other processes"),
        ("--seccomp", "any system call"),
        ("--remount-ro", "write to the system"),
        ("--size", "fill the memory"),
    ],
)
async def test_a_missing_wall_is_named(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, removed: str, words: str
) -> None:
    whole = argv.options
    monkeypatch.setattr(argv, "options", lambda sandbox: without(whole(sandbox), removed))
    with pytest.raises(KernelUnavailable, match=words) as refused:
        await probe.probe(Bubblewrap("user", tmp_path), environment)
    assert "--isolation none" in refused.value.reason


@pytest.mark.usefixtures("isolation")
async def test_the_host_s_folder_is_covered_even_inside_an_environment(
    environment: Environment, tmp_path: Path
) -> None:
    around = dataclasses.replace(environment, folders=(*environment.folders, tmp_path))
    runtime = tmp_path / "runtime"
    runtime.mkdir()
    await probe.probe(Bubblewrap(probe.choose_mode(), runtime), around)


async def test_without_bubblewrap_it_says_how_to_get_it(
    environment: Environment, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(launch.shutil, "which", lambda *_, **__: None)
    with pytest.raises(KernelUnavailable, match="apt-get install bubblewrap"):
        await probe.probe(Bubblewrap("user", tmp_path), environment)


@pytest.mark.parametrize(
    ("complaint", "words"),
    [
        ("bwrap: No permissions to create new namespace, likely because …", "user namespaces are forbidden"),
        ("bwrap: Creating new namespace failed: Operation not permitted", "chroot or container"),
        ("bwrap: pivot_root: Invalid argument", "unshare and pivot_root"),
        ("bwrap: Can't mount proc on /newroot/proc: Operation not permitted", "systempaths=unconfined"),
        ("bwrap: execvp /root/x/python: Permission denied", "/usr/bin/python3"),
        ("", "said nothing"),
    ],
)
def test_complaints_come_with_advice(complaint: str, words: str) -> None:
    assert words in probe._complaint(complaint)


async def test_a_missing_environment_is_named(tmp_path: Path) -> None:
    with pytest.raises(KernelUnavailable, match="make setup"):
        await Environments(tmp_path).get("default")
    with pytest.raises(KernelUnavailable, match="no name"):
        await Environments(tmp_path).get("../etc")


async def test_an_environment_without_ipykernel_is_named(tmp_path: Path) -> None:
    python = tmp_path / "default/bin/python"
    python.parent.mkdir(parents=True)
    python.write_text("#!/bin/sh\necho 'PackageNotFoundError: ipykernel' >&2\nexit 1\n")
    python.chmod(0o755)
    with pytest.raises(KernelUnavailable, match="ipykernel"):
        await Environments(tmp_path).get("default")
