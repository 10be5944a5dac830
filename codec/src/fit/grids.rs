//! Training data of models that are fitted elsewhere: latents or codes of tiles, as the codec would see them.

use crate::entropy::indices::IndexCoder;
use crate::entropy::rans::Encoder;
use crate::entropy::tile::{HistoryLinks, TileCoder};
use crate::error::{Error, Result};
use crate::model::Priors;
use crate::model::priors::Kind;

/// The latents of one tile.
#[derive(Clone, Debug, Default)]
pub struct LatentGrid {
    /// Rows of patches.
    pub rows: usize,
    /// Columns of patches.
    pub columns: usize,
    /// `(patch, plane)`, planes in the model's own order, as the encoder gives them: not divided by a step.
    pub values: Vec<f32>,
    /// Whether a patch holds a valid sample.
    pub valid: Vec<bool>,
    /// For an encoder that takes the step: the one at which it gave these, as 256 × log2.
    pub step: Option<i16>,
}

/// The codes of one tile.
#[derive(Clone, Debug, Default)]
pub struct CodeGrid {
    /// Rows of patches.
    pub rows: usize,
    /// Columns of patches.
    pub columns: usize,
    /// `(patch, plane)`, planes in the model's own order.
    pub codes: Vec<i32>,
    /// Whether a patch holds a valid sample; codes of others are ignored.
    pub valid: Vec<bool>,
}

/// Refuses a grid whose parts do not fit each other.
pub(super) fn check(
    grid: usize,
    [rows, columns]: [usize; 2],
    values: usize,
    valid: usize,
    planes: usize,
) -> Result<()> {
    let patches = rows * columns;
    if patches > 0 && valid == patches && values == patches * planes {
        return Ok(());
    }
    Err(Error::InvalidArgument(format!(
        "grid {grid} of {rows} × {columns} patches has {values} values and {valid} flags of validity, {planes} planes take \
         {} and {patches}",
        patches * planes
    )))
}

/// The bits that the codec takes for a tile's codes: those of its stream, to the byte. `step` is that of scalar codes, as
/// 256 × log2; for indices it does not matter.
///
/// # Errors
/// [`Error::InvalidArgument`] when the grid's parts do not fit each other or the priors' planes, [`Error::Corrupt`] for
/// codes out of range.
pub fn entropy_bits(priors: &Priors, grid: &CodeGrid, step: i16) -> Result<f64> {
    let planes = priors.planes();
    check(0, [grid.rows, grid.columns], grid.codes.len(), grid.valid.len(), planes)?;
    let patches = grid.codes.chunks_exact(planes).zip(&grid.valid);
    let mut codes = vec![0; planes];
    let stream = match priors.kind() {
        Kind::Scalar(priors) => {
            let planes = priors.at_step(step);
            let mut coder: TileCoder<'_, Encoder> =
                TileCoder::encoder(&planes, grid.columns, HistoryLinks::default());
            let mut nonzero = Vec::new();
            for (patch, valid) in patches {
                for (code, plane) in codes.iter_mut().zip(&priors.order) {
                    *code = patch[*plane as usize];
                }
                coder.patch(&mut codes, !valid, &mut nonzero, &mut ())?;
            }
            coder.finish()
        }
        Kind::Index(priors) => {
            let mut coder = IndexCoder::encoder(priors.shape, &priors.statistics, grid.columns);
            for (patch, valid) in patches {
                codes.copy_from_slice(patch);
                coder.patch(&mut codes, !valid, &mut ());
            }
            coder.finish()
        }
    };
    Ok(stream.len() as f64 * 8.0)
}
