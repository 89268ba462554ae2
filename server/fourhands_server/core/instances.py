"""How far the operations of each client instance have come, so that each is applied at most once."""

from __future__ import annotations

from dataclasses import dataclass, field


@dataclass(slots=True)
class Instance:
    """One producer: `admitted` has been taken in, `settled` is in the log (or refused) without a hole."""

    admitted: int = 0
    settled: int = 0
    inflight: list[tuple[int, bool]] = field(default_factory=list)  # few; a deque takes 760 bytes, empty too

    def admit(self, pseq: int, *, logged: bool) -> None:
        """Take in `pseq`; one that leaves no entry settles as soon as those before it have."""
        self.admitted = pseq
        self.inflight.append((pseq, logged))
        if not logged:
            self._settle_unlogged()

    def commit(self, pseq: int) -> None:
        """The entry of `pseq` is in the log, and so are all before it: commits keep their order."""
        while self.inflight and self.inflight[0][0] <= pseq:
            self.settled = self.inflight.pop(0)[0]
        if self.inflight:
            self._settle_unlogged()

    def _settle_unlogged(self) -> None:
        while self.inflight and not self.inflight[0][1]:
            self.settled = self.inflight.pop(0)[0]
