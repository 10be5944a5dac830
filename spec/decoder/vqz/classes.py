"""Tiles of classes: samples of integer types that are drawn from few values, which the tile lists.

The classes around a sample are the contexts of its own. On a grid, as of pixels that were enlarged, the position in a cell is
one too.
"""

import numpy as np

from .counters import Counter, Table
from .cursor import Cursor
from .histories import Histories
from .palette import check_value, read_palette, unfolded
from .rans import Rans
from .refusal import refuse_unless
from .surroundings import LEFT, Shown


def read_classes(stream, valid):
    """Samples as integers, int64 `[band, row, column]`, 0 where not `valid`."""
    source = Cursor(stream, "classes")
    count = source.byte() + 1
    samples = int(valid.sum())
    refuse_unless(count <= samples, f"classes: {count} values for {samples} valid samples")
    if count == 1:
        value = unfolded(source.varint("value", (1 << 32) - 1))
        check_value(value)
        source.end()
        return np.where(valid, value, 0)
    rans = Rans(source.take(source.left))
    palette = np.array(read_palette(rans, count), np.int64)
    classes = _Classes(rans, count, _read_grid(rans), valid).read()
    rans.finish()
    return np.where(valid, palette[classes], 0)


def _read_grid(rans):
    """Period, row and column at which cells begin; None without a grid."""
    if not rans.number(1):
        return None
    period, row, column = rans.number(3) + 2, rans.number(4), rans.number(4)
    refuse_unless(max(row, column) < period, f"classes: a grid of period {period} that begins at {row}, {column}")
    return period, row, column


class _Classes:
    def __init__(self, rans, count, grid, valid):
        self.rans = rans
        self.count = count
        self.bits = (count - 1).bit_length()
        self.grid = grid
        self.valid = valid
        self.quiet = Table(lambda index: Counter(63000, 4))
        self.histories = Histories(rans, valid.size)

    def read(self):
        """What all samples show, `[band, row, column]`."""
        _, rows, columns = self.valid.shape
        before, planes = None, []
        for valid in self.valid.tolist():
            shown = Shown(columns)
            for y in range(rows):
                self.read_row(y, valid[y], shown, before)
            planes.append([list(row[LEFT : LEFT + columns]) for row in shown.rows])
            before = shown
        return np.array(planes)

    def read_row(self, y, valid, shown, before):
        shown.begin_row()
        for x, valid_ in enumerate(valid):
            shown.put(x, self.read_sample(y, x, shown, before) if valid_ else shown.row[LEFT + x - 1])
        shown.end_row()

    def phase(self, y, x):
        if self.grid is None:
            return 0
        period, row, column = self.grid
        return 2 * (y % period == row) + (x % period == column)

    def read_sample(self, y, x, shown, before):
        at = LEFT + x
        row, north, north_2 = shown.row, shown.north, shown.north_2
        west = row[at - 1]
        cross = before.cross(y, x) if before else None
        phase = self.phase(y, x)
        excluded = set()

        near = {*row[at - 2 : at], *north[at - 2 : at + 3], *north_2[at - 1 : at + 2]}
        if len(near) == 1 and (cross is None or len(set(cross)) == 1):
            shade = west if cross is None else west ^ (151 * cross[0] + 77) % 256
            if self.quiet[4 * shade + phase].decide(self.rans):
                return west
            excluded.add(west)

        words = [row[at - 8 : at], north[at - 3 : at + 5], north_2[at - 3 : at + 5]]
        words = [int.from_bytes(word, "little") for word in words]
        self.histories.begin_sample(*words, cross and int.from_bytes(bytes(cross), "little"), phase)
        set_ = self.alike(row, north, north_2, at, cross)
        candidates = [west, north[at], north[at + 1], north[at - 1]]
        if north[at] == north[at + 1]:
            candidates[:2] = north[at], west
        for candidate in candidates:
            if candidate in excluded:
                continue
            if len(excluded) == self.count - 1:
                return candidate
            kind = min(len(excluded), 2)
            if self.histories.decide(kind, candidate, 128 * kind + set_):
                return candidate
            excluded.add(candidate)
        return self.read_class(excluded)

    def alike(self, row, north, north_2, at, cross):
        """Which neighbours are alike, in 7 bits."""
        w, ww, nw, n, ne = row[at - 1], row[at - 2], north[at - 1], north[at], north[at + 1]
        pairs = [(w, n), (n, nw), (n, ne), (w, nw)]
        if cross is None:
            pairs += [(w, ww), (n, north_2[at]), (0, 1)]
        else:
            p, pw, _, pn, _ = cross
            pairs += [(p, pw), (p, pn), (0, 0)]
        number = 0
        for a, b in pairs:
            number = 2 * number + (a == b)
        return number

    def read_class(self, excluded):
        """A class that is none of those excluded, bit by bit."""
        first = 0
        for level in reversed(range(self.bits)):
            middle = first + (1 << level)
            last = min(self.count, middle + (1 << level))
            if all(c in excluded for c in range(middle, last)):
                continue
            what = (1 << self.bits - level) + (middle >> level)
            alone = all(c in excluded for c in range(first, middle))
            if alone or self.histories.decide(3, what, 384 + level):
                first = middle
        return first
