"""The hash chain over the `room` stream: one SHA-256 link an entry (SPEC, H rules)."""

from hashlib import sha256
from typing import Final

from . import cbor
from .entries import Entry

# The hash before the first entry.
GENESIS: Final = bytes(32)


def link(previous: bytes, entry: Entry) -> bytes:
    """Hash one entry onto the chain: 32 bytes in, 32 bytes out."""
    return link_erased(previous, entry, body_hash=sha256(entry.body).digest())


def link_erased(previous: bytes, entry: Entry, *, body_hash: bytes) -> bytes:
    """Hash an entry whose body was erased on request and of which only the hash is left."""
    if len(previous) != 32 or len(body_hash) != 32:
        raise ValueError("a link of the chain is 32 bytes")
    parts = [previous, entry.seq, entry.at, entry.kind, entry.actor, body_hash]
    return sha256(cbor.encode(parts)).digest()
