"""How a seat gets what it lacks: the log page by page, then the document, then what came meanwhile.

A page is asked for when the seat has taken the one before, so that a reader on a slow link costs the room no
more than a page, however long the story is. As long as the seat is far behind, what is committed goes past
it: it is in the log. Only near the head is it held back, until document and seat are at one seq.
"""

from __future__ import annotations

from fourhands_protocol import envelope, sync
from fourhands_protocol.entries import RUN_OUTPUTS, TESTS_RECORD, Entry
from fourhands_protocol.roles import INTERVIEWERS, ROOM
from fourhands_server.core import delivery
from fourhands_server.core.delivery import STORY_WITHOUT, Delivery
from fourhands_server.core.effects import AskDiff, AskEntries
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import LIVE, Following, Seat, Syncing

PACKED_BYTES = 64 * 1024  # of an ENTRY frame: half a millisecond; larger ones are mostly images
NEAR_ENTRIES = 200  # behind the head, after a page that the seat has just been sent
NEAR_BYTES = 64 * 1024  # of that page: it does not stand in the way for long


def begin_stock(ledger: Ledger, seat: Seat, vector: bytes) -> None:
    """A stock client lacks the document alone."""
    seat.state = Syncing(ledger.state.head, story=False, vector=vector, wants_diff=True)
    ledger.effects.append(AskDiff(seat.id, vector, in_parts=True))


def begin(
    ledger: Ledger, seat: Seat, *, after: int, story: bool, vector: bytes | None, private: int | None
) -> None:
    """Tell our own client the log from `after`; a story leaves out what the document says better.

    `private` is the same for the stream of interviewers, None for everybody else.
    """
    seat.state = state = Following(after, story, vector, private)
    if private is not None and private < ledger.private.head:
        _ask_private(ledger, seat, state, private, upto=ledger.private.head, hold=False)
    else:
        _ask_page(ledger, seat, state, upto=ledger.state.head, hold=False)


def entries_read(ledger: Ledger, seat: Seat, entries: list[Entry], reached: int) -> None:
    """The answer to AskEntries: all that was asked for up to seq `reached`."""
    state = seat.state
    if not isinstance(state, Following | Syncing):
        return
    _tell(seat, entries)
    if state.asked == ROOM:
        state.after = reached
    else:
        state.private = reached
    if isinstance(state, Following):
        followed = _follow(ledger, seat, state, size=sum(len(entry.body) for entry in entries))
        if followed is None:
            return
        state = followed
    if state.after < state.upto:
        _ask_page(ledger, seat, state, upto=state.upto, hold=True)
    elif state.private is not None and state.private < state.private_upto:
        _ask_private(ledger, seat, state, state.private, upto=state.private_upto, hold=True)
    else:
        _finish(ledger, seat, state)


def _follow(ledger: Ledger, seat: Seat, state: Following, *, size: int) -> Syncing | None:
    """After a page of `size` bytes: ask for the next, or return the state of a seat that is near the head."""
    head, private = ledger.state.head, ledger.private.head
    far = size > NEAR_BYTES
    if state.asked != ROOM:
        assert state.private is not None, "whoever may not read a stream was told nothing of it"
        if private > state.private and (far or private - state.private > NEAR_ENTRIES):
            _ask_private(ledger, seat, state, state.private, upto=private, hold=False)
        else:
            _ask_page(ledger, seat, state, upto=head, hold=False)
        return None
    if far or head - state.after > NEAR_ENTRIES:
        _ask_page(ledger, seat, state, upto=head, hold=False)
        return None
    seat.state = syncing = Syncing(
        head,
        state.story,
        state.vector,
        wants_diff=state.story,
        after=state.after,
        private=state.private,
        private_upto=private,
    )
    if state.story:
        ledger.effects.append(AskDiff(seat.id, state.vector, in_parts=seat.packs))
    return syncing


def diff_read(ledger: Ledger, seat: Seat, update: bytes, more: tuple[bytes, ...]) -> None:
    """The answer to AskDiff."""
    if isinstance(seat.state, Syncing) and seat.state.wants_diff:
        seat.state.diff, seat.state.more, seat.state.wants_diff = update, more, False
        _finish(ledger, seat, seat.state)


def _ask_page(ledger: Ledger, seat: Seat, state: Following | Syncing, *, upto: int, hold: bool) -> None:
    without = STORY_WITHOUT if state.story else frozenset[str]()
    past = ledger.state.kept.past
    if state.story and state.after < past:
        upto, without = min(upto, past), without | {RUN_OUTPUTS}
    state.asked = ROOM
    ledger.effects.append(AskEntries(seat.id, state.after, upto, without, hold))


def _ask_private(
    ledger: Ledger, seat: Seat, state: Following | Syncing, after: int, *, upto: int, hold: bool
) -> None:
    """A page of the stream of interviewers. What each test printed is left out where it is old or much."""
    much = state.story or upto - after > NEAR_ENTRIES
    without = frozenset({TESTS_RECORD}) if much else frozenset[str]()
    state.asked = INTERVIEWERS
    ledger.effects.append(AskEntries(seat.id, after, upto, without, hold, INTERVIEWERS))


def _tell(seat: Seat, entries: list[Entry]) -> None:
    frames = delivery.chunks(entries)
    if seat.packs:
        frames = [envelope.pack(frame) if len(frame) <= PACKED_BYTES else frame for frame in frames]
    for frame in frames:
        seat.send(frame)
    seat.burst = max(seat.burst, sum(map(len, frames)))


def _finish(ledger: Ledger, seat: Seat, syncing: Syncing) -> None:
    """If all that was asked for has come: send the document, then what was held back, and be live."""
    if syncing.wants_diff or (seat.dialect == "fourhands" and _lacks_pages(syncing)):
        return
    seat.state = LIVE
    if seat.syncs:
        frames = _stock_frames(syncing.diff, syncing.more)
    elif syncing.story:
        vector = sync.encode_vector(ledger.admission.vector()) if seat.heals else None
        more = list(syncing.more) or None
        frames = [envelope.encode(envelope.State(syncing.diff, syncing.upto, left_out(ledger), vector, more))]
    else:
        frames = []
    for frame in frames:
        seat.send(frame)
    # Of one document, not of all that a client asks for again without reading the last.
    seat.burst = max(seat.burst, sum(map(len, frames)))
    seat.sent = syncing.upto
    for entry, producer, pseq in syncing.held:
        if entry.seq > (syncing.upto if entry.stream == ROOM else syncing.private_upto):
            Delivery(entry, producer, pseq).to(seat)
    if not seat.syncs:
        delivery.owe_ack(seat, ledger.instance(seat.producer).settled, seat.sent)


def _stock_frames(update: bytes, more: tuple[bytes, ...]) -> list[bytes]:
    """A stock client takes step 2 for the end: whatever the document is made of comes before it (F-9)."""
    if not more:
        return [sync.step2(update)]
    return [sync.update(part) for part in (update, *more[:-1])] + [sync.step2(more[-1])]


def _lacks_pages(syncing: Syncing) -> bool:
    lacks_private = syncing.private is not None and syncing.private < syncing.private_upto
    return lacks_private or syncing.after < syncing.upto


def left_out(ledger: Ledger) -> dict[str, int] | None:
    """The runs whose outputs a story leaves out, with the bytes of their entries."""
    runs = ledger.state.runs.values()
    return {run.run: run.printed.size for run in runs if not run.printed.kept} or None
