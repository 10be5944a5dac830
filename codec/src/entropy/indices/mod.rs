//! The decisions that describe a tile's codebook indices, and the contexts of each.
//!
//! Patches come row by row; within a patch, the stages; within a stage, the groups. Where stages are optional, a decision says
//! whether the group uses this stage; after the first that it does not use, no more follow. An index is coded as a path down a
//! binary tree over the codebook. Codebooks are sorted so that similar entries stand side by side, which makes the upper
//! decisions predictable.

mod statistics;
#[cfg(test)]
mod tests;

#[cfg(feature = "fit")]
pub(crate) use statistics::TABLES;
pub(crate) use statistics::{IndexShape, IndexStatistics};

use crate::entropy::adaptive::{Tables, mix};
#[cfg(feature = "fit")]
use crate::entropy::dry_run::DryRun;
use crate::entropy::rans::{Coder, Decoder, Encoder};
use crate::error::Result;
use statistics::{
    AGREE, BEFORE, CLASSES, DEEPER, DEPTH, DEPTHS, HIGHEST, NEXT_BITS, NODE, OTHERS, UPPER, USED,
};

/// Observes every decision: its counters, as tables and positions in them, and its outcome.
pub(crate) trait IndexObserver {
    fn decision(&mut self, tables: [usize; 3], slots: [usize; 3], bit: bool);
}

impl IndexObserver for () {
    #[inline(always)]
    fn decision(&mut self, _: [usize; 3], _: [usize; 3], _: bool) {}
}

/// Stands for an index that does not exist, because the stage is not used or there is no such patch.
const NOTHING: i32 = -1;

/// Codes the patches of one tile in order.
#[derive(Debug)]
pub(crate) struct IndexCoder<C> {
    coder: C,
    shape: IndexShape,
    levels: usize,
    width: usize,
    x: usize,
    y: usize,
    /// `(patch, plane)` of the row above and this one: indices, or [`NOTHING`].
    above: Vec<i32>,
    row: Vec<i32>,
    /// `(patch, group)`: stages used.
    depth_above: Vec<u8>,
    depth_row: Vec<u8>,
    pub(crate) learnt: IndexStatistics,
    tables: Tables,
}

/// Where a neighbour of a patch is: in this row or the one above, and its column. A neighbour that does not exist is replaced by
/// one that does.
#[derive(Clone, Copy)]
struct NeighbourPatch {
    above: bool,
    column: usize,
}

impl<C: Coder> IndexCoder<C> {
    fn start(coder: C, shape: IndexShape, start: &IndexStatistics, width: usize) -> Self {
        let planes = shape.planes();
        Self {
            coder,
            shape,
            levels: shape.levels(),
            width,
            x: 0,
            y: 0,
            above: vec![NOTHING; width * planes],
            row: vec![NOTHING; width * planes],
            depth_above: vec![0; width * shape.groups],
            depth_row: vec![0; width * shape.groups],
            learnt: start.clone(),
            tables: Tables::get(),
        }
    }

    /// Codes the next patch: one index for each plane. A patch with no valid sample (`empty`) takes no decision and has indices of
    /// 0; as a neighbour, it has the indices of the patch to its west or, in the first column, to its north.
    pub(crate) fn patch<O: IndexObserver>(&mut self, codes: &mut [i32], empty: bool, observer: &mut O) {
        if self.x == 0 && self.y > 0 {
            std::mem::swap(&mut self.above, &mut self.row);
            std::mem::swap(&mut self.depth_above, &mut self.depth_row);
        }
        let neighbours = self.neighbours();
        let (planes, groups) = (self.shape.planes(), self.shape.groups);
        if empty {
            codes.fill(0);
            let NeighbourPatch { above, column } = neighbours[0];
            if above {
                self.row[self.x * planes..][..planes]
                    .copy_from_slice(&self.above[column * planes..][..planes]);
                self.depth_row[self.x * groups..][..groups]
                    .copy_from_slice(&self.depth_above[column * groups..][..groups]);
            } else {
                self.row.copy_within(column * planes..(column + 1) * planes, self.x * planes);
                self.depth_row.copy_within(column * groups..(column + 1) * groups, self.x * groups);
            }
        } else {
            self.stages(codes, neighbours, observer);
        }
        self.x += 1;
        if self.x == self.width {
            self.x = 0;
            self.y += 1;
        }
    }

    /// West, north, north-west, north-east.
    fn neighbours(&self) -> [NeighbourPatch; 4] {
        let x = self.x;
        let west = NeighbourPatch { above: false, column: x.saturating_sub(1) };
        let north = NeighbourPatch { above: true, column: x };
        match (self.y, x) {
            // The first patch has no neighbours; the row above holds nothing yet.
            (0, 0) => [north; 4],
            (0, _) => [west; 4],
            (_, 0) => [north, north, north, NeighbourPatch { above: true, column: 1.min(self.width - 1) }],
            _ => [
                west,
                north,
                NeighbourPatch { above: true, column: x - 1 },
                NeighbourPatch { above: true, column: (x + 1).min(self.width - 1) },
            ],
        }
    }

