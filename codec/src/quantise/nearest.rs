//! Scores of all entries of a codebook against residuals, computed as blocked matrix products. Sixteen entries by four residuals
//! are kept in registers at a time, so that each number of a codebook is loaded once for four residuals.

use crate::quantise::shape::CodebookShape;
use pulp::{Simd, WithSimd};

/// Entries of a block.
const LANES: usize = 16;
/// Residuals that pass over a block together.
pub(super) const ROWS: usize = 4;

/// Codebooks laid out for [`Scores`].
#[derive(Clone, Debug)]
pub(super) struct Packed {
    width: usize,
    /// The number of blocks of each plane.
    blocks: usize,
    /// `(plane, block, latent, entry of the block)`, times −2; absent entries are 0.
    numbers: Vec<f32>,
    /// `(plane, block × 16 + entry)`: the squared norm; infinite for absent entries.
    norms: Vec<f32>,
}

impl Packed {
    pub(super) fn new(entries: &[f32], shape: &CodebookShape) -> Self {
        let (size, width) = (shape.size, shape.width);
        let blocks = size.div_ceil(LANES);
        let mut numbers = vec![0.0; shape.planes() * blocks * width * LANES];
        let mut norms = vec![f32::INFINITY; shape.planes() * blocks * LANES];
        for (at, entry) in entries.chunks_exact(width).enumerate() {
            let (plane, index) = (at / size, at % size);
            let block = plane * blocks + index / LANES;
            for (k, value) in entry.iter().enumerate() {
                numbers[(block * width + k) * LANES + index % LANES] = -2.0 * value;
            }
            norms[block * LANES + index % LANES] = entry.iter().map(|v| v * v).sum();
        }
        Self { width, blocks, numbers, norms }
    }

    /// The number of scores of a plane: its entries, rounded up to whole blocks.
    pub(super) fn scores(&self) -> usize {
        self.blocks * LANES
    }

    /// The squared norms of a plane's entries, infinite for absent entries.
    pub(super) fn norms(&self, plane: usize) -> &[f32] {
        &self.norms[plane * self.scores()..][..self.scores()]
    }
}

/// An entry and its score.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Found {
    pub(super) score: f32,
    pub(super) index: u32,
}

/// Finds the entries of a plane with the least `offset − 2 residual · entry` for a few residuals.
pub(super) struct Best<'a> {
    pub(super) packed: &'a Packed,
    pub(super) plane: usize,
    /// What is added to the score of each entry: its norm and the price of its bits.
    pub(super) offsets: &'a [f32],
    /// `(latent, residual)`
    pub(super) residuals: &'a [[f32; ROWS]],
    /// The best entries of each residual, best first, equal ones by rising index; as many as there is room for.
    pub(super) found: [&'a mut [Found]; ROWS],
}

impl WithSimd for Best<'_> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self { packed, plane, offsets, residuals, mut found } = self;
        let block_size = packed.width * LANES;
        let numbers = &packed.numbers[plane * packed.blocks * block_size..][..packed.blocks * block_size];
        for found in &mut found {
            found.fill(Found { score: f32::INFINITY, index: 0 });
        }
        let mut scores = [[0.0; LANES]; ROWS];
        for (block, (numbers, offsets)) in
            numbers.chunks_exact(block_size).zip(offsets.as_chunks::<LANES>().0).enumerate()
        {
            products(simd, numbers, offsets, residuals, &mut scores);
            for (found, scores) in found.iter_mut().zip(&scores) {
                let Some(last) = found.last() else { continue };
                let least = scores.iter().fold(f32::INFINITY, |a, b| if *b < a { *b } else { a });
                if least < last.score {
                    for (lane, score) in scores.iter().enumerate() {
                        insert(found, Found { score: *score, index: (block * LANES + lane) as u32 });
                    }
                }
            }
        }
    }
}

/// Offsets plus products of a block's entries and four residuals.
#[inline(always)]
fn products<S: Simd>(
    simd: S,
    numbers: &[f32],
    offsets: &[f32; LANES],
    residuals: &[[f32; ROWS]],
    scores: &mut [[f32; LANES]; ROWS],
) {
    // Two vectors by four residuals make eight sums: enough to hide the latency of an addition, and few enough for registers.
    let (entries, offsets) = (S::as_simd_f32s(numbers).0, S::as_simd_f32s(offsets).0);
    for first in (0..offsets.len()).step_by(2) {
        let second = (first + 1).min(offsets.len() - 1);
        let mut sums = [[offsets[first], offsets[second]]; ROWS];
        for (entries, residuals) in entries.chunks_exact(offsets.len()).zip(residuals) {
            let pair = [entries[first], entries[second]];
            for (sums, residual) in sums.iter_mut().zip(residuals) {
                let residual = simd.splat_f32s(*residual);
                for (sum, entries) in sums.iter_mut().zip(pair) {
                    *sum = simd.mul_add_e_f32s(residual, entries, *sum);
                }
            }
        }
        for (scores, sums) in scores.iter_mut().zip(sums) {
            let scores = S::as_mut_simd_f32s(scores).0;
            scores[first] = sums[0];
            scores[second] = sums[1];
        }
    }
}

/// Inserts an entry if it is among the best, and keeps these in order. `found` is not empty.
#[inline(always)]
fn insert(found: &mut [Found], new: Found) {
    let mut at = found.len() - 1;
    if new.score < found[at].score {
        while at > 0 && new.score < found[at - 1].score {
            found[at] = found[at - 1];
            at -= 1;
        }
        found[at] = new;
    }
}
