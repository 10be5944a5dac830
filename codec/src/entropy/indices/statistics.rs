//! The statistics with which a tile of indices starts: counters in a few tables, and the weights that mix them.

use crate::entropy::adaptive::{Counter, Weights};
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

    /// The number of decisions that name an entry: the depth of a binary tree over all entries.
    pub(crate) fn levels(&self) -> usize {
        (usize::BITS - (self.size - 1).leading_zeros()) as usize
    }

    /// Whether the bit of an index below `node` of `level` is a decision: both halves hold an entry that can be named.
    #[inline(always)]
    pub(crate) fn open(&self, node: usize, level: usize) -> [bool; 2] {
        let below = self.levels() - level - 1;
        let first = (node - (1 << level)) << (below + 1);
        // The lower half of the leftmost node may hold entry 0 only, which is never named where stages are optional.
        [!(self.optional && first == 0 && below == 0), first + (1 << below) < self.size]
    }
}

/// Tables of counters.
pub(crate) const TABLES: usize = 6;
/// Whether a stage is used: `[plane]`.
pub(super) const USED: usize = 0;
/// The same, `[plane][which of west, north, north-west and north-east use it]`.
pub(super) const DEEPER: usize = 1;
/// The same, `[stage][sum of the neighbours' depths][how many groups before use it]`.
pub(super) const DEPTH: usize = 2;
/// A bit of an index: `[plane][node]`.
pub(super) const NODE: usize = 3;
/// The same, `[plane][level][next bits of west, north, north-west and north-east]`.
pub(super) const AGREE: usize = 4;
/// The same, `[plane][node of the upper levels, or level][highest bits of the index before, or to the west]`.
pub(super) const BEFORE: usize = 5;

/// How many sums of the neighbours' depths are distinguished. West and north count twice.
pub(super) const DEPTHS: usize = 64;
/// Classes of the groups before: there are none; none uses this stage; some do; all do.
pub(super) const OTHERS: usize = 4;
/// Combinations of the next bits of four neighbours, each of which is 0, 1 or unknown.
pub(super) const NEXT_BITS: usize = 81;
/// The number of nodes of the upper levels that have contexts of their own.
pub(super) const UPPER: usize = 32;
/// How many of the highest bits of another index serve as a context.
pub(super) const HIGHEST: usize = 3;
/// Classes of these bits: their values, and one where there is no such index.
pub(super) const CLASSES: usize = (1 << HIGHEST) + 1;

/// Counters and weights. Serialised by `model::priors`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct IndexStatistics {
    pub(crate) counters: [Vec<Counter>; TABLES],
    /// `[stage]`
    pub(crate) used_weights: Vec<Weights>,
    /// `[plane][level]`
    pub(crate) index_weights: Vec<Weights>,
}

impl IndexStatistics {
    /// The statistics from which a fit starts.
    pub(crate) fn unfitted(shape: &IndexShape) -> Self {
        let [used, index] = Self::weights(shape);
        Self {
            counters: Self::lengths(shape).map(|n| vec![Counter::new(32_768, 0); n]),
            used_weights: vec![[24_000; 3]; used],
            index_weights: vec![[24_000; 3]; index],
        }
    }

    /// Bytes that the tables and weights take in `priors.bin`.
    pub(crate) fn stored_bytes(shape: &IndexShape) -> usize {
        3 * Self::lengths(shape).iter().sum::<usize>() + 12 * Self::weights(shape).iter().sum::<usize>()
    }

    fn lengths(shape: &IndexShape) -> [usize; TABLES] {
        let (planes, levels) = (shape.planes(), shape.levels());
        let optional = usize::from(shape.optional);
        [
            planes * optional,
            planes * 16 * optional,
            shape.stages * DEPTHS * OTHERS * optional,
            planes << levels,
            planes * levels * NEXT_BITS,
            planes * (UPPER + levels) * CLASSES,
        ]
    }

    fn weights(shape: &IndexShape) -> [usize; 2] {
        [shape.stages * usize::from(shape.optional), shape.planes() * shape.levels()]
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
