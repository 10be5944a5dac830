"""The plan of a plane in a prediction stream, which stands before its samples.

It says what they are predicted from, and how much is expected to be left.
"""

from dataclasses import dataclass, field

import numpy as np

from .refusal import refuse_unless

# As (down, right). The value of the first is subtracted from those of the others.
OWN = [(0, -1), (0, -2), (0, -3), (-1, 0), (-1, -1), (-1, 1), (-2, 0), (-1, -2), (-1, 2), (-2, -1), (-2, 1), (-3, 0)]
OWN += [(-2, -2), (-2, 2)]
HERE = [(0, 0)]
AROUND = [*HERE, (0, -1), (0, 1), (-1, 0), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]
WEIGHTS = 9

MOST_REFERENCES = 16
LARGEST_COEFFICIENT = 1 << 20


@dataclass
class Plan:
    base: int
    below: int = 0
    above: int = 0
    narrow: bool = False
    zeros: bool = False
    # Planes that it reads, by number, each with the taps read there.
    references: list = field(default_factory=list)
    companion: int | None = None
    periods: tuple = (1, 1)
    fraction: int = 0
    coarseness: int = 0
    # int64 `[set, tap]` and `[set, weight]`.
    coefficients: np.ndarray | None = None
    weights: np.ndarray | None = None

    @property
    def constant(self):
        return not self.below and not self.above


def read_plan(numbers, k):
    """The plan of plane `k`, counted in the order coded."""

    def number(name, most, kind=0):
        value = numbers.number(kind)
        refuse_unless(value <= most, f"prediction stream: {name} is {value}, at most {most}")
        return value

    plan = Plan(numbers.signed(0), number("below", 1 << 31), number("above", (1 << 31) - 1))
    if plan.constant:
        return plan
    plan.narrow, plan.zeros = (bool(numbers.rans.plain(1)) for _ in range(2))
    for _ in range(number("number of references", min(k, MOST_REFERENCES))):
        distance = number("distance of a reference", k - 1)
        plan.references.append((k - 1 - distance, AROUND if numbers.rans.plain(1) else HERE))
    back = number("companion", k)
    plan.companion = k - back if back else None
    plan.periods = number("period", 7) + 1, number("period", 7) + 1
    plan.fraction, plan.coarseness = number("fraction", 16), number("coarseness", 16)
    sets = plan.periods[0] * plan.periods[1]
    taps = len(OWN) + sum(len(taps) for _, taps in plan.references)
    plan.coefficients = np.array(_coefficients(numbers, sets, taps, plan.fraction), np.int64)
    weights = [[number("weight", 255, 9 + min(i, 7)) for i in range(WEIGHTS)] for _ in range(sets)]
    plan.weights = np.array(weights, np.int64)
    return plan


def _coefficients(numbers, sets, taps, fraction):
    rows = []
    for i in range(sets):
        row = [numbers.signed(1 + _kind(rows[-1][tap] if i else None, fraction)) for tap in range(taps)]
        largest = max(map(abs, row))
        refuse_unless(largest <= LARGEST_COEFFICIENT, f"prediction stream: a coefficient of magnitude {largest}")
        rows.append(row)
    return rows


def _kind(before, fraction):
    """Of a coefficient, given that of the same tap in the set before (None in the first)."""
    if before is None:
        return 1
    return 3 + min(4, (abs(before) << 3 >> fraction).bit_length()) if before else 2
