"""The code stream in rANS mode, scalar codes (quantiser `fsq`).

Planes are scanned in the model's order. What was decoded nearby, in the patches around and in the same patch, says how
large the next residual will be; whole spans and groups of planes may be flagged as zero. An earlier date, where the
tile refers to one, adds its own evidence and is partly subtracted.
"""

from dataclasses import dataclass

import numpy as np

from .counters import mixed
from .dates import Past
from .learnt import Learnt
from .neighbours import neighbours
from .planes import LARGEST_CODE
from .priors import HERE
from .rans import Rans
from .refusal import Refused

SPAN, GROUP = 128, 16
LOCAL = [0, 1, 2, 3, 4, 4, 5, 5, 5, 6, 6, 6, 6, 6, 6, 7]


@dataclass
class Date:
    """What a decoded tile leaves to those that refer to it."""

    learnt: Learnt
    # By patch position, for each plane in scan order.
    innovations: dict


def read_scalars(stream, priors, step, valid, earlier=None):
    """Codes in the model's own order, int32 `[planes, rows, columns]`, and what the tile leaves as a `Date`.

    Codes of patches that are not `valid` are 0; `earlier` is the date that the tile refers to.
    """
    tile = _Tile(stream, priors, step, valid.shape[1], earlier)
    codes = np.zeros((priors.planes, *valid.shape), np.int32)
    for row, column in np.ndindex(valid.shape):
        if valid[row, column]:
            codes[priors.scan, row, column] = tile.read_patch(row, column)
        else:
            tile.pass_patch(row, column)
    tile.rans.finish()
    return codes, Date(tile.learnt, tile.innovations)


def _clamp(value, least, most):
    return min(max(value, least), most)


def _length(value):
    return min(value.bit_length(), 15)


def _strength(r):
    base = 256 + (r & 255)
    return base << min(r >> 8, 8) if r >= 0 else base >> min(-(r >> 8), 31)


