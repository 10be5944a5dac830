"""The prediction stream: planes of int32 numbers, each stored as its difference from a prediction.

Predictions and what is expected of residuals are sums over numbers and residuals nearby. What comes from other planes
and from the rows above is summed for a row at once; what comes from the west goes sample by sample.
"""

from dataclasses import dataclass

import numpy as np

from .margins import Margins
from .numbers import Numbers
from .plan import OWN, read_plan
from .refusal import refuse_unless
from .residuals import Residuals, wrapped
from .symbols import DIRECT_BELOW
from .wide_rans import WideRans

LARGEST_BOUND = 1 << 30
LARGEST_EXPECTED = 1 << 30
LARGEST_MAGNITUDE = 1 << 20
# How many of a plane's own taps are in the sample's row: those to the west.
IN_ROW = 3


@dataclass
class Plane:
    """What later planes read of one that is decoded: numbers less its base, and magnitudes of residuals."""

    values: Margins
    magnitudes: Margins


def read_numbers(stream, valid, bounds, earlier=()):
    """Numbers, int64 `[plane, row, column]` (0 where not valid), and the planes decoded, in the order coded.

    `valid` is bool `[plane, row, column]`, `bounds` one for each; `earlier` are the planes of the tile referred to.
    """
    rans = WideRans(stream)
    numbers, residuals = Numbers(rans), Residuals(rans)
    count, rows, columns = valid.shape
    found = np.zeros(valid.shape, np.int64)
    left, known = list(range(count)), list(earlier)
    while left:
        which = numbers.number(0)
        refuse_unless(which < len(left), f"prediction stream: plane {which} of the {len(left)} that are left")
        place = left.pop(which)
        plan = read_plan(numbers, len(known))
        plane = Plane(Margins(rows, columns), Margins(rows, columns))
        if not plan.constant:
            residuals.begin_plane()
            _Samples(plan, known, residuals, int(bounds[place]), plane).read(valid[place])
        known.append(plane)
        found[place] = np.where(valid[place], wrapped(plane.values.inner + plan.base), 0)
    rans.finish()
    return found, known[len(earlier) :]


class _Samples:
    """The samples of a plane that is not constant, by rows."""

    def __init__(self, plan, known, residuals, bound, plane):
        self.plan = plan
        self.residuals = residuals
        self.bound = bound
        self.values, self.magnitudes = plane.values, plane.magnitudes
        self.others = [(known[k].values, taps) for k, taps in plan.references]
        self.companion = known[plan.companion].magnitudes if plan.companion is not None else None
        self.factors = _factors(plan)

    def read(self, valid):
        for row in range(len(valid)):
            values, magnitudes = self._row(row, valid[row].tolist())
            self.values.put(row, values)
            self.magnitudes.put(row, magnitudes)

    def _row(self, row, valid):
        plan, residuals, bound = self.plan, self.residuals, self.bound
        fraction, coarseness, narrow = plan.fraction, plan.coarseness, plan.narrow
        half = (1 << fraction) >> 1
        beyond = (bound + 1) << fraction
        most = LARGEST_EXPECTED >> coarseness
        stride = 2 * bound + 1
        rows_, columns_ = plan.periods
        sets = row % rows_ * columns_ + np.arange(len(valid)) % columns_
        factors, weights = self.factors[sets].T, plan.weights[sets].T
        sums, expectations = self._sums(row, factors).tolist(), self._expectations(row, weights).tolist()
        factors, weights = factors[:IN_ROW].T.tolist(), weights[:2].T.tolist()
        companion = self._companion(row)
        patterns = self._patterns(row, companion).tolist()
        companion = companion.tolist()
        flags = 8 * (row % rows_ % 2) if rows_ > 1 else 0

        west = west_2 = west_3 = self.values.left_of(row)
        near = near_2 = self.magnitudes.left_of(row)
        before = 0
        values, magnitudes = [], []
        for x, valid_ in enumerate(valid):
            if valid_:
                a, b, c = factors[x]
                sum_ = sums[x] + a * west + b * west_2 + c * west_3
                if narrow:
                    sum_ = wrapped(sum_)
                a, b = weights[x]
                expected = min((expectations[x] + a * near + b * near_2 & 0xFFFFFFFF) >> 2, most) << coarseness
                if expected < DIRECT_BELOW:
                    predicted = sum_ + half >> fraction
                    if bound:
                        side = 1 + (before > 0) - (before < 0)
                    else:
                        side = (sum_ + half << 2) >> fraction & 3
                    zero_at = None
                    if plan.zeros:
                        at = flags + (4 * (x % 2) if columns_ > 1 else 0)
                        at += 2 * (16 * near > expected) + (16 * companion[x] > expected)
                        zero_at = at, patterns[x] + 81 * min(near, 2)
                    predicted = min(max(predicted, -plan.below), plan.above)
                    residual = residuals.read_direct(expected, side, zero_at)
                    magnitude = abs(residual)
                else:
                    predicted = min(max(sum_ + beyond >> fraction, -plan.below), plan.above)
                    residual = residuals.read_folded(expected)
                    magnitude = abs(residual + 1 if residual >= 0 else residual)
                value = predicted + residual * stride if bound else wrapped(predicted + residual)
                value = min(max(value, -plan.below), plan.above)
                magnitude = min(magnitude >> coarseness, LARGEST_MAGNITUDE)
                before = residual
            else:
                value, magnitude, before = west, 0, 0
            values.append(value)
            magnitudes.append(magnitude)
            west, west_2, west_3 = value, west, west_2
            near, near_2 = magnitude, near
        return values, magnitudes

    def _sums(self, row, factors):
        """Of each sample, what is summed over taps but those to its west."""
        planes = [(self.values, OWN), *self.others]
        taps = [(values, tap) for values, taps in planes for tap in taps]
        total = np.zeros(factors.shape[1], np.int64)
        for (values, tap), factor in list(zip(taps, factors))[IN_ROW:]:
            total += factor * values.at(row, *tap)
        return total

    def _expectations(self, row, weights):
        """The same of what is expected of residuals."""
        near = self.magnitudes
        total = 4 * weights[8] + weights[2] * near.at(row, -1, 0) + weights[3] * near.at(row, -1, -1)
        total += weights[4] * near.at(row, -1, 1) + weights[5] * near.at(row, -2, 0)
        if self.companion is not None:
            total += weights[6] * self.companion.at(row, 0, 0)
            around = sum(self.companion.at(row, *tap) for tap in ((0, -1), (0, 1), (-1, 0), (1, 0)))
            total += weights[7] * around
        return total

    def _companion(self, row):
        if self.companion is None:
            return np.zeros(self.magnitudes.columns, np.int64)
        return self.companion.at(row, 0, 0)

    def _patterns(self, row, companion):
        """What is known of the pattern of residuals around each sample of a row before the row is."""
        near = self.magnitudes
        north, north_west, north_east = (near.at(row, -1, right) for right in (0, -1, 1))
        pairs = (27, north), (9, companion), (3, north_west), (1, north_east)
        return sum(factor * np.minimum(magnitude, 2) for factor, magnitude in pairs)


def _factors(plan):
    """By what each tap's value is multiplied, int64 `[set, tap]`, once differences are multiplied out."""
    factors = plan.coefficients.copy()
    first = 0
    for count in (len(OWN), *(len(taps) for _, taps in plan.references)):
        factors[:, first] -= factors[:, first + 1 : first + count].sum(axis=1)
        first += count
    factors[:, 0] += 1 << plan.fraction
    return factors
