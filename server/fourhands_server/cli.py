"""The command line: `fourhands serve`, `kernel-host`, `rooms …`, `environments …`."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NoReturn

from fourhands_server.config import Config

ENVIRONMENT = "FOURHANDS_"
MOST_WARM = 16
PROJECT = Path(__file__).parents[2]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit status."""
    parser = build_parser(os.environ)
    chosen = parser.parse_args(arguments)
    if chosen.command == "serve":
        from fourhands_server.serve import serve

        return serve(_config(chosen, os.environ), with_room=chosen.with_room)
    if chosen.command == "kernel-host":
        return _become_kernel_host(chosen)
    if chosen.command == "environments":
        return _become_installer(chosen)
    from fourhands_server.remote import rooms

    return rooms(chosen, _config(chosen, os.environ))


def build_parser(environment: Mapping[str, str]) -> argparse.ArgumentParser:
    """The parser; every option's default comes from its variable of the environment."""
    parser = argparse.ArgumentParser(
        prog="fourhands",
        description="A pair-programming room for interviews.",
        epilog="Every option has a variable in the environment: --base-url is FOURHANDS_BASE_URL.",
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    serve = commands.add_parser("serve", help="serve rooms")
    _serving(serve, environment)
    host = commands.add_parser("kernel-host", help="run the process that owns the sandboxes by itself")
    _common(host, environment)
    _kernels(host, environment)
    rooms = commands.add_parser("rooms", help="make, list and end rooms of a running server")
    actions = rooms.add_subparsers(dest="action", required=True, metavar="ACTION")
    create = actions.add_parser("create", help="make a room and print its links")
    create.add_argument("title", nargs="?", default="Interview")
    _choosing(create, environment)
    end = actions.add_parser("end", help="end a room for good")
    end.add_argument("room")
    for action in (create, actions.add_parser("list", help="list all rooms"), end):
        _common(action, environment)
        _address(action, environment)
    _arranging(commands.add_parser("environments", help="arrange what rooms may run on"), environment)
    return parser


def _arranging(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    actions = parser.add_subparsers(dest="action", required=True, metavar="ACTION")
    add = actions.add_parser(
        "add", help="make a Python environment, or offer an installed Jupyter kernelspec"
    )
    content = add.add_mutually_exclusive_group(required=True)
    content.add_argument(
        "-r", "--requirements", type=Path, action="append", metavar="FILE", help="what to install, as for pip"
    )
    content.add_argument("--kernelspec", help="name or folder of an installed kernelspec")
    add.add_argument("--python", type=Path, help="the Python to make it with (the server's)")
    add.add_argument("--replace", action="store_true", help="make one anew that is already there")
    remove = actions.add_parser("remove", help="take one away")
    for action in (add, remove):
        action.add_argument("name")
    for action in (add, actions.add_parser("list", help="list them"), remove):
        _environments_option(action, environment)


def _serving(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    _common(parser, environment)
    _address(parser, environment)
    _kernels(parser, environment)
    _option(
        parser,
        environment,
        "--kernel-host",
        type=Path,
        metavar="SOCKET",
        help="a kernel host that runs by itself; without, the server has its own",
    )
    _option(
        parser,
        environment,
        "--redis",
        metavar="URL",
        help="keep the rooms' log in this Redis; without, in a file of the data folder",
    )
    _option(
        parser, environment, "--with-room", action="store_true", help="have a room ready and print its links"
    )


def _common(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    _option(
        parser, environment, "--data", type=Path, default=Path("data"), help="folder of log and keys (data)"
    )


def _address(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    _option(parser, environment, "--host", default="127.0.0.1", help="address to listen on (127.0.0.1)")
    _option(parser, environment, "--port", type=port, default=8000, help="port to listen on (8000)")
    _option(
        parser,
        environment,
        "--base-url",
        help="the address in links; people at home cannot open 127.0.0.1 (http://HOST:PORT)",
    )


def _choosing(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    """What one room is to be like; the server knows what may be."""
    _option(parser, environment, "--environment", metavar="NAME", help="what its code runs on (default)")
    _option(
        parser,
        environment,
        "--time-limit",
        type=int,
        metavar="SECONDS",
        help="how long one run may take (120)",
    )
    named = environment.get("FOURHANDS_QUESTION")
    parser.add_argument(
        "--question",
        action="append",
        metavar="FILE",
        default=[named] if named else [],
        help="a question for it, as a JSON file; may be given several times",
    )


def _kernels(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    _option(
        parser,
        environment,
        "--isolation",
        type=isolation,
        metavar="{auto,none}",
        default="auto",
        help="auto: run code in a sandbox or not at all; none: run it unprotected, at your own risk",
    )
    _environments_option(parser, environment)
    _option(
        parser,
        environment,
        "--warm",
        type=warm,
        metavar="NUMBER",
        default=2,
        help="kernels made ahead for each environment in use; 0: none (2)",
    )
    _option(
        parser,
        environment,
        "--launcher",
        type=launcher,
        metavar="{zygote,bubblewrap}",
        default="zygote",
        help="zygote: fork kernels off one that has imported everything; bubblewrap: start each anew",
    )


def _environments_option(parser: argparse.ArgumentParser, environment: Mapping[str, str]) -> None:
    _option(
        parser, environment, "--environments", type=Path, help="folder of Python environments for kernels"
    )


def port(text: str) -> int:
    """A port's number; argparse puts this function's name into its words."""
    if not 0 <= int(text) <= 65535:
        raise argparse.ArgumentTypeError(f"a port is a number from 0 to 65535, not {text}")
    return int(text)


def isolation(text: str) -> str:
    """A way to run code; not `choices`, which argparse does not hold against what a variable says."""
    if text not in ("auto", "none"):
        raise argparse.ArgumentTypeError(f"isolation is auto or none, not {text}")
    return text


def warm(text: str) -> int:
    """How many kernels wait; each takes about 20 MB."""
    if not 0 <= int(text) <= MOST_WARM:
        raise argparse.ArgumentTypeError(f"a number from 0 to {MOST_WARM}, not {text}")
    return int(text)


def launcher(text: str) -> str:
    """A way to start kernels; not `choices`, for the same reason."""
    if text not in ("zygote", "bubblewrap"):
        raise argparse.ArgumentTypeError(f"a launcher is zygote or bubblewrap, not {text}")
    return text


def _option(
    parser: argparse.ArgumentParser, environment: Mapping[str, str], flag: str, **details: Any
) -> None:
    """An option whose default may come from the environment; argparse checks that text as if it were
    typed.
    """
    text = environment.get(ENVIRONMENT + flag[2:].replace("-", "_").upper())
    if text:
        details["default"] = text == "1" if details.get("action") == "store_true" else text
    parser.add_argument(flag, **details)


def _config(chosen: argparse.Namespace, environment: Mapping[str, str]) -> Config:
    usual = Config()
    return Config(
        host=chosen.host,
        port=chosen.port,
        base_url=chosen.base_url,
        data=chosen.data.absolute(),
        isolation=getattr(chosen, "isolation", "auto"),
        environments=_environments(chosen),
        warm=getattr(chosen, "warm", usual.warm),
        launcher=getattr(chosen, "launcher", usual.launcher),
        kernel_host=getattr(chosen, "kernel_host", None),
        redis=getattr(chosen, "redis", None),
        admin_key=environment.get(ENVIRONMENT + "ADMIN_KEY") or None,
    )


def _become_kernel_host(chosen: argparse.Namespace) -> NoReturn:
    """The host is a program of its own: nothing of a server must be in the process that owns the
    sandboxes.
    """
    socket = chosen.data.absolute() / "kernels" / "host.sock"
    environments = _environments(chosen).absolute()
    program = [sys.executable, "-m", "fourhands_kernels.host", "--socket", str(socket)]
    program += ["--environments", str(environments), "--isolation", chosen.isolation]
    program += ["--warm", str(chosen.warm), "--launcher", chosen.launcher]
    program += ["--hide", str(chosen.data.absolute())]
    os.execv(sys.executable, program)


def _become_installer(chosen: argparse.Namespace) -> NoReturn:
    """What kernels run on is the kernels' own affair, and never a part of the server's Python."""
    program = [sys.executable, "-m", "fourhands_kernels.installer", chosen.action]
    program += ["--environments", str(_environments(chosen).absolute())]
    for option in ("name", "requirements", "python", "kernelspec", "replace"):
        given = getattr(chosen, option, None) or ()
        for value in given if isinstance(given, list) else [given] if given else []:
            program += [f"--{option}"] if value is True else [f"--{option}={value}"]
    os.execv(sys.executable, program)


def _environments(chosen: argparse.Namespace) -> Path:
    """Where `make setup` puts the environments, unless the operator says otherwise."""
    given: Path | None = getattr(chosen, "environments", None)
    return given or PROJECT / ".kernels"


if __name__ == "__main__":
    sys.exit(main())
