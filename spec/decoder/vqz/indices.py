"""The code stream in rANS mode, indices into codebooks (quantisers `vq` and `rvq`).

An index is decoded bit by bit, highest first; the indices of the patches around, and that of the stage before, say
which bits are likely. With `rvq` a flag comes first: is there an index at all?
"""

import numpy as np

from .counters import Table, mixed
from .neighbours import neighbours
from .rans import Rans
from .refusal import refuse_unless

NOTHING = None


def check_indices(codes, codebooks, residual):
    """Refuses indices, `[planes, rows, columns]`, that no stream of decisions could have given."""
    refuse_unless(
        codes.size == 0 or (codes.min() >= 0 and codes.max() < codebooks.size), "code stream: an index names no entry"
    )
    if residual:
        stages = codes.reshape(codebooks.stages, codebooks.groups, *codes.shape[1:])
        resumed = (stages[:-1] == 0) & (stages[1:] != 0)
        refuse_unless(not resumed.any(), "code stream: a stage is used after one that is not")


def read_indices(stream, priors, codebooks, residual, valid):
    """Indices, int32 `[planes, rows, columns]`; those of patches that are not `valid` are 0."""
    tile = _Tile(stream, priors, codebooks, residual, valid.shape[1])
    codes = np.zeros((codebooks.stages * codebooks.groups, *valid.shape), np.int32)
    for row, column in np.ndindex(valid.shape):
        if valid[row, column]:
            shown, _ = tile.read_patch(row, column)
            codes[:, row, column] = [index or 0 for index in shown]
        else:
            tile.pass_patch(row, column)
    tile.rans.finish()
    return codes


class _Tile:
    """What is known while a tile's patches are decoded."""

    def __init__(self, stream, priors, codebooks, residual, columns):
        self.rans = Rans(stream)
        self.codebooks = codebooks
        self.residual = residual
        self.columns = columns
        self.levels = priors.levels
        # What patches already decoded show, by position: an index or NOTHING for each plane, a depth for each group.
        self.shown = {}
        if residual:
            self.used = Table(priors.used)
            self.used_deeper = Table(priors.used_deeper)
            self.used_depth = Table(priors.used_depth)
            self.used_weights = Table(priors.used_weights)
        self.node = Table(priors.node)
        self.agree = Table(priors.agree)
        self.before = Table(priors.before)
        self.index_weights = Table(priors.index_weights)

    def neighbours(self, row, column):
        """What the west, north, north-west and north-east patches show."""
        places = neighbours(row, column, self.columns)
        if places is None:
            groups, stages = self.codebooks.groups, self.codebooks.stages
            return [([NOTHING] * (groups * stages), [0] * groups)] * 4
        return [self.shown[place] for place in places]

    def pass_patch(self, row, column):
        """A patch without a valid sample passes on what its west neighbour shows."""
        self.shown[row, column] = self.neighbours(row, column)[0]

    def read_patch(self, row, column):
        groups, stages = self.codebooks.groups, self.codebooks.stages
        neighbours = self.neighbours(row, column)
        shown = [NOTHING] * (groups * stages)
        depths = [0] * groups
        for stage in range(stages):
            for group in range(groups):
                if depths[group] < stage or self.residual and not self.flag(stage, group, neighbours, depths):
                    continue
                depths[group] += 1
                plane = stage * groups + group
                before = shown[plane - groups] if stage else neighbours[0][0][plane]
                shown[plane] = self.index(plane, [patch[plane] for patch, _ in neighbours], before)
        self.shown[row, column] = shown, depths
        return shown, depths

    def flag(self, stage, group, neighbours, depths):
        """Is this stage of a residual codebook used?"""
        west, north, north_west, north_east = (patch[group] for _, patch in neighbours)
        deeper = 8 * (west > stage) + 4 * (north > stage) + 2 * (north_west > stage) + (north_east > stage)
        total = min(63, 2 * west + 2 * north + north_west + north_east)
        using = sum(depth > stage for depth in depths[:group])
        others = 0 if group == 0 else 1 if using == 0 else 3 if using == group else 2
        plane = stage * self.codebooks.groups + group
        return mixed(
            self.rans,
            [self.used[plane], self.used_deeper[plane, deeper], self.used_depth[stage, total, others]],
            self.used_weights[stage],
        )

    def index(self, plane, neighbours, before):
        levels = self.levels
        highest = 8 if before is NOTHING else before >> max(levels - 3, 0)
        node = 1
        for level in range(levels):
            bit = self.only_bit(node, level)
            if bit is None:
                agree = 0
                for index in neighbours:
                    agree = 3 * agree + self.says(index, node, level)
                counters = [
                    self.node[plane, node],
                    self.agree[plane, level, agree],
                    self.before[plane, node if level < 5 else 32 + level, highest],
                ]
                bit = mixed(self.rans, counters, self.index_weights[plane, level])
            node = 2 * node + bit
        return node - (1 << levels)

    def says(self, index, node, level):
        """Which bit a neighbour's index proposes: 0 is none, 1 and 2 are the bits 0 and 1."""
        if index is NOTHING or (index | 1 << self.levels) >> (self.levels - level) != node:
            return 0
        return 1 + (index >> (self.levels - level - 1) & 1)

    def only_bit(self, node, level):
        """The bit without which no entry could be named, if there is one."""
        count = 1 << (self.levels - level - 1)
        first = (2 * node << (self.levels - level - 1)) - (1 << self.levels)
        if first + count >= self.codebooks.size:
            return 0
        if self.residual and first == 0 and count == 1:
            return 1
        return None
