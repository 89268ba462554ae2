"""From what a kernel says to the output items of a run: known kinds and MIME types only, within caps,
coalesced.

Pure. Nothing that comes in is trusted: each field is checked, each text made valid UTF-8, each cut counted
and marked.
"""

from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from fourhands_protocol import cbor

Item = dict[str, Any]

KIB, MIB = 1024, 1024 * 1024
TEXTS: Final = ("text/plain", "text/html", "text/markdown", "text/latex", "image/svg+xml")
IMAGES: Final = ("image/png", "image/jpeg", "image/gif")  # base64
JSON: Final = "application/json"
STREAM_ITEM: Final = 64 * KIB  # characters of one stream item
EVENT: Final = MIB  # bytes of items in one event, unless a single item is larger
OVERHEAD: Final = 256  # bytes that an item costs besides what it holds, so that empty ones end too
_METADATA: Final = 4 * KIB
_ID: Final = 200  # characters of a display id
_ERROR: Final = 64 * KIB  # characters of an error's parts
_DEPTH: Final = 16
_NODES: Final = 20_000  # of one JSON value: looking through more of them would hold up the other rooms
_EXACT: Final = 2**53 - 1  # the largest integer that every reader of JSON knows exactly
_KINDS: Final = frozenset(
    ("stream", "display_data", "execute_result", "update_display_data", "error", "clear_output")
)
DROPPED_BY_KERNEL: Final = "fourhands_dropped"
NOTE: Final = 1024 * MIB  # bytes: what a kernel says it dropped it had to hold before


@dataclass(frozen=True, slots=True)
class Caps:
    """What one run may put out, in bytes. Errors have a cap of their own: what ended a flood must be seen."""

    text: int = 8 * MIB
    total: int = 16 * MIB
    item: int = 2 * MIB
    errors: int = MIB


@dataclass(slots=True)
class _Waiting:
    """An item not yet handed over, and about what it takes in an event, in bytes."""

    item: Item
    size: int


class RunOutputs:
    """The outputs of one run on their way into the journal."""

    def __init__(self, caps: Caps | None = None) -> None:
        self.caps = caps or Caps()
        self.dropped = 0
        self._marked = 0  # of these, how many bytes a marker has told of
        self._text = self._total = self._errors = 0
        self._next = 0
        self._waiting: deque[_Waiting] = deque()
        self._waiting_size = 0

    @property
    def waiting(self) -> bool:
        """Whether there is something to take."""
        return bool(self._waiting)

    @property
    def behind(self) -> bool:
        """Whether more waits than goes into one event."""
        return self._waiting_size > EVENT

    @property
    def full(self) -> bool:
        """Whether further text will be dropped: who reads on may do so slowly."""
        return self._text >= self.caps.text or self._total >= self.caps.total

    def say(self, kind: str, content: Mapping[str, Any]) -> None:
        """Take one message of the kernel; kinds that are no output are ignored."""
        if kind not in _KINDS:
            return
        lost = content.get(DROPPED_BY_KERNEL)
        if type(lost) is int and 0 < lost <= NOTE:
            self.drop(lost)
        if kind == "stream":
            self._stream(content)
        elif kind == "clear_output":
            self._clear(content)
        elif kind == "error":
            self._error(content)
        else:
            self._display(kind, content)

    def drop(self, size: int) -> None:
        """Count what was cut; the first cut is marked where it happened."""
        if self.dropped == 0:
            self._wait({"output_type": "dropped", "bytes": 0})
        self.dropped += size

    def close(self) -> None:
        """The run is over: let a last mark tell what the earlier ones did not."""
        told = any(waiting.item["output_type"] == "dropped" for waiting in self._waiting)
        if self.dropped > self._marked and not told:
            self._wait({"output_type": "dropped", "bytes": 0})

    def take(self) -> tuple[int, list[Item]]:
        """Hand over what goes into one event: the number of its first item, and the items."""
        first, size = self._next, 0
        items: list[Item] = []
        while self._waiting and (not items or size + self._waiting[0].size <= EVENT):
            waiting = self._waiting.popleft()
            size += waiting.size
            if waiting.item["output_type"] == "dropped":
                waiting.item["bytes"], self._marked = self.dropped - self._marked, self.dropped
            items.append(waiting.item)
        self._waiting_size -= size
        self._next += len(items)
        return first, items

    def _wait(self, item: Item, size: int = OVERHEAD) -> None:
        self._waiting.append(_Waiting(item, size))
        self._waiting_size += size

    def _stream(self, content: Mapping[str, Any]) -> None:
        name = content.get("name")
        text = _clean(content.get("text"))
        if name not in ("stdout", "stderr") or not text:
            return
        room = max(0, min(self.caps.text - self._text, self.caps.total - self._total))
        kept = text if len(text) * 4 <= room else text.encode()[:room].decode(errors="ignore")
        size = len(kept.encode())
        self._text += size
        self._total += size
        for start in range(0, len(kept), STREAM_ITEM):
            self._append_text(name, kept[start : start + STREAM_ITEM])
        if len(kept) < len(text):
            self.drop(len(text[len(kept) :].encode()))

    def _append_text(self, name: str, text: str) -> None:
        size = len(text.encode())
        last = self._waiting[-1] if self._waiting else None
        if last and last.item.get("name") == name and len(last.item["text"]) + len(text) <= STREAM_ITEM:
            last.item["text"] += text
            last.size += size
            self._waiting_size += size
        else:
            self._wait({"output_type": "stream", "name": name, "text": text}, size)

    def _clear(self, content: Mapping[str, Any]) -> None:
        self._add({"output_type": "clear_output", "wait": content.get("wait") is True}, text=0)

    def _error(self, content: Mapping[str, Any]) -> None:
        traceback = content.get("traceback")
        lines = [_clean(line) for line in traceback[-100:]] if isinstance(traceback, list) else []
        while lines and sum(map(len, lines)) > _ERROR:
            self.drop(len(lines.pop(0).encode()))
        name, value = (_clean(content.get(key)) for key in ("ename", "evalue"))
        item = {"output_type": "error", "ename": name[:_ID], "evalue": value[:_ERROR], "traceback": lines}
        if len(value) > _ERROR:
            self.drop(len(value[_ERROR:].encode()))
        size = _size(item)
        if self._errors + size > self.caps.errors:
            self.drop(size)
            return
        self._errors += size
        self._wait(item, size)

    def _display(self, kind: str, content: Mapping[str, Any]) -> None:
        data = self._bundle(content.get("data"))
        if not data:
            return
        item: Item = {"output_type": kind, "data": data, "metadata": _metadata(content.get("metadata"))}
        if kind == "execute_result":
            count = content.get("execution_count")
            item["execution_count"] = count if type(count) is int and 0 <= count < 2**31 else None
        else:
            transient = content.get("transient")
            display = transient.get("display_id") if isinstance(transient, dict) else None
            if isinstance(display, str):
                item["display_id"] = _clean(display)[:_ID]
            elif kind == "update_display_data":
                return
        self._add(item, text=sum(len(_bytes(data[mime])) for mime in data if mime not in IMAGES))

    def _bundle(self, data: object) -> dict[str, Any]:
        """The known representations that fit into an item; the richest go first where they do not."""
        if not isinstance(data, dict):
            return {}
        bundle = {
            mime: value
            for mime in (*TEXTS, *IMAGES, JSON)
            if (value := _value(mime, data.get(mime))) is not None
        }
        sizes = {mime: len(_bytes(value)) for mime, value in bundle.items()}
        while sum(sizes.values()) > self.caps.item:
            largest = max(sizes, key=lambda mime: sizes[mime])
            self.drop(sizes.pop(largest))
            del bundle[largest]
        return bundle

    def _add(self, item: Item, *, text: int) -> None:
        size = _size(item)
        if self._total + size > self.caps.total or self._text + text > self.caps.text:
            self.drop(size)
            return
        self._total += size
        self._text += text
        self._wait(item, size)


