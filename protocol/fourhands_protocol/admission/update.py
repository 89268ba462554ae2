"""The form of a Yjs update (encoding v1), read to the last byte; nothing is looked up yet (SPEC, A rules)."""

from typing import Final, NamedTuple

from ..errors import MalformedFrame, NotAdmitted, TooLarge
from ..sync import MAX_CLIENT, WIDE_CLIENT
from ..varint import Reader

# What a struct holds: the low five bits of its info byte.
GC: Final = 0
DELETED: Final = 1
STRING: Final = 4
_CONTENT, _ORIGIN, _RIGHT = 0x1F, 0x80, 0x40
_ALLOWED: Final = frozenset(
    content | ids for content in (DELETED, STRING) for ids in (0, _ORIGIN, _RIGHT, _ORIGIN | _RIGHT)
) | {GC}
# Engines count clocks in 32 bits, one of them with a sign.
MAX_CLOCK: Final = 2**31 - 1

Id = tuple[int, int]
"""(client, clock): one UTF-16 unit of text, for ever."""


class Struct(NamedTuple):
    """A run of consecutive ids of one client, inserted at one place."""

    kind: int
    clock: int
    length: int
    origin: Id | None
    right: Id | None
    root: str | None
    """The name of the document root, where neither origin nor right origin says in which text this stands."""
    text: str
    """What was written; empty where it was deleted before it came."""

    @property
    def middles(self) -> list[int]:
        """List the clocks at which a cut would part the two halves of a surrogate pair."""
        if self.text.isascii() or max(self.text) <= "\uffff":
            return []
        pairs = [index for index, char in enumerate(self.text) if char > "\uffff"]
        return [self.clock + index + n + 1 for n, index in enumerate(pairs)]


# Past the constructors in Python, which cost as much as the reading: there may be a hundred thousand.
_struct: Final = tuple.__new__


class Section(NamedTuple):
    """The structs of one client, without a hole between `start` and `end`."""

    client: int
    start: int
    end: int
    structs: list[Struct]


class Deletion(NamedTuple):
    """Ids of one client that are deleted: start <= clock < end."""

    client: int
    start: int
    end: int


class Update(NamedTuple):
    """An update as it stands in its bytes."""

    sections: dict[int, Section]
    deletions: list[Deletion]


def read_update(data: bytes) -> Update:
    """Read a whole update; MalformedFrame, NotAdmitted or TooLarge where its form breaks a rule.

    Counts need no bound of their own: what is counted takes bytes, and nothing is set aside for it before.
    """
    reader = Reader(data)
    sections: dict[int, Section] = {}
    for _ in range(reader.read_uint()):
        section = _read_section(reader)
        if section.client in sections:
            raise MalformedFrame("update: a client twice")
        sections[section.client] = section
    count = reader.read_uint()
    deletions = _read_deletions(reader, count) if count else []
    reader.expect_end()
    return Update(sections, deletions)


def _read_section(reader: Reader) -> Section:
    count = reader.read_uint()
    client = reader.read_uint()
    start = clock = reader.read_uint()
    if not count or client > MAX_CLIENT:
        raise MalformedFrame(WIDE_CLIENT if count else "update: a client without structs")
    structs = []
    for _ in range(count):
        struct = _read_struct(reader, client, clock)
        clock += struct.length
        if clock > MAX_CLOCK:
            raise TooLarge("update: a clock beyond 2^31")
        structs.append(struct)
    return Section(client, start, clock, structs)


def _read_struct(reader: Reader, client: int, clock: int) -> Struct:
    info = reader.read_byte()
    if info not in _ALLOWED:
        raise NotAdmitted("only text and its deletion may be in an update")
    if info == GC:
        return Struct(GC, clock, _read_length(reader), None, None, None, "")
    origin = right = root = None
    if info & _ORIGIN:
        origin = (reader.read_uint(), reader.read_uint())
        if origin[0] == client and origin[1] >= clock:
            raise NotAdmitted("text cannot stand next to text that comes after it")
    if info & _RIGHT:
        right = (reader.read_uint(), reader.read_uint())
        if (right[0] == client and right[1] >= clock) or right == origin:
            raise NotAdmitted("text cannot stand next to text that comes after it, nor inside a character")
    if info < _RIGHT:
        root = _read_root(reader)
    if info & _CONTENT == DELETED:
        return Struct(DELETED, clock, _read_length(reader), origin, right, root, "")
    text = reader.read_text()
    if not text:
        raise MalformedFrame("update: empty text")
    length = len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2
    return _struct(Struct, (STRING, clock, length, origin, right, root, text))


def _read_root(reader: Reader) -> str:
    if reader.read_uint() != 1:
        raise NotAdmitted("text may stand in a file only, not inside other content")
    return reader.read_text()


def _read_length(reader: Reader) -> int:
    length = reader.read_uint()
    if not length:
        raise MalformedFrame("update: a struct of length 0")
    return length


def _read_deletions(reader: Reader, clients: int) -> list[Deletion]:
    deletions: list[Deletion] = []
    seen: set[int] = set()
    for _ in range(clients):
        client = reader.read_uint()
        count = reader.read_uint()
        if client in seen or client > MAX_CLIENT or not count:
            wide = client > MAX_CLIENT
            raise MalformedFrame(WIDE_CLIENT if wide else "update: deletions of a client twice, or of none")
        seen.add(client)
        for _ in range(count):
            start = reader.read_uint()
            length = reader.read_uint()
            if not length:
                raise MalformedFrame("update: a deletion of length 0")
            deletions.append(_struct(Deletion, (client, start, start + length)))
    return deletions
