"""The short path for the updates of which typing is made: a little text, one deleted range, or both at once.

It admits nothing that the whole parse would not admit, and leaves the same state behind; whatever is not
exactly of the common shape goes to the whole parse. Ids are looked up by their bytes: it serves ids of five
bytes, which are 15 of 16.
"""

from collections.abc import Mapping
from typing import Final, NamedTuple

from .known import Known
from .order import Order

# Bytes of the common shapes: 127 typed characters between two others at most.
_LONGEST: Final = 160
# Text with an origin, with a right origin, with both.
_INFOS: Final = frozenset((0x84, 0x44, 0xC4))


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


def admit_short(
    update: bytes, person: str, codes: Mapping[bytes, Known], order: Order, *, is_new: bool = True
) -> Admitted | None:
    """Admit a common update by a known id of that person; None: the whole parse has to say.

    Raises NotAdmitted or TooMany where the text has no place, as the whole parse would.
    """
    if len(update) <= _LONGEST:
        try:
            if update.startswith(b"\x01\x01"):
                return _insert(update, person, codes, order, is_new=is_new)
            if update.startswith(b"\x00\x01"):
                return _delete(_deletion(update, 1, codes))
        except (IndexError, KeyError):
            pass  # it ends early, or names an id that is not known or not of five bytes
    return None


def _insert(
    update: bytes, person: str, codes: Mapping[bytes, Known], order: Order, *, is_new: bool
) -> Admitted | None:
    own = codes[update[2:7]]
    clock, pos = _clock(update, 7)
    if clock != own.next or person != own.person:
        return None
    info = update[pos]
    pos += 1
    left = right = None
    left_clock = right_clock = -1
    if info & 0x80:
        left = codes[update[pos : pos + 5]]
        left_clock, pos = _clock(update, pos + 5)
    if info & 0x40:
        right = codes[update[pos : pos + 5]]
        right_clock, pos = _clock(update, pos + 5)
    stop = pos + 1 + update[pos]
    units = _units(update[pos + 1 : stop])
    if info not in _INFOS or not units or stop - pos > 0x80:
        return None
    deletion = None
    if update[stop:] != b"\x00":
        deletion = _deletion(update, stop, codes)
        if deletion is None:
            return None
    end = clock + units
    if not (left is own and left_clock == clock - 1 and own.type_on(end, right, right_clock)):
        root = _root_between(left, left_clock, right, right_clock)
        if root is None:
            return None
        origin = None if left is None else (left.client, left_clock)
        before = None if right is None else (right.client, right_clock)
        order.place(own, (clock, end), origin, before, root, is_new=is_new)
        own.grow(end, root)
    if deletion is None:
        return _INSERTED[units]
    known, first, last = deletion
    return Admitted(True, (), units, known.deleted.add(first, last))


def _units(text: bytes) -> int:
    """Count the UTF-16 units of a text without emoji and the like; 0 for every other."""
    if text.isascii():
        return len(text)
    try:
        decoded = text.decode()
    except UnicodeDecodeError:
        return 0
    return len(decoded) if max(decoded) <= "\uffff" else 0


def _root_between(left: Known | None, left_clock: int, right: Known | None, right_clock: int) -> str | None:
    """Name the root in which both neighbours stand; None where a rule may forbid text between them."""
    roots = []
    if left is not None:
        if not 0 <= left_clock < left.next or left.is_middle(left_clock + 1):
            return None
        roots.append(left.root_at(left_clock))
    if right is not None:
        if not 0 <= right_clock < right.next or right.is_middle(right_clock):
            return None
        roots.append(right.root_at(right_clock))
    if roots[0] != roots[-1] or (left is right and left_clock == right_clock):
        return None
    return roots[0]


def _deletion(update: bytes, pos: int, codes: Mapping[bytes, Known]) -> tuple[Known, int, int] | None:
    """Read one deleted range, from the count of clients on, to the end of the update."""
    client = codes[update[pos + 1 : pos + 6]]
    start, after = _clock(update, pos + 7)
    length, after = _clock(update, after)
    end = start + length
    if update[pos] != 1 or update[pos + 6] != 1 or after != len(update):
        return None
    if start < 0 or length < 1 or end > client.next or client.is_middle(start) or client.is_middle(end):
        return None
    return client, start, end


def _delete(deletion: tuple[Known, int, int] | None) -> Admitted | None:
    if deletion is None:
        return None
    client, start, end = deletion
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
    if 0 < middle < 0x80:
        return low - 0x80 + (middle << 7), pos + 2
    high = update[pos + 2]
    if 0 < high < 0x80 <= middle:
        return low - 0x4080 + (middle << 7) + (high << 14), pos + 3
    return -1, pos
