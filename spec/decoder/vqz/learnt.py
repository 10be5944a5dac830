"""What adapts while scalar codes are decoded: counters, mixing weights, and sums over innovations.

A tile starts from the model's priors or, where it refers to an earlier date, from what that tile has learnt.
"""

from copy import copy

from .counters import Counter, Table


class Learnt:
    """`classes` are those of the planes, which go by scan position; every member is a table."""

    def __init__(self, priors, classes):
        self.expected = Table(priors.expected)
        self.own = Table(lambda index: priors.plane((classes[index[0]], index[1])))
        self.local = Table(priors.local)
        self.group_activity = Table(priors.group_activity)
        self.own_group = Table(lambda index: priors.group((index[0], classes[index[1]])))
        self.group_class = Table(priors.group_class)
        self.exponent = Table(priors.exponent)
        self.mantissa = Table(priors.mantissa)
        self.weights = Table(priors.weights)
        self.group_weights = Table(priors.group_weights)
        # Touched only by tiles that refer to an earlier date.
        self.time = Table(lambda index: Counter(int(priors.expected.p[index[0], 4 * index[3] + 2, 8]), 1))
        self.time_flag = Table(lambda index: Counter(20000, 0))
        self.time_sign = Table(lambda index: Counter(32768, 1))
        self.time_weights = Table(lambda index: _of_four(priors.weights(index)))
        self.time_flag_weights = Table(lambda index: _of_four(priors.group_weights(index)))
        self.squares = Table(lambda k: 0)
        self.products = Table(lambda k: 0)

    def copy(self):
        other = copy(self)
        for name, table in vars(self).items():
            setattr(other, name, table.copy())
        return other


def _of_four(weights):
    return [140 * w >> 8 for w in weights] + [30000]
