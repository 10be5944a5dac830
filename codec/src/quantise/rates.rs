//! What the choice of an entry costs, in bits.

use crate::quantise::codebooks::Codebooks;
use crate::quantise::shape::Quantiser;

/// Bits of the decisions that a choice takes.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// Index planes, of which each has its entries.
    pub(crate) planes: usize,
    /// `(plane, entry)`
    pub(crate) entries: Vec<f32>,
    /// For each plane, that the stage is not used, and that it is.
    pub(crate) used: Vec<[f32; 2]>,
}

impl Rates {
    /// The same for all entries of a codebook, and a bit for each choice whether to go on: for a fit that has no priors
    /// yet.
    #[must_use]
    pub fn flat(codebooks: &Codebooks) -> Self {
        let shape = codebooks.shape();
        let flag = if codebooks.quantiser() == Quantiser::Rvq { 1.0 } else { 0.0 };
        Self {
            planes: shape.planes(),
            entries: vec![(shape.size as f32).log2(); shape.planes() * shape.size],
            used: vec![[flag; 2]; shape.planes()],
        }
    }
}
