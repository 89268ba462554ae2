"""What an update may hold: form, causality, content, roots, surrogate pairs (rules A-1 to A-14)."""

import pytest

from fourhands_protocol import limits
from fourhands_protocol.admission import Admission
from fourhands_protocol.errors import CausalGap, MalformedFrame, NotAdmitted, ProtocolError, TooLarge
from tests.support.admissions import state_of
from tests.support.updates import GC, Struct, erased, typed, write_update

ADA, BOB, CYD = 1, 300, 3_000_000_000


@pytest.fixture
def room() -> Admission:
    """ADA wrote `hello 😀`, BOB after it ` world`; CYD has written nothing yet."""
    room = Admission(["main.py", "other.py"])
    room.check(typed(ADA, 0, "hello 😀"), "ada")
    room.check(typed(BOB, 0, " world", after=(ADA, 7)), "bob")
    return room


def refused(room: Admission, update: bytes, error: type[ProtocolError], person: str = "cyd") -> None:
    before = room.vector()
    with pytest.raises(error):
        room.check(update, person)
    assert room.vector() == before


@pytest.mark.parametrize(
    ("update", "error"),
    [
        ("ff" * 10 + "01", MalformedFrame),
        ("01014d00040104636f646501a000", MalformedFrame),
        ("", MalformedFrame),
        ("00", MalformedFrame),
        ("000000", MalformedFrame),
        ("0100", MalformedFrame),
        ("0101010004010174016100" + "00", MalformedFrame),
        ("010101000401017401610001", MalformedFrame),
        ("8100" + "01010004010174016100", MalformedFrame),
        ("0101" + "808080808001" + "0004010174016100", MalformedFrame),
        ("01000100" + "00", MalformedFrame),
        ("0000" + "01", MalformedFrame),
        ("00010100", MalformedFrame),
        ("000101010000", MalformedFrame),
    ],
)
def test_A2_bytes_that_are_no_update(room, update, error):
    refused(room, bytes.fromhex(update), error)


def test_A1_size():
    room = Admission(["main.py"])
    paste = "x" * (limits.UPDATE - 20)
    assert room.check(typed(ADA, 0, paste), "ada").inserted == len(paste)
    large = typed(ADA, len(paste), "x" * limits.UPDATE, after=(ADA, len(paste) - 1))
    refused(room, large, TooLarge, "ada")
    assert room.check(large, "ada", limit=limits.STEP2).inserted == limits.UPDATE


def test_A3_each_client_once(room):
    twice = typed(CYD, 0, "a", after=(BOB, 0))
    refused(room, b"\x02" + twice[1:-1] + twice[1:-1] + b"\x00", MalformedFrame)
    refused(room, b"\x00\x02" + erased(ADA, 0, 1)[2:] + erased(ADA, 2, 1)[2:], MalformedFrame)


def test_A4_ids_have_32_bits_and_clocks_31(room):
    refused(room, typed(2**32, 0, "x", after=(ADA, 0)), MalformedFrame)
    refused(room, erased(2**32, 0, 1), MalformedFrame)
    refused(room, write_update({(CYD, 0): [Struct(2**31)]}), TooLarge)
    assert room.check(write_update({(CYD, 0): [Struct(2**31 - 1)]}), "cyd").is_news


@pytest.mark.parametrize("kind", sorted(set(range(1, 32)) - {1, 4}))
def test_A5_other_content_is_refused(room, kind):
    for struct in (Struct("x", origin=(ADA, 0), kind=kind), Struct("x", kind=kind)):
        refused(room, write_update({(CYD, 0): [struct]}), NotAdmitted)


@pytest.mark.parametrize("info", [0x24, 0xA4, 0x64, 0xE4, 0x20, 0x40, 0x80, 0xC0])
def test_A5_neither_keys_nor_collected_items_with_neighbours(room, info):
    struct = bytes((info,)) + Struct("x", origin=(ADA, 0)).write()[1:]
    refused(room, write_update({(CYD, 0): [struct]}), NotAdmitted)


def test_A5_values_nested_without_end_are_not_even_read(room):
    deep = bytes((0x88,)) + b"\x01\x00\x01" + b"\x75\x01" * 100_000 + b"\x7e"
    refused(room, write_update({(CYD, 0): [deep]}), NotAdmitted)


def test_A6_nothing_is_empty(room):
    refused(room, typed(CYD, 0, "", after=(ADA, 0)), MalformedFrame)
    refused(room, write_update({(CYD, 0): [Struct(0, origin=(ADA, 0))]}), MalformedFrame)
    refused(room, write_update({(CYD, 0): [Struct(0, kind=GC)]}), MalformedFrame)
    refused(room, erased(ADA, 0, 0), MalformedFrame)


def test_A7_only_files_have_text(room):
    refused(room, typed(CYD, 0, "x", root="secret.py"), NotAdmitted)
    room.add_root("secret.py")
    assert room.check(typed(CYD, 0, "x", root="secret.py"), "cyd").inserted == 1


