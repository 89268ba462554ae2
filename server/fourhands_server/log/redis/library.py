"""The Function library: what runs inside Redis, so that an append is one step that nobody sees half done."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, Final

from redis.asyncio import Redis

from fourhands_server.log.log import Intent
from fourhands_server.log.redis import keys
from fourhands_server.log.redis.connect import ask

APPEND: Final = "fourhands_append_1"
RENEW: Final = "fourhands_renew_1"
"""The number is the library's version: another version has names of its own, so that old servers go on."""

_CODE: Final = files(__package__).joinpath("library.lua").read_text("utf-8")


async def load(redis: Redis) -> None:
    """Bring the library, in the place of an earlier text of the same version."""
    await ask(redis, "FUNCTION LOAD", "REPLACE", _CODE)


def append(
    room: str,
    calls: Sequence[tuple[int, Sequence[Intent]]],
    *,
    incarnation: str,
    node: str,
    known: int,
    seen: int,
) -> list[Any]:
    """The arguments of FCALL for several calls to one room, each with its time (µs).

    `known` counts the entries of the room as the caller knows it, `seen` those of all rooms that it has seen.
    """
    streams = list(dict.fromkeys(intent.stream for _, call in calls for intent in call))
    names = [keys.STORE, keys.ROOMS, keys.meta(room), keys.producers(room), keys.made(room)]
    names += [keys.stream(room, stream) for stream in streams]
    arguments: list[Any] = [APPEND, len(names), *names, room, incarnation, node, known, seen]
    arguments += streams
    for number, (now, call) in enumerate(calls, 1):
        for intent in call:
            arguments += (number, now, intent.stream, intent.producer, intent.pseq, intent.actor)
            arguments += (intent.kind, intent.body, intent.fence)
    return arguments
