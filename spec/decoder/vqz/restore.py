"""Restoring samples: masked ones bit for bit, valid ones from what the decoder gave."""

import numpy as np

from .mask import ESCAPED
from .tile import SAMPLES


def nodata_of(values, dtype):
    """The nodata values as an array of the data type, without those that an integer type does not hold."""
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        return np.array([int(v) for v in values if info.min <= v <= info.max and v == int(v)], dtype)
    with np.errstate(over="ignore"):
        return np.array(values, np.float64).astype(dtype)


def restore(values, content, patterns, nodata):
    """Samples of a tile, `[bands, rows, columns]`; `values` (data units) are None where none is valid."""
    dtype = patterns.dtype
    samples = np.zeros(content.classes.shape, dtype)
    if values is not None:
        # Samples without a picture are of the type already.
        samples = values.copy() if content.kind == SAMPLES and dtype.kind == "f" else _rounded(values, dtype)
        for place in zip(*np.nonzero(np.isin(samples, nodata) & content.valid)):
            samples[place] = _beside(values[place], samples[place], nodata)
    listed = (content.classes != 0) & (content.classes != ESCAPED)
    if listed.any():
        # By bit patterns: a copy through floats may change those of NaNs.
        _bits(samples)[listed] = _bits(patterns)[content.classes[listed] - 1]
    _bits(samples)[content.classes == ESCAPED] = _bits(content.escapes)
    return samples


def _bits(array):
    return array.view(f"u{array.itemsize}")


def _rounded(v, dtype):
    # What a NaN becomes is left open, but for that it is finite.
    v = np.where(np.isnan(v), np.float32(0), v)
    if dtype.kind in "iu":
        info = np.iinfo(dtype)
        # float64 holds every limit of an integer type exactly.
        return np.clip(np.rint(v.astype(np.float64)), info.min, info.max).astype(dtype)
    most = np.finfo(np.float32).max
    return np.clip(v, -most, most).astype(dtype)


def _beside(v, sample, nodata):
    """The representable value nearest to `v` that is no nodata value; the higher on a tie."""
    near = []
    for direction in (1, -1):
        value = sample
        while value is not None and value in nodata:
            value = _next(value, direction)
        if value is not None:
            near.append(value)
    # Python's integers and floats are wide enough to compare distances.
    return min(near, key=lambda value: abs(float(value) - float(v)))


def _next(value, direction):
    if value.dtype.kind in "iu":
        info = np.iinfo(value.dtype)
        following = int(value) + direction
        return value.dtype.type(following) if info.min <= following <= info.max else None
    with np.errstate(over="ignore"):
        following = np.nextafter(value, value.dtype.type(direction * np.inf))
    return following if np.isfinite(following) else None
