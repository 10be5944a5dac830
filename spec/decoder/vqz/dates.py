"""Subtracting an earlier date: what a tile's codes are expected to repeat of the tile that it refers to.

Codes that are less their spatial prediction are innovations. How much of an earlier innovation comes back is learnt for
each plane, and trusted where it would have helped in the patches around.
"""

FEWEST, MOST = -4096, 4096
LARGEST_SQUARES = 1 << 40


class Past:
    """Of a tile that refers to an earlier one, patch by patch; planes go by scan position."""

    def __init__(self, innovations, learnt, columns):
        # Of the earlier tile, by position: for each plane.
        self.innovations = innovations
        self.squares, self.products = learnt.squares, learnt.products
        self.columns = columns
        # Of patches already decoded, by position: sums of magnitudes without and with subtraction. Where there is none,
        # it counts 0: outside, and without a valid sample.
        self.sums = {}

    def begin_patch(self, row, column):
        """Sets for each plane `before` (the earlier innovation) and `subtracted` (what is taken off the patch's own)."""
        self.before = self.innovations[row, column]
        self.estimates = [self._estimate(k, b) if b else 0 for k, b in enumerate(self.before)]
        self.subtracted = self.estimates if self._trusts(row, column) else [0] * len(self.estimates)

    def _estimate(self, k, b):
        gain = _divided(self.products[k] * 256, self.squares[k] + 2)
        magnitude = abs(b) * min(max(gain, 0), 256) + 128 >> 8
        return magnitude if b > 0 else -magnitude

    def _trusts(self, row, column):
        north_east = column + 1 if column + 1 < self.columns else column
        around = (row, column - 1), (row - 1, column), (row - 1, column - 1), (row - 1, north_east)
        sums = [self.sums.get(place, (0, 0)) for place in around]
        return sum(subtracted for _, subtracted in sums) <= sum(plain for plain, _ in sums)

    def end_patch(self, row, column, innovations):
        """Learns from the patch's own innovations."""
        plain = subtracted = 0
        for k, (b, i, estimate) in enumerate(zip(self.before, innovations, self.estimates)):
            if b:
                plain += abs(i)
                subtracted += abs(i - estimate)
                self._learn(k, min(max(b, FEWEST), MOST), min(max(i, FEWEST), MOST))
        self.sums[row, column] = plain, subtracted

    def _learn(self, k, b, i):
        self.squares[k] += b * b
        self.products[k] += b * i
        if self.squares[k] > LARGEST_SQUARES:
            self.squares[k] = _divided(self.squares[k], 2)
            self.products[k] = _divided(self.products[k], 2)


def _divided(a, b):
    """`a / b`, truncated towards zero, where Python's own division rounds down."""
    return a // b if a >= 0 else -(-a // b)
