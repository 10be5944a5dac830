"""Prediction streams for tests, written by decoding: plans as they are asked for, residuals drawn at random.

As `writing` does it for codes. So streams come about that no writer would make, but that every reader has to follow.
"""

from unittest import mock

import numpy as np
from vqz.numbers import Numbers
from vqz.plan import AROUND, HERE, OWN, WEIGHTS, Plan
from vqz.prediction import read_numbers
from vqz.wide_rans import LOWEST


class WideDraw:
    """In place of a wide rANS stream: draws events by their shares, unless a script says what comes next."""

    def __init__(self, random):
        self.random = random
        # Decisions and plain numbers that come next, and the plans after.
        self.script, self.plans = [], []
        self.events = []
        self.draw()

    def draw(self):
        """Events by their shares, and now and then the first or the last, which may be rare."""
        self.low = self.random.choice((*[self.random.randrange(65536)] * 8, 0, 65535))

    def advance(self, start, frequency):
        self.events.append((start, frequency))
        self.draw()

    def decide(self, p):
        bit = self.script.pop(0) if self.script else int(self.low < p)
        self.advance(*((0, p) if bit else (p, 65536 - p)))
        return bit

    def plain(self, bits):
        value = self.script.pop(0) if self.script else self.low >> 16 - bits
        self.advance(value << 16 - bits, 1 << 16 - bits)
        return value

    def finish(self):
        pass

    def stream(self):
        state, words = LOWEST, []
        for start, frequency in reversed(self.events):
            if state >= frequency << 48:
                words.append(state & 0xFFFFFFFF)
                state >>= 32
            state = (state // frequency << 16) + state % frequency + start
        return state.to_bytes(8, "little") + b"".join(word.to_bytes(4, "little") for word in reversed(words))


class DrawnNumbers(Numbers):
    """Those of the draw's plans: a plane begins where a number is asked for and nothing is scripted."""

    def number(self, kind):
        if not self.rans.script:
            self.rans.script = self.rans.plans.pop(0)
        return super().number(kind)


def draw_numbers(random, valid, bounds, plans, earlier=()):
    """A prediction stream, its numbers and the planes that it leaves; `plans` are pairs: which plane, and its plan."""
    draw = WideDraw(random)
    draw.plans = [scripted(which, plan, len(earlier) + i) for i, (which, plan) in enumerate(plans)]
    rans, numbers = (f"vqz.prediction.{name}" for name in ("WideRans", "Numbers"))
    with mock.patch(rans, lambda stream: draw), mock.patch(numbers, DrawnNumbers):
        found, planes = read_numbers(b"", valid, bounds, earlier)
    return draw.stream(), found, planes


def scripted(which, plan, k):
    """The decisions and plain numbers that tell plane `which` of those left, and its plan, `k`th in order."""
    fields = number(which) + signed(plan.base) + number(plan.below) + number(plan.above)
    if plan.constant:
        return fields
    fields += [int(plan.narrow), int(plan.zeros)] + number(len(plan.references))
    for reference, taps in plan.references:
        fields += number(k - 1 - reference) + [int(taps is AROUND)]
    fields += number(0 if plan.companion is None else k - plan.companion)
    for field in (*(period - 1 for period in plan.periods), plan.fraction, plan.coarseness):
        fields += number(field)
    for coefficient in plan.coefficients.ravel().tolist():
        fields += signed(coefficient)
    for weight in plan.weights.ravel().tolist():
        fields += number(weight)
    return fields


def number(value):
    length = value.bit_length()
    script = [1] * length + [0] * (length < 32)
    if length > 1:
        script.append(value >> length - 2 & 1)
    left = length - 2
    while left > 0:
        part = min(left, 16)
        left -= part
        script.append(value >> left & (1 << part) - 1)
    return script


def signed(value):
    return number(abs(value)) + [int(value < 0)] * (value != 0)


def random_plan(random, k):
    """Any plan that a reader takes, of every size."""

    def any_size(most):
        return min(random.randrange(1 << random.randrange(most.bit_length() + 1)), most)

    plan = Plan(any_size((1 << 31) - 1) * random.choice((1, -1)), any_size(1 << 31), any_size((1 << 31) - 1))
    plan.narrow, plan.zeros = random.random() < 0.5, random.random() < 0.5
    for _ in range(min(k, random.choice((0, 1, 3, 16)))):
        plan.references.append((random.randrange(k), random.choice((HERE, AROUND))))
    plan.companion = random.randrange(k) if k and random.random() < 0.7 else None
    plan.periods = random.choice((1, 1, 2, 3, 8)), random.choice((1, 1, 2, 3, 8))
    plan.fraction, plan.coarseness = any_size(16), any_size(16)
    sets, taps = plan.periods[0] * plan.periods[1], len(OWN) + sum(len(taps) for _, taps in plan.references)
    largest, heaviest = random.choice((1 << plan.fraction, 1 << 20)), random.choice((3, 30, 255))
    coefficients = [random.randint(-largest, largest) * (random.random() < 0.5) for _ in range(sets * taps)]
    plan.coefficients = np.array(coefficients, np.int64).reshape(sets, taps)
    weights = [random.randint(0, heaviest) for _ in range(sets * WEIGHTS)]
    plan.weights = np.array(weights, np.int64).reshape(sets, WEIGHTS)
    return plan
