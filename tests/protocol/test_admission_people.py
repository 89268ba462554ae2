"""Whose ids, what is news, and that a refusal leaves no trace (rules A-15 to A-21)."""

import copy

import pytest

from fourhands_protocol import limits
from fourhands_protocol.admission import Admission
from fourhands_protocol.errors import CausalGap, ForeignClient, MalformedFrame, NotAdmitted, TooMany
from tests.support.admissions import state_of
from tests.support.updates import Struct, erased, typed, write_update

ADA, BOB, NEW = 4_000_000_001, 3_000_000_002, 2_000_000_003


@pytest.fixture
def room() -> Admission:
    room = Admission(["main.py"])
    room.check(typed(ADA, 0, "ada"), "ada")
    room.check(typed(BOB, 0, "bob", after=(ADA, 2)), "bob")
    return room


def test_A15_an_id_belongs_to_whoever_used_it_first(room):
    assert (room.owner(ADA), room.owner(BOB), room.owner(NEW)) == ("ada", "bob", None)
    assert room.check(typed(NEW, 0, "x", after=(ADA, 2)), "ada").new_clients == (NEW,)
    assert room.owner(NEW) == "ada"
    assert room.check(typed(NEW, 1, "y", after=(NEW, 0)), "ada").new_clients == ()


def test_A15_nobody_writes_under_the_id_of_another(room):
    forged = typed(ADA, 3, "x", after=(ADA, 2))
    for update in (forged, write_update({(ADA, 3): [Struct("é", (ADA, 2))]})):
        with pytest.raises(ForeignClient):
            room.check(update, "bob")
    with pytest.raises(ForeignClient):
        room.check(
            write_update({(BOB, 3): [Struct("mine", (BOB, 2))], (ADA, 3): [Struct("x", (ADA, 2))]}), "bob"
        )
    assert room.check(forged, "ada").is_news


def test_A15_everybody_may_delete_the_text_of_everybody(room):
    assert room.check(erased(ADA, 0, 3), "bob").deleted == 3


def test_A15_awareness_binds_too(room):
    assert room.bind(NEW, "bob")
    assert not room.bind(NEW, "bob")
    with pytest.raises(ForeignClient):
        room.bind(NEW, "ada")
    with pytest.raises(ForeignClient):
        room.check(typed(NEW, 0, "x", after=(ADA, 0)), "ada")
    assert room.check(typed(NEW, 0, "x", after=(ADA, 0)), "bob").new_clients == ()
    for wrong in (-1, 2**32):
        with pytest.raises(MalformedFrame):
            room.bind(wrong, "ada")


def test_A16_a_person_writes_under_so_many_ids(room):
    for client in range(NEW + 1, NEW + limits.CLIENT_IDS - 1):
        room.check(typed(client, 0, "x", after=(ADA, 0)), "ada")
    room.check(typed(NEW, 0, "x", after=(ADA, 0)), "ada")
    with pytest.raises(TooMany):
        room.bind(NEW + 1000, "ada")
    with pytest.raises(TooMany):
        room.check(typed(NEW + 1000, 0, "x", after=(ADA, 0)), "ada")
    assert room.check(typed(NEW, 1, "x", after=(NEW, 0)), "ada").is_news
    assert room.bind(NEW + 1000, "bob")


def test_A16_ids_that_were_only_shown_make_room_for_later_ones(room):
    """A page that is loaded again and again leaves an id behind each time, and can still be written in."""
    loads = range(NEW, NEW + 3 * limits.CLIENT_IDS)
    for client in loads:
        assert room.bind(client, "bob")
    assert room.owner(loads[0]) is None
    assert room.owner(loads[-2]) == "bob"
    again = Admission(["main.py"])
    again.replay(typed(ADA, 0, "ada"), "ada")
    again.replay(typed(BOB, 0, "bob", after=(ADA, 2)), "bob")
    for client in loads:
        again.bind(client, "bob")
    assert state_of(again) == state_of(room)
    assert room.check(typed(loads[-1], 0, "x", after=(ADA, 0)), "bob").is_news


