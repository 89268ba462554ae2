"""Building a document in a worker out of the room's committed edits."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from .pipe import NUMBER, Edit, Operation, encode_edits
from .process import WorkerProcess

Source = Callable[[str, int, int | None], Awaitable[list[tuple[int, bytes]]]]
"""source(room, after, upto): committed (seq, update) of the room's edits in order, after < seq <= upto
(None: no end), at most a page; an empty list means that there are no more."""


class Broken(Exception):
    """The engine failed over an edit of the log and threw the document away."""


async def fill(
    process: WorkerProcess,
    number: int,
    room: str,
    *,
    source: Source,
    upto: int | None = None,
    latest: Callable[[], int] = int,
) -> None:
    """Make document `number` out of all edits up to `upto`.

    Raises `Broken`, `WorkerEnded`, and what the source raises.
    `latest` is the seq of the last edit that was committed as far as is known; it may rise meanwhile.
    """
    await process.request(Operation.OPEN, NUMBER.pack(number))
    after = 0
    while True:
        known = latest()
        page = await source(room, after, upto)
        if page:
            await apply(process, [Edit(number, seq, update) for seq, update in page])
            after = page[-1][0]
        elif latest() == known:  # else more was committed while the source was asked
            return


async def apply(process: WorkerProcess, edits: list[Edit]) -> None:
    """Integrate edits of one document."""
    answer = await process.request(Operation.APPLY, encode_edits(edits))
    if answer.fields:
        raise Broken


def let_go(process: WorkerProcess, number: int) -> None:
    """Have the worker forget a document, whether it has it or not."""
    process.request(Operation.DROP, NUMBER.pack(number)).add_done_callback(lambda answer: answer.exception())
