"""Turning one call's intents into entries: all of them or none, retries answered by what they made before."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

from fourhands_protocol.entries import Entry

from .counters import Counters
from .errors import PseqReused
from .log import ROOM, Appended, Intent

Earlier = Callable[[Intent], Entry | None]
"""Finds the entry that an earlier append of (producer, pseq) made in the intent's room."""


MAX_PSEQ: Final = 2**63 - 1
"""The largest integer that a store holds."""


Staged = tuple[Intent, Entry, int]
"""A fresh entry with what the store keeps beside it: the intent that it was made of, and the last seq of the
room stream at that time where it is of a private one, else 0.
"""


INTENT_BYTES: Final = 200
"""What an intent counts beside its body."""


def check_call(intents: Sequence[Intent]) -> tuple[str, int]:
    """The room of a call and what it counts in bytes.

    ValueError for what no log can take: no intents, several rooms, a pseq out of range, bad text.
    """
    if not intents:
        raise ValueError("an append needs at least one intent")
    room = intents[0].room
    size = 0
    for its_room, stream, producer, pseq, actor, kind, body, _ in intents:
        if its_room != room:
            raise ValueError("the intents of one append are of one room")
        if not 1 <= pseq <= MAX_PSEQ:
            raise ValueError("pseq counts from 1")
        if not (stream.isascii() and producer.isascii() and actor.isascii() and kind.isascii()):
            for text in (stream, producer, actor, kind):
                text.encode()  # UnicodeEncodeError, a ValueError, for a lone surrogate
        size += INTENT_BYTES + len(body)
    return room, size


def stage_one(counters: Counters, intents: Sequence[Intent], *, now: int) -> Staged | None:
    """Number the one intent of a call that nothing stands against; None: `stage` has to say."""
    if len(intents) != 1:
        return None
    intent = intents[0]
    if intent.fence != counters.fence or intent.pseq <= counters.pseqs.get(intent.producer, 0):
        return None
    return _made(counters, intent, now=now)


def stage(
    counters: Counters, intents: Sequence[Intent], *, now: int, earlier: Earlier
) -> tuple[list[Appended], list[Staged]]:
    """Answer every intent of a call; returns the answers and the fresh entries to store.

    Raises `Fenced` or `PseqReused` and leaves the counters as they were.
    """
    before = counters.copy() if len(intents) > 1 else None
    answers: list[Appended] = []
    fresh: list[Staged] = []
    try:
        for intent in intents:
            counters.check_fence(intent)
            if counters.seen(intent):
                answers.append(Appended(_retried(counters, intent, fresh, earlier), fresh=False))
            else:
                made = _made(counters, intent, now=now)
                fresh.append(made)
                answers.append(Appended(made[1], fresh=True))
    except Exception:
        if before is not None:
            counters.restore(before)
        raise
    return answers, fresh


def _made(counters: Counters, intent: Intent, *, now: int) -> Staged:
    entry = counters.number(intent, now=now)
    return intent, entry, 0 if entry.stream == ROOM else counters.room_seq()


def find(staged: Sequence[Staged], intent: Intent) -> Entry | None:
    """The entry made by (room, producer, pseq) among entries that are not stored yet."""
    for made, entry, _ in reversed(staged):
        if (made.pseq, made.producer, made.room) == (intent.pseq, intent.producer, intent.room):
            return entry
    return None


def _retried(counters: Counters, intent: Intent, fresh: Sequence[Staged], earlier: Earlier) -> Entry:
    entry = find(fresh, intent) or earlier(intent)
    if entry is None or (entry.stream, entry.kind) != (intent.stream, intent.kind):
        highest = counters.pseqs[intent.producer]
        raise PseqReused(intent.room, intent.producer, intent.pseq, highest=highest)
    return entry
