"""What a typist types, as the Yjs updates that yjs itself would send; made in a microsecond each."""

from __future__ import annotations

import random

from fourhands_protocol.varint import Reader, write_uint

ROOT = b"main.py"
TEXT = b"for number in range(10):\n    print(number * number)\n\n"
ERASES_EVERY, ERASES = 40, 3  # keys: the last ones of so many are backspaces
ID_BYTES = 5  # of a client id in an update: all of ours are wide enough for so many
_SHORT = [write_uint(number) for number in range(1 << 14)]


def uint(number: int) -> bytes:
    return _SHORT[number] if number < len(_SHORT) else write_uint(number)


def client_id(chance: random.Random) -> int:
    """A client id as yjs draws them, but never one that takes fewer bytes than most."""
    return chance.randrange(1 << 28, 1 << 32)


class Typist:
    """Types a text at one place of one file, key by key, and now and then takes a key back."""

    def __init__(self, client: int, *, erases: bool = True) -> None:
        self.client = client
        self._erases = erases
        self.id = write_uint(client)
        assert len(self.id) == ID_BYTES
        self._keys = 0
        self._clock = 0
        self._left = -1  # the clock of the last character that stands
        self._lefts: list[int] = []
        self._right = -1  # the clock of the deleted character behind the cursor

    def key(self) -> bytes:
        """The update of the next key."""
        self._keys += 1
        if self._erases and self._keys % ERASES_EVERY >= ERASES_EVERY - ERASES:
            return self._erase()
        return self._insert(TEXT[self._keys % len(TEXT) :][:1])

    def paste(self, text: bytes) -> bytes:
        """The update of a text that comes at once; ASCII only."""
        return self._insert(text)

    @property
    def clock(self) -> int:
        """The next clock of the client: what a state vector says of it."""
        return self._clock

    def _insert(self, text: bytes) -> bytes:
        clock, self._clock = self._clock, self._clock + len(text)
        if self._left < 0 and self._right < 0:
            place = b"\x04\x01" + uint(len(ROOT)) + ROOT
        elif self._right < 0:
            place = b"\x84" + self.id + uint(self._left)
        elif self._left < 0:
            place = b"\x44" + self.id + uint(self._right)
        else:
            place = b"\xc4" + self.id + uint(self._left) + self.id + uint(self._right)
        self._lefts += (self._left, *range(clock, clock + len(text) - 1))
        self._left = clock + len(text) - 1
        return b"\x01\x01" + self.id + uint(clock) + place + uint(len(text)) + text + b"\x00"

    def _erase(self) -> bytes:
        self._right, self._left = self._left, self._lefts.pop()
        return b"\x00\x01" + self.id + b"\x01" + uint(self._right) + b"\x01"


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
