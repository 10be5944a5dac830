"""The code stream in LZ4 mode: planes of codes as integers of the width they need."""

import numpy as np

from . import lz4
from .cursor import Cursor
from .refusal import refuse_unless

LARGEST_CODE = 1 << 22


def read_planes(stream, planes, rows, columns):
    """Codes in the order in which planes are stored, int32 `[planes, rows, columns]`."""
    source = Cursor(stream, "LZ4 code stream")
    used = source.varint("number of planes", planes)
    widths = source.take(used)
    refuse_unless(set(widths) <= {0, 1, 2, 4}, "LZ4 code stream: a width is not 0, 1, 2 or 4")
    size = sum(widths) * rows * columns
    stated = source.varint("unpacked size", 1 << 62)
    refuse_unless(stated == size, f"LZ4 code stream: states {stated} bytes, its widths make {size}")
    unpacked = Cursor(lz4.unpack(source.take(source.left), size), "LZ4 code stream")
    codes = np.zeros((planes, rows, columns), np.int32)
    for plane, width in enumerate(widths):
        if width:
            codes[plane] = unpacked.array(f"i{width}", rows, columns)
    # Not by np.abs, which leaves the lowest int32 negative.
    refuse_unless(
        codes.size == 0 or (codes.min() >= -LARGEST_CODE and codes.max() <= LARGEST_CODE),
        "LZ4 code stream: a code is outside ±2^22",
    )
    return codes
