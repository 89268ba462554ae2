"""What one client's part of an update adds to a room, apart from the room's state until all is admitted."""

from bisect import bisect_left, bisect_right

from ..errors import NotAdmitted
from .known import Known
from .update import STRING, Section, Struct


class Growth:
    """One client's part of an update: how far its structs were followed, and what is new in them."""

    __slots__ = ("dead", "ends", "index", "inserted", "known", "middles", "next", "roots", "section", "waits")

    def __init__(self, section: Section, known: Known) -> None:
        """Begin where the room's knowledge of this client ends."""
        self.section = section
        self.known = known
        # The first struct not yet followed, and the first clock not yet known.
        self.index = 0
        self.next = known.next
        # New clocks below ends[i] (and from ends[i - 1] on) stand in roots[i].
        self.ends: list[int] = []
        self.roots: list[str | None] = []
        self.middles: list[int] = []
        # New clocks that came deleted, as (start, end).
        self.dead: list[tuple[int, int]] = []
        self.inserted = 0
        # Whether its next struct waits for another client's, so that a circle shows.
        self.waits = False

    @property
    def is_new(self) -> bool:
        """Tell whether the update holds anything of this client that the room does not know."""
        return self.section.end > self.known.next

    def root_at(self, clock: int) -> str | None:
        """Name the root of a clock below `next`."""
        if clock < self.known.next:
            return self.known.root_at(clock)
        return self.roots[bisect_right(self.ends, clock)]

    def is_middle(self, clock: int) -> bool:
        """Tell whether a cut before this clock would part a surrogate pair."""
        if clock < self.known.next:
            return self.known.is_middle(clock)
        index = bisect_left(self.middles, clock)
        return index < len(self.middles) and self.middles[index] == clock

    def take(self, struct: Struct, root: str | None) -> None:
        """Follow one struct that stands in `root`; what the room knows of it already stays as it is."""
        self.index += 1
        end = struct.clock + struct.length
        if struct.clock < self.known.next:
            self._check_overlap(struct, root)
            if end <= self.next:
                return
        if struct.kind == STRING:
            self.inserted += end - self.next
            if not struct.text.isascii():
                self.middles += [clock for clock in struct.middles if clock > self.next]
        else:
            self.dead.append((self.next, end))
        if self.roots and self.roots[-1] == root:
            self.ends[-1] = end
        else:
            self.ends.append(end)
            self.roots.append(root)
        self.next = end

    def _check_overlap(self, struct: Struct, root: str | None) -> None:
        """Refuse text that lies about where its known beginning stands: its new end would follow the lie."""
        if self.next in struct.middles:
            raise NotAdmitted("an update may not part a surrogate pair")
        last_known = min(struct.clock + struct.length, self.known.next) - 1
        if root is not None and {self.known.root_at(struct.clock), self.known.root_at(last_known)} != {root}:
            raise NotAdmitted("text that is known to stand elsewhere")

    def keep(self) -> None:
        """Make it part of what the room knows."""
        for end, root in zip(self.ends, self.roots, strict=True):
            self.known.grow(end, root)
        if self.middles:
            self.known.middles.extend(self.middles)
        for start, end in self.dead:
            self.known.deleted.add(start, end)
