"""What is kept of whole documents: the bounds of it, and the edits since."""

from __future__ import annotations

from fourhands_server.engine.wholes import LEAST_BYTES, MORE_BYTES, MORE_EDITS, MOST_BYTES, Whole, Wholes


def test_a_document_is_kept_with_what_comes_after_it() -> None:
    wholes = Wholes()
    whole = bytes(LEAST_BYTES)
    wholes.put("r1", whole)
    wholes.add("r1", b"one")
    wholes.add("r2", b"of another room")
    assert wholes.get("r1") == Whole(whole, [b"one"], 3)
    assert wholes.get("r2") is None
    wholes.put("r1", whole)
    assert wholes.get("r1") == Whole(whole)


def test_a_document_that_much_came_after_is_forgotten() -> None:
    wholes = Wholes()
    for edits in ([b"x"] * (MORE_EDITS + 1), [bytes(MORE_BYTES), b"x"]):
        wholes.put("r1", bytes(LEAST_BYTES))
        for edit in edits:
            assert wholes.get("r1") is not None
            wholes.add("r1", edit)
        assert wholes.get("r1") is None


def test_small_documents_are_not_kept_nor_such_as_are_too_large() -> None:
    wholes = Wholes()
    wholes.put("small", bytes(LEAST_BYTES - 1))
    wholes.put("large", bytes(MOST_BYTES + 1))
    assert wholes.get("small") is None
    assert wholes.get("large") is None


def test_what_was_used_least_lately_goes_first() -> None:
    wholes = Wholes()
    for room in "abcd":
        wholes.put(room, bytes(MOST_BYTES // 4))
    assert wholes.get("a") is not None
    wholes.put("e", bytes(MOST_BYTES // 4))
    assert [room for room in "abcde" if wholes.get(room) is not None] == ["a", "c", "d", "e"]
