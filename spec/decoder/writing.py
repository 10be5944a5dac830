"""Chunks for tests: those of golden archives as other headers tell them, and codes that no archive holds.

Codes are written by decoding: each decision that the reader asks for is drawn at random, remembered, and coded at the
end. So it shows that a reader keeps up with itself; that it agrees with others, only their archives show.
"""

from unittest import mock

import google_crc32c
import numpy as np
from vqz.header import EXTENT, LZ4, MASKED, NO_TILES, PROMISES, REFERS, STABLE
from vqz.mask import read_mask
from vqz.rans import LOWEST
from vqz.scalars import read_scalars


class Draw:
    """In place of a rANS stream: draws decisions by their probabilities, now and then against them."""

    def __init__(self, random):
        self.random = random
        self.decisions = []

    def choose(self, p):
        return int(self.random.random() * 65536 < (p if self.random.random() < 0.97 else 16384))

    def decide(self, p):
        bit = self.choose(p)
        self.decisions.append((bit, p))
        return bit

    def number(self, bits):
        return sum(self.decide(32768) << i for i in reversed(range(bits)))

    def finish(self):
        pass

    def stream(self):
        state, written = LOWEST, bytearray()
        for bit, p in reversed(self.decisions):
            share, start = (p, 0) if bit else (65536 - p, p)
            while state >= share << 15:
                written.append(state & 255)
                state >>= 8
            state = (state // share << 16) + state % share + start
        return state.to_bytes(4, "little") + written[::-1]


class Ones(Draw):
    def choose(self, p):
        return 1


def draw_scalars(random, priors, step, valid, earlier=None):
    """A code stream, with the codes that it holds and the `Date` that it leaves."""
    draw = Draw(random)
    with mock.patch("vqz.scalars.Rans", lambda stream: draw):
        codes, date = read_scalars(b"", priors, step, valid, earlier)
    return draw.stream(), codes, date


def masked_tile(bands, rows, columns, itemsize):
    """A tile without a valid sample that has bytes: all samples are escaped, and 0."""
    ones = Ones(None)
    with mock.patch("vqz.mask.Rans", lambda stream: ones):
        read_mask(b"", 1, rows, columns, 0)
    stream = ones.stream()
    return sealed(b"\1" + varint(len(stream)) + stream + bytes(bands * rows * columns * itemsize))


def crc(data):
    return google_crc32c.value(data).to_bytes(4, "little")


def varint(value):
    low = bytes()
    while value > 127:
        low += bytes([value & 127 | 128])
        value >>= 7
    return low + bytes([value])


def sealed(content):
    return bytes(content) + crc(bytes(content))


def chunk(body, tiles, version=1):
    return sealed(b"VQZ" + bytes([version]) + varint(len(body)) + body) + b"".join(tiles)


def body(model, header, images, references=None):
    """A header's body, of version 1; `references` says for each tile how many images before it is what it refers to.

    Where something is promised, the bounds are stated as the header has them: one for each band, or none at all.
    """
    whole = (header.rows, header.columns) == (images.rows, images.columns)
    masked = header.valid_samples != images.count * images.bands * header.rows * header.columns
    flags = LZ4 * header.lz4 | NO_TILES * (not any(header.lengths)) | EXTENT * (not whole) | MASKED * masked
    flags |= REFERS * (references is not None)
    if header.promise:
        flags |= PROMISES | STABLE * header.promise.stable
    made = bytes([flags])
    if model:
        made += bytes.fromhex(model.hash)[:2] + header.step.to_bytes(2, "little", signed=True)
    if not whole:
        made += varint(header.rows) + varint(header.columns)
    if masked:
        patterns = header.patterns.astype(header.patterns.dtype.newbyteorder("<"))
        made += varint(len(patterns)) + patterns.tobytes() + varint(header.valid_samples)
    if header.promise:
        made += _bounds(header.promise.bounds)
    made += bytes(6) * (header.valid_samples > 0)
    if any(header.lengths):
        made += b"".join(map(varint, header.lengths))
    return made + b"".join(map(varint, references or []))


def _bounds(bounds):
    stated = bounds if len(set(bounds)) > 1 else bounds[:1] if any(bounds) else ()
    return varint(len(stated)) + np.array(stated, "<f8").tobytes()
