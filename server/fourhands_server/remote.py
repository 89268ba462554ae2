"""`fourhands rooms …`: a small client of a running server's own API, with the admin key of its data
folder.
"""

from __future__ import annotations

import argparse
import json
import sys
import urllib.error
import urllib.request
from datetime import datetime
from typing import Any

from fourhands_server.config import Config


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
                _create(config, key, chosen.title)
            case "list":
                _list(config, key)
            case "end":
                _call(config, key, "POST", f"/api/rooms/{chosen.room}/end")
                print(f"room {chosen.room} has ended")
    except urllib.error.HTTPError as error:
        print(f"fourhands: {json.load(error).get('detail', error.reason)}", file=sys.stderr)
        return 1
    except urllib.error.URLError as error:
        print(f"fourhands: no server answers at {config.host}:{config.port}: {error.reason}", file=sys.stderr)
        return 1
    return 0


def _create(config: Config, key: str, title: str) -> None:
    made = _call(config, key, "POST", "/api/rooms", {"title": title})
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
        f"http://{config.host}:{config.port}{path}",
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {key}", "Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as reply:
        return json.load(reply)
