"""The short path for the two updates of which typing is made: one run of ASCII text, one deleted range.

It admits nothing that the whole parse would not admit, and leaves the same state behind; whatever is not exactly
of the common shape goes to the whole parse. Ids are looked up by their bytes: it serves those of five (15 of 16).
"""

from typing import Final, NamedTuple

from .known import Known

# Bytes of the common shapes: from one deleted character to 127 typed ones between two others.
_SHORTEST_INSERT: Final = 18
_SHORTEST_DELETE: Final = 10
_LONGEST: Final = 160


class Admitted(NamedTuple):
    """What an admitted update brought; counts are UTF-16 units of text. No news: nothing to log or relay."""

    is_news: bool
    new_clients: tuple[int, ...] = ()
    inserted: int = 0
    deleted: int = 0
    relayed: bool = False
    """Other people's ids are in it (after a change of incarnation); it binds none of them to its sender."""


NOTHING_NEW: Final = Admitted(is_news=False)
_INSERTED: Final = [Admitted(is_news=True, inserted=count) for count in range(128)]
_DELETED_ONE: Final = Admitted(is_news=True, deleted=1)


def admit_short(update: bytes, person: str, codes: dict[bytes, Known]) -> Admitted | None:
    """Admit a common update by a known id of that person; None: the whole parse has to say."""
    size = len(update)
    if size > _LONGEST:
        return None
    try:
        if size >= _SHORTEST_INSERT and update[0] == 1 and update[1] == 1:
            return _insert(update, size, person, codes)
        if size >= _SHORTEST_DELETE and update[0] == 0 and update[1] == 1 and update[7] == 1:
            return _delete(update, size, codes)
    except IndexError:
        pass  # it ends early
    return None


def _insert(update: bytes, size: int, person: str, codes: dict[bytes, Known]) -> Admitted | None:
    own = codes.get(update[2:7])
    if own is None or own.person != person:
        return None
    clock, pos = _clock(update, 7)
    if clock != own.next:
        return None
    info = update[pos]
    left = right = None
    left_clock = right_clock = -1
    pos += 1
    if info == 0x84 or info == 0xC4:
        left = codes.get(update[pos : pos + 5])
        left_clock, pos = _clock(update, pos + 5)
        if left is None or not 0 <= left_clock < left.next or left.is_middle(left_clock + 1):
            return None
    if info == 0x44 or info == 0xC4:
        right = codes.get(update[pos : pos + 5])
        right_clock, pos = _clock(update, pos + 5)
        if right is None or not 0 <= right_clock < right.next or right.is_middle(right_clock):
            return None
    root = _root_between(left, left_clock, right, right_clock)
    length = update[pos]
    pos += 1
    if root is None or not 0 < length < 0x80 or pos + length != size - 1 or update[size - 1] != 0:
        return None
    if not update[pos : pos + length].isascii():
        return None
    own.grow(clock + length, root)
    return _INSERTED[length]


def _root_between(left: Known | None, left_clock: int, right: Known | None, right_clock: int) -> str | None:
    if left is None:
        return None if right is None else right.root_at(right_clock)
    root = left.root_at(left_clock)
    if right is None:
        return root
    if right.root_at(right_clock) != root or (left is right and left_clock == right_clock):
        return None
    return root


def _delete(update: bytes, size: int, codes: dict[bytes, Known]) -> Admitted | None:
    client = codes.get(update[2:7])
    start, pos = _clock(update, 8)
    length, pos = _clock(update, pos)
    end = start + length
    if client is None or pos != size or start < 0 or length < 1 or end > client.next:
        return None
    if client.is_middle(start) or client.is_middle(end):
        return None
    deleted = client.deleted.add(start, end)
    if deleted == 1:
        return _DELETED_ONE
    return Admitted(is_news=True, deleted=deleted) if deleted else NOTHING_NEW


def _clock(update: bytes, pos: int) -> tuple[int, int]:
    """Read a canonical varint of up to three bytes, and where it ends; -1 for every other."""
    low = update[pos]
    if low < 0x80:
        return low, pos + 1
    middle = update[pos + 1]
    if middle < 0x80:
        return (low & 0x7F | middle << 7 if middle else -1), pos + 2
    high = update[pos + 2]
    return (low & 0x7F | (middle & 0x7F) << 7 | high << 14 if 0 < high < 0x80 else -1), pos + 3
