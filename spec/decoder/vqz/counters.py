"""Adaptive probabilities: counters, tables of them, and the mixing of three or four into one decision.

Everything is integer arithmetic, exact by definition: a reader that is off by one anywhere reads noise from there on.
"""

from bisect import bisect_left
from copy import copy

MOST = 250
RATE = [131072 // (2 * n + 3) for n in range(MOST + 1)]


class Counter:
    """A 24-bit probability and how often it was updated."""

    __slots__ = ("P", "n")

    def __init__(self, p, n):
        self.P = p << 8
        self.n = n

    def update(self, bit):
        self.P += ((0xFFFFFF if bit else 0) - self.P) * RATE[self.n] >> 16
        if self.n < MOST:
            self.n += 1

    def decide(self, rans):
        """A decision from this counter alone."""
        bit = rans.decide(min(max(self.P >> 8, 32), 65504))
        self.update(bit)
        return bit


class Table(dict):
    """What adapts within a tile, by index: made by `start` at its first use, so that a tile costs what it touches."""

    def __init__(self, start):
        self.start = start

    def __missing__(self, index):
        value = self[index] = self.start(index)
        return value

    def copy(self):
        """The same, to adapt on its own from here."""
        other = Table(self.start)
        other.update((index, copy(value)) for index, value in self.items())
        return other


def _squash():
    table = [32768] * 4096
    e = 1 << 62
    for i in range(2049):
        u = min(65535, (1 << 78) // ((1 << 62) + e))
        if i < 2048:
            table[2048 + i] = u
        table[2048 - i] = 65536 - u
        e = e * 4593706758521714574 >> 62
    table[2048] = 32768
    return table


SQUASH = _squash()
STRETCH = [min(bisect_left(SQUASH, 16 * q + 8), 4095) - 2048 for q in range(4096)]


def mixed(rans, counters, weights):
    """A decision from some counters; `weights` (a list of as many) and the counters learn from it."""
    stretched = [STRETCH[counter.P >> 12] for counter in counters]
    x = min(max(sum(w * t for w, t in zip(weights, stretched)) >> 16, -2047), 2047)
    p = min(max(SQUASH[x + 2048], 24), 65512)
    bit = rans.decide(p)
    e = (bit << 16) - p
    weights[:] = [min(max(w + ((t * e + 16384) >> 15), -262144), 262144) for w, t in zip(weights, stretched)]
    for counter in counters:
        counter.update(bit)
    return bit
