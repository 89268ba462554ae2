"""How a seat gets what it lacks: the log page by page, then the document, then what came meanwhile.

A page is asked for when the seat has taken the one before, so that a reader on a slow link costs the room no
more than a page, however long the story is. As long as the seat is far behind, what is committed goes past
it: it is in the log. Only near the head is it held back, until document and seat are at one seq.
"""

from __future__ import annotations

from fourhands_protocol import envelope, sync
from fourhands_protocol.entries import RUN_OUTPUTS, Entry
from fourhands_server.core import delivery
from fourhands_server.core.delivery import STORY_WITHOUT, Delivery
from fourhands_server.core.effects import AskDiff, AskEntries
from fourhands_server.core.ledger import Ledger
from fourhands_server.core.seat import Following, Live, Seat, Syncing

NEAR_ENTRIES = 200  # behind the head, after a page that the seat has just been sent
NEAR_BYTES = 64 * 1024  # of that page: it does not stand in the way for long


def begin_stock(ledger: Ledger, seat: Seat, vector: bytes) -> None:
    """A stock client lacks the document alone."""
    seat.state = Syncing(ledger.state.head, story=False, vector=vector, wants_diff=True)
    ledger.effects.append(AskDiff(seat.id, vector))


def begin(ledger: Ledger, seat: Seat, *, after: int, story: bool, vector: bytes | None) -> None:
    """Tell our own client the log from `after`; a story leaves out what the document says better."""
    seat.state = Following(after, story, vector)
    _ask_page(ledger, seat, seat.state, upto=ledger.state.head, hold=False)


def entries_read(ledger: Ledger, seat: Seat, entries: list[Entry], reached: int) -> None:
    """The answer to AskEntries: all that was asked for up to seq `reached`."""
    state = seat.state
    if not isinstance(state, Following | Syncing):
        return
    _tell(seat, entries)
    state.after = reached
    match state:
        case Following(after, story, vector):
            head = ledger.state.head
            size = sum(len(entry.body) for entry in entries)
            if head - after > NEAR_ENTRIES or size > NEAR_BYTES:
                _ask_page(ledger, seat, state, upto=head, hold=False)
                return
            seat.state = state = Syncing(head, story, vector, wants_diff=story, after=after)
            if story:
                ledger.effects.append(AskDiff(seat.id, vector))
        case Syncing():
            pass
    if state.after < state.upto:
        _ask_page(ledger, seat, state, upto=state.upto, hold=True)
    else:
        _finish(ledger, seat, state)


def diff_read(ledger: Ledger, seat: Seat, update: bytes) -> None:
    """The answer to AskDiff."""
    if isinstance(seat.state, Syncing) and seat.state.wants_diff:
        seat.state.diff, seat.state.wants_diff = update, False
        _finish(ledger, seat, seat.state)


def _ask_page(ledger: Ledger, seat: Seat, state: Following | Syncing, *, upto: int, hold: bool) -> None:
    without = STORY_WITHOUT if state.story else frozenset[str]()
    past = ledger.state.kept.past
    if state.story and state.after < past:
        upto, without = min(upto, past), without | {RUN_OUTPUTS}
    ledger.effects.append(AskEntries(seat.id, state.after, upto, without, hold))


def _tell(seat: Seat, entries: list[Entry]) -> None:
    frames = delivery.chunks(entries)
    for frame in frames:
        seat.send(frame)
    seat.burst = max(seat.burst, sum(map(len, frames)))


def _finish(ledger: Ledger, seat: Seat, syncing: Syncing) -> None:
    """If all that was asked for has come: send the document, then what was held back, and be live."""
    if syncing.wants_diff or (seat.dialect == "fourhands" and syncing.after < syncing.upto):
        return
    seat.state = Live()
    if seat.dialect == "stock":
        frames = [sync.step2(syncing.diff)]
    elif syncing.story:
        frames = [envelope.encode(envelope.State(syncing.diff, syncing.upto, left_out(ledger)))]
    else:
        frames = []
    for frame in frames:
        seat.send(frame)
    # Of one document, not of all that a client asks for again without reading the last.
    seat.burst = max(seat.burst, sum(map(len, frames)))
    seat.sent = syncing.upto
    for entry, producer, pseq in syncing.held:
        if entry.seq > syncing.upto:
            Delivery(entry, producer, pseq).to(seat)
    if seat.dialect == "fourhands":
        delivery.owe_ack(seat, ledger.instance(seat.producer).settled, seat.sent)


def left_out(ledger: Ledger) -> dict[str, int] | None:
    """The runs whose outputs a story leaves out, with the bytes of their entries."""
    runs = ledger.state.runs.values()
    return {run.run: run.printed.size for run in runs if not run.printed.kept} or None
