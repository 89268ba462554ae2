"""The hash chain over the `room` stream: one SHA-256 link an entry (SPEC, H rules)."""

from functools import lru_cache
from hashlib import sha256
from typing import Final

from . import cbor
from .entries import Entry

# The hash before the first entry.
GENESIS: Final = bytes(32)
# The head of a CBOR integer of eight bytes.
_WIDE: Final = b"\x1b"


def link(previous: bytes, entry: Entry) -> bytes:
    """Hash one entry onto the chain: 32 bytes in, 32 bytes out."""
    if len(previous) != 32:
        raise ValueError("a link of the chain is 32 bytes")
    _, seq, at, actor, kind, body = entry
    # What `link_erased` does, in one piece: each entry of every room is hashed.
    return sha256(
        b"".join(
            (
                b"\x86\x58\x20",
                previous,
                cbor.head(0, seq),
                _WIDE + at.to_bytes(8, "big") if at >= 2**32 else cbor.head(0, at),
                _names(kind, actor),
                b"\x58\x20",
                sha256(body).digest(),
            )
        )
    ).digest()


def link_erased(previous: bytes, entry: Entry, *, body_hash: bytes) -> bytes:
    """Hash an entry whose body was erased on request and of which only the hash is left."""
    if len(previous) != 32 or len(body_hash) != 32:
        raise ValueError("a link of the chain is 32 bytes")
    # The array [previous, seq, at, kind, actor, body_hash] in canonical CBOR, put together by hand: each
    # entry of every room is hashed, and a general encoder costs three times as much.
    numbers = cbor.head(0, entry.seq) + cbor.head(0, entry.at)
    names = _names(entry.kind, entry.actor)
    return sha256(b"\x86\x58\x20" + previous + numbers + names + b"\x58\x20" + body_hash).digest()


@lru_cache(maxsize=4096)
def _names(kind: str, actor: str) -> bytes:
    return cbor.encode(kind) + cbor.encode(actor)
