"""The whole state of an admission as plain values, so that two of them can be compared."""

from __future__ import annotations

from typing import Any

from fourhands_protocol.admission import Admission
from fourhands_protocol.admission.known import Known


def state_of(admission: Admission) -> dict[str, Any]:
    """Everything an admission keeps, by the names it has there."""
    clients = {client: _plain(known) for client, known in admission._clients.items()}
    codes = {code: known.next for code, known in admission._codes.items()}
    return {
        "clients": clients,
        "codes": codes,
        "roots": set(admission._roots),
        "ids": dict(admission._ids_of),
    }


def _plain(known: Known) -> dict[str, Any]:
    values = {name: getattr(known, name) for name in Known.__slots__}
    return {**values, "deleted": list(zip(known.deleted.starts, known.deleted.ends, strict=True))}
