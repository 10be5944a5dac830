//! What a tile of indices starts from: counters in a few tables and the weights that mix them.

use crate::entropy::adaptive::Counter;
use crate::quantise::{Codebooks, Quantiser};

/// The planes of indices as the entropy coder sees them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct IndexShape {
    pub(crate) groups: usize,
    pub(crate) stages: usize,
    /// Entries of a codebook.
    pub(crate) size: usize,
    /// Whether index 0 means that a stage, and those after it, are not used.
    pub(crate) optional: bool,
}

impl IndexShape {
    pub(crate) fn of(codebooks: &Codebooks) -> Self {
        let shape = codebooks.shape();
        let optional = codebooks.quantiser() == Quantiser::Rvq;
        Self { groups: shape.groups, stages: shape.stages, size: shape.size, optional }
    }

    pub(crate) fn planes(&self) -> usize {
        self.groups * self.stages
    }

    /// Decisions that name an entry: the depth of a binary tree over all.
    pub(crate) fn levels(&self) -> usize {
        (usize::BITS - (self.size - 1).leading_zeros()) as usize
    }

    /// Whether the bit of an index below `node` of `level` is a decision: both halves hold an entry that can be named.
    #[inline(always)]
    pub(crate) fn open(&self, node: usize, level: usize) -> [bool; 2] {
        let below = self.levels() - level - 1;
        let first = (node - (1 << level)) << (below + 1);
        // The lower half of the leftmost node may hold entry 0 only, which is not named.
        [!(self.optional && first == 0 && below == 0), first + (1 << below) < self.size]
    }
}

/// Tables of counters.
pub(crate) const TABLES: usize = 7;
/// Whether a stage is used: `[plane]`.
pub(super) const USED: usize = 0;
/// The same, `[plane][west, north, north-west, north-east use it]`.
pub(super) const USED_AROUND: usize = 1;
/// The same, `[stage][how much deeper the neighbours go][what the groups before did]`.
pub(super) const USED_DEPTH: usize = 2;
/// The same, `[plane][the index before, by its highest bits]`.
pub(super) const USED_AFTER: usize = 3;
/// A bit of an index: `[plane][node]`.
pub(super) const NODE: usize = 4;
/// The same, `[plane][level][west][north]`.
pub(super) const AGREE: usize = 5;
/// The same, `[plane][level or node][index before or beside]`.
pub(super) const TOP: usize = 6;

/// Classes of the neighbours' depths, and of the groups before.
pub(super) const DEPTHS: usize = 16;
pub(super) const OTHERS: usize = 4;
/// Classes of an index before: its highest five bits, or none.
pub(super) const AFTER: usize = 33;
/// What a neighbour says of the next bit: nothing, 0 or 1.
pub(super) const SAYS: usize = 3;
/// Nodes of the highest levels, and classes of what is before or beside.
pub(super) const TOP_NODES: usize = 32;
pub(super) const TOP_CLASSES: usize = 9;

/// Counters and weights. Serialised by `model::priors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexStatistics {
    pub(crate) counters: [Vec<Counter>; TABLES],
    /// `[plane]`
    pub(crate) used_weights: Vec<[i32; 4]>,
    /// `[plane][level]`
    pub(crate) index_weights: Vec<[i32; 3]>,
}

impl IndexStatistics {
    /// What is assumed before anything is known.
    pub(crate) fn unfitted(shape: &IndexShape) -> Self {
        let (planes, levels) = (shape.planes(), shape.levels());
        let flags = usize::from(shape.optional);
        let lengths = [
            planes * flags,
            planes * 16 * flags,
            shape.stages * DEPTHS * OTHERS * flags,
            planes * AFTER * flags,
            planes << levels,
            planes * levels * SAYS * SAYS,
            planes * (TOP_NODES + levels) * TOP_CLASSES,
        ];
        Self {
            counters: lengths.map(|n| vec![Counter::new(32_768, 0); n]),
            used_weights: vec![[20_000; 4]; planes * flags],
            index_weights: vec![[24_000; 3]; planes * levels],
        }
    }

    /// Bits of each entry of each plane, and of each plane not being used and being used, without context.
    pub(crate) fn rates(&self, shape: &IndexShape) -> (Vec<f32>, Vec<[f32; 2]>) {
        let bits = |counter: Counter| {
            let p1 = (f64::from(counter.p1()) / 65_536.0).clamp(1e-4, 1.0 - 1e-4);
            [-(1.0 - p1).log2() as f32, -p1.log2() as f32]
        };
        let levels = shape.levels();
        let mut entries = Vec::with_capacity(shape.planes() * shape.size);
        for nodes in self.counters[NODE].chunks_exact(1 << levels) {
            for index in 0..shape.size {
                let path = (0..levels).map(|level| {
                    let node = 1 << level | index >> (levels - level);
                    let bit = index >> (levels - level - 1) & 1;
                    if shape.open(node, level) == [true; 2] { bits(nodes[node])[bit] } else { 0.0 }
                });
                entries.push(path.sum());
            }
        }
        let used = if shape.optional {
            self.counters[USED].iter().map(|c| bits(*c)).collect()
        } else {
            vec![[0.0; 2]; shape.planes()]
        };
        (entries, used)
    }
}
