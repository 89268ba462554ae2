"""`fourhands rooms …`: a small client of a running server's own API, with the admin key of its data
folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import datetime
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.parse import quote

from fourhands_server.config import Config


class Unreadable(Exception):
    """A file that was named holds no question; says why."""


def rooms(chosen: argparse.Namespace, config: Config) -> int:
    """Carry out one action; returns the exit status."""
    try:
        key = config.admin_key or (config.data / "admin-key").read_text().strip()
    except OSError:
        print(
            f"fourhands: no admin key in {config.data}; give --data or set FOURHANDS_ADMIN_KEY",
            file=sys.stderr,
        )
        return 1
    try:
        match chosen.action:
            case "create":
                settings = {"environment": chosen.environment, "time_limit_s": chosen.time_limit}
                _create(config, key, chosen.title, settings, [_question(path) for path in chosen.question])
            case "list":
                _list(config, key)
            case "end":
                _call(config, key, "POST", f"/api/rooms/{quote(chosen.room, safe='')}/end")
                print(f"room {chosen.room} has ended")
    except urllib.error.HTTPError as error:
        print(f"fourhands: {_words(error)}", file=sys.stderr)
        return 1
    except Unreadable as error:
        print(f"fourhands: {error}", file=sys.stderr)
        return 1
    except (OSError, HTTPException) as error:
        reason = getattr(error, "reason", error)
        print(f"fourhands: no server answers at {_address(config)}: {reason}", file=sys.stderr)
        return 1
    except (ValueError, KeyError, TypeError):
        print(f"fourhands: what answers at {_address(config)} is no Fourhands server", file=sys.stderr)
        return 1
    return 0


def _address(config: Config) -> str:
    """Where the server listens, which need not be what its links begin with."""
    return replace(config, base_url=None).address


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.load(error)["detail"])
    except (ValueError, KeyError, TypeError):
        return f"{error.url} answers {error.code} {error.reason}, which no Fourhands server does"


def _question(path: str) -> Any:
    """What a file holds; raises Unreadable."""
    try:
        return json.loads(Path(path).read_text("utf-8"))
    except OSError as error:
        raise Unreadable(f"{path} cannot be read: {error.strerror}") from error
    except ValueError as error:
        raise Unreadable(f"{path} is not JSON: {error}") from error


def _create(config: Config, key: str, title: str, settings: dict[str, Any], questions: list[Any]) -> None:
    given = {name: value for name, value in settings.items() if value is not None}
    body = {"title": title, "settings": given, "questions": questions}
    made = _call(config, key, "POST", "/api/rooms", body)
    print(f"room {made['id']}")
    for role, link in made["links"].items():
        print(f"  {role:<12} {link}")


def _list(config: Config, key: str) -> None:
    listed = _call(config, key, "GET", "/api/rooms")["rooms"]
    for room in listed:
        made = datetime.fromtimestamp(room["created_at"] / 1e6).strftime("%Y-%m-%d %H:%M")
        state = "ended" if room["ended_at"] else f"{room['people_online']} online"
        print(f"{room['id']}  {made}  {state:<9}  {room['title']}")
    if not listed:
        print("no rooms yet")


def _call(config: Config, key: str, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(
        _address(config) + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(request, timeout=30) as reply:
        return json.load(reply)
