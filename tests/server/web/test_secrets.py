"""No secret in anything that the server writes: links stand on stdout once, tokens nowhere."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

from tests.support.people import People
from tests.support.server import LiveServer

SECRET = re.compile(r"[\w-]+\.(?:interviewer|candidate|observer)\.\d+\.[\w-]{24}")


def test_nothing_that_was_used_stands_in_the_output(tmp_path: Path) -> None:
    with LiveServer(tmp_path, env={"PYTHONASYNCIODEBUG": "1"}) as server:
        people = People(server)
        seats = [people.ada, people.ivy, people.olga]
        bad = people.ada.token[:-3] + "xyz"
        for seat in seats:
            server.call("GET", f"/api/rooms/{people.id}?token={seat.token}", bearer=seat.token)
            server.call("GET", f"/api/rooms/nope?token={seat.token}", bearer=seat.token)
            server.call("GET", f"/yjs/{people.id}?token={seat.token}")
            server.call("POST", "/api/join", json={"invite": bad, "name": seat.token})
            server.call("GET", f"/{seat.token}", bearer=bad)
        people.candidate.run("print(1)")
    said = "".join(server.output)
    secrets = [s.token for s in seats] + [s.resume for s in seats] + list(people.invites.values())[1:]
    secrets += [bad, "test-admin-key", (tmp_path / "secret").read_text().strip()]
    for secret in secrets:
        assert secret not in said
    assert "token=" not in said
    assert not SECRET.search(said)


def test_links_and_the_admin_key_are_shown_on_stdout_alone(tmp_path: Path) -> None:
    first, log = start_and_stop(tmp_path, "--with-room")
    again, later_log = start_and_stop(tmp_path, "--with-room")
    assert SECRET.findall(first) == SECRET.findall(again), "the room of the first start goes on"
    assert len(set(SECRET.findall(first))) == len(SECRET.findall(first)) == 2
    assert not SECRET.search(log + later_log)
    key = (tmp_path / "admin-key").read_text().strip()
    assert len(key) >= 32
    assert first.count(key) == 1
    assert key not in log + again + later_log


def test_what_is_kept_is_for_its_owner_alone(tmp_path: Path) -> None:
    data = tmp_path / "made" / "data"
    start_and_stop(data)
    assert stat.S_IMODE(data.stat().st_mode) == 0o700
    for name in ("admin-key", "secret", "rooms.db"):
        assert stat.S_IMODE((data / name).stat().st_mode) == 0o600
    assert stat.S_IMODE((data / "kernels").stat().st_mode) == 0o700


def start_and_stop(data: Path, *arguments: str) -> tuple[str, str]:
    """What a server says on stdout and on stderr until it is asked to stop."""
    command = [sys.executable, "-m", "fourhands_server.cli", "serve", "--data", str(data), "--port", "0"]
    env = {k: v for k, v in os.environ.items() if not k.startswith("FOURHANDS_")}
    with subprocess.Popen(
        [*command, *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=env
    ) as process:
        assert process.stdout is not None
        said = ""
        while "Stop with Ctrl-C" not in said:
            line = process.stdout.readline()
            assert line, f"the server ended: {process.stderr.read() if process.stderr else ''}"
            said += line
        process.terminate()
        rest, err = process.communicate(timeout=20)
    return said + rest, err
