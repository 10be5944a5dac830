"""Lattices: how integers stand for the floats of a band.

A lattice turns numbers into samples. One kind counts bit patterns, and takes two planes of numbers where floats have
64 bits.
"""

from dataclasses import dataclass

import numpy as np

from .refusal import Refused, refuse_unless

OCTAVE, DECIMAL, SCALED, SCALED_IN_FLOAT32, PATTERNS, CUT = range(6)
# Bits of a mantissa, by the bytes of a float.
MANTISSA = {4: 23, 8: 52}


@dataclass(frozen=True)
class Lattice:
    kind: int
    # Exponent, or digits, or scale and offset.
    parameters: tuple = ()

    def planes(self, dtype):
        return 2 if self.kind == PATTERNS and dtype.itemsize == 8 else 1

    def samples(self, numbers, dtype):
        """Samples of a band; `numbers` are int64 `[plane, row, column]`."""
        if self.kind == PATTERNS:
            return _floats_in_place(numbers, dtype)
        with np.errstate(over="ignore", invalid="ignore"):
            return self._values(numbers[0]).astype(dtype)

    def joined(self, numbers, valid, dtype, low):
        """Samples of a band whose low bits are cut off; `low` is the bits of all such bands that are left."""
        whole = self.samples(numbers, dtype).view(f"u{dtype.itemsize}")
        for place in zip(*np.nonzero(valid)):
            n = abs(int(numbers[0][place]))
            if n == 0:
                whole[place] = low.take(8 * dtype.itemsize)
            else:
                whole[place] |= whole.dtype.type(low.take(max(0, MANTISSA[dtype.itemsize] - (n.bit_length() - 1))))
        return whole.view(dtype)

    def _values(self, numbers):
        n = numbers.astype(np.float64)
        if self.kind in (OCTAVE, CUT):
            return np.ldexp(n, self.parameters[0])
        if self.kind == DECIMAL:
            return n / 10.0 ** self.parameters[0]
        scale, offset = self.parameters
        if self.kind == SCALED_IN_FLOAT32:
            n, scale, offset = n.astype(np.float32), np.float32(scale), np.float32(offset)
        return n * scale + offset


def read_lattice(source):
    kind = source.byte()
    if kind == OCTAVE:
        exponent = int(source.array("i2", 1)[0])
        refuse_unless(-1100 <= exponent <= 1000, f"tile: a lattice of 2^{exponent}")
        return Lattice(kind, (exponent,))
    if kind == DECIMAL:
        digits = source.byte()
        refuse_unless(digits <= 12, f"tile: a lattice of {digits} decimal digits")
        return Lattice(kind, (digits,))
    if kind in (SCALED, SCALED_IN_FLOAT32):
        scale, offset = source.array("f8", 2).tolist()
        finite = np.isfinite(scale) and np.isfinite(offset)
        refuse_unless(finite and scale > 0, f"tile: a lattice of scale {scale} and offset {offset}")
        return Lattice(kind, (scale, offset))
    if kind == PATTERNS:
        return Lattice(kind)
    if kind == CUT:
        exponent = int(source.array("i2", 1)[0])
        refuse_unless(-1022 <= exponent <= 1000, f"tile: a lattice cut at 2^{exponent}")
        return Lattice(kind, (exponent,))
    raise Refused(f"tile: lattice {kind}, where 0 to 5 are known")


class LowBits:
    """Bits that lattices cut off, highest first."""

    def __init__(self, data):
        self._data = data
        self._at = 0

    def take(self, count):
        end = self._at + count
        refuse_unless(end <= 8 * len(self._data), "tile: low bits run out")
        first, last = self._at // 8, -(-end // 8)
        value = int.from_bytes(self._data[first:last], "big") >> (8 * last - end)
        self._at = end
        return value & ((1 << count) - 1)

    def end(self):
        left = 8 * len(self._data) - self._at
        refuse_unless(left < 8 and self.take(left) == 0, "tile: low bits are left over")


def _floats_in_place(numbers, dtype):
    """The floats that come in these places, counted from +0 in the order of floats."""
    place = numbers[0]
    if dtype.itemsize == 8:
        place = numbers[0] << 32 | (numbers[1] & 0xFFFFFFFF ^ 0x80000000)
    place = place.astype(f"i{dtype.itemsize}")
    all_but_the_sign = np.iinfo(place.dtype).max
    return np.where(place < 0, place ^ all_but_the_sign, place).view(dtype)
