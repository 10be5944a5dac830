"""Residuals of a prediction stream: small ones as symbols, large ones as symbols with plain bits below them.

What is expected of a residual chooses its table; all tables but `local` adapt throughout the stream.
"""

from .counters import Counter, Table, mixed
from .symbols import FIRST_FOLDED, Symbols, chance_of_not_zero, class_of, direct_parts, folded_parts

# The counters of *not 0* are for classes below.
WITH_ZEROS = 8
LONGEST_ESCAPE = 31
WEIGHT = 22000


class Residuals:
    def __init__(self, rans):
        self.rans = rans
        self.direct = Table(lambda index: Symbols(direct_parts(index[0])))
        self.not_zero = Table(lambda index: Symbols(direct_parts(index[0])))
        self.folded = Table(lambda index: Symbols(folded_parts(FIRST_FOLDED + index)))
        self.exponent = Table(lambda index: Counter(32768, 0))
        self.zero = Table(lambda index: _not_zero(index[1]))
        self.pattern = Table(lambda index: _not_zero(2 * index[1]))
        self.weights = Table(lambda index: [WEIGHT] * 3)
        self.begin_plane()

    def begin_plane(self):
        self.local = Table(_not_zero)

    def read_direct(self, expected, side, zero_at):
        """A residual with an expectation below 28; `zero_at` (flags, pattern) is None where no decision says that it is 0."""
        class_ = class_of(expected)
        table = self.direct
        if zero_at and class_ < WITH_ZEROS:
            flags, pattern = zero_at
            counters = self.zero[flags, class_], self.pattern[pattern, class_ // 2], self.local[class_]
            if not mixed(self.rans, counters, self.weights[class_]):
                return 0
            table = self.not_zero
        symbol = table[class_, side].read(self.rans)
        if symbol < 15:
            return symbol - 7
        negative = self.rans.plain(1)
        magnitude = self.escape() + 8
        return wrapped(-magnitude if negative else magnitude)

    def read_folded(self, expected):
        u = expected + 4
        octave = u.bit_length() - 1
        plain = octave - 5
        symbol = self.folded[4 * min(plain, 4) + (u >> (octave - 2) & 3)].read(self.rans)
        if symbol == 15:
            symbol += self.escape()
        low = self.plain(plain + 1)
        magnitude = (symbol << plain) + (low >> 1)
        return wrapped(-1 - magnitude if low & 1 else magnitude)

    def escape(self):
        n = 0
        while n < LONGEST_ESCAPE and self.exponent[n].decide(self.rans):
            n += 1
        return (1 << n) + self.plain(n) - 1

    def plain(self, bits):
        """A plain number in two parts where it takes more than 16 bits."""
        if bits <= 16:
            return self.rans.plain(bits)
        high = self.rans.plain(bits - 16)
        return high << 16 | self.rans.plain(16)


def _not_zero(class_):
    return Counter(chance_of_not_zero(class_), 4)


def wrapped(value):
    """An integer as int32 holds it."""
    return (value + 0x80000000 & 0xFFFFFFFF) - 0x80000000
