"""What a typist types, as the Yjs updates that yjs itself would send; made in a microsecond each."""

from __future__ import annotations

import itertools
import random
from collections.abc import Sequence

from fourhands_protocol.varint import Reader, write_uint

ROOT = b"main.py"
TEXT = b"for number in range(10):\n    print(number * number)\n\n"
ERASES_EVERY, ERASES = 40, 3  # keys: the last ones of so many are backspaces
JUMPS_EVERY = 31  # keys
BEGINNING, END = -1, -2
ID_BYTES = 5  # of a client id in an update: all of ours are wide enough for so many
_SHORT = [write_uint(number) for number in range(1 << 14)]


def uint(number: int) -> bytes:
    return _SHORT[number] if number < len(_SHORT) else write_uint(number)


def client_id(chance: random.Random) -> int:
    """A client id as yjs draws them, but never one that takes fewer bytes than most."""
    return chance.randrange(1 << 28, 1 << 32)


class Typist:
    """Types key by key into one file, takes keys back, and now and then goes on amid its own text.

    `before` and `behind` are those between whose text its own stands, as far as they have typed any by then:
    an editor names the neighbours that it shows. Without them it types as if nobody else were there, so that
    each key at its end is a conflict for servers that resolve conflicts.
    """

    before: Typist | None = None
    behind: Typist | None = None

    def __init__(self, client: int, *, erases: bool = True) -> None:
        self.client = client
        self.id = write_uint(client)
        assert len(self.id) == ID_BYTES
        self._chance = random.Random(client)
        self._erases = erases
        self._keys = 0
        # The first and the last of its own characters in the order of the text, erased ones among them.
        self._first = self._last = END
        self._next: list[int] = []  # the one behind each, by clock
        self._left = BEGINNING  # the one before the cursor
        self._lefts: list[int] = []  # what stood before each key since the last jump

    @property
    def clock(self) -> int:
        """The next clock of the client: what a state vector says of it."""
        return len(self._next)

    def key(self) -> bytes:
        """The update of the next key."""
        self._keys += 1
        if self._erases:
            if self._lefts and self._keys % ERASES_EVERY >= ERASES_EVERY - ERASES:
                return self._erase()
            if self._keys % JUMPS_EVERY == 0:
                self._left = self._chance.randrange(self.clock) if self.clock else BEGINNING
                self._lefts.clear()
        return self._insert(TEXT[self._keys % len(TEXT) :][:1])

    def paste(self, text: bytes) -> bytes:
        """The update of a text that comes at once; ASCII only."""
        return self._insert(text)

    def _insert(self, text: bytes) -> bytes:
        clock, left = self.clock, self._left
        right = self._first if left == BEGINNING else self._next[left]
        last = clock + len(text) - 1
        self._next += (*range(clock + 1, last + 1), right)
        if left == BEGINNING:
            self._first = clock
        else:
            self._next[left] = clock
        if right == END:
            self._last = last
        self._lefts += (left, *range(clock, last))
        self._left = last
        before = self._before() if left == BEGINNING else self.id + uint(left)
        behind = self._behind() if right == END else self.id + uint(right)
        info = 4 | bool(before) << 7 | bool(behind) << 6
        place = before + behind
        if not place:
            place = b"\x01" + uint(len(ROOT)) + ROOT
        head = b"\x01\x01" + self.id + uint(clock) + bytes((info,))
        return head + place + uint(len(text)) + text + b"\x00"

    def _before(self) -> bytes:
        """The id of the last character before its own text, by whoever stands there and has typed."""
        other = self.before
        while other is not None and not other.clock:
            other = other.before
        return b"" if other is None else other.id + uint(other._last)

    def _behind(self) -> bytes:
        """The id of the first character behind it."""
        other = self.behind
        while other is not None and not other.clock:
            other = other.behind
        return b"" if other is None else other.id + uint(other._first)

    def _erase(self) -> bytes:
        erased, self._left = self._left, self._lefts.pop()
        return b"\x00\x01" + self.id + b"\x01" + uint(erased) + b"\x01"


def side_by_side(typists: Sequence[Typist]) -> None:
    """Their texts stand one behind the other, as those of people do who read what the others type."""
    for one, other in itertools.pairwise(typists):
        one.behind, other.before = other, one


def keys_in(data: bytes, at: int, end: int) -> int:
    """How many keys the update `data[at:end]` holds; a server may have merged several into one."""
    if data[at] == 1 == data[at + 1]:
        if data[end - 1] == 0 and data[end - 3] == 1:
            return 1  # one struct of one character
    elif data[at] == 0 and data[at + 1] == 1 == data[at + 2 + ID_BYTES] and data[end - 1] == 1:
        return 1  # one deletion of one character
    return _count(Reader(data[at:end]))


def _count(reader: Reader) -> int:
    keys = 0
    for _ in range(reader.read_uint()):
        structs, _client, _clock = reader.read_uint(), reader.read_uint(), reader.read_uint()
        keys += sum(_struct(reader) for _ in range(structs))
    for _ in range(reader.read_uint()):
        _client, ranges = reader.read_uint(), reader.read_uint()
        for _ in range(ranges):
            _clock, length = reader.read_uint(), reader.read_uint()
            keys += length
    return keys


def _struct(reader: Reader) -> int:
    """The characters of one struct; typed and taken back within one merge, they count as well."""
    info = reader.read_byte()
    origins = bool(info & 0x80) + bool(info & 0x40)
    for _ in range(2 * origins):
        reader.read_uint()
    if info & 0x1F == 4:
        if not origins:
            reader.read_uint()
            reader.read_bytes()
        return len(reader.read_bytes())
    if info & 0x1F == 1 and not origins:
        reader.read_uint()
        reader.read_bytes()
    return reader.read_uint()
