"""Samples without a picture: those of integer types are numbers of a prediction stream, floats lie on lattices.

Nothing here depends on a model, so every decoder gives the same.
"""

import numpy as np

from .lattices import CUT, LowBits, read_lattice
from .prediction import LARGEST_BOUND, read_numbers
from .promise import EXACT, ONE_LESS, STATED, read_form
from .refusal import refuse_unless


def read_samples(source, valid, dtype, promise, earlier=()):
    """Samples, int64 or of a float type, and the planes that the tile leaves to those that refer to it.

    `source` is a cursor at the form; `valid` is bool `[band, row, column]`.
    """
    if dtype.kind == "f":
        return _floats(source, valid, dtype, promise, earlier)
    epsilons = promise.epsilons(read_form(source, (STATED, ONE_LESS, EXACT)))
    bounds = [0] * len(epsilons) if promise.stable else epsilons
    numbers, planes = read_numbers(source.take(source.left), valid, bounds, earlier)
    if promise.stable:
        numbers *= np.minimum(2 * np.array(epsilons) + 1, 1 << 30)[:, None, None]
    return numbers, planes


def _floats(source, valid, dtype, promise, earlier):
    form = read_form(source, (STATED, EXACT))
    bands = [(read_lattice(source), source.varint("bound of a lattice", LARGEST_BOUND)) for _ in valid]
    # For each plane, the band that it belongs to.
    owners = [band for band, (lattice, _) in enumerate(bands) for _ in range(lattice.planes(dtype))]
    bounds = [bands[band][1] for band in owners]
    refuse_unless(all(bound == 0 for lattice, bound in bands if lattice.kind == CUT), "tile: a cut lattice with a bound")
    cuts = any(lattice.kind == CUT for lattice, _ in bands)
    exact = [form == EXACT or bound == 0 for bound in promise.bounds]
    refuse_unless(all(not here or bound == 0 for here, (_, bound) in zip(exact, bands)), "tile: a bound where none is promised")
    low = LowBits(source.take(source.varint("length of low bits", source.left)) if cuts else b"")
    numbers, planes = read_numbers(source.take(source.left), valid[owners], bounds, earlier)
    owned = [numbers[np.equal(owners, band)] for band in range(len(bands))]
    samples = [
        lattice.joined(n, here, dtype, low) if lattice.kind == CUT else lattice.samples(n, dtype)
        for (lattice, _), n, here in zip(bands, owned, valid)
    ]
    low.end()
    samples = np.stack(samples)
    refuse_unless(np.isfinite(samples[valid]).all(), "tile: a valid sample that is not finite")
    return samples, planes
