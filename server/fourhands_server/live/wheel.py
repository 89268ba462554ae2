"""A coarse timer wheel: who is to be looked at when. Of the very many that wait in it none costs anything."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Generic, TypeVar

T = TypeVar("T", bound=Hashable)


class Wheel(Generic[T]):
    """Each waits in one slot; `turn` hands out those whose slot has begun, never before their time."""

    def __init__(self, slot: float) -> None:
        """`slot`: how long one is, in the unit of all times here."""
        self._slot = slot
        self._slots: dict[int, dict[T, None]] = {}  # in the order in which they were put there
        self._where: dict[T, int] = {}

    def __bool__(self) -> bool:
        """Whether anybody waits."""
        return bool(self._where)

    def put(self, one: T, at: float) -> None:
        """Hand it out at the first turn at or after `at`, and then only."""
        wanted = int(-(-at // self._slot))
        before = self._where.get(one)
        if before == wanted:
            return
        if before is not None:
            self._leave(one, before)
        self._where[one] = wanted
        waiting = self._slots.get(wanted)
        if waiting is None:
            waiting = self._slots[wanted] = {}
        waiting[one] = None

    def drop(self, one: T) -> None:
        """Forget about it."""
        slot = self._where.pop(one, None)
        if slot is not None:
            self._leave(one, slot)

    def at(self, one: T) -> float | None:
        """When it is handed out; None where it does not wait."""
        slot = self._where.get(one)
        return None if slot is None else slot * self._slot

    def turn(self, now: float) -> list[T]:
        """Those whose time has come; they wait no more."""
        upto = now // self._slot
        due = [one for slot in sorted(s for s in self._slots if s <= upto) for one in self._slots.pop(slot)]
        for one in due:
            del self._where[one]
        return due

    def _leave(self, one: T, slot: int) -> None:
        waiting = self._slots[slot]
        del waiting[one]
        if not waiting:
            del self._slots[slot]
