"""Committed entries on their way to a seat: each frame is built once and shared by all who get it."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cached_property

from fourhands_protocol import hocuspocus, sync
from fourhands_protocol.entries import CURSOR, EDIT, Entry, edit_update
from fourhands_protocol.keystroke import ack_frame, entries_frame, entry_frame
from fourhands_protocol.roles import ROOM, streams
from fourhands_server.core.seat import Lagging, Live, Seat, Syncing

STORY_WITHOUT = frozenset({EDIT, CURSOR})  # a newcomer gets these as the document itself, or not at all
CHUNK_ENTRIES = 200
LARGE = 128 * 1024  # bytes; an image that is still on its way does not make a slow reader of anybody
CHUNK_BYTES = 128 * 1024  # a frame that a slow link can take in a second or two


class Delivery:
    """One committed entry and the frames that tell of it, made when first wanted."""

    def __init__(self, entry: Entry, producer: str, pseq: int) -> None:
        self.entry = entry
        self.producer = producer
        self.pseq = pseq

    @cached_property
    def stock(self) -> bytes | None:
        """For stock clients: edits only, the rest they cannot read. Their own echo is their ack."""
        return sync.update(edit_update(self.entry.body)) if self.entry.kind == EDIT else None

    @cached_property
    def ours(self) -> bytes:
        """For our own client: the entry as it is."""
        return entry_frame(self.entry)

    def to(self, seat: Seat) -> bool:
        """Hand it to a seat that is live, or hold it back; False where the seat holds too much already.

        What is not for this seat's role goes past it, whatever its state.
        """
        if self.entry.stream != ROOM and self.entry.stream not in streams(seat.role, seat.person):
            return True
        match seat.state:
            case Live():
                self._send(seat)
            case Syncing() as syncing if seat.dialect == "fourhands" or self.entry.kind == EDIT:
                return syncing.hold(self.entry, self.producer, self.pseq)
            case Lagging(until) if self.entry.stream == ROOM and self.entry.seq <= until:
                self._send(seat)
        return True

    def _send(self, seat: Seat) -> None:
        if self.entry.stream == ROOM:
            seat.sent = self.entry.seq
        own = self.producer == seat.producer
        if seat.syncs:
            if self.stock is not None and not (own and seat.dialect == "hocuspocus"):
                seat.send(self.stock)
            return
        if not own or self.entry.kind != EDIT:
            flush_ack(seat)
            if len(self.ours) > LARGE:
                seat.burst = max(seat.burst, len(self.ours))
            seat.send(self.ours)
        if own:
            owe_ack(seat, self.pseq, seat.sent)


def owe_ack(seat: Seat, settled: int, seq: int) -> None:
    """Note an ack; one that follows another with nothing between takes its place."""
    before = seat.ack or (0, 0)
    seat.ack = (max(settled, before[0]), max(seq, before[1]))


def flush_ack(seat: Seat) -> None:
    """Send the ack that is owed, so that it stands before what comes after it.

    Not while the seat is syncing: an ack moves the client's place in the log, which the story must begin.
    """
    if seat.ack is not None and isinstance(seat.state, (Live, Lagging)):
        settled, seq = seat.ack
        seat.ack = None
        if seat.dialect == "hocuspocus":
            _tell_saved(seat, settled)
            return
        seat.send(ack_frame(settled, seq))


def _tell_saved(seat: Seat, settled: int) -> None:
    """A provider counts one sync status for each step 2 and each update (D-5)."""
    for pseq in range(seat.saved + 1, settled + 1):
        if seat.unasked and pseq in seat.unasked:
            seat.unasked.remove(pseq)
        else:
            seat.send(hocuspocus.SAVED)
    seat.saved = max(settled, seat.saved)


def chunks(entries: Iterable[Entry]) -> list[bytes]:
    """ENTRY frames that hold `entries`, each small enough for a slow link."""
    frames: list[bytes] = []
    batch: list[Entry] = []
    size = 0
    for entry in entries:
        if batch and (len(batch) >= CHUNK_ENTRIES or size + len(entry.body) > CHUNK_BYTES):
            frames.append(entries_frame(batch))
            batch, size = [], 0
        batch.append(entry)
        size += len(entry.body)
    if batch:
        frames.append(entries_frame(batch))
    return frames