class _Tile:
    """What is known while a tile's patches are decoded; planes go by scan position `k` throughout."""

    def __init__(self, stream, priors, step, columns, earlier):
        self.rans = Rans(stream)
        self.priors = priors
        self.columns = columns
        self.padded = -(-priors.planes // SPAN) * SPAN
        range_ = [_clamp(sigma - step, -8192, 8191) for sigma in priors.sigma]
        range_ += [-8192] * (self.padded - priors.planes)
        self.classes = [_clamp((r >> 7) + 16, 0, 31) for r in range_]
        self.strength = [_strength(r) for r in range_]
        self.listed_spans = {listed.k // SPAN for listed in priors.listed}
        self.listed_groups = {listed.k // GROUP for listed in priors.listed}
        self.related = _related(priors)
        # Of patches already decoded, by position: magnitudes of residuals, codes, and codes less their predictions.
        self.magnitudes = {}
        self.codes = {}
        self.innovations = {}
        self.past = None
        if earlier:
            self.learnt = earlier.learnt.copy()
            self.past = Past(earlier.innovations, self.learnt, columns)
        else:
            self.learnt = Learnt(priors, self.classes)

    def pass_patch(self, row, column):
        """A patch without a valid sample: its codes are what later patches would have expected."""
        codes = [0] * self.priors.planes
        for listed in self.priors.listed:
            codes[listed.k] = _clamp(self.prediction(listed, row, column, codes), -LARGEST_CODE, LARGEST_CODE)
        self.codes[row, column] = codes
        self.magnitudes[row, column] = [0] * self.padded
        self.innovations[row, column] = self.past.innovations[row, column] if self.past else [0] * self.priors.planes

    def read_patch(self, row, column):
        planes = self.priors.planes
        activity = self.measure_activity(row, column)
        magnitudes = [0] * self.padded
        codes, innovations = [0] * planes, [0] * planes
        listed = {plane.k: plane for plane in self.priors.listed}
        recent = 0
        if self.past:
            self.past.begin_patch(row, column)
        for span in range(0, self.padded, SPAN):
            certain = span // SPAN in self.listed_spans or self.subtracts(span, SPAN)
            if not certain and not self.flag(0, span, SPAN, activity, recent):
                recent >>= 8
                continue
            for group in range(span, min(span + SPAN, planes), GROUP):
                certain = group // GROUP in self.listed_groups or self.subtracts(group, GROUP)
                if not certain and not self.flag(1, group, GROUP, activity, recent):
                    recent >>= 2
                    continue
                for k in range(group, min(group + GROUP, planes)):
                    residual = self.residual(k, activity[k], recent, magnitudes)
                    magnitudes[k] = min(abs(residual), 255)
                    codes[k] = innovations[k] = residual + (self.past.subtracted[k] if self.past else 0)
                    if k in listed:
                        codes[k] += self.prediction(listed[k], row, column, codes)
                    if abs(codes[k]) > LARGEST_CODE:
                        raise Refused(f"code stream: code {codes[k]} is outside ±2^22")
                recent = (recent + 3 * 16 * sum(magnitudes[group : group + GROUP])) >> 2
        self.codes[row, column] = codes
        self.magnitudes[row, column] = magnitudes
        self.innovations[row, column] = innovations
        if self.past:
            self.past.end_patch(row, column, innovations)
        return codes

    def measure_activity(self, row, column):
        places = neighbours(row, column, self.columns)
        if places is None:
            return [0] * self.padded
        return [2 * w + 2 * n + nw + ne for w, n, nw, ne in zip(*(self.magnitudes[place] for place in places))]

    def subtracts(self, first, count):
        """Is anything of the earlier date subtracted in these planes?"""
        return self.past is not None and any(self.past.subtracted[first : first + count])

    def flag(self, level, first, count, activity, recent):
        """Does a span (level 0) or group (level 1) of planes hold anything?"""
        near = _length(sum(activity[first : first + count]))
        class_ = self.classes[first]
        learnt = self.learnt
        counters = [
            learnt.group_activity[level, near, _length(recent)],
            learnt.own_group[level, first],
            learnt.group_class[level, class_, near],
        ]
        if not self.past:
            return mixed(self.rans, counters, learnt.group_weights[level, class_])
        before = _length(sum(map(abs, self.past.before[first : first + count])))
        counters.append(learnt.time_flag[level, before, near])
        return mixed(self.rans, counters, learnt.time_flag_weights[level, class_])

    def residual(self, k, activity, recent, magnitudes):
        class_ = self.classes[k]
        up, left, one, two = self.related[k]
        # Position -1, of what is absent, reads as 0.
        f = (magnitudes[up] if up >= 0 else 0) + (magnitudes[left] if left >= 0 else 0)
        g = 2 * (magnitudes[one] if one >= 0 else 0) + (magnitudes[two] if two >= 0 else 0)
        l0, l1, l2, l3, l4 = self.priors.linear[class_]
        sum_ = min(0xFFFFFFFF, self.strength[k] * max(0, l4))
        sum_ += 43 * activity * l0 + recent * l1 + 128 * f * l2 + 85 * g * l3
        clamped = _clamp(_clamp(sum_ >> 8, 0, 1 << 20), 4, (1 << 14) - 1)
        x = clamped.bit_length() - 1
        expected = 4 * (x - 2) + (clamped >> (x - 2) & 3)
        local = 8 * LOCAL[min(f, 15)] + LOCAL[min(g, 15)]

        before = self.past.before[k] if self.past else 0
        time = min(abs(before), 7), int(before != 0 and self.past.subtracted[k] != 0)
        learnt = self.learnt
        magnitude = 0
        while magnitude < 6:
            d = magnitude
            own = 3 if d == 1 else 4 if d else (activity > 0) + (activity > 3)
            counters = [
                learnt.expected[d, expected, class_ // 2],
                learnt.own[k, own],
                learnt.local[d, local, class_ // 2],
            ]
            if self.past:
                counters.append(learnt.time[d, *time, expected // 4])
            weights = learnt.time_weights if self.past else learnt.weights
            if not mixed(self.rans, counters, weights[d, class_]):
                break
            magnitude += 1
        else:
            magnitude += self.golomb(expected // 4)
        if not magnitude:
            return 0
        if before:
            same = learnt.time_sign[time[1], time[0]].decide(self.rans)
            return magnitude if same == (before > 0) else -magnitude
        return -magnitude if self.rans.decide(32768) else magnitude

    def golomb(self, q):
        """What a magnitude is above 6, an exponential-Golomb number."""
        n = 0
        while n < 25 and self.learnt.exponent[q, n].decide(self.rans):
            n += 1
        if n == 0:
            return 0
        value = 2 | self.learnt.mantissa[n].decide(self.rans)
        return (value << (n - 1) | self.rans.number(n - 1)) - 1

    def prediction(self, listed, row, column, codes):
        if row == 0 or column == 0:
            if not listed.copy or row == column == 0:
                return 0
            return self.codes[(row - 1, column) if row else (row, column - 1)][listed.k]
        near = [self.codes[place] for place in neighbours(row, column, self.columns)]
        total = sum(weight * (codes if place == HERE else near[place])[k] for place, k, weight in listed.terms)
        return _clamp((total + 128) >> 8, -(1 << 24), 1 << 24)


def _related(priors):
    """For each scan position, those of the planes `up`, `left`, `one` and `two` of it; -1 where there is none."""
    if not priors.components:
        return [(-1, -1, -1, -1)] * priors.planes
    position = {plane: k for k, plane in enumerate(priors.scan)}

    def related(plane):
        frequency, component = divmod(plane, priors.components)
        u, v = divmod(frequency, priors.side)
        return (
            position[plane - priors.side * priors.components] if u else -1,
            position[plane - priors.components] if v else -1,
            position[plane - 1] if component > 0 else -1,
            position[plane - 2] if component > 1 else -1,
        )

    return [related(plane) for plane in priors.scan]
