//! The bits that the choice of an entry costs.

use crate::quantise::codebooks::Codebooks;
use crate::quantise::shape::Quantiser;

/// Bits of the decisions that code a choice.
#[derive(Clone, Debug, PartialEq)]
pub struct Rates {
    /// The number of index planes.
    pub(crate) planes: usize,
    /// `(plane, entry)`
    pub(crate) entries: Vec<f32>,
    /// For each plane, the bits that say that the stage is not used, and that it is.
    pub(crate) used: Vec<[f32; 2]>,
}

impl Rates {
    /// Equal rates for all entries of a codebook, and one bit for each decision whether another stage is used. A fit starts from
    /// these, because it has no priors yet.
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
