"""A room of a real server with one person of each role in it, and what each of them may ask of the API."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

import httpx
from tests.support.server import ADMIN, LiveServer, Seat

ROLES = ("interviewer", "candidate", "observer")


class Caller:
    """Calls in the name of one person, about one room."""

    def __init__(self, server: LiveServer, bearer: str, room: str) -> None:
        self._server = server
        self._bearer = bearer
        self._prefix = f"/api/rooms/{room}"

    def at(self, method: str, path: str, **details: Any) -> httpx.Response:
        """A call that is about no room, or about another."""
        return self._server.call(method, path, bearer=self._bearer, **details)

    def __call__(self, method: str, path: str = "", **details: Any) -> httpx.Response:
        return self.at(method, self._prefix + path, **details)

    def json(self, method: str, path: str = "", **details: Any) -> Any:
        """The answer of a call that must succeed."""
        answer = self(method, path, **details)
        assert answer.is_success, answer.text
        return answer.json()

    def run(self, code: str) -> dict[str, Any]:
        """Run code and wait for its end."""
        run = self.json("POST", "/runs", json={"code": code})["run"]
        return dict(self.json("GET", f"/runs/{run}?wait=60"))

    def text(self, path: str = "main.py") -> str:
        return str(self.json("GET", f"/files/{path}")["text"])


class People:
    """A new room: ada the candidate, ivy the interviewer, olga the observer, the host with the admin key."""

    def __init__(self, server: LiveServer, **settings: Any) -> None:
        self.server = server
        self.invites = server.create(**settings)
        self.id = self.invites["id"]
        self.ivy, self.ada, self.olga = (self.join(role, role.title()) for role in ROLES)
        self.host = self.caller(None)
        self.interviewer, self.candidate, self.observer = map(self.caller, (self.ivy, self.ada, self.olga))

    def join(self, role: str, name: str, *, resume: str | None = None) -> Seat:
        return self.server.join(self.invites[role], name, resume)

    def caller(self, seat: Seat | None) -> Caller:
        """Calls in the name of a seat; None is the host."""
        return Caller(self.server, ADMIN if seat is None else seat.token, self.id)

    def of_role(self, role: str) -> Caller:
        return {
            "host": self.host,
            "interviewer": self.interviewer,
            "candidate": self.candidate,
            "observer": self.observer,
        }[role]


def expect_problem(answer: httpx.Response, status: int, code: str) -> str:
    """Check that an answer is the problem that it should be; returns its words."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json", answer.headers
    body = answer.json()
    assert body.keys() == {"type", "title", "status", "detail", "code"}, body
    assert (body["code"], body["type"], body["status"]) == (code, f"/problems/{code}", status), body
    assert body["title"] == HTTPStatus(status).phrase, body
    assert len(body["detail"]) > 10, "words that say what happened"
    return str(body["detail"])
