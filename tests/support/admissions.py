"""The whole state of an admission as plain values, so that two of them can be compared."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from fourhands_protocol.admission import Admission
from fourhands_protocol.admission.known import Known
from fourhands_protocol.admission.past import Pasts


def state_of(admission: Admission) -> dict[str, Any]:
    """Everything an admission keeps, by the names it has there; how text is cut into runs does not count."""
    order = admission._order
    return {
        "clients": {client: _plain(known) for client, known in admission._clients.items()},
        "codes": {code: known.client for code, known in admission._codes.items()},
        "roots": set(admission._roots),
        "ids": {person: list(ids) for person, ids in admission._ids_of.items()},
        "order": {root: spans_of(admission, root) for root in sorted(order._beginnings)},
    }


def spans_of(admission: Admission, root: str) -> list[tuple[int, int, int]]:
    """The ids of a file in order, neighbours joined: (client, first clock, end)."""
    spans: list[tuple[int, int, int]] = []
    for client, start, end in admission._order.spans(root):
        if spans and spans[-1][0] == client and spans[-1][2] == start:
            start = spans.pop()[1]
        spans.append((client, start, end))
    return spans


def _plain(known: Known) -> dict[str, Any]:
    values = {name: getattr(known, name) for name in Known.__slots__ if name != "runs"}
    deleted = list(known.deleted)
    past = {client: steps for client, steps in known.past.items() if steps != ([], [])}
    return {**values, "deleted": deleted, "past": past}


@contextmanager
def few_steps(update: bytes) -> Iterator[None]:
    """What is done within looks at little more than the update itself: a few steps for each of its bytes."""
    count, spend = 0, Pasts.spend

    def counted(pasts: Pasts, steps: int) -> None:
        nonlocal count
        count += steps
        spend(pasts, steps)

    Pasts.spend = counted  # type: ignore[method-assign]
    try:
        yield
    finally:
        Pasts.spend = spend  # type: ignore[method-assign]
        assert count <= 50 + 20 * len(update), f"{count} steps for {update.hex()}"
