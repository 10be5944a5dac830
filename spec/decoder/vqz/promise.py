"""What a chunk promises of its valid samples: a bound for each band, or that they come back bit for bit.

A tile's form says how it keeps to that.
"""

from dataclasses import dataclass

import numpy as np

from .refusal import refuse_unless

LARGEST_EPSILON = 1 << 30
# Forms of a tile.
STATED, ONE_LESS, EXACT = range(3)


@dataclass(frozen=True)
class Promise:
    # float64, one for each band; all 0 where samples come back bit for bit.
    bounds: tuple
    stable: bool

    def epsilons(self, form):
        """Of integer types, by how much samples of each band may be off in a tile of this form."""
        if form == EXACT:
            return [0] * len(self.bounds)
        less = form == ONE_LESS
        return [max(int(min(bound, LARGEST_EPSILON)) - less, 0) for bound in self.bounds]


def read_promise(body, bands, stable):
    """The promise in a header's body; bit 5 of its flags says that there is one."""
    count = body.varint("number of bounds", bands)
    refuse_unless(count in (0, 1, bands), f"header: {count} bounds for {bands} bands")
    bounds = body.array("f8", count)
    right = np.isfinite(bounds).all() and not np.signbit(bounds).any()
    refuse_unless(right, f"header: bounds {bounds.tolist()}, of which one is negative or not finite")
    refuse_unless(count < 2 or len(set(bounds.tolist())) > 1, "header: states one bound for each band, all equal")
    refuse_unless(count != 1 or bounds[0] != 0, "header: states a bound of 0, which goes without saying")
    return Promise(tuple(np.broadcast_to(bounds if count else 0.0, bands).tolist()), stable)


def read_form(source, allowed):
    """A tile's form, which has to be one of those allowed."""
    form = source.byte()
    refuse_unless(form in allowed, f"tile: form {form}, where {allowed} are allowed")
    return form
