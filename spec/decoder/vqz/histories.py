"""Decisions about classes: mixed from what came in six kinds of surroundings, each remembered by a hash of it.

A history is one byte of counts, of zeros and of ones; a counter by history learns what such a history is worth.
"""

from .counters import Counter, Table, mixed

WORD = (1 << 64) - 1
OF_WEST, OF_NORTH, OF_NORTH_2 = 0x9E3779B97F4A7C15, 0xC2B2AE3D27D4EB4F, 0x165667B19E3779F9
OF_MORE, OF_CONTEXT, OF_SLOT = 0x2545F4914F6CDD1D, 0xFF51AFD7ED558CCD, 0xD6E8FEB86659FD93
CONTEXTS = 6
WEIGHT = 12000
# What a history of neither is taken for, of each kind: zeros and ones, in hundredths.
TAKEN = [(50, 50), (10, 30), (20, 20), (10, 10)]


def _mask(first_column, *columns):
    """The bytes of these columns, relative to the sample's, in a word that begins at `first_column`."""
    return sum(255 << 8 * (column - first_column) for column in columns)


def _masks(west, north, north_2):
    return _mask(-8, *west), _mask(-3, *north), _mask(-3, *north_2)


MASKS = [
    _masks([-1], [-1, 0, 1], []),
    _masks([-1], [0, 1, 2, 3], []),
    _masks([-2, -1], [-1, 0, 1, 2], [0, 1]),
    _masks([-1], [0], []),
    _masks([], [], []),
    _masks([-3, -2, -1], [-2, -1, 0], []),
]
# In planes after the first the last of them goes by the plane before alone.
LATER_MASKS = [*MASKS[:5], _masks([], [], [])]
# Of the plane before in context 3: here, west and north.
OF_CROSS = 0xFF00FFFF


class Histories:
    def __init__(self, rans, samples):
        self.rans = rans
        bits = min(max(samples.bit_length() - 1, 10), 16)
        self.shift = 64 - bits
        self.histories = [bytearray(1 << bits) for _ in range(CONTEXTS)]
        self.maps = Table(lambda index: Counter(_chance(index[1], index[2]), 30))
        self.weights = Table(lambda index: [WEIGHT] * CONTEXTS)

    def begin_sample(self, west, north, north_2, cross, phase):
        """Three words, the word of the plane before (None in the first), and the phase."""
        more = [0] * CONTEXTS
        if cross is not None:
            more[3], more[5] = cross & OF_CROSS, cross & 0xFF
        self.contexts = []
        for i, (a, b, c) in enumerate(MASKS if cross is None else LATER_MASKS):
            sum_ = ((west & a) >> 32) * OF_WEST + (north & b) * OF_NORTH + (north_2 & c) * OF_NORTH_2
            sum_ = sum_ + (256 * more[i] + 16 * i + phase) * OF_MORE & WORD
            self.contexts.append((sum_ ^ sum_ >> 32) * OF_CONTEXT & WORD)

    def decide(self, kind, what, set_):
        key = (4 * what + kind) * OF_WEST & WORD
        slots = [((context ^ key) * OF_SLOT & WORD) >> self.shift for context in self.contexts]
        found = [history[slot] for history, slot in zip(self.histories, slots)]
        counters = [self.maps[i, kind, history] for i, history in enumerate(found)]
        bit = mixed(self.rans, counters, self.weights[set_])
        for history, slot, before in zip(self.histories, slots, found):
            history[slot] = _learnt(before, bit)
        return bit


def _chance(kind, history):
    zeros, ones = history >> 4, history & 15
    z, o = TAKEN[kind]
    return (100 * ones + o) * 65536 // (100 * (zeros + ones) + z + o)


def _learnt(history, bit):
    zeros, ones = history >> 4, history & 15
    came, other = (ones, zeros) if bit else (zeros, ones)
    came = min(came + 1, 15)
    if other > 3:
        other = (other + 3) // 2
    zeros, ones = (other, came) if bit else (came, other)
    return 16 * zeros + ones
