"""Numbers of any size in a prediction stream: their bit length by counters, then mostly plain bits.

Plans are made of them; each kind of number has counters of its own.
"""

from .counters import Counter, Table

LONGEST = 32


class Numbers:
    def __init__(self, rans):
        self.rans = rans
        self.length = Table(lambda index: Counter(32768, 0))
        self.top = Table(lambda index: Counter(32768, 0))
        self.sign = Table(lambda index: Counter(32768, 0))

    def number(self, kind):
        bits = 0
        while bits < LONGEST and self.length[kind, bits].decide(self.rans):
            bits += 1
        if bits < 2:
            return bits
        value = 2 | self.top[kind, bits].decide(self.rans)
        left = bits - 2
        while left:
            part = min(left, 16)
            value = value << part | self.rans.plain(part)
            left -= part
        return value

    def signed(self, kind):
        magnitude = self.number(kind)
        return -magnitude if magnitude and self.sign[kind].decide(self.rans) else magnitude
