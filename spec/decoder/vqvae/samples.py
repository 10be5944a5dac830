"""Samples without a picture: those of integer types are numbers of a prediction stream, floats lie on lattices.

Nothing here depends on a model, so every decoder gives the same.
"""

import numpy as np

from .lattices import read_lattice
from .prediction import LARGEST_BOUND, read_numbers
from .promise import EXACT, ONE_LESS, STATED, read_form


def read_samples(source, valid, dtype, promise, earlier=()):
    """Samples, int64 or of a float type, and the planes that the tile leaves to those that refer to it.

    `source` is a cursor at the form; `valid` is bool `[band, row, column]`.
    """
    if dtype.kind == "f":
        return _floats(source, valid, dtype, earlier)
    epsilons = promise.epsilons(read_form(source, (STATED, ONE_LESS, EXACT)))
    bounds = [0] * len(epsilons) if promise.stable else epsilons
    numbers, planes = read_numbers(source.take(source.left), valid, bounds, earlier)
    if promise.stable:
        numbers *= 2 * np.array(epsilons)[:, None, None] + 1
    return numbers, planes


def _floats(source, valid, dtype, earlier):
    read_form(source, (STATED, EXACT))
    bands = [(read_lattice(source), source.varint("bound of a lattice", LARGEST_BOUND)) for _ in valid]
    # For each plane, the band that it belongs to.
    owners = [band for band, (lattice, _) in enumerate(bands) for _ in range(lattice.planes(dtype))]
    bounds = [bands[band][1] for band in owners]
    numbers, planes = read_numbers(source.take(source.left), valid[owners], bounds, earlier)
    owned = [numbers[np.equal(owners, band)] for band in range(len(bands))]
    return np.stack([lattice.samples(n, dtype) for (lattice, _), n in zip(bands, owned)]), planes