def test_A17_others_ids_may_be_relayed_after_a_change_of_incarnation(room):
    lost = write_update({(ADA, 3): [Struct("!", (ADA, 2))], (NEW, 0): [Struct("?", (ADA, 3))]})
    with pytest.raises(ForeignClient):
        room.check(lost, "bob")
    admitted = room.check(lost, "bob", may_relay=True)
    assert admitted == (True, (), 2, 0, True)
    assert room.owner(NEW) is None
    assert room.check(typed(NEW, 1, "x", after=(NEW, 0)), "cyd").new_clients == (NEW,)


def test_A17_ones_own_edits_need_no_relay(room):
    own = typed(BOB, 3, "é", after=(BOB, 2))
    assert not room.check(own, "bob", may_relay=True).relayed


def test_A18_what_is_known_is_no_news(room):
    again = write_update({(ADA, 0): [Struct("ada")], (BOB, 0): [Struct("bob", (ADA, 2))]})
    for person in ("ada", "bob", "cyd"):
        assert room.check(again, person) == (False, (), 0, 0, False)
        assert room.check(b"\x00\x00", person) == (False, (), 0, 0, False)
    room.check(erased(ADA, 1, 2), "bob")
    assert not room.check(erased(ADA, 1, 2), "ada").is_news
    assert not room.check(erased(ADA, 2, 1), "ada").is_news
    assert room.check(erased(ADA, 0, 3), "ada") == (True, (), 0, 1, False)


def test_A18_only_the_new_part_of_known_text_counts(room):
    more = write_update({(ADA, 0): [Struct("ada lovelace")], (BOB, 0): [Struct("bob", (ADA, 2))]})
    assert room.check(more, "ada") == (True, (), 9, 0, False)
    assert room.vector() == {ADA: 12, BOB: 3}


def test_A18_deletions_are_counted_once(room):
    room.check(write_update({(NEW, 0): [Struct("ab", (ADA, 0)), Struct(3, (NEW, 1))]}), "cyd")
    overlapping = write_update(deletions={NEW: [(0, 2), (1, 3), (0, 5)], ADA: [(0, 1)]})
    assert room.check(overlapping, "cyd").deleted == 3


def test_A19_a_refused_update_changes_nothing(room):
    half_good = [
        (write_update({(NEW, 0): [Struct("é😀", (ADA, 0)), Struct("x", (ADA, 9))]}), CausalGap),
        (write_update({(NEW, 0): [Struct("é😀", (ADA, 0)), Struct("x", (NEW, 1))]}), NotAdmitted),
        (write_update({(NEW, 0): [Struct("é", (ADA, 0))]}, {ADA: [(0, 2)], BOB: [(0, 9)]}), CausalGap),
        (write_update({(NEW, 0): [Struct("é", (ADA, 0))]}) + b"\x00", MalformedFrame),
    ]
    before = copy.deepcopy(state_of(room))
    for update, error in half_good:
        with pytest.raises(error):
            room.check(update, "cyd")
        assert state_of(room) == before


def test_readers_may_say_what_is_known_and_no_more(room):
    room.check(erased(ADA, 1, 2), "bob")
    before = copy.deepcopy(state_of(room))
    known = write_update({(ADA, 0): [Struct("ada")], (BOB, 0): [Struct("bob", (ADA, 2))]}, {ADA: [(1, 2)]})
    assert not room.is_news(known)
    assert not room.is_news(b"\x00\x00")
    assert room.is_news(typed(ADA, 3, "x", after=(ADA, 0)))
    assert room.is_news(typed(NEW, 0, "x", after=(ADA, 0)))
    assert room.is_news(erased(ADA, 0, 2))
    assert room.is_news(erased(NEW, 0, 2))
    with pytest.raises(MalformedFrame):
        room.is_news(b"\xff" * 10 + b"\x01")
    assert state_of(room) == before
