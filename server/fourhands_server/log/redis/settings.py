"""What a Redis must be set to, for what it has said to be true after its machine has failed."""

from __future__ import annotations

import logging

from redis.asyncio import Redis
from redis.exceptions import ResponseError

from fourhands_server.log.redis.connect import ask
from fourhands_server.log.redis.fields import text

_log = logging.getLogger(__name__)

OLDEST = (7, 0)  # the first with functions
WANTED = {
    "appendonly": ("yes", "entries are lost when Redis restarts"),
    "appendfsync": ("always", "the last second may be lost when its machine fails"),
    "maxmemory-policy": ("noeviction", "Redis may throw entries away when its memory is full"),
}


async def check_settings(redis: Redis) -> None:
    """Raise ValueError for a Redis that is too old; warn of settings under which an ack is no promise."""
    version = text((await ask(redis, "INFO", "server"))["redis_version"])
    if tuple(int(part) for part in version.split(".")[:2]) < OLDEST:
        raise ValueError(f"Redis {version} is too old; {'.'.join(map(str, OLDEST))} or later is needed")
    try:
        found = await ask(redis, "CONFIG GET", *WANTED)
    except ResponseError:
        _log.warning("Redis does not tell its settings; see to it that appendfsync is always")
        return
    for name, (wanted, otherwise) in WANTED.items():
        is_set = text(found.get(name, found.get(name.encode(), wanted)))
        if is_set != wanted:
            _log.warning("Redis has %s %s; set it to %s, or %s", name, is_set, wanted, otherwise)
