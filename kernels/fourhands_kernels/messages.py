"""Reads a kernel's signed messages, as far as anybody here wants to know them.

jupyter_client's own reader looks for dates in every text of two headers, which takes longer than all else.
"""

import hmac
import json
from collections.abc import Sequence
from typing import Any, Final, Protocol

_DELIMITER: Final = b"<IDS|MSG>"
_SIGNED: Final = 4  # header, parent, metadata and content

Message = tuple[str, str, dict[str, Any]]


class Session(Protocol):
    """What has the key."""

    def sign(self, msg_list: list[bytes]) -> bytes:
        """The signature of the four parts; empty where there is no key."""
        ...

    def deserialize(self, msg_list: list[bytes]) -> dict[str, Any]:
        """All of a message, translated where its kernel speaks an older version of the protocol."""
        ...


def read(session: Session, frames: Sequence[bytes]) -> Message:
    """The kind of a message, the id of what it answers, and its content.

    Raises whatever a hostile message brings a parser to raise.
    """
    signature, *parts = frames[frames.index(_DELIMITER) + 1 :]
    if not hmac.compare_digest(session.sign(parts[:_SIGNED]), signature):
        raise ValueError("another signature")
    header = _json(parts[0])
    if not str(header["version"]).startswith("5."):
        whole = session.deserialize([signature, *parts])
        header, parent, content = whole["header"], whole["parent_header"], whole["content"]
    else:
        parent, content = _json(parts[1]), _json(parts[3])
    kind, answered = header["msg_type"], parent.get("msg_id", "")
    if not isinstance(kind, str) or not isinstance(content, dict):
        raise TypeError("no message")
    return kind, answered, content


def _json(part: bytes) -> Any:
    return json.loads(part.decode(errors="replace"))