def test_A7_text_stands_in_no_other_content(room):
    inside = b"\x04\x00" + b"\x01\x00" + b"\x01x"
    refused(room, write_update({(CYD, 0): [inside]}), NotAdmitted)
    refused(room, write_update({(CYD, 0): [b"\x04\x02\x07main.py\x01x"]}), NotAdmitted)


def test_A8_clocks_follow_each_other(room):
    refused(room, typed(CYD, 1, "x", after=(ADA, 0)), CausalGap)
    refused(room, typed(ADA, 9, "x", after=(ADA, 0)), CausalGap, "ada")
    assert room.check(typed(ADA, 8, "x", after=(ADA, 0), before=(ADA, 1)), "ada").inserted == 1


def test_A9_neighbours_must_be_known(room):
    for neighbour in ((ADA, 8), (BOB, 6), (77, 0)):
        refused(room, typed(CYD, 0, "x", after=neighbour), CausalGap)
        refused(room, typed(CYD, 0, "x", before=neighbour), CausalGap)
        refused(room, typed(CYD, 0, "x", after=(ADA, 0), before=neighbour), CausalGap)


def test_A9_no_text_stands_next_to_itself_or_its_future(room):
    for clock in (0, 1, 5):
        refused(room, typed(CYD, 0, "xy", after=(CYD, clock)), NotAdmitted)
        refused(room, typed(CYD, 0, "xy", before=(CYD, clock)), NotAdmitted)
    refused(room, typed(CYD, 0, "x", after=(ADA, 1), before=(ADA, 1)), NotAdmitted)


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_A9_texts_of_one_update_may_stand_in_any_order(room, order):
    """A and B take turns: each struct stands after one of the other client."""
    a = ((CYD, 0), [Struct("1", (ADA, 0)), Struct("3", (CYD + 1, 0)), Struct("5", (CYD + 1, 1))])
    b = ((CYD + 1, 0), [Struct("2", (CYD, 0)), Struct("4", (CYD, 1)), Struct("6", (CYD, 2))])
    sections = dict([(a, b)[i] for i in order])
    assert room.check(write_update(sections), "cyd") == (True, tuple(c for c, _ in sections), 6, 0, False)


def test_A9_circles_are_refused(room):
    two = {(CYD, 0): [Struct("1", (CYD + 1, 0))], (CYD + 1, 0): [Struct("2", (CYD, 0))]}
    refused(room, write_update(two), NotAdmitted)
    three = {(CYD + n, 0): [Struct("a", (ADA, 0)), Struct("x", (CYD + (n + 1) % 3, 1))] for n in range(3)}
    refused(room, write_update(three), NotAdmitted)


def test_A9_a_long_chain_of_clients_takes_no_longer_than_it_is():
    room = Admission(["main.py"])
    last = 10_000
    chain = {(n, 0): [Struct("x", (n + 1, 0) if n < last else None)] for n in range(last + 1)}
    assert room.replay(write_update(chain), "ada").inserted == last + 1


def test_A10_both_neighbours_stand_in_one_file(room):
    room.check(typed(CYD, 0, "other", root="other.py"), "cyd")
    refused(room, typed(CYD, 5, "x", after=(ADA, 0), before=(CYD, 0)), NotAdmitted)
    room.check(typed(CYD, 5, "x", after=(CYD, 0), before=(CYD, 1)), "cyd")


def test_A10_nothing_stands_next_to_what_was_collected(room):
    room.check(write_update({(CYD, 0): [Struct(4, kind=GC)]}), "cyd")
    refused(room, typed(CYD, 4, "x", after=(CYD, 1)), NotAdmitted)
    refused(room, typed(CYD, 4, "x", before=(CYD, 1)), NotAdmitted)
    refused(room, typed(CYD, 4, "x", after=(ADA, 1), before=(CYD, 1)), NotAdmitted)


def test_A11_text_does_not_lie_about_where_its_beginning_stands(room):
    room.check(typed(CYD, 0, "other", root="other.py"), "cyd")
    refused(room, typed(CYD, 0, "other and more", root="main.py"), NotAdmitted)
    refused(room, typed(CYD, 0, "other and more", after=(ADA, 0)), NotAdmitted)
    assert room.check(typed(CYD, 0, "other and more", root="other.py"), "cyd").inserted == 9


def test_A12_text_stands_between_texts_that_were_side_by_side(room):
    """`hello` and ` world` are neighbours; CYD may also be late and have seen nothing of BOB."""
    assert room.check(typed(CYD, 0, "a", after=(ADA, 7), before=(BOB, 0)), "cyd").is_news
    assert room.check(typed(CYD + 1, 0, "b", after=(ADA, 7)), "cyd").is_news
    assert room.check(typed(CYD + 2, 0, "c", before=(ADA, 0)), "cyd").is_news
    assert room.check(typed(CYD + 3, 0, "d", root="main.py"), "cyd").is_news
    assert room.check(typed(CYD + 4, 0, "e", after=(ADA, 3)), "cyd").is_news


