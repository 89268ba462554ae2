"""The errors of the protocol, each with the WebSocket close code that tells the peer about it.

ProtocolError
├── retry (below 4400: the client comes back by itself)
│   ├── CausalGap       4300
│   ├── SlowReader      4301
│   ├── NotRecorded     4302
│   ├── Superseded      4303
│   └── Silent          4304
└── stop (4400 and above: coming back with the same bytes would not help)
    ├── MalformedFrame  4400
    ├── BadToken        4401
    ├── Forbidden       4403
    ├── NoSuchRoom      4404
    ├── OtherLineage    4409
    ├── RoomEnded       4410
    ├── TooLarge        4413
    ├── NotAdmitted     4422
    ├── ForeignClient   4423
    └── TooMany         4429
"""

from typing import ClassVar

# A close frame carries at most 125 bytes, two of them the code; some proxies add a byte or two of their own.
MAX_REASON_BYTES = 120


class ProtocolError(Exception):
    """A peer broke a rule: `reason` (at most 120 bytes of UTF-8) says which, `close_code` ends its socket."""

    close_code: ClassVar[int]

    def __init__(self, reason: str) -> None:
        """Keep as much of the reason as a close frame can carry."""
        self.reason = reason.encode("utf-8", "replace")[:MAX_REASON_BYTES].decode("utf-8", "ignore")
        super().__init__(self.reason)


class CausalGap(ProtocolError):
    """An edit builds on edits that the room does not have; synchronise anew."""

    close_code = 4300


class SlowReader(ProtocolError):
    """The peer read too slowly and its outbox is full."""

    close_code = 4301


class NotRecorded(ProtocolError):
    """The log could not take an entry; the room is being rebuilt from what it holds."""

    close_code = 4302


class Superseded(ProtocolError):
    """The same page connected anew; this older connection is over."""

    close_code = 4303


class Silent(ProtocolError):
    """Nothing came for too long."""

    close_code = 4304


class MalformedFrame(ProtocolError):
    """The bytes are not a frame of this protocol."""

    close_code = 4400


class BadToken(ProtocolError):
    """The token is forged, expired or revoked."""

    close_code = 4401


class Forbidden(ProtocolError):
    """The role may not do this."""

    close_code = 4403


class NoSuchRoom(ProtocolError):
    """There is no such room."""

    close_code = 4404


class OtherLineage(ProtocolError):
    """The peer's documents belong to another history of this room."""

    close_code = 4409


class RoomEnded(ProtocolError):
    """The room has ended; nothing more is written."""

    close_code = 4410


class TooLarge(ProtocolError):
    """One thing is larger than its limit."""

    close_code = 4413


class NotAdmitted(ProtocolError):
    """A well-formed update holds what a room's documents may not hold."""

    close_code = 4422


class ForeignClient(ProtocolError):
    """An edit is made under a client id that belongs to somebody else."""

    close_code = 4423


class TooMany(ProtocolError):
    """Too many things at once, or too many of them in all."""

    close_code = 4429
