"""Who is asking: invites, tokens and the admin key, all made from one secret of the data folder.

An invite is a capability for a role in a room, `room.role.number.mac`; it stands in the fragment of a link.
A token is what an invite is exchanged for, a JWT that names room, lineage, participant and role; it lives in
memory only. Neither is ever stored: revoking is an entry in the room's log, which every check reads.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import jwt

from fourhands_protocol.errors import BadToken, OtherLineage
from fourhands_protocol.roles import ROLES, Role
from fourhands_server.core.room import Room

TOKEN_SECONDS = 3 * 3600  # an interview; renewed in band long before
RESUME_SECONDS = 30 * 24 * 3600  # a reloaded tab comes back as the same participant
INVITED: tuple[Role, ...] = ("interviewer", "candidate", "observer")
HOST = "host"
_ALGORITHM = "HS256"


@dataclass(frozen=True, slots=True)
class Invite:
    """What an invite link grants; `id` names it in the log, without its secret."""

    room: str
    role: Role
    number: int

    @property
    def id(self) -> str:
        """How the log names this invite."""
        return f"{self.role}/{self.number}"


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever a call or connection speaks for; `expires` in seconds since the epoch."""

    room: str
    person: str
    role: Role
    invite: str
    lineage: str
    expires: int


class KeysUnusable(Exception):
    """The keys can be neither read nor made; says why in words for the operator."""


@dataclass(frozen=True, slots=True)
class Keys:
    """The secrets of one installation."""

    secret: bytes
    admin: str


def load_keys(data: Path, admin: str | None) -> tuple[Keys, bool]:
    """The keys of a data folder, made at first start (0600); also whether the admin key is new.

    Raises KeysUnusable.
    """
    try:
        data.mkdir(parents=True, exist_ok=True, mode=0o700)
        secret = bytes.fromhex(_kept(data / "secret", lambda: secrets.token_hex(32))[0])
        kept, new = (admin, False) if admin else _kept(data / "admin-key", lambda: secrets.token_urlsafe(24))
    except OSError as error:
        raise KeysUnusable(f"the data folder {data} cannot be used: {error.strerror}") from error
    except ValueError as error:
        raise KeysUnusable(
            f"{data / 'secret'} is damaged: put your copy back; without it all links end"
        ) from error
    if len(secret) < 32 or not kept:
        raise KeysUnusable(f"{data}: secret or admin-key is cut short; put your copy back")
    return Keys(secret, kept), new


def _kept(path: Path, make: Callable[[], str]) -> tuple[str, bool]:
    """The content of a small private file, written whole or not at all."""
    if path.exists():
        return path.read_text().strip(), False
    value = make()
    fresh = path.with_suffix(".new")
    fresh.unlink(missing_ok=True)
    handle = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w") as file:
        file.write(value + "\n")
        file.flush()
        os.fsync(file.fileno())
    fresh.rename(path)
    return value, True


class Auth:
    """Makes and checks invites and tokens. `now` gives seconds since the epoch."""

    def __init__(self, keys: Keys, *, now: Callable[[], float]) -> None:
        self._keys = keys
        self._now = now

    def is_admin(self, bearer: str) -> bool:
        """Whether this is the admin key."""
        return hmac.compare_digest(bearer.encode(), self._keys.admin.encode())

    def invite(self, room: str, role: Role, number: int) -> str:
        """The text of an invite, the same each time."""
        stem = f"{room}.{role}.{number}"
        return f"{stem}.{self._mac('invite', stem)}"

    def read_invite(self, text: str) -> Invite:
        """Check an invite; raises BadToken."""
        stem, _, mac = text.rpartition(".")
        if not hmac.compare_digest(mac.encode(), self._mac("invite", stem).encode()):
            raise BadToken("this invite is not valid")
        room, role, number = stem.split(".")
        found = next(known for known in ROLES if known == role)
        return Invite(room, found, int(number))

    def token(self, room: Room, *, person: str, role: str, invite: str) -> tuple[str, int]:
        """A fresh token for a seat, and the seconds that it lasts."""
        claims = {
            "typ": "seat",
            "room": room.room,
            "lineage": room.state.lineage,
            "sub": person,
            "role": role,
            "invite": invite,
            "exp": int(self._now()) + TOKEN_SECONDS,
        }
        return jwt.encode(claims, self._keys.secret, _ALGORITHM), TOKEN_SECONDS

    def read_token(self, text: str) -> Principal:
        """Check form, signature and age of a token; raises BadToken."""
        claims = self._claims(text, "seat")
        return Principal(
            claims["room"],
            claims["sub"],
            claims["role"],
            claims["invite"],
            claims["lineage"],
            claims["exp"],
        )

    def check(self, principal: Principal, room: Room) -> None:
        """Raise BadToken or OtherLineage unless the room still takes this participant."""
        if principal.room != room.room:
            raise BadToken("this token is for another room")
        if principal.lineage != room.state.lineage:
            raise OtherLineage("the room's documents were made anew; join again")
        if principal.invite in room.state.revoked or not room.welcome(principal.person):
            raise BadToken(room.why_unwelcome(principal.person))

    def resume(self, room: str, person: str) -> str:
        """What a tab keeps to come back as the same participant after a reload; good only with an invite."""
        claims = {"typ": "resume", "room": room, "sub": person, "exp": int(self._now()) + RESUME_SECONDS}
        return jwt.encode(claims, self._keys.secret, _ALGORITHM)

    def read_resume(self, text: str, room: str) -> str | None:
        """The participant that a resume names, or None where it is not good for this room."""
        try:
            claims = self._claims(text, "resume")
        except BadToken:
            return None
        return str(claims["sub"]) if claims["room"] == room else None

    def server_client(self, room: str, person: str) -> int:
        """The Yjs client id of edits made here for a participant; it cannot be guessed and taken."""
        digest = hmac.digest(self._keys.secret, f"client {room} {person}".encode(), hashlib.sha256)
        return int.from_bytes(digest[:4], "big")

    def _claims(self, text: str, kind: str) -> dict[str, Any]:
        if len(text) > 4096:
            raise BadToken("this token is not valid")
        try:
            claims: dict[str, Any] = jwt.decode(
                text,
                self._keys.secret,
                [_ALGORITHM],
                options={"require": ["exp", "sub"], "verify_exp": False},
            )
        except jwt.InvalidTokenError as error:
            raise BadToken("this token is not valid") from error
        if claims.get("typ") != kind:
            raise BadToken("this token is not valid")
        if claims["exp"] < self._now():
            raise BadToken("this token has expired")
        return claims

    def _mac(self, purpose: str, text: str) -> str:
        digest = hmac.digest(self._keys.secret, f"{purpose} {text}".encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:18]).decode()
