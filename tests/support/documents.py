"""A real CRDT document for tests: y-py where it is installed, else pycrdt; positions are UTF-16 units."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

try:
    import y_py
except ImportError:  # no wheels for Python 3.13 and later
    y_py = None


class YpyDocument:
    """A document of y-py."""

    def __init__(self, client: int) -> None:
        self._doc = y_py.YDoc(client_id=client, offset_kind="utf16")
        self._made: list[bytes] = []
        self._remote = False
        self._watch = self._doc.observe_after_transaction(self._keep)

    def _keep(self, event: Any) -> None:
        if not self._remote:
            self._made.append(event.get_update())

    def edit(self, root: str, at: int, *, delete: int = 0, insert: str = "") -> bytes:
        """Delete and insert at one place, in one transaction; the update that it makes."""
        text = self._doc.get_text(root)
        with self._doc.begin_transaction() as transaction:
            if delete:
                text.delete_range(transaction, at, delete)
            if insert:
                text.insert(transaction, at, insert)
        return self._made.pop()

    def apply(self, update: bytes) -> None:
        self._remote = True
        y_py.apply_update(self._doc, update)
        self._remote = False

    def text(self, root: str) -> str:
        return str(self._doc.get_text(root))

    def vector(self) -> bytes:
        return bytes(y_py.encode_state_vector(self._doc))

    def since(self, vector: bytes | None) -> bytes:
        """The update that a peer with this vector lacks."""
        return bytes(y_py.encode_state_as_update(self._doc, vector))


class PycrdtDocument:
    """A document of pycrdt."""

    def __init__(self, client: int) -> None:
        import pycrdt

        self._text = pycrdt.Text
        self._assoc = pycrdt.Assoc
        self._doc = pycrdt.Doc(client_id=client)

    def _root(self, root: str) -> Any:
        return self._doc.get(root, type=self._text)

    def edit(self, root: str, at: int, *, delete: int = 0, insert: str = "") -> bytes:
        """Delete and insert at one place, in one transaction; the update that it makes."""
        text = self._root(root)
        units = str(text).encode("utf-16-le")
        start = _bytes(units[: 2 * at])
        end = start + _bytes(units[2 * at : 2 * (at + delete)])
        made: list[bytes] = []
        watch = self._doc.observe(lambda event: made.append(event.update))
        with self._doc.transaction():
            if delete:
                del text[start:end]
            if insert:
                text.insert(start, insert)
        self._doc.unobserve(watch)
        return made.pop()

    def caret(self, root: str, at: int) -> Callable[[], int]:
        """A place in ASCII text that moves with what is written around it; asked where it is now."""
        sticky = self._root(root).sticky_index(at, self._assoc.BEFORE)
        return lambda: int(sticky.get_index())

    def apply(self, update: bytes) -> None:
        self._doc.apply_update(update)

    def text(self, root: str) -> str:
        return str(self._root(root))

    def vector(self) -> bytes:
        return bytes(self._doc.get_state())

    def since(self, vector: bytes | None) -> bytes:
        """The update that a peer with this vector lacks."""
        return bytes(self._doc.get_update(vector))


def _bytes(units: bytes) -> int:
    return len(units.decode("utf-16-le").encode())


Document = PycrdtDocument if y_py is None else YpyDocument
ENGINES = [PycrdtDocument] if y_py is None else [YpyDocument, PycrdtDocument]
