"""What admission costs, in lines of its own code and not in time: near linear in an update, whatever it says.

The rooms are large and the updates hostile; a line is counted each time it is run. Honest updates, however
long their author was away, must pass.
"""

from __future__ import annotations

import random
import sys
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from fourhands_protocol import limits
from fourhands_protocol.admission import Admission
from fourhands_protocol.errors import NotAdmitted, TooMany
from tests.support.admissions import state_of
from tests.support.updates import Id, Struct, erased, typed, write_update

FOLDER = str(Path(sys.modules[Admission.__module__].__file__ or "").parent)
# Lines of admission for one struct or one deletion, by the longest way there is.
MOST = 600
LOW, MIDDLE, HIGH = 50, 100, 120  # short ids make many structs of few bytes
ROOM, EDITS = 20_000, 1_000


def lines(work: Callable[[], object]) -> int:
    """Count the lines of admission that some work runs through."""
    count = 0

    def within(frame: FrameType, event: str, arg: Any) -> Any:
        nonlocal count
        count += event == "line"
        return within

    def entered(frame: FrameType, event: str, arg: Any) -> Any:
        return within if frame.f_code.co_filename.startswith(FOLDER) else None

    before = sys.gettrace()
    sys.settrace(entered)
    try:
        work()
    finally:
        sys.settrace(before)
    return count


def front(client: int, count: int) -> bytes:
    """Each one before the last, at the beginning of the file."""
    return write_update(
        {(client, 0): [Struct("a", right=(client, n - 1) if n else None) for n in range(count)]}
    )


def chain(client: int, count: int) -> bytes:
    """Each one after the last, from the beginning of the file on, and before what stood there first."""
    return write_update(
        {(client, 0): [Struct("b", origin=(client, n - 1) if n else None) for n in range(count)]}
    )


def by_turns(client: int, count: int) -> bytes:
    """Between two texts where others wrote, and somewhere else where the author shows to know ever more."""
    structs, last = [], None
    for n in range(count):
        if n % 2:
            structs.append(Struct("z", (1, 10 + 3 * n), (1, 11 + 3 * n)))
        else:
            structs.append(Struct("z", (client, last) if last is not None else (1, 0), (1, 1)))
            last = n
    return write_update({(client, 0): structs})


def scattered(client: int, places: list[int]) -> bytes:
    """Everywhere in one long text, which each of them parts anew."""
    return write_update({(client, 0): [Struct("c", (1, at), (1, at + 1)) for at in places]})


def crowd(clients: range, count: int) -> bytes:
    """Many clients in turn, each struct after the last one's, which stands further on in the bytes."""
    sections: dict[Id, list[Struct]] = {(client, 0): [] for client in reversed(clients)}
    last = (1, 0)
    for n in range(count):
        structs = sections[clients[n % len(clients)], 0]
        structs.append(Struct("d", last, (1, 1)))
        last = clients[n % len(clients)], len(structs) - 1
    return write_update(sections)


def busy(*others: bytes) -> Admission:
    """A room of one long text into which others have written a lot, with all its indexes made."""
    room = Admission(["main.py"])
    room.check(typed(1, 0, "x" * 100_000), "long")
    for n, update in enumerate(others):
        room.check(update, f"other-{n}", limit=limits.STEP2)
    room.check(typed(127, 0, "!"), "last")
    return room


def at_one_place(client: int, count: int) -> bytes:
    return write_update(
        {(client, 0): [Struct("a", (1, 0), (client, n - 1) if n else (1, 1)) for n in range(count)]}
    )


