"""`fourhands environments …`: whole or not at all, not in the server's Python, not under a kernel's feet."""

import asyncio
import json
import os
import signal
import subprocess
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest

from fourhands_kernels.environments import Environment, Environments, held
from fourhands_kernels.installer import NotDone, Recipe, Shelf

from .hosting import wait_gone

Run = Callable[..., "subprocess.CompletedProcess[str]"]


def wheel(folder: Path, name: str, version: str) -> None:
    """An installable package of one module."""
    info = f"{name}-{version}.dist-info"
    with zipfile.ZipFile(folder / f"{name}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{name}.py", "")
        file.writestr(f"{info}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n")
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


@pytest.fixture
def packages(tmp_path: Path) -> dict[str, str]:
    """Variables with which pip finds two packages of ours and nothing else."""
    folder = tmp_path / "packages"
    folder.mkdir()
    wheel(folder, "ipykernel", "7.99")
    wheel(folder, "wanted", "1.0")
    clean = {name: text for name, text in os.environ.items() if not name.startswith("PIP_")}
    return clean | {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(folder), "PIP_CONFIG_FILE": os.devnull}


def command(folder: Path, *words: str) -> list[str]:
    return [sys.executable, "-m", "fourhands_kernels.installer", "--environments", str(folder), *words]


@pytest.fixture
def run(tmp_path: Path, packages: dict[str, str]) -> Run:
    def run(*words: str) -> "subprocess.CompletedProcess[str]":
        line = command(tmp_path / "environments", *words)
        done = subprocess.run(line, env=packages, capture_output=True, text=True, timeout=60)
        assert "Traceback" not in done.stderr, done.stderr
        return done

    return run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "environments"


def requirements(tmp_path: Path, *lines: str) -> str:
    file = tmp_path / "requirements.txt"
    file.write_text("".join(f"{line}\n" for line in lines))
    return f"--requirements={file}"


def left(folder: Path) -> list[str]:
    return sorted(str(path.relative_to(folder)) for path in (*folder.glob("*"), *folder.glob(".made/*")))


def found(folder: Path, name: str) -> Environment:
    return asyncio.run(Environments(folder).get(name))


def test_one_command_makes_an_environment_that_a_room_can_have(
    run: Run, tmp_path: Path, folder: Path
) -> None:
    old = os.umask(0o077)  # a careful operator's; sandboxes have another uid
    done = run("add", "--name=data", requirements(tmp_path, "wanted"))
    os.umask(old)
    assert done.returncode == 0, done.stderr
    assert "data is ready (Python 3." in done.stdout
    made = found(folder, "data")
    assert [str(path) for path in made.folders][-1] == str((folder / "data").resolve())
    (module,) = made.python.parents[1].rglob("wanted.py")
    assert module.stat().st_mode & 0o444 == 0o444
    assert all(path.stat().st_mode & 0o555 == 0o555 for path in (folder, *module.parents[:4]))
    assert run("list").stdout.startswith("data  Python 3.")
    assert subprocess.run([sys.executable, "-c", "import wanted"], capture_output=True).returncode == 1

    again = run("add", "--name=data", requirements(tmp_path, "wanted"))
    assert (again.returncode, "already" in again.stderr) == (1, True)
    with held(made):  # by a kernel that runs
        assert run("add", "--name=data", "--replace", requirements(tmp_path)).returncode == 0
        assert module.exists()
        assert found(folder, "data") != made
    assert run("remove", "--name=data").returncode == 0
    assert left(folder) == [".made"]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (("missing==3",), "No matching distribution found for missing==3"),
        (("wanted", "ipykernel<7"), "ResolutionImpossible"),
    ],
)
def test_what_cannot_be_installed_leaves_nothing(
    run: Run, tmp_path: Path, folder: Path, lines: tuple[str, ...], words: str
) -> None:
    done = run("add", "--name=data", requirements(tmp_path, *lines))
    assert done.returncode == 1
    assert words in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert left(folder) == [".made"]


@pytest.mark.parametrize("name", ["", "Data", "../data", "-r", ".made", "a" * 41, "da ta", "données"])
def test_a_bad_name_is_refused(folder: Path, name: str) -> None:
    with pytest.raises(NotDone, match="cannot be a name"):
        Shelf(folder).add(name, Recipe((), Path(sys.executable)))
    with pytest.raises(NotDone, match="cannot be a name"):
        Shelf(folder).link(name, folder)
    assert not folder.exists()


def test_what_somebody_made_by_hand_is_left_alone(run: Run, tmp_path: Path, folder: Path) -> None:
    (folder / "own" / "bin").mkdir(parents=True)
    for words in (("add", "--replace", requirements(tmp_path)), ("remove",)):
        done = run(*words, "--name=own")
        assert (done.returncode, "leaves it alone" in done.stderr) == (1, True)
    assert left(folder) == ["own"]


def test_a_kernelspec_is_offered_by_a_link(run: Run, tmp_path: Path, folder: Path) -> None:
    spec = tmp_path / "spec"
    spec.mkdir()
    assert "no kernel.json in" in run("add", "--name=pod", f"--kernelspec={spec}").stderr
    assert not folder.exists()
    stanza = {"kernel_provisioner": {"provisioner_name": "some-provisioner"}}
    (spec / "kernel.json").write_text(json.dumps({"display_name": "In a pod", "metadata": stanza}))
    done = run("add", "--name=pod", f"--kernelspec={spec}")
    assert done.returncode == 0, done.stderr
    assert "isolated by the provisioner some-provisioner" in done.stdout
    assert run("list").stdout == "pod  In a pod\n"
    assert run("remove", "--name=pod").returncode == 0
    assert (spec / "kernel.json").exists()
    assert "no kernelspec 'nowhere' is installed" in run("add", "--name=pod", "--kernelspec=nowhere").stderr
    assert left(folder) == []


@pytest.fixture
def slow(tmp_path: Path) -> Path:
    """A Python that tells its pid when it is asked to make an environment, and takes for ever."""
    os.mkfifo(tmp_path / "began")
    python = tmp_path / "python"
    python.write_text(f"#!/bin/sh\necho $$ >{tmp_path}/began\nexec sleep 600\n")
    python.chmod(0o755)
    return python


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL])
def test_a_command_that_is_stopped_leaves_nothing(
    tmp_path: Path, folder: Path, packages: dict[str, str], slow: Path, number: signal.Signals
) -> None:
    line = command(folder, "add", "--name=data", requirements(tmp_path), f"--python={slow}")
    process = subprocess.Popen(line, env=packages, stderr=subprocess.DEVNULL)
    working = int((tmp_path / "began").read_text())
    assert Environments(folder).names() == []
    process.send_signal(number)
    assert process.wait(30) == (-9 if number == signal.SIGKILL else 130)
    if number == signal.SIGKILL:
        os.kill(working, signal.SIGKILL)
    wait_gone([working])
    assert Environments(folder).names() == []
    (tmp_path / "kernel.json").write_text(json.dumps({"argv": ["/usr/bin/true"]}))
    Shelf(folder).link("other", tmp_path)  # clears away what was left
    assert left(folder) == [".made", "other"]
