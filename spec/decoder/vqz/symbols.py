"""Tables of sixteen symbols that adapt, and what each class of expected residuals starts from.

A class is a range of what is expected, four to the octave; from its middle follow the ratio of a geometric
distribution, and from that the parts of its tables.
"""

from math import isqrt

SYMBOLS = 16
MOST = 250
# By the number of symbols seen: how much a table learns from one, and what rounds.
RATES = [131072 // (2 * (m + 12) + 3) for m in range(MOST + 1)]
ROUNDS = [32768 // rate for rate in RATES]
# What a start keeps from below, and from above.
_FLOORS = [10 * i for i in range(SYMBOLS)]
_CEILINGS = [65536 - 10 * (SYMBOLS - i) for i in range(SYMBOLS)]

# From this expectation (in 16ths) on residuals are folded, by classes from `FIRST_FOLDED` on; below, direct.
DIRECT_BELOW = 28
FIRST_FOLDED = 12


class Symbols:
    """Starts of the symbols in 65536ths."""

    __slots__ = ("starts", "seen")

    def __init__(self, parts):
        total, sums = sum(parts), [0]
        for part in parts[:-1]:
            sums.append(sums[-1] + part)
        self.starts = [s * 65376 // total + floor for s, floor in zip(sums, _FLOORS)]
        self.starts.append(65536)
        self.seen = 0

    def read(self, rans):
        low = rans.low
        starts = self.starts
        symbol = 0
        while starts[symbol + 1] <= low:
            symbol += 1
        rans.advance(starts[symbol], starts[symbol + 1] - starts[symbol])
        self._learn(symbol)
        return symbol

    def _learn(self, symbol):
        rate, add = RATES[self.seen], ROUNDS[self.seen]
        after = symbol + 1
        starts = self.starts
        starts[1:SYMBOLS] = [
            *(c - ((c - floor + add) * rate >> 16) for c, floor in zip(starts[1:after], _FLOORS[1:after])),
            *(c + ((most - c + add) * rate >> 16) for c, most in zip(starts[after:SYMBOLS], _CEILINGS[after:])),
        ]
        if self.seen < MOST:
            self.seen += 1


def class_of(expected):
    """The class of an expectation in 16ths."""
    u = expected + 4
    octave = u.bit_length() - 1
    return 4 * (octave - 2) + (u >> (octave - 2) & 3)


def middle(class_):
    value = (2 * (4 + class_ % 4) + 1) << min(class_ // 4 + 2, 5) >> 2
    return max(value - 8, 2) if class_ < FIRST_FOLDED else value


def ratio(class_):
    """How much rarer each larger magnitude is, in 65536ths."""
    m = middle(class_)
    return (isqrt(1024 + m * m << 16) - 8192) * 256 // m


def direct_parts(class_):
    """Of residuals −7 to 7, and of what is beyond."""
    r = ratio(class_)
    weights = [(65536 - r) * 65536 // (65536 + r)]
    while len(weights) < 9:
        weights.append(weights[-1] * r >> 16)
    return [weights[abs(i - 7)] for i in range(SYMBOLS)]


def folded_parts(class_):
    m = middle(class_)
    q = (2 * m - 32) * 65536 // (2 * m + 32)
    left, parts = 65536, []
    for _ in range(SYMBOLS):
        parts.append(left * (65536 - q) >> 16)
        left -= parts[-1]
    return parts


def chance_of_not_zero(class_):
    r = ratio(class_)
    return min(max(131072 * r // (65536 + r), 512), 65000)
