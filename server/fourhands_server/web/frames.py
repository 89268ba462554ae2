"""The head of an unmasked, unfragmented WebSocket message (RFC 6455, 5.2)."""

from __future__ import annotations

from typing import Final

TEXT: Final = 0x81
BINARY: Final = 0x82


def header(kind: int, size: int) -> bytes:
    """The bytes before a message of `size` bytes."""
    if size < 126:
        return bytes((kind, size))
    if size < 65536:
        return bytes((kind, 126)) + size.to_bytes(2, "big")
    return bytes((kind, 127)) + size.to_bytes(8, "big")
