"""An LZ4 block: literals, and copies of what was already unpacked."""

from .cursor import Cursor
from .refusal import refuse_unless


def unpack(block, size):
    """The `size` bytes that `block` holds."""
    source = Cursor(block, "LZ4 block")
    out = bytearray()
    while True:
        token = source.byte()
        out += source.take(_length(source, token >> 4, size))
        refuse_unless(len(out) <= size, f"LZ4 block: holds more than {size} bytes")
        if not source.left:
            break
        offset = int.from_bytes(source.take(2), "little")
        refuse_unless(0 < offset <= len(out), "LZ4 block: copies from before its start")
        count = 4 + _length(source, token & 15, size)
        refuse_unless(len(out) + count <= size, f"LZ4 block: holds more than {size} bytes")
        # A copy may read what it writes: then it repeats the last `offset` bytes.
        seen = bytes(out[-offset:])
        out += (seen * (count // offset + 1))[:count]
    refuse_unless(len(out) == size, f"LZ4 block: holds {len(out)} bytes, not {size}")
    return bytes(out)


def _length(source, length, most):
    if length == 15:
        more = 255
        while more == 255:
            more = source.byte()
            length += more
            refuse_unless(length <= most, f"LZ4 block: holds more than {most} bytes")
    return length