@pytest.mark.parametrize(
    ("after", "before"),
    [
        ((ADA, 1), (ADA, 0)),
        ((BOB, 0), (ADA, 7)),
        ((ADA, 0), (ADA, 2)),
        ((ADA, 5), (BOB, 0)),
        ((ADA, 0), (BOB, 5)),
    ],
)
def test_A12_not_between_texts_that_never_were(room, after, before):
    refused(room, typed(CYD, 0, "x", after=after, before=before), NotAdmitted)
    refused(room, typed(CYD, 0, "é", after=after, before=before), NotAdmitted)


@pytest.mark.parametrize(("after", "before"), [((BOB, 5), (ADA, 0)), (None, (ADA, 3)), (None, (BOB, 0))])
def test_A12_nor_at_an_end_that_was_none(room, after, before):
    refused(room, typed(CYD, 0, "x", after=after, before=before), NotAdmitted)


def test_A12_one_cannot_forget_what_one_has_read(room):
    room.check(typed(CYD, 0, "x", after=(BOB, 5)), "cyd")
    refused(room, typed(CYD, 1, "y", after=(ADA, 7)), NotAdmitted)
    refused(room, typed(CYD, 1, "y", root="main.py"), NotAdmitted)
    assert room.check(typed(CYD, 1, "y", after=(ADA, 7), before=(BOB, 0)), "cyd").is_news


def test_A12_nor_what_those_had_read_whose_text_one_has_read(room):
    room.check(typed(CYD, 0, "x", before=(ADA, 0)), "cyd")
    room.check(typed(BOB, 6, "y", before=(CYD, 0)), "bob")
    dora = CYD + 1
    refused(room, typed(dora, 0, "z", after=(BOB, 6), before=(ADA, 0)), NotAdmitted)
    assert room.check(typed(dora, 0, "z", after=(CYD, 0), before=(ADA, 0)), "dora").is_news


def test_A12_a_refusal_takes_back_what_was_placed(room):
    before = state_of(room)
    update = {
        (CYD, 0): [
            Struct("é", (ADA, 0), (ADA, 1)),
            Struct("é", (ADA, 1), (ADA, 2)),
            Struct("x", (BOB, 2), (ADA, 0)),
        ]
    }
    refused(room, write_update(update), NotAdmitted)
    assert state_of(room) == before


def test_A13_only_what_is_there_can_be_deleted(room):
    refused(room, erased(ADA, 7, 2), CausalGap)
    refused(room, erased(CYD, 0, 1), CausalGap)
    refused(room, erased(ADA, 2**53 - 1, 2**53 - 1), CausalGap)
    both = write_update({(CYD, 0): [Struct("abc", (ADA, 0))]}, {CYD: [(1, 1)], ADA: [(0, 2)]})
    assert room.check(both, "cyd") == (True, (CYD,), 3, 3, False)


def test_A14_no_surrogate_pair_is_parted(room):
    refused(room, typed(CYD, 0, "x", after=(ADA, 6)), NotAdmitted)
    refused(room, typed(CYD, 0, "x", before=(ADA, 7)), NotAdmitted)
    refused(room, typed(CYD, 0, "x", after=(ADA, 6), before=(ADA, 7)), NotAdmitted)
    refused(room, erased(ADA, 6, 1), NotAdmitted)
    refused(room, erased(ADA, 7, 1), NotAdmitted)
    refused(room, erased(ADA, 0, 7), NotAdmitted)
    assert room.check(erased(ADA, 6, 2), "cyd").deleted == 2
    # Once known as text, always: others may hold it still.
    refused(room, typed(CYD, 0, "x", after=(ADA, 6)), NotAdmitted)
    assert room.check(typed(CYD, 0, "x", after=(ADA, 7)), "cyd").inserted == 1


def test_A14_nor_one_of_the_same_update(room):
    emoji = Struct("😀😀", (ADA, 0))
    for clock in (0, 2):
        refused(room, write_update({(CYD, 0): [emoji, Struct("x", (CYD, clock))]}), NotAdmitted)
        refused(room, write_update({(CYD, 0): [emoji]}, {CYD: [(clock, 1)]}), NotAdmitted)
    good = write_update({(CYD, 0): [emoji, Struct("x", (CYD, 1), (CYD, 2))]}, {CYD: [(2, 2)]})
    assert room.check(good, "cyd") == (True, (CYD,), 5, 2, False)


def test_A14_nor_one_that_is_known_in_part(room):
    room.check(typed(CYD, 0, "ab", after=(ADA, 0)), "cyd")
    refused(room, typed(CYD, 0, "a😀b", after=(ADA, 0)), NotAdmitted)
    refused(room, typed(ADA, 7, "xy", after=(ADA, 0)), NotAdmitted, "ada")


def test_A14_what_was_deleted_before_it_came_has_no_halves(room):
    room.check(write_update({(CYD, 0): [Struct(4, (ADA, 0))]}), "cyd")
    assert room.check(typed(CYD, 4, "x", after=(CYD, 0), before=(CYD, 1)), "cyd").is_news


@pytest.mark.parametrize("text", ["é", "漢字", "😀", "👩‍👩‍👧", "a\x00b", "\ufeff", "\r\n"])
def test_all_text_is_welcome(room, text):
    assert (
        room.check(typed(CYD, 0, text, after=(ADA, 0)), "cyd").inserted == len(text.encode("utf-16-le")) // 2
    )
