"""Connections to Redis. The client never retries: whether an append is sent twice is ours to decide."""

from __future__ import annotations

from typing import Any, Final

from redis.asyncio import Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

ANSWER_S: Final = 5.0  # that a command may take before its connection counts as dead
CONNECT_S: Final = 3.0


def connection(url: str) -> Redis:
    """A client for commands that are answered at once. ValueError for an address that is none."""
    return _client(url, ANSWER_S)


def waiting_connection(url: str, *, at_most_s: float) -> Redis:
    """A client for commands that wait, which must ask for less time than this."""
    return _client(url, at_most_s)


def _client(url: str, timeout: float) -> Redis:
    return Redis.from_url(
        url,
        socket_timeout=timeout,
        socket_connect_timeout=CONNECT_S,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
        retry_on_error=[],
        health_check_interval=0,
        decode_responses=False,
        protocol=2,
        client_name="fourhands",
    )


async def ask(redis: Redis, *command: Any) -> Any:
    """The answer to one command, bytes as they are; raises RedisError."""
    client: Any = redis  # whose commands have no types
    return await client.execute_command(*command)
