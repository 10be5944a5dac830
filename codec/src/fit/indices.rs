//! The first statistics of the coder of indices: counters from the counts of training tiles, then the weights that mix them.

use super::grids::{self, CodeGrid};
use crate::entropy::adaptive::Counter;
use crate::entropy::indices::{IndexCoder, IndexObserver, IndexShape, IndexStatistics, TABLES};
use crate::error::{Error, Result};
use crate::model::Priors;
use crate::model::priors::IndexPriors;
use crate::quantise::Codebooks;

/// The largest count with which a counter starts a tile. It is low, because tiles differ. Measured: see
/// `docs/decisions.md`.
const CONFIDENCE: f64 = 4.0;
/// Added to the counts of both outcomes, so that no probability is 0.
const PSEUDOCOUNT: f64 = 0.4;

/// The entropy coder's priors for a model with codebooks, from the codes of training tiles.
///
/// # Errors
/// [`Error::InvalidArgument`] when there is no grid, a grid's parts do not fit each other or the codebooks, or a code names
/// no entry.
pub fn index_priors(grids: &[CodeGrid], codebooks: &Codebooks) -> Result<Priors> {
    if grids.is_empty() {
        return Err(Error::InvalidArgument(
            "there are no codes to learn from; give one grid or more".to_owned(),
        ));
    }
    let shape = IndexShape::of(codebooks);
    for (at, grid) in grids.iter().enumerate() {
        grids::check(at, [grid.rows, grid.columns], grid.codes.len(), grid.valid.len(), shape.planes())?;
        let valid = grid.codes.chunks_exact(shape.planes()).zip(&grid.valid).filter(|(_, valid)| **valid);
        for (codes, _) in valid {
            codebooks.check(codes).map_err(|e| Error::InvalidArgument(format!("grid {at}: {e}")))?;
        }
    }
    let unfitted = IndexStatistics::unfitted(&shape);
    let mut all = Counts::new(&unfitted);
    for grid in grids {
        code(grid, shape, &unfitted, &mut all);
    }
    // Weights are learnt on tiles that did not contribute to the counts, as when the codec uses them.
    let mut weights = unfitted.clone();
    for grid in grids.iter().filter(|_| grids.len() > 1) {
        let mut own = Counts::new(&unfitted);
        code(grid, shape, &unfitted, &mut own);
        all.start(&mut weights, Some(&own));
        let learnt = code(grid, shape, &weights, &mut ());
        (weights.used_weights, weights.index_weights) = (learnt.used_weights, learnt.index_weights);
    }
    all.start(&mut weights, None);
    Ok(IndexPriors { shape, statistics: weights }.into())
}

fn code<O: IndexObserver>(
    grid: &CodeGrid,
    shape: IndexShape,
    start: &IndexStatistics,
    observer: &mut O,
) -> IndexStatistics {
    let mut coder = IndexCoder::learner(shape, start, grid.columns);
    let mut codes = vec![0; shape.planes()];
    for (patch, valid) in grid.codes.chunks_exact(shape.planes()).zip(&grid.valid) {
        codes.copy_from_slice(patch);
        coder.patch(&mut codes, !valid, observer);
    }
    coder.learnt
}

/// How often each counter saw a 0 and a 1.
struct Counts([Vec<[u32; 2]>; TABLES]);

impl Counts {
    fn new(statistics: &IndexStatistics) -> Self {
        Self(std::array::from_fn(|table| vec![[0; 2]; statistics.counters[table].len()]))
    }

    /// Sets counters to the counts of all tiles but one.
    fn start(&self, statistics: &mut IndexStatistics, without: Option<&Self>) {
        for (table, counters) in statistics.counters.iter_mut().enumerate() {
            for (slot, counter) in counters.iter_mut().enumerate() {
                let own = without.map_or([0; 2], |counts| counts.0[table][slot]);
                let [zeros, ones] = std::array::from_fn(|bit| f64::from(self.0[table][slot][bit] - own[bit]));
                let seen = zeros + ones;
                let p1 = (ones + PSEUDOCOUNT) / (seen + 2.0 * PSEUDOCOUNT);
                *counter = Counter::new(
                    (p1 * 65_536.0).round().clamp(16.0, 65_519.0) as u16,
                    seen.min(CONFIDENCE) as u8,
                );
            }
        }
    }
}

impl IndexObserver for Counts {
    fn decision(&mut self, tables: [usize; 3], slots: [usize; 3], bit: bool) {
        for (table, slot) in tables.into_iter().zip(slots) {
            self.0[table][slot][usize::from(bit)] += 1;
        }
    }
}
