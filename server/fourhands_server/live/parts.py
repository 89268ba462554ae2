"""What every room's host works with; chosen in one place, shared by all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from fourhands_kernels.kernel import Kernels
from fourhands_server.blobs.blobs import Blobs
from fourhands_server.core.seat import Seat
from fourhands_server.engine.documents import Documents
from fourhands_server.log.log import RoomLog

Clock = Callable[[], int]
Renew = Callable[[str, Seat], tuple[str, int]]  # (room, seat) → (token, seconds it lasts)


@dataclass(frozen=True, slots=True)
class Parts:
    """The parts."""

    log: RoomLog
    documents: Documents
    kernels: Kernels
    clock: Clock
    renew: Renew
    blobs: Blobs
