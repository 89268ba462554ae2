"""The short readers of typing: what they read, the general decoders read the same."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from fourhands_protocol import entries, envelope, sync
from fourhands_protocol.errors import ProtocolError
from fourhands_protocol.keystroke import ack_frame, entries_frame, entry_frame, op_edit, stock_update

sizes = st.sampled_from([0, 1, 2, 13, 14, 15, 16, 23, 24, 100, 127, 128, 255, 256, 16_383, 16_384])
updates = st.binary(max_size=30) | sizes.map(bytes)
pseqs = st.sampled_from([1, 23, 24, 255, 256, 65_535, 65_536, 2**40])
ops = st.builds(
    lambda pseq, update, time: envelope.encode(
        envelope.Op(pseq, "edit", entries.edit_body(update, time) if update else b"\xa0")
    ),
    pseqs,
    updates,
    st.sampled_from([None, None, 5]),
)


def _changed(frame: bytes, at: int, byte: int, cut: int) -> bytes:
    """A frame with one byte another, or cut short, or longer."""
    at %= len(frame)
    frame = frame[:at] + bytes([byte]) + frame[at + 1 :]
    return frame[: len(frame) - cut] if cut >= 0 else frame + bytes(-cut)


mutants = st.tuples(st.integers(0, 100), st.integers(0, 255), st.sampled_from([0, 0, 0, 1, 2, -1]))


@given(updates)
def test_a_common_update_is_read_the_short_way(update: bytes) -> None:
    read = stock_update(sync.update(update))
    assert read == update if 0 < len(update) < 2**14 else read is None


@given(updates, mutants)
@example(b"", (2, 0x80, -1))
@example(b"a", (2, 0x81, -1))
def test_what_is_read_of_an_update_frame_is_what_the_decoder_reads(
    update: bytes, mutant: tuple[int, int, int]
) -> None:
    frame = _changed(sync.update(update), *mutant)
    read = stock_update(frame)
    if read is not None:
        assert sync.decode(frame) == sync.Update(read)


@given(pseqs, st.binary(min_size=2, max_size=120))
def test_a_common_edit_is_read_the_short_way(pseq: int, update: bytes) -> None:
    body = entries.edit_body(update)
    read = op_edit(envelope.encode(envelope.Op(pseq, "edit", body)))
    assert read == (pseq, body, update) if pseq < 2**16 else read is None


@given(ops, mutants)
def test_what_is_read_of_an_op_is_what_the_decoder_reads(frame: bytes, mutant: tuple[int, int, int]) -> None:
    frame = _changed(frame, *mutant)
    read = op_edit(frame)
    if read is not None:
        pseq, body, update = read
        assert envelope.decode(frame) == envelope.Op(pseq, "edit", body)
        assert entries.op("edit", body) == {"update": update}


@given(st.binary(max_size=12))
def test_whatever_comes_nothing_fails(frame: bytes) -> None:
    for head in (b"", b"\x00\x02", b"\x70\x05\x83", b"\x70\x05\x83\x01\x64edit"):
        try:
            sync.decode(head + frame)
        except ProtocolError:
            assert stock_update(head + frame) is None
        try:
            envelope.decode(head + frame)
        except ProtocolError:
            assert op_edit(head + frame) is None


names = st.sampled_from(["room", "interviewers", "server", "ada", "é" * 20, "x" * 90])
numbers = st.integers(0, 30) | st.integers(0, 2**53 - 1)


@given(names, numbers, numbers, names, names, updates)
def test_an_entry_is_written_as_the_encoder_writes_it(
    stream: str, seq: int, at: int, actor: str, kind: str, body: bytes
) -> None:
    entry = entries.Entry(stream, seq, at, actor, kind, body)
    assert entry_frame(entry) == envelope.encode(envelope.Entries((entry,)))
    for several in ((), (entry, entry._replace(seq=1))):
        assert entries_frame(several) == envelope.encode(envelope.Entries(several))


@given(numbers, numbers)
def test_an_ack_is_written_as_the_encoder_writes_it(upto: int, seq: int) -> None:
    assert ack_frame(upto, seq) == envelope.encode(envelope.Ack(upto, seq))
