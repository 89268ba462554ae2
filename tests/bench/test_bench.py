"""The benchmark measures what it says it does: typed updates are real, counts and intervals are right."""

from __future__ import annotations

import random

import pycrdt
import pytest

from fourhands_protocol import sync
from fourhands_protocol.admission import Admission
from fourhands_protocol.varint import write_uint
from tests.bench.dialects import Hocuspocus, Own, Stock
from tests.bench.figures import SHORT
from tests.bench.intervals import percentile, ratio
from tests.bench.link import frame
from tests.bench.results import Results
from tests.bench.rows import ROWS
from tests.bench.updates import Typist, client_id, side_by_side
from tests.support.documents import Document


def test_what_a_typist_types_stands_in_the_document_and_is_admitted() -> None:
    room = Admission(["main.py"])
    typists, document = [Typist(client_id(random.Random(seed))) for seed in (4, 5)], Document(7)
    keys = 0
    for number in range(600):
        update = typists[number // 50 % 2].key()
        room.check(update, f"person-{number // 50 % 2}")
        document.apply(update)
        keys += 1
    assert sync.decode_vector(document.vector()) == {typist.client: typist.clock for typist in typists}
    erased = keys - sum(typist.clock for typist in typists)
    assert 20 < erased < 60
    assert len(document.text("main.py")) == keys - 2 * erased


def test_those_who_read_each_other_never_type_at_the_same_place() -> None:
    room, document = Admission(["main.py"]), Document(7)
    typists = [Typist(client_id(random.Random(seed))) for seed in range(4)]
    side_by_side(typists)
    for number in range(400):
        update = typists[number % 4].key()
        room.check(update, f"person-{number % 4}")
        document.apply(update)
    assert sync.decode_vector(document.vector()) == {typist.client: typist.clock for typist in typists}
    first = [client for client, start, _ in room._order.spans("main.py") if start == 0]
    assert first == [typist.client for typist in typists]
    assert not room._order._trees  # nothing ever stood between two neighbours


def test_a_paste_can_be_typed_after_and_taken_back_from() -> None:
    typist, document = Typist(client_id(random.Random(5)), erases=False), Document(7)
    document.apply(typist.paste(b"pasted text"))
    for _ in range(6):
        document.apply(typist.key())
    assert document.text("main.py") == "pasted textor num"
    document.apply(typist._erase())
    assert document.text("main.py") == "pasted textor nu"


@pytest.mark.parametrize("dialect", [Stock(), Hocuspocus("room")], ids=["stock", "hocuspocus"])
def test_keys_are_counted_also_where_a_server_has_merged_them(dialect: Stock | Hocuspocus) -> None:
    typist = Typist(client_id(random.Random(6)))
    for _ in range(10):
        updates = [typist.key() for _ in range(30)]
        for update in updates:
            message = b"before" + dialect.edit(update)
            assert dialect.count(message, len(b"before"), len(message)) == 1
        merged = dialect.edit(pycrdt.merge_updates(*updates))
        assert dialect.count(merged, 0, len(merged)) == 30


def test_our_own_client_tells_edits_and_acks() -> None:
    from fourhands_protocol import envelope
    from fourhands_protocol.entries import Entry, edit_body

    own, typist = Own(), Typist(client_id(random.Random(8)))
    update = typist.key()
    assert envelope.decode(own.edit(update)) == envelope.Op(1, "edit", edit_body(update))
    entries = tuple(Entry("room", seq, 5, "ada", "edit", edit_body(typist.key())) for seq in (3, 4))
    told = envelope.encode(envelope.Entries(entries))
    assert own.count(told, 0, len(told)) == 2
    ack = envelope.encode(envelope.Ack(7, 9))
    assert (own.count(ack, 0, len(ack)), own.acks(ack, 0, len(ack)), own.acked) == (0, 7, 7)


@pytest.mark.parametrize("size", [0, 1, 125, 126, 65_535, 65_536])
def test_frames_are_as_a_browser_masks_them(size: int) -> None:
    from websockets.frames import Frame
    from websockets.streams import StreamReader

    reader = StreamReader()
    reader.feed_data(frame(b"x" * size))
    parser = Frame.parse(reader.read_exact, mask=True, max_size=1 << 20)
    with pytest.raises(StopIteration) as found:
        next(parser)
    assert found.value.value.data == b"x" * size


def test_a_ratio_is_that_of_the_same_rounds() -> None:
    found = ratio([20, 40, 60], [10, 20, 30])
    assert found is not None
    assert found.value == found.low == found.high == pytest.approx(2)
    wide = ratio([20, 40], [10, 30])
    assert wide is not None
    assert wide.low < 1 < wide.value < wide.high
    assert ratio([], [1]) is None
    assert percentile([3, 1, 2], 50) == 2


def test_goals_are_met_or_not() -> None:
    results = Results(SHORT)
    row = next(row for row in ROWS if row.key == "deliveries")
    results.add("deliveries", "fourhands", {"flat_out": 70_000})
    results.add("deliveries", "y-websocket-server", {"flat_out": 60_000})
    found = results.verdicts(row, row.metrics[0], "fourhands")
    assert [verdict.met for verdict in found] == [True, False]


def test_a_client_id_takes_as_many_bytes_as_most() -> None:
    assert {len(write_uint(client_id(random.Random(seed)))) for seed in range(200)} == {5}
