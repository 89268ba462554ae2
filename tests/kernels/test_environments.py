"""What a folder offers to rooms: Pythons and kernelspecs, as they are at this moment."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from fourhands_kernels.client import KernelHostClient
from fourhands_kernels.environments import Environment, Environments
from fourhands_kernels.kernel import KernelUnavailable, Offer
from fourhands_kernels.kernelspecs import Kernelspec, Program
from fourhands_kernels.sandbox import launch

from .watching import Watched


def python(home: Path, *, version: str = "3.11.7", ipykernel: str = "7.4.0") -> Path:
    """Something that answers as a Python would."""
    program = home / "bin/python"
    program.parent.mkdir(parents=True, exist_ok=True)
    answer = json.dumps([str(home), "/usr", "/usr", version, ipykernel])
    program.write_text(f"#!/bin/sh\necho '{answer}'\n")
    program.chmod(0o755)
    return program


def kernelspec(home: Path, **content: Any) -> None:
    home.mkdir(parents=True, exist_ok=True)
    (home / "kernel.json").write_text(json.dumps(content))


async def test_all_that_works_is_offered_the_default_first(tmp_path: Path) -> None:
    for name in ("data", "default", "bare"):
        python(tmp_path / name)
    python(tmp_path / "old", ipykernel="6.31.0")
    python(tmp_path / ".made/hidden-1")
    python(tmp_path / "Upper")
    (tmp_path / "empty").mkdir()
    kernelspec(
        tmp_path / "julia", argv=["/opt/julia/bin/julia", "{connection_file}"], display_name="Julia 1.12"
    )
    kernelspec(tmp_path / "broken", argv=7)
    offers = await Environments(tmp_path).all()
    assert [offer.name for offer in offers] == ["default", "bare", "data", "julia"]
    assert {offer.title for offer in offers} == {"Python 3.11.7", "Julia 1.12"}


async def test_nothing_is_offered_where_nothing_is(tmp_path: Path) -> None:
    assert await Environments(tmp_path / "nowhere").all() == []


async def test_what_is_put_in_the_place_of_another_counts_at_once(tmp_path: Path) -> None:
    environments = Environments(tmp_path)
    with pytest.raises(KernelUnavailable):
        await environments.get("data")
    python(tmp_path / ".made/data-1")
    (tmp_path / "data").symlink_to(".made/data-1")
    assert (await environments.get("data")).folders == (Path("/usr"), tmp_path / ".made/data-1")
    python(tmp_path / ".made/data-2", version="3.13.1")
    (tmp_path / "new").symlink_to(".made/data-2")
    (tmp_path / "new").rename(tmp_path / "data")
    now = await environments.get("data")
    assert (now.python, now.title) == (tmp_path / ".made/data-2/bin/python", "Python 3.13.1")
    (tmp_path / "data").unlink()
    python(tmp_path / "default")
    with pytest.raises(KernelUnavailable, match="there are default"):
        await environments.get("data")


@pytest.mark.parametrize("program", ["absolute", "python3"])
async def test_a_kernelspec_of_ipykernel_is_a_python_of_ours(tmp_path: Path, program: str) -> None:
    own = python(tmp_path / "elsewhere")
    own.with_name("python3").symlink_to("python")
    argv = [
        str(own) if program == "absolute" else program,
        "-Xfrozen_modules=off",
        "-m",
        "ipykernel_launcher",
    ]
    installed = tmp_path / "elsewhere/share/jupyter/kernels/science"
    words = {"WORD": "${HOME}/given"}
    kernelspec(installed, argv=[*argv, "-f", "{connection_file}"], display_name="Science", env=words)
    (tmp_path / "offered").mkdir()
    (tmp_path / "offered/science").symlink_to(installed)
    found = await Environments(tmp_path / "offered").find("science")
    assert isinstance(found, Environment)
    assert found.title == "Science"
    assert found.folders[:2] == (Path("/usr"), tmp_path / "elsewhere")
    assert launch._variables(found, home="/h")["WORD"] == "/h/given"
    assert found.python.parent == own.parent


async def test_a_kernelspec_s_ipykernel_that_is_too_old_for_us_is_a_program(tmp_path: Path) -> None:
    python(tmp_path / "default")
    own = python(tmp_path / "old/python", ipykernel="6.31.0")
    argv = [str(own), "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernelspec(tmp_path / "older", argv=argv, env={"WORD": "given"}, display_name="Older")
    found = await Environments(tmp_path).get("older")
    assert (found.python, found.title) == (tmp_path / "default/bin/python", "Older")
    assert found.program is not None
    assert (found.program.argv, dict(found.program.variables)) == (tuple(argv), {"WORD": "given"})
    assert {tmp_path / "old/python", tmp_path / "default"} <= set(found.folders)


async def test_a_kernelspec_with_a_provisioner_is_its_provisioner_s(tmp_path: Path) -> None:
    stanza = {"kernel_provisioner": {"provisioner_name": "kubernetes-provisioner"}}
    argv = [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"]
    kernelspec(tmp_path / "pod", argv=argv, display_name="In a pod", metadata=stanza)
    found = await Environments(tmp_path).find("pod")
    assert found == Kernelspec("pod", tmp_path / "pod", "In a pod", "kubernetes-provisioner")
    with pytest.raises(KernelUnavailable, match="started elsewhere"):
        await Environments(tmp_path).get("pod")


async def test_any_other_program_is_started_by_a_python_of_ours(tmp_path: Path) -> None:
    python(tmp_path / "default")
    more = {"fourhands": {"readable": ["/srv/packages"]}}
    program = ["/opt/julia/bin/julia", "-i", "{connection_file}"]
    variables = {"JULIA_DEPOT_PATH": "/srv/packages"}
    kernelspec(tmp_path / "julia", argv=program, env=variables, interrupt_mode="message", metadata=more)
    found = await Environments(tmp_path).find("julia")
    home = tmp_path / "julia"
    assert isinstance(found, Environment)
    assert found.python == tmp_path / "default/bin/python"
    assert set(found.folders) == {
        *map(Path, ("/usr", "/opt/julia", "/srv/packages")),
        tmp_path / "default",
        home,
    }
    assert found.program == Program(tuple(program), home, tuple(variables.items()), "message")


async def test_any_python_of_ours_starts_programs_the_default_first(tmp_path: Path) -> None:
    kernelspec(tmp_path / "odd", argv=["/usr/bin/odd"])
    with pytest.raises(KernelUnavailable, match="'default' is not in"):
        await Environments(tmp_path).find("odd")
    python(tmp_path / "broken").write_text("#!/bin/sh\nexit 1\n")
    python(tmp_path / "data")
    assert (await Environments(tmp_path).get("odd")).python == tmp_path / "data/bin/python"
    python(tmp_path / "default")
    assert (await Environments(tmp_path).get("odd")).python == tmp_path / "default/bin/python"


@pytest.mark.parametrize("folder", ["/root", "/home/ada", "/srv", "/etc/passwd/.."])
async def test_no_program_makes_whole_homes_readable(tmp_path: Path, folder: str) -> None:
    python(tmp_path / "default")
    kernelspec(tmp_path / "odd", argv=[f"{folder}/bin/odd"], metadata={"fourhands": {"readable": [folder]}})
    with pytest.raises(KernelUnavailable, match="would show all of"):
        await Environments(tmp_path).find("odd")


@pytest.mark.parametrize("text", ["", "[]", "{", '{"argv": 7}', '{"metadata": 3}', "\xff"])
async def test_a_kernelspec_that_is_none_is_named(tmp_path: Path, text: str) -> None:
    (tmp_path / "odd").mkdir()
    (tmp_path / "odd/kernel.json").write_text(text, "latin-1")
    with pytest.raises(KernelUnavailable, match=r"'odd' .* cannot be read"):
        await Environments(tmp_path).find("odd")


async def test_rooms_have_what_they_chose(room: Watched, client: KernelHostClient) -> None:
    offers = await client.environments()
    assert {Offer("default", offers[0].title), Offer("bare", offers[0].title)} <= set(offers)
    look = "from importlib.util import find_spec\n"
    look += "[bool(find_spec(name)) for name in ('numpy', 'pandas', 'matplotlib', 'pytest', 'requests')]"
    assert (await room.runs(look)).value == str([True] * 5)
    await room.event("kernel", state="idle")
    assert (await room.runs(look, environment="bare")).value == str([False] * 5)
    run = await room.runs("import sys, os\nos.access(sys.prefix, os.W_OK)", environment="bare")
    assert run.value == "False"


async def test_a_choice_that_is_none_is_answered_with_those_there_are(room: Watched) -> None:
    with pytest.raises(KernelUnavailable, match=r"'gone' .* there are bare, default"):
        await room.begins("1", environment="gone")
