"""What is kept of whole documents: the bounds of it, and when it is no longer true."""

from __future__ import annotations

from fourhands_server.engine.wholes import LEAST_BYTES, MOST_BYTES, Wholes


def test_a_document_is_forgotten_with_the_next_edit() -> None:
    wholes = Wholes()
    whole = bytes(LEAST_BYTES)
    wholes.put("r1", 4, whole)
    assert wholes.get("r1", 4) is whole
    assert wholes.get("r1", 6) is None
    assert wholes.get("r1", 4) is None


def test_small_documents_are_not_kept_nor_such_as_are_too_large() -> None:
    wholes = Wholes()
    wholes.put("small", 1, bytes(LEAST_BYTES - 1))
    wholes.put("large", 1, bytes(MOST_BYTES + 1))
    assert wholes.get("small", 1) is None
    assert wholes.get("large", 1) is None


def test_what_was_used_least_lately_goes_first() -> None:
    wholes = Wholes()
    for room in "abcd":
        wholes.put(room, 1, bytes(MOST_BYTES // 4))
    assert wholes.get("a", 1) is not None
    wholes.put("e", 1, bytes(MOST_BYTES // 4))
    assert [room for room in "abcde" if wholes.get(room, 1) is not None] == ["a", "c", "d", "e"]
