"""One server's link to the kernel host: its calls are carried out in order per room, the events of its rooms
go back.
"""

import asyncio
import logging
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

from . import wire
from .feed import Feed
from .house import House
from .journal import Held
from .kernel import HostRefused, KernelError, NoSuchFile, WrittenFiles

log = logging.getLogger(__name__)

CALLS: Final = 256  # at the same time; then the link is not read
ROOM: Final = 200  # characters of a room's name


class Links(Protocol):
    """What a link needs of the host."""

    house: House

    def end(self) -> None:
        """Somebody wants the whole host to end."""
        ...

    def take_over(self, room: str, connection: "Connection") -> None:
        """From now on the room's events go here; an earlier link loses them."""
        ...


class Connection:
    """Reads calls until the link ends."""

    def __init__(self, links: Links, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self._links = links
        self._reader = reader
        self._writer = writer
        self._feeds: dict[str, Feed] = {}
        self._room_locks: dict[str, asyncio.Lock] = {}
        self._calls: set[asyncio.Task[None]] = set()
        self._free = asyncio.Semaphore(CALLS)

    async def serve(self, greeting: Mapping[str, Any]) -> None:
        """Serve until the other side goes."""
        try:
            hello = await wire.read(self._reader)
            await self._write(greeting)
            if hello != {"hello": wire.VERSION}:
                return
            while (message := await wire.read(self._reader)) is not None:
                await self._free.acquire()
                self._begin(message)
        except HostRefused as error:
            log.warning("a link was ended: %s", error)
        except ConnectionError:
            pass
        finally:
            self._close()

    def lose(self, room: str) -> None:
        """Send no more of a room."""
        feed = self._feeds.pop(room, None)
        if feed is not None:
            feed.stop()

    def _begin(self, message: wire.Message) -> None:
        call = asyncio.create_task(self._answer(message))
        self._calls.add(call)
        call.add_done_callback(self._calls.discard)
        call.add_done_callback(lambda _: self._free.release())

    async def _answer(self, message: wire.Message) -> None:
        try:
            answer: wire.Message = {"result": await self._in_order(message)}
        except KernelError as error:
            answer = {"error": wire.error_message(error)}
        except (KeyError, TypeError, ValueError) as error:
            answer = {"error": wire.error_message(HostRefused(f"malformed call: {error!r}"))}
        except Exception:  # whoever asked waits, and with it everything that its room has to say
            log.exception("a call failed")
            answer = {"error": wire.error_message(HostRefused("the kernel host failed; its log says why"))}
        if "id" in message:
            try:
                await self._write({"id": message["id"], **answer})
            except ConnectionError:
                log.info("the link ended before an answer")
        if "after" in message and "result" in answer:
            self._feed(message)

    async def _in_order(self, message: wire.Message) -> Any:
        if "room" not in message:
            return await self._host_call(message)
        room = message["room"]
        if not isinstance(room, str) or not 0 < len(room) <= ROOM:
            raise HostRefused("no name of a room")
        if message["call"] == "acknowledge":
            return self._acknowledge(room, int(message["n"]))
        if message["call"] in ("files", "read_file"):  # an interrupt does not wait for these
            return await self._file_call(room, message)
        if message["call"] in ("complete", "inspect"):  # nor for these
            return await self._ask(room, message)
        if message["call"] == "consult":
            question = wire.question_from(message["question"])
            await self._links.house.walled()
            return wire.answer_message(await self._links.house.languages.consult(room, question))
        lock = self._room_locks.setdefault(room, asyncio.Lock())
        async with lock:
            answer = await self._room_call(room, message)
        if message["call"] == "detach" and self._room_locks.get(room) is lock and not lock.locked():
            del self._room_locks[room]
        return answer

    async def _host_call(self, message: wire.Message) -> Any:
        match message["call"]:
            case "availability":
                found = await self._links.house.availability()
                return {"ok": found.ok, "reason": found.reason, "confinement": found.confinement}
            case "environments":
                return [[offer.name, offer.title] for offer in await self._links.house.environments()]
            case "put_data":
                await self._links.house.data.put(message["digest"], message["data"])
                return None
            case "end":
                self._links.end()
                return None
        raise HostRefused(f"no such call: {message['call']}")

    async def _file_call(self, name: str, message: wire.Message) -> Any:
        room = self._links.house.known(name)
        if message["call"] == "read_file":
            path = str(message["path"])
            if room is None:
                raise NoSuchFile(path)
            return await room.read_file(path)
        found = WrittenFiles() if room is None else await room.look()
        return [[list(file) for file in found.files], found.more]

    async def _ask(self, name: str, message: wire.Message) -> Any:
        room = self._links.house.known(name)
        if room is None:
            return None
        code, cursor, detail = str(message["code"]), int(message["cursor"]), message.get("detail")
        return await room.ask(message["call"], code, cursor, None if detail is None else int(detail))

    async def _room_call(self, name: str, message: wire.Message) -> Any:
        house = self._links.house
        room = house.room(name)
        match message["call"]:
            case "attach":
                return wire.attachment_message(room.attachment)
            case "execute":
                execution = wire.execution_from(message["execution"])
                if execution.run not in room.journal.runs:
                    house.data.need(execution.data.values())
                    if not room.has(execution.environment):
                        await house.ready(execution.environment)
                    room.execute(execution)
            case "start":
                await house.ready(message["environment"])
                room.start(message["environment"], wire.services_from(message["services"]))
            case "interrupt":
                room.interrupt()
            case "restart":
                room.restart()
            case "answer":
                room.answer(message["run"], message["text"])
            case "stop":
                room.stop(message.get("why"))
            case "judge":
                judgement = wire.judgement_from(message["judgement"])
                if judgement.id not in room.journal.judgements:
                    await house.walled()
                    house.judge(name, judgement)
            case "cancel_judgement":
                house.judges.cancel(name, str(message["judgement"]))
            case "detach":
                self._let_go(name)
            case other:
                raise HostRefused(f"no such call: {other}")
        house.forget(name)
        return None

    def _feed(self, message: wire.Message) -> None:
        name, after = message["room"], message["after"]
        self.lose(name)
        self._links.take_over(name, self)
        journal = self._links.house.room(name).journal
        known = isinstance(after, list) and len(after) == 2 and after[0] == journal.id
        feed = Feed(name, journal, after=int(after[1]) if known else 0, deliver=self._deliver)
        self._feeds[name] = feed
        self._links.house.watch(name, feed.wake)

    def _let_go(self, room: str) -> None:
        """Nobody watches the room, unless another link has taken it over."""
        if room in self._feeds:
            self.lose(room)
            self._links.house.watch(room, None)

    def _acknowledge(self, room: str, n: int) -> None:
        feed = self._feeds.get(room)
        if feed is not None:
            feed.acknowledge(n)

    async def _deliver(self, room: str, journal: str, events: Sequence[Held]) -> None:
        try:
            await self._write(*({"event": [room, journal, one.n, one.kind, one.body]} for one in events))
        except ConnectionError:
            await asyncio.Event().wait()  # the reader notices too, and ends this feed

    async def _write(self, *messages: Mapping[str, Any]) -> None:
        self._writer.write(b"".join(map(wire.write, messages)))
        await self._writer.drain()

    def _close(self) -> None:
        for room in tuple(self._feeds):
            self._let_go(room)
            self._links.house.forget(room)
        for call in self._calls:
            call.cancel()
        self._writer.close()
