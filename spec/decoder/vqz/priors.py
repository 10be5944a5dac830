"""`priors.bin`: what the adaptive probabilities of each tile start from.

One kind for scalar codes, one for indices into codebooks; both are tables of counters and of mixing weights.
"""

from dataclasses import dataclass, field
from math import isqrt

from .counters import Counter
from .cursor import Cursor
from .refusal import UnsupportedVersion, refuse_unless

HERE = 4


class CounterPriors:
    """A table of counters to start from; called with an index, makes that counter anew."""

    def __init__(self, source, *shape):
        self.p = source.array("u2", *shape)
        self.n = source.array("u1", *shape)
        refuse_unless(self.n.size == 0 or self.n.max() <= 30, "priors: a count is above 30")

    def __call__(self, index):
        return Counter(int(self.p[index]), int(self.n[index]))


class WeightPriors:
    """Mixing weights to start from; called with an index, makes a list of the three."""

    def __init__(self, source, *shape):
        self.w = source.array("i4", *shape, 3)
        refuse_unless(self.w.min() >= -262144 and self.w.max() <= 262144, "priors: a weight is outside ±262144")

    def __call__(self, index):
        return self.w[index].tolist()


@dataclass
class Listed:
    """A plane (by scan position) whose codes are predicted: `terms` are `(position, scan position, weight)`."""

    k: int
    copy: bool
    terms: list = field(default_factory=list)


def _open(content, magic):
    source = Cursor(content, "priors")
    refuse_unless(source.take(4) == magic, f"priors: do not begin with {magic.decode()}")
    version = source.byte()
    if version != 0:
        raise UnsupportedVersion(f"priors: version {version}; this reader knows 0")
    return source


class ScalarPriors:
    """Priors of scalar codes, with what the model says about its planes."""

    def __init__(self, content, planes):
        source = _open(content, b"VQZP")
        self.planes = source.varint("number of planes", 1 << 32)
        refuse_unless(self.planes == planes, f"priors: of {self.planes} planes, the model has {planes}")
        self.components = source.varint("number of components", planes)
        if self.components:
            refuse_unless(planes % self.components == 0, "priors: the components do not divide the planes")
            self.side = isqrt(planes // self.components)
            refuse_unless(self.side**2 * self.components == planes, "priors: the frequencies are no square")
        self.scan = [source.varint("plane", planes - 1) for _ in range(planes)]
        refuse_unless(len(set(self.scan)) == planes, "priors: the scan order is no permutation")
        self.sigma = source.array("i2", planes).tolist()
        self.listed = self._read_listed(source)
        self.expected = CounterPriors(source, 6, 48, 16)
        self.plane = CounterPriors(source, 32, 5)
        self.local = CounterPriors(source, 6, 64, 16)
        self.group_activity = CounterPriors(source, 2, 16, 16)
        self.group = CounterPriors(source, 2, 32)
        self.group_class = CounterPriors(source, 2, 32, 16)
        self.exponent = CounterPriors(source, 12, 26)
        self.mantissa = CounterPriors(source, 26)
        self.weights = WeightPriors(source, 6, 32)
        self.group_weights = WeightPriors(source, 2, 32)
        self.linear = source.array("i2", 32, 5).tolist()
        source.end()

    def _read_listed(self, source):
        listed = []
        for number in range(source.varint("number of listed planes", 64)):
            plane = Listed(source.varint("listed plane", self.planes - 1), source.byte())
            refuse_unless(not listed or plane.k > listed[-1].k, "priors: listed planes do not rise")
            refuse_unless(plane.copy <= 1, "priors: a copy flag is neither 0 nor 1")
            terms = source.byte()
            refuse_unless(terms <= 32, f"priors: {terms} terms, at most 32 are allowed")
            for _ in range(terms):
                position, read, weight = source.byte(), source.byte(), int(source.array("i2", 1)[0])
                refuse_unless(position <= HERE, f"priors: a term's position is {position}, at most {HERE} is allowed")
                plane.terms.append((position, read, weight))
                refuse_unless(position != HERE or read < number, "priors: a term reads a plane that is not decoded yet")
            listed.append(plane)
        for plane in listed:
            refuse_unless(all(read < len(listed) for _, read, _ in plane.terms), "priors: a term reads no listed plane")
            plane.terms = [(position, listed[read].k, weight) for position, read, weight in plane.terms]
        return listed


class IndexPriors:
    """Priors of indices into `codebooks`."""

    def __init__(self, content, codebooks, residual):
        source = _open(content, b"VQZI")
        for name, value in (("groups", codebooks.groups), ("stages", codebooks.stages), ("size", codebooks.size)):
            found = source.varint(name, 1 << 32)
            refuse_unless(found == value, f"priors: {name} is {found}, the model has {value}")
        refuse_unless(source.byte() == int(residual), "priors: of the other kind of codebooks")
        planes, stages = codebooks.groups * codebooks.stages, codebooks.stages
        self.levels = levels = (codebooks.size - 1).bit_length()
        if residual:
            self.used = CounterPriors(source, planes)
            self.used_deeper = CounterPriors(source, planes, 16)
            self.used_depth = CounterPriors(source, stages, 64, 4)
        self.node = CounterPriors(source, planes, 1 << levels)
        self.agree = CounterPriors(source, planes, levels, 81)
        self.before = CounterPriors(source, planes, 32 + levels, 9)
        if residual:
            self.used_weights = WeightPriors(source, stages)
        self.index_weights = WeightPriors(source, planes, levels)
        source.end()
