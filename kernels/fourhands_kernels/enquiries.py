"""What is asked of an idle kernel beside its runs: how code may go on, and what stands at a place in it.

An enquiry has `ANSWER_SECONDS`. One that takes longer is interrupted, and its late answer dropped; a run
waits until the kernel is done with all of them (an interrupt must not hit the run instead), or `GIVEN_UP`
seconds at most. Answers come from the room's code as likely as not: `cleaned` keeps what has the right shape.
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

Enquiry = Literal["complete", "inspect"]

ANSWER_SECONDS: Final = 0.3  # an idle kernel takes 5 to 20 ms
GIVEN_UP: Final = 3.0  # seconds after the interrupt
AT_ONCE: Final = 4  # of one kernel; whoever types on needs the newest answer only
CODE: Final = 1024 * 1024  # characters
_MATCHES: Final = 500
_MATCH: Final = 500  # characters of one match, and of what is said of it
_TEXT: Final = 64 * 1024  # characters of an explanation
_TYPES: Final = "_jupyter_types_experimental"  # where ipykernel says of each match what it is
_SHOWN: Final = ("text/plain", "text/markdown")


@dataclass(slots=True)
class _Open:
    """One enquiry that the kernel has not answered."""

    reply: str
    answer: asyncio.Future[Mapping[str, Any] | None]
    timer: asyncio.TimerHandle


class Enquiries:
    """The open ones of one kernel. `send` sends a message and returns its id; `stop` interrupts."""

    def __init__(self, send: Callable[[str, dict[str, Any]], str], stop: Callable[[], None]) -> None:
        self._send = send
        self._stop = stop
        self._open: dict[str, _Open] = {}
        self._none = asyncio.Event()
        self._none.set()
        self._loop = asyncio.get_running_loop()

    async def ask(self, kind: Enquiry, content: dict[str, Any]) -> Mapping[str, Any] | None:
        """The content of the reply as it came; None where there is none in time or too many wait."""
        if len(self._open) >= AT_ONCE or any(one.answer.done() for one in self._open.values()):
            return None
        message = self._send(f"{kind}_request", content)
        if not message:  # it is on its way out
            return None
        answer: asyncio.Future[Mapping[str, Any] | None] = self._loop.create_future()
        timer = self._loop.call_later(ANSWER_SECONDS, self._late, message)
        self._open[message] = _Open(f"{kind}_reply", answer, timer)
        self._none.clear()
        return await answer

    def take(self, kind: str, parent: object, content: Mapping[str, Any]) -> bool:
        """A message of the kernel; returns whether it was an answer to us."""
        one = self._open.get(parent) if isinstance(parent, str) else None
        if one is None or one.reply != kind:
            return False
        if not one.answer.done():
            one.answer.set_result(content)
        self._forget(str(parent))
        return True

    async def settled(self) -> None:
        """Wait until the kernel is done with all of them, or they are given up."""
        await self._none.wait()

    def close(self) -> None:
        """Nothing more comes."""
        for message in tuple(self._open):
            self._forget(message)

    def _late(self, message: str) -> None:
        one = self._open[message]
        if not one.answer.done():
            one.answer.set_result(None)
        one.timer = self._loop.call_later(GIVEN_UP, self._forget, message)
        self._stop()

    def _forget(self, message: str) -> None:
        one = self._open.pop(message)
        one.timer.cancel()
        if not one.answer.done():
            one.answer.set_result(None)
        if not self._open:
            self._none.set()


def request(code: str, cursor: int, detail: int | None = None) -> dict[str, Any] | None:
    """The content of a request; None where it cannot be one. `cursor` counts code points."""
    if len(code) > CODE or not 0 <= cursor <= len(code):
        return None
    content = {"code": code, "cursor_pos": cursor}
    return content if detail is None else content | {"detail_level": 1 if detail else 0}


def cleaned(kind: Enquiry, content: Mapping[str, Any], length: int) -> dict[str, Any] | None:
    """What may leave the host of a reply to code of this length; None where it says nothing."""
    if content.get("status") != "ok":
        return None
    return _completion(content, length) if kind == "complete" else _inspection(content)


def _completion(content: Mapping[str, Any], length: int) -> dict[str, Any] | None:
    start, end, matches = content.get("cursor_start"), content.get("cursor_end"), content.get("matches")
    if not (type(start) is int and type(end) is int and 0 <= start <= end <= length):
        return None
    if not isinstance(matches, list):
        return None
    texts = [_valid(match) for match in matches[:_MATCHES] if isinstance(match, str) and len(match) <= _MATCH]
    metadata = content.get("metadata")
    said = metadata.get(_TYPES) if isinstance(metadata, dict) else None
    types = [_typed(one, length) for one in said[:_MATCHES]] if isinstance(said, list) else []
    kept = [one for one in types if one is not None]
    return {
        "status": "ok",
        "matches": texts,
        "cursor_start": start,
        "cursor_end": end,
        "metadata": {_TYPES: kept} if kept else {},
    }


def _typed(one: object, length: int) -> dict[str, Any] | None:
    """What is said of one match: {start, end, text, type, signature}."""
    if not isinstance(one, dict):
        return None
    start, end = one.get("start"), one.get("end")
    if not (type(start) is int and type(end) is int and 0 <= start <= end <= length):
        return None
    words = {name: one.get(name) for name in ("text", "type", "signature")}
    if not all(isinstance(word, str) and len(word) <= _MATCH for word in words.values()):
        return None
    return {"start": start, "end": end, **{name: _valid(str(word)) for name, word in words.items()}}


def _inspection(content: Mapping[str, Any]) -> dict[str, Any]:
    data = content.get("data")
    shown = {name: data.get(name) for name in _SHOWN} if isinstance(data, dict) else {}
    texts = {name: _valid(text[:_TEXT]) for name, text in shown.items() if isinstance(text, str)}
    found = content.get("found") is True and bool(texts)
    return {"status": "ok", "found": found, "data": texts if found else {}, "metadata": {}}


def _valid(text: str) -> str:
    """Text that every wire can carry: half a surrogate pair becomes a question mark."""
    return text.encode(errors="replace").decode()
