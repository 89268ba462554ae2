"""What the Function answers, as the outcomes of the calls that were sent to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from fourhands_protocol.entries import Entry
from fourhands_server.log.errors import Fenced, LogError, NotRecorded, PseqReused
from fourhands_server.log.log import Appended, Intent


class Committed(NamedTuple):
    """The room has `known` entries now, the store `entries`; one outcome for each call."""

    known: int
    entries: int
    outcomes: list[list[Appended] | LogError]


class Stale(NamedTuple):
    """Redis holds other than this server has seen."""

    reason: str

    def __str__(self) -> str:
        return self.reason


STALE = {
    b"incarnation": "Redis begins another incarnation of the log",
    b"lost": "Redis has lost entries that were committed",
}


def answers(reply: Any, calls: Sequence[Sequence[Intent]]) -> Committed | Stale | NotRecorded:
    """The outcomes of `calls`, all of one room."""
    if isinstance(reply, Exception):
        if "unction not found" in str(reply):
            return Stale("Redis has lost its functions")
        return NotRecorded(f"Redis: {reply}")
    match reply:
        case [b"ok", known, entries, outcomes]:
            made = [_outcome(one, call) for one, call in zip(outcomes, calls, strict=True)]
            return Committed(int(known), int(entries), made)
        case [word, *_] if word in STALE:
            return Stale(STALE[word])
        case [b"behind", *_]:
            return NotRecorded("something else was written to this room")
        case _:
            return NotRecorded(f"Redis answered {reply!r:.200}")


def _outcome(answer: Any, call: Sequence[Intent]) -> list[Appended] | LogError:
    room = call[0].room
    match answer:
        case [b"made", entries]:
            return [_appended(one, intent) for one, intent in zip(entries, call, strict=True)]
        case [b"fenced", fence, highest]:
            return Fenced(room, fence=int(fence), highest=int(highest))
        case [b"reused", producer, pseq, highest]:
            return PseqReused(room, producer.decode(), int(pseq), highest=int(highest))
    raise AssertionError(f"the library answers nothing else: {answer!r:.200}")


def _appended(answer: Any, intent: Intent) -> Appended:
    fresh, seq, at, *earlier = answer
    actor, body = (earlier[0].decode(), earlier[1]) if earlier else (intent.actor, intent.body)
    entry = Entry(intent.stream, int(seq), int(at), actor, intent.kind, body)
    return Appended(entry, fresh=bool(fresh))
