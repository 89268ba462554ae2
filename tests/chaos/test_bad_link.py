"""The link that the campaign puts between clients and server does to them what it says."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest

from tests.support.bad_link import BadLink, Weather, path_of

DEADLINE_S = 20
Streams = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Echo:
    """A server that sends back what it gets, and remembers how its connections ended."""

    def __init__(self) -> None:
        self.ends: list[str] = []
        self.open: set[asyncio.StreamWriter] = set()

    async def __call__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open.add(writer)
        try:
            while data := await reader.read(65536):
                writer.write(data)
                await writer.drain()
            self.ends.append("end")
        except ConnectionResetError:
            self.ends.append("reset")
        finally:
            self.open.discard(writer)
            writer.close()


@pytest.fixture
def echo() -> Echo:
    return Echo()


@pytest.fixture
async def link(echo: Echo) -> AsyncIterator[BadLink]:
    server = await asyncio.start_server(echo, "127.0.0.1", 0)
    async with asyncio.timeout(DEADLINE_S), BadLink(server.sockets[0].getsockname()[1]) as link:
        yield link
    for writer in list(echo.open):
        writer.transport.abort()
    server.close()


async def dial(link: BadLink) -> Streams:
    return await asyncio.open_connection("127.0.0.1", link.port)


async def says(streams: Streams, words: bytes) -> None:
    streams[1].write(words)
    await streams[1].drain()


async def hears(streams: Streams, words: bytes) -> None:
    assert await streams[0].readexactly(len(words)) == words


async def until_end(streams: Streams) -> str:
    try:
        assert await streams[0].read() == b""
    except ConnectionResetError:
        return "reset"
    return "end"


async def ends(echo: Echo, how: list[str]) -> None:
    while echo.ends != how:  # noqa: ASYNC110
        await asyncio.sleep(0.005)


async def test_bytes_arrive_whole_and_in_order_in_any_weather(link: BadLink) -> None:
    words = bytes(range(256)) * 40
    for weather in (
        Weather(),
        Weather(latency=0.01, jitter=0.02),
        Weather(slice=7),
        Weather(rate=100_000, slice=500),
    ):
        link.weather = weather
        streams = await dial(link)
        await says(streams, words)
        await hears(streams, words)
        streams[1].write_eof()
        assert await until_end(streams) == "end"
        streams[1].close()


async def test_latency_and_rate_take_their_time(link: BadLink) -> None:
    streams = await dial(link)
    for weather, least in ((Weather(latency=0.05), 0.1), (Weather(rate=20_000), 0.15)):
        link.weather = weather
        begin = time.monotonic()
        await says(streams, bytes(4_096))
        await hears(streams, bytes(4_096))
        assert time.monotonic() - begin >= least
    streams[1].close()


async def test_a_black_hole_holds_what_was_sent_and_gives_it_back_after_the_sender_has_gone(
    link: BadLink, echo: Echo
) -> None:
    one, other = await dial(link), await dial(link)
    for streams in (one, other):
        await says(streams, b"before")
        await hears(streams, b"before")
    link.hole()
    await says(one, b"held")
    await says(other, b"held")
    other[1].close()
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.1):
            await one[0].read(1)
    assert (len(echo.open), echo.ends) == (2, [])
    link.heal()
    await hears(one, b"held")
    await ends(echo, ["end"])
    one[1].close()


async def test_one_direction_may_go_on(link: BadLink, echo: Echo) -> None:
    streams = await dial(link)
    link.hole(["down"])
    await says(streams, b"x")
    streams[1].write_eof()
    await ends(echo, ["end"])
    link.heal()
    await hears(streams, b"x")
    assert await until_end(streams) == "end"
    streams[1].close()


async def test_a_reset_reaches_both_ends(link: BadLink, echo: Echo) -> None:
    streams = await dial(link)
    await says(streams, b"x")
    await hears(streams, b"x")
    link.reset()
    assert await until_end(streams) == "reset"
    await ends(echo, ["reset"])
    streams[1].close()


async def test_a_half_close_is_the_end_for_one_side_alone(link: BadLink, echo: Echo) -> None:
    streams = await dial(link)
    await says(streams, b"x")
    await hears(streams, b"x")
    link.half_close("up")
    await ends(echo, ["end"])
    assert await until_end(streams) == "end"
    streams[1].close()


async def test_refused_then_accepted_on_the_same_port(link: BadLink) -> None:
    port = link.port
    link.refuse()
    with pytest.raises(ConnectionRefusedError):
        await dial(link)
    await link.accept()
    assert link.port == port
    streams = await dial(link)
    await says(streams, b"x")
    await hears(streams, b"x")
    streams[1].close()


async def test_who_came_while_it_was_mute_is_never_answered(link: BadLink, echo: Echo) -> None:
    link.mute()
    streams = await dial(link)
    await says(streams, b"x")
    link.heal()
    with suppress(TimeoutError):
        async with asyncio.timeout(0.1):
            assert await streams[0].read(1) == b"never"
    assert not echo.open
    streams[1].close()


async def test_connections_are_known_by_their_path_until_the_server_ends_them(
    link: BadLink, echo: Echo
) -> None:
    streams = await dial(link)
    await says(streams, b"GET /yjs/r HTTP/1.1\r\n")
    await hears(streams, b"GET /yjs/r HTTP/1.1\r\n")
    assert (link.served("/yjs/"), link.served("/api/")) == (1, 0)
    for writer in list(echo.open):
        writer.close()
    assert await until_end(streams) == "end"
    assert link.served("/yjs/") == 0
    streams[1].close()


def test_no_path_in_what_is_no_request() -> None:
    assert path_of(b"\x16\x03\x01") == ""