    fn stages<O: IndexObserver>(
        &mut self,
        codes: &mut [i32],
        neighbours: [NeighbourPatch; 4],
        observer: &mut O,
    ) {
        let IndexShape { groups, stages, optional, .. } = self.shape;
        let planes = groups * stages;
        let here = self.x * planes;
        self.row[here..here + planes].fill(NOTHING);
        self.depth_row[self.x * groups..][..groups].fill(0);
        for stage in 0..stages {
            let (mut seen, mut used) = (0, 0);
            for group in 0..groups {
                let plane = stage * groups + group;
                if usize::from(self.depth_row[self.x * groups + group]) < stage {
                    seen += 1;
                    continue;
                }
                let beside = neighbours.map(|b| {
                    let rows = if b.above { &self.above } else { &self.row };
                    rows[b.column * planes + plane]
                });
                let before = if stage > 0 { self.row[here + plane - groups] } else { beside[0] };
                if optional {
                    let depths = neighbours.map(|b| {
                        let rows = if b.above { &self.depth_above } else { &self.depth_row };
                        usize::from(rows[b.column * groups + group])
                    });
                    let others = match (seen, used) {
                        (0, _) => 0,
                        (_, 0) => 1,
                        (seen, used) if used < seen => 2,
                        _ => 3,
                    };
                    seen += 1;
                    if !self.used(plane, depths, others, codes[plane] != 0, observer) {
                        codes[plane] = 0;
                        continue;
                    }
                    used += 1;
                }
                let index = self.index(plane, beside, before, codes[plane], observer);
                codes[plane] = index;
                self.row[here + plane] = index;
                self.depth_row[self.x * groups + group] = stage as u8 + 1;
            }
        }
    }

    fn used<O: IndexObserver>(
        &mut self,
        plane: usize,
        depths: [usize; 4],
        others: usize,
        used: bool,
        observer: &mut O,
    ) -> bool {
        let stage = plane / self.shape.groups;
        let deeper = depths.iter().fold(0, |bits, depth| bits << 1 | usize::from(*depth > stage));
        let [west, north, north_west, north_east] = depths;
        let sum = (2 * (west + north) + north_west + north_east).min(DEPTHS - 1);
        let slots = [plane, plane * 16 + deeper, (stage * DEPTHS + sum) * OTHERS + others];
        observer.decision([USED, DEEPER, DEPTH], slots, used);
        let IndexStatistics { counters: [a, b, c, ..], used_weights, .. } = &mut self.learnt;
        let counters = [&mut a[slots[0]], &mut b[slots[1]], &mut c[slots[2]]];
        mix(&mut self.coder, used, counters, &mut used_weights[stage], &self.tables)
    }

    fn index<O: IndexObserver>(
        &mut self,
        plane: usize,
        beside: [i32; 4],
        before: i32,
        wanted: i32,
        observer: &mut O,
    ) -> i32 {
        let levels = self.levels;
        let before = if before < 0 { CLASSES - 1 } else { before as usize >> levels.saturating_sub(HIGHEST) };
        let mut node = 1;
        for level in 0..levels {
            let below = levels - level - 1;
            let bit = match self.shape.open(node, level) {
                [false, _] => true,
                [_, false] => false,
                _ => {
                    // For each neighbour: 1 plus its next bit where its path is the same so far, otherwise 0.
                    let next_bits = beside.iter().fold(0, |next_bits, index| {
                        let path = *index as usize | 1 << levels;
                        let agrees = *index >= 0 && path >> (below + 1) == node;
                        next_bits * 3 + if agrees { 1 + (path >> below & 1) } else { 0 }
                    });
                    let slot = if node < UPPER { node } else { UPPER + level };
                    let slots = [
                        (plane << levels) + node,
                        (plane * levels + level) * NEXT_BITS + next_bits,
                        (plane * (UPPER + levels) + slot) * CLASSES + before,
                    ];
                    let wanted = wanted as u32 >> below & 1 == 1;
                    observer.decision([NODE, AGREE, BEFORE], slots, wanted);
                    let IndexStatistics { counters: [.., a, b, c], index_weights, .. } = &mut self.learnt;
                    let counters = [&mut a[slots[0]], &mut b[slots[1]], &mut c[slots[2]]];
                    let weights = &mut index_weights[plane * levels + level];
                    mix(&mut self.coder, wanted, counters, weights, &self.tables)
                }
            };
            node = node << 1 | usize::from(bit);
        }
        (node - (1 << levels)) as i32
    }
}

#[cfg(feature = "fit")]
impl IndexCoder<DryRun> {
    /// Starts a tile that is only learnt from.
    pub(crate) fn learner(shape: IndexShape, start: &IndexStatistics, width: usize) -> Self {
        Self::start(DryRun, shape, start, width)
    }
}

impl IndexCoder<Encoder> {
    /// Starts a tile of `width` patches a row.
    pub(crate) fn encoder(shape: IndexShape, start: &IndexStatistics, width: usize) -> Self {
        Self::start(Encoder::default(), shape, start, width)
    }

    /// The tile's stream.
    pub(crate) fn finish(self) -> Vec<u8> {
        self.coder.finish()
    }
}

impl<'b> IndexCoder<Decoder<'b>> {
    /// Starts reading a tile's stream.
    pub(crate) fn decoder(
        shape: IndexShape,
        start: &IndexStatistics,
        width: usize,
        stream: &'b [u8],
    ) -> Result<Self> {
        Ok(Self::start(Decoder::new(stream)?, shape, start, width))
    }

    /// Whether the stream ran out, so that indices from now on are noise.
    pub(crate) fn exhausted(&self) -> bool {
        self.coder.exhausted()
    }

    /// Refuses a stream that does not end here.
    pub(crate) fn finish(self) -> Result<()> {
        self.coder.finish()
    }
}