SPREAD = random.Random(7).sample(range(1, 90_000, 2), EDITS)
HOSTILE = {
    "prepended, by a lower client": (front(MIDDLE, ROOM), front(LOW, EDITS)),
    "prepended, by a higher client": (front(MIDDLE, ROOM), front(HIGH, EDITS)),
    "a chain, by a lower client": (front(MIDDLE, ROOM), chain(LOW, EDITS)),
    "a chain, by a higher client": (front(MIDDLE, ROOM), chain(HIGH, EDITS)),
    "learning by turns, a lower client": (at_one_place(MIDDLE, ROOM), by_turns(LOW, EDITS)),
    "learning by turns, a higher client": (at_one_place(MIDDLE, ROOM), by_turns(HIGH, EDITS)),
    "cuts, backwards": (front(MIDDLE, 1), scattered(LOW, list(range(2 * EDITS, 0, -2)))),
    "cuts, anywhere": (front(MIDDLE, ROOM), scattered(LOW, SPREAD)),
    "many clients that wait for each other": (at_one_place(MIDDLE, ROOM), crowd(range(130, 190), EDITS)),
    "many clients before": (crowd(range(130, 190), ROOM), by_turns(LOW, EDITS)),
    "deletions, backwards": (b"\x00\x00", write_update(None, {1: [(n, 1) for n in range(2 * EDITS, 0, -2)]})),
    "deletions, anywhere": (b"\x00\x00", write_update(None, {1: [(n, 1) for n in SPREAD]})),
    "emoji": (front(MIDDLE, ROOM), write_update({(LOW, 0): [Struct("😀" * 20_000)]})),
}


@pytest.mark.parametrize("shape", HOSTILE)
def test_an_update_costs_what_it_is_long(shape: str) -> None:
    before, update = HOSTILE[shape]
    room = busy(before)
    most = MOST if shape != "many clients before" else 5 * MOST  # 60 of them may stand anywhere
    assert lines(lambda: room.check(update, "eve")) < most * EDITS


def test_a_large_refused_update_is_taken_back_in_as_many_lines() -> None:
    room = busy(front(MIDDLE, ROOM))
    structs = [Struct("b", origin=(LOW, n - 1) if n else None) for n in range(EDITS)]
    update = write_update({(LOW, 0): [*structs, Struct("é", (1, 50), (1, 40))]})
    before = state_of(room)

    def refused() -> None:
        with pytest.raises(NotAdmitted):
            room.check(update, "eve")

    assert lines(refused) < MOST * EDITS
    assert state_of(room) == before
    assert lines(refused) < MOST * EDITS, "and it leaves nothing that the next would have to pass"
    room.check(chain(LOW, EDITS), "eve")


def test_a_long_document_costs_a_short_edit_nothing() -> None:
    room = busy(front(MIDDLE, ROOM), scattered(LOW, SPREAD))
    room.check(write_update(None, {1: [(n, 1) for n in range(0, 90_000, 2)]}), "long")
    for update in (typed(HIGH, 0, "é", after=(1, 501)), erased(1, 70_001, 1), typed(HIGH + 1, 0, "!")):
        assert lines(lambda update=update: room.check(update, "eve")) < 5 * MOST  # type: ignore[misc]


def test_A12_a_search_without_end_is_refused_and_leaves_no_trace() -> None:
    room = busy(at_one_place(MIDDLE, ROOM))
    before = state_of(room)
    update = write_update(
        {(HIGH, 0): [Struct("b", (1, 0), (HIGH, n - 1) if n else (1, 1)) for n in range(5_000)]}
    )
    with pytest.raises(TooMany):
        room.check(update, "eve")
    assert state_of(room) == before


def away(client: int, document: list[Id], *, prepends: bool) -> bytes:
    """5,000 edits at one place by somebody who saw nothing of the others' meanwhile, as yjs writes them."""
    chance, view, structs = random.Random(client), list(document), []
    first = end = len(view) // 2
    for n in range(5_000):
        at = first if prepends else chance.randint(first, end)
        structs.append(Struct("x", view[at - 1], view[at]))
        view.insert(at, (client, n))
        end += 1
    return write_update({(client, 0): structs})


@pytest.mark.parametrize("prepends", [False, True])
def test_A12_three_people_who_were_away_for_an_hour_are_all_taken(prepends: bool) -> None:
    room = Admission(["main.py"])
    room.check(typed(1, 0, "x" * 1_000), "before")
    document = [(1, n) for n in range(1_000)]
    for client in (3_000_000_001, 3_000_000_009, 3_000_000_005):
        update = away(client, document, prepends=prepends)
        assert room.check(update, f"p-{client}").inserted == 5_000