def _value(mime: str, value: object) -> object:
    """One representation, or None where it is not what its type promises."""
    if mime == JSON:
        return value if value is not None and _plain(value, _NODES) else None
    if isinstance(value, list) and all(isinstance(line, str) for line in value):
        value = "".join(value)  # nbformat's multi-line strings
    if not isinstance(value, str):
        return None
    if mime in IMAGES:
        return value.replace("\n", "") if value.isascii() else None
    return _clean(value)


def _plain(value: object, nodes: int) -> bool:
    """Whether a JSON value can be an entry: bounded depth, count and integers, no NaN, valid text."""
    level, depth = [value], 0
    while level:
        nodes -= len(level)
        depth += 1
        if nodes < 0 or depth > _DEPTH or not all(map(_leaf_or_container, level)):
            return False
        level = [inner for outer in level for inner in _inside(outer)]
    return True


def _inside(value: object) -> list[Any]:
    """What a container holds, keys included."""
    if isinstance(value, dict):
        return [*value.keys(), *value.values()]
    return value if isinstance(value, list) else []


def _leaf_or_container(value: object) -> bool:
    if isinstance(value, (dict, list)):
        return True
    if isinstance(value, int) and abs(value) > _EXACT:
        return False  # a browser would show another number
    try:
        cbor.encode(value)
    except (TypeError, ValueError):
        return False
    return True


def _metadata(metadata: object) -> dict[str, Any]:
    if isinstance(metadata, dict) and _plain(metadata, 100) and len(cbor.encode(metadata)) <= _METADATA:
        return metadata
    return {}


def _clean(text: object) -> str:
    """Valid text, whatever came."""
    if not isinstance(text, str):
        return ""
    try:
        text.encode()
    except UnicodeEncodeError:
        return text.encode(errors="replace").decode()
    return text


def _bytes(value: object) -> bytes:
    return value.encode() if isinstance(value, str) else cbor.encode(value)


def _size(item: Item) -> int:
    return OVERHEAD + len(cbor.encode(item))
