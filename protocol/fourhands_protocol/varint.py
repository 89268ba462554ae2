"""The primitives of lib0 that Yjs speaks: canonical varints, byte strings and text (SPEC, F rules)."""

from typing import Final

from .errors import MalformedFrame

# The largest integer that a JavaScript number holds exactly.
MAX_UINT: Final = 2**53 - 1


class Reader:
    """Reads lib0 primitives from bytes, strictly: nothing over-long, nothing past the end."""

    __slots__ = ("data", "pos")

    def __init__(self, data: bytes) -> None:
        """Start at the first byte."""
        self.data = data
        self.pos = 0

    @property
    def at_end(self) -> bool:
        """Tell whether every byte was read."""
        return self.pos == len(self.data)

    @property
    def left(self) -> int:
        """Count the bytes not yet read."""
        return len(self.data) - self.pos

    def read_uint(self) -> int:
        """Read one canonical varint, 0 to 2^53 - 1."""
        data, pos = self.data, self.pos
        try:
            first = data[pos]
            if first < 0x80:
                self.pos = pos + 1
                return first
            # Unrolled for clocks (two, three bytes) and client ids (five): the hottest lines of admission.
            # The number taken off is the sum of the continuation bits.
            second = data[pos + 1]
            if second < 0x80:
                self.pos = pos + 2
                return _canonical(first - 0x80 + (second << 7), second)
            third = data[pos + 2]
            if third < 0x80:
                self.pos = pos + 3
                return _canonical(first - 0x4080 + (second << 7) + (third << 14), third)
            fourth, fifth = data[pos + 3], data[pos + 4]
            if 0 < fifth < 0x80 <= fourth:
                self.pos = pos + 5
                return first - 0x10204080 + (second << 7) + (third << 14) + (fourth << 21) + (fifth << 28)
        except IndexError:
            pass
        return self._read_any_uint()

    def _read_any_uint(self) -> int:
        value = shift = 0
        for byte in self.data[self.pos : self.pos + 8]:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                self.pos += shift // 7
                return _canonical(value, byte)
        raise MalformedFrame("ends inside a number" if self.left < 8 else "number wider than 53 bits")

    def read_byte(self) -> int:
        """Read one byte as it is."""
        if self.pos == len(self.data):
            raise MalformedFrame("ends too early")
        self.pos += 1
        return self.data[self.pos - 1]

    def read_count(self, *, least_bytes: int) -> int:
        """Read how many things follow, each of at least `least_bytes`; never more than can be there."""
        count = self.read_uint()
        if count * least_bytes > len(self.data) - self.pos:
            raise MalformedFrame("counts more than the frame can hold")
        return count

    def read_bytes(self) -> bytes:
        """Read a byte string with its length in front."""
        size = self.read_uint()
        start = self.pos
        end = start + size
        if end > len(self.data):
            raise MalformedFrame("ends inside a byte string")
        self.pos = end
        return self.data[start:end]

    def read_text(self) -> str:
        """Read text with its UTF-8 length in front."""
        size = self.read_uint()
        start = self.pos
        end = start + size
        if end > len(self.data):
            raise MalformedFrame("ends inside a text")
        self.pos = end
        try:
            return self.data[start:end].decode()
        except UnicodeDecodeError:
            raise MalformedFrame("text is not UTF-8") from None

    def expect_end(self) -> None:
        """Refuse bytes after the end of the message."""
        if self.pos != len(self.data):
            raise MalformedFrame("bytes after the end of the frame")


def _canonical(value: int, last: int) -> int:
    """Refuse a number whose last byte adds nothing, and one that JavaScript could not hold."""
    if not last:
        raise MalformedFrame("over-long number")
    if value > MAX_UINT:
        raise MalformedFrame("number wider than 53 bits")
    return value


def write_uint(number: int) -> bytes:
    """Write the one canonical varint of a number from 0 to 2^53 - 1."""
    if 0 <= number < 0x80:
        return _SHORT[number]
    if not 0 <= number <= MAX_UINT:
        raise ValueError(f"not an unsigned integer of 53 bits: {number}")
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def write_bytes(data: bytes) -> bytes:
    """Write a byte string with its length in front."""
    return write_uint(len(data)) + data


def write_text(text: str) -> bytes:
    """Write text with its UTF-8 length in front."""
    return write_bytes(text.encode())


_SHORT: Final = [bytes((number,)) for number in range(0x80)]
