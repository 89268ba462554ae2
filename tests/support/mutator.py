"""A seeded mutator of Yjs updates: broken bytes, and well-formed updates that say something else."""

from __future__ import annotations

import random
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

from fourhands_protocol.varint import Reader, write_bytes, write_uint

HUGE = (2**31 - 1, 2**31, 2**32 - 1, 2**32, 2**53 - 1)
TEXTS = ("", "a", "😀", "😀a😀", "é", "漢字", "x" * 200, "\x00")
BROKEN_TEXTS = (b"\xff", b"\xed\xa0\xbd", b"\xc0\x80", b"\xf4\x90\x80\x80", b"a\xf0\x9f\x98")
ROOTS = ("main.py", "other.py", "", "main.py\x00", "__proto__")


@dataclass
class Token:
    """One value in an update: a number by what it counts, or the bytes of a text."""

    kind: str
    value: int | bytes

    def write(self) -> bytes:
        if isinstance(self.value, bytes):
            return write_bytes(self.value)
        return (
            bytes((self.value & 0xFF,))
            if self.kind == "info"
            else write_uint(max(0, min(self.value, 2**53 - 1)))
        )


class Mutator:
    """Makes mutants of updates; the same seed makes the same mutants."""

    def __init__(self, seed: int) -> None:
        self.chance = random.Random(seed)

    def mutate(
        self, update: bytes, others: Sequence[bytes], vector: Mapping[int, int] | None = None
    ) -> bytes:
        """One mutant. `others` lend their bytes and ids; `vector` says which clocks would come next."""
        if self.chance.random() < 0.4:
            return self._break(update, others)
        tokens = read_tokens(update)
        if vector is not None and self.chance.random() < 0.7:
            rebase(tokens, vector)
        for _ in range(self.chance.choice((0, 1, 1, 1, 2, 3))):
            self._change(tokens, read_tokens(self.chance.choice(others)))
        return b"".join(token.write() for token in tokens)

    def _break(self, update: bytes, others: Sequence[bytes]) -> bytes:
        moves: list[Callable[[bytes, bytes], bytes]] = [
            self._flip, self._truncate, self._extend, self._cut, self._repeat, self._splice, self._inflate
        ]  # fmt: skip
        for _ in range(self.chance.choice((1, 1, 2))):
            update = self.chance.choice(moves)(update, self.chance.choice(others))
        return update

    def _place(self, update: bytes) -> int:
        return self.chance.randrange(len(update)) if update else 0

    def _flip(self, update: bytes, _: bytes) -> bytes:
        at = self._place(update)
        return (
            update[:at]
            + bytes(((update[at] if update else 0) ^ 1 << self.chance.randrange(8),))
            + update[at + 1 :]
        )

    def _truncate(self, update: bytes, _: bytes) -> bytes:
        return update[: self._place(update)]

    def _extend(self, update: bytes, other: bytes) -> bytes:
        return update + self.chance.choice((b"\x00", b"\x00\x00", other, self.chance.randbytes(5)))

    def _cut(self, update: bytes, _: bytes) -> bytes:
        at = self._place(update)
        return update[:at] + update[at + self.chance.randint(1, 8) :]

    def _repeat(self, update: bytes, _: bytes) -> bytes:
        at = self._place(update)
        piece = update[at : at + self.chance.randint(1, 12)]
        return update[:at] + piece * self.chance.choice((2, 2, 3, 50)) + update[at + len(piece) :]

    def _splice(self, update: bytes, other: bytes) -> bytes:
        return update[: self._place(update)] + other[self._place(other) :]

    def _inflate(self, update: bytes, _: bytes) -> bytes:
        at = self._place(update)
        low = update[at] if update else 0
        tail = self.chance.choice((b"\x00", b"\x80\x00", b"\xff" * 9 + b"\x01", b"\x80" * 7 + b"\x10"))
        return update[:at] + bytes((low | 0x80,)) + tail + update[at + 1 :]

    def _change(self, tokens: list[Token], others: list[Token]) -> None:
        token = self.chance.choice(tokens)
        if isinstance(token.value, bytes):
            token.value = self._text(token)
        elif token.kind == "info":
            kept = token.value & 0xE0
            bits = [token.value ^ bit for bit in (0x80, 0x40, 0x20)]
            token.value = self.chance.choice([*bits, kept | 1, kept | 4, kept | self.chance.randrange(12)])
        else:
            alike = [other.value for other in [*tokens, *others] if other.kind == token.kind]
            near = token.value + self.chance.choice((-2, -1, 1, 2))
            token.value = self.chance.choice([near, near, 0, self.chance.choice(HUGE), *alike, *alike])  # type: ignore[assignment]

    def _text(self, token: Token) -> bytes:
        if token.kind == "root":
            return self.chance.choice(ROOTS).encode()
        return self.chance.choice((self.chance.choice(BROKEN_TEXTS), *(text.encode() for text in TEXTS)))


def rebase(tokens: list[Token], vector: Mapping[int, int]) -> None:
    """Let every client's structs begin where that client's text ends now."""
    for before, token in pairwise(tokens):
        if before.kind == "client" and token.kind == "start" and isinstance(before.value, int):
            token.value = vector.get(before.value, 0)


def read_tokens(update: bytes) -> list[Token]:
    """Take a valid update apart."""
    reader = Reader(update)
    tokens: list[Token] = []

    def number(kind: str) -> int:
        value = reader.read_uint()
        tokens.append(Token(kind, value))
        return value

    for _ in range(number("count")):
        structs = number("count")
        number("client")
        number("start")
        for _ in range(structs):
            _read_struct(reader, tokens, number)
    for _ in range(number("count")):
        number("client")
        for _ in range(number("count")):
            number("clock")
            number("length")
    return tokens


def _read_struct(reader: Reader, tokens: list[Token], number: Callable[[str], int]) -> None:
    info = reader.read_byte()
    tokens.append(Token("info", info))
    if info == 0:
        number("length")
        return
    for bit in (0x80, 0x40):
        if info & bit:
            number("client")
            number("clock")
    if not info & 0xC0:
        number("parent")
        tokens.append(Token("root", reader.read_bytes()))
    if info & 0x1F == 4:
        tokens.append(Token("text", reader.read_bytes()))
    else:
        number("length")
