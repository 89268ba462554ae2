"""Waiting for a file descriptor inside an event loop."""

import asyncio


async def readable(fd: int) -> None:
    """Wait until something, or the end, can be read."""
    loop = asyncio.get_running_loop()
    seen = asyncio.Event()
    loop.add_reader(fd, seen.set)
    try:
        await seen.wait()
    finally:
        loop.remove_reader(fd)
