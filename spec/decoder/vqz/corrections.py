"""Corrections of a picture: whole steps that bring each sample within its bound.

Steps are smaller than bounds allow, so that it holds for every conforming decoder's picture.
"""

import numpy as np

from .prediction import read_numbers
from .promise import ONE_LESS, STATED, read_form
from .refusal import refuse_unless

LARGEST_OCTAVE = 60


def corrected(v, source, valid, dtype, promise, model):
    """A picture (float32, data units) within its bounds, float64; `source` is a cursor at the form."""
    refuse_unless(not promise.stable, "tile: a corrected picture in a stable chunk")
    form = read_form(source, (STATED, ONE_LESS) if dtype.kind != "f" else (STATED,))
    octave = source.varint("octave of a picture", LARGEST_OCTAVE)
    within = np.abs(v) <= model.peak * 2.0**octave
    refuse_unless(within.all(), f"tile: a picture beyond octave {octave} of its peak")
    steps = _steps(promise, form, dtype, model, 2.0**octave)
    numbers, _ = read_numbers(source.take(source.left), valid, [0] * len(steps))
    with np.errstate(over="ignore"):
        return v.astype(np.float64) + numbers * np.array(steps)[:, None, None]


def _steps(promise, form, dtype, model, scale):
    tolerance = model.tolerance * scale
    if dtype.kind != "f":
        steps = [2 * epsilon + 1 - 2 * tolerance - 1 / 1024 for epsilon in promise.epsilons(form)]
    else:
        unit = 2 * model.peak * scale * 2.0 ** (-24 if dtype.itemsize == 4 else -53)
        steps = [2 * (bound - tolerance - unit) * (1 - 1 / 1024) for bound in promise.bounds]
    refuse_unless(min(steps) > tolerance, "tile: a corrected picture, within bounds that leave no step")
    return steps
