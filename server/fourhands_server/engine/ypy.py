"""The engine over y-py, for Python before 3.13."""

from __future__ import annotations

from typing import Any, Final

import y_py

from .change import change
from .engine import READER, Refused

_y: Final[Any] = y_py
"""Its own type stubs do not know that a transaction is a context manager.

It does not export its EncodingException either, the only Exception it raises: panics are BaseExceptions.
"""


class YpyEngine:
    """A y-py document that counts in UTF-16 units, like Yjs."""

    def __init__(self, client: int = READER) -> None:
        # y-py takes only 32 bits of an id, and makes up 64 where it is given none.
        self._doc = _y.YDoc(client_id=client, offset_kind="utf16")

    def apply(self, update: bytes) -> None:
        """See `Engine.apply`."""
        try:
            _y.apply_update(self._doc, update)
        except Exception as error:
            raise Refused(str(error)) from error

    def text(self, root: str) -> str:
        """See `Engine.text`."""
        return str(self._doc.get_text(root))

    def diff(self, vector: bytes | None) -> bytes:
        """See `Engine.diff`."""
        try:
            return bytes(_y.encode_state_as_update(self._doc, vector))
        except Exception as error:
            raise Refused(str(error)) from error

    def vector(self) -> bytes:
        """See `Engine.vector`."""
        return bytes(_y.encode_state_vector(self._doc))

    def replace(self, root: str, text: str, client: int) -> bytes | None:
        """See `Engine.replace`."""
        wanted = change(self.text(root), text)
        if wanted is None:
            return None
        scratch = YpyEngine(client)
        scratch.apply(self.diff(None))
        target = scratch._doc.get_text(root)
        start = _units(wanted.before)
        with scratch._doc.begin_transaction() as transaction:
            if wanted.deleted:
                target.delete_range(transaction, start, _units(wanted.deleted))
            if wanted.inserted:
                target.insert(transaction, start, wanted.inserted)
        return scratch.diff(self.vector())


def _units(text: str) -> int:
    return len(text.encode("utf-16-le")) // 2
