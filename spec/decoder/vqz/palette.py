"""The palette of a tile of classes: its few values, in rising order.

Told by the distances between them.
"""

from .counters import Counter, Table
from .refusal import refuse_unless

LONGEST = 33


def unfolded(number):
    """An integer from a number from 0 on: 0, −1, 1, −2, …"""
    return -(number + 1 >> 1) if number & 1 else number >> 1


def read_palette(rans, count):
    exponent = Table(lambda index: Counter(32768, 0))

    def number():
        n = 0
        while n < LONGEST and exponent[n].decide(rans):
            n += 1
        return (1 << n) + rans.number(n) - 1

    values = [unfolded(number())]
    while len(values) < count:
        values.append(values[-1] + number() + 1)
    for value in (values[0], values[-1]):
        check_value(value)
    return values


def check_value(value):
    refuse_unless(-(1 << 31) <= value < 1 << 31, f"classes: the value {value} is beyond int32")
