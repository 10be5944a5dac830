//! Priors for scalar codes of planes that have no structure of frequencies, as networks make them.

use super::grid::Grid;
use super::grids::{self, LatentGrid};
use super::{basis, predictor, statistics};
use crate::entropy::tile::{HistoryLinks, Statistics, TileCoder};
use crate::error::{Error, Result};
use crate::model::priors::ScalarPriors;
use crate::model::{MAX_PLANES, Priors};
use crate::quantise;

/// Steps that are tried, from this far above the strongest plane's standard deviation downwards, as 256 × log2.
const HIGHEST: i32 = 2 * 256;
const SPACING: usize = 128;
const TRIED: usize = 40;
/// Tiles on which it is measured whether predictions pay.
const TRIALS: usize = 16;

/// The entropy coder's priors for an `fsq` model, from the latents of training tiles.
///
/// Planes are put in order of variance. Statistics are learnt over the steps at which between a five-hundredth and a half
/// of the codes are not zero, or, for grids that state theirs, at that step. Planes are predicted from neighbouring patches
/// where this saves bits.
///
/// # Errors
/// [`Error::InvalidArgument`] when there is no valid patch, a grid's parts do not fit each other, or a latent is not
/// finite.
pub fn scalar_priors(grids: &[LatentGrid]) -> Result<Priors> {
    let planes = grids.first().map_or(0, |g| g.values.len() / (g.rows * g.columns).max(1));
    if planes == 0 || planes > MAX_PLANES {
        return Err(Error::InvalidArgument(format!(
            "there are latents of {planes} planes to learn from, 1 to {MAX_PLANES} are allowed; give one grid or more"
        )));
    }
    for (at, grid) in grids.iter().enumerate() {
        grids::check(at, [grid.rows, grid.columns], grid.values.len(), grid.valid.len(), planes)?;
        if let Some(value) = grid.values.iter().find(|v| !v.is_finite()) {
            return Err(Error::InvalidArgument(format!(
                "grid {at} holds a latent of {value}; finite ones are needed"
            )));
        }
    }
    let variances = variances(grids, planes)?;
    let mut order: Vec<u32> = (0..planes as u32).collect();
    order.sort_by(|a, b| variances[*b as usize].total_cmp(&variances[*a as usize]).then(a.cmp(b)));
    let mut plain = ScalarPriors {
        sigma: order.iter().map(|plane| basis::log2_sigma(variances[*plane as usize])).collect(),
        order,
        components: 0,
        predictor: predictor::Predictor::default(),
        statistics: Statistics::unfitted(),
    };
    let grids: Vec<Grid> = grids.iter().map(|grid| in_scan_order(grid, &plain.order)).collect();
    let steps = statistics::useful_steps(&density(&grids, plain.sigma[0]));
    let mut predicted = plain.clone();
    statistics::fit(&grids, &mut plain, &steps, &|_| {})?;
    predictor::fit_alone(&grids, &mut predicted);
    if predicted.predictor.planes.is_empty() {
        return Ok(plain.into());
    }
    statistics::fit(&grids, &mut predicted, &steps, &|_| {})?;
    let better = bits(&predicted, &grids, &steps)? < bits(&plain, &grids, &steps)?;
    Ok(if better { predicted } else { plain }.into())
}

/// Mean squares of each plane over valid patches.
fn variances(grids: &[LatentGrid], planes: usize) -> Result<Vec<f64>> {
    let mut sums = vec![0.0f64; planes];
    let mut count = 0u64;
    for grid in grids {
        for (values, _) in grid.values.chunks_exact(planes).zip(&grid.valid).filter(|(_, valid)| **valid) {
            sums.iter_mut().zip(values).for_each(|(s, v)| *s += f64::from(*v).powi(2));
            count += 1;
        }
    }
    if count == 0 {
        return Err(Error::InvalidArgument(
            "no patch of the latents is valid; give grids that hold data".to_owned(),
        ));
    }
    Ok(sums.into_iter().map(|s| s / count as f64).collect())
}

fn in_scan_order(grid: &LatentGrid, order: &[u32]) -> Grid {
    let patches = grid.values.chunks_exact(order.len());
    Grid {
        rows: grid.rows,
        columns: grid.columns,
        values: patches.flat_map(|values| order.iter().map(|plane| values[*plane as usize])).collect(),
        valid: grid.valid.clone(),
        step: grid.step,
    }
}

/// Steps below the strongest plane's standard deviation, and the part of codes that are not zero at each.
fn density(grids: &[Grid], strongest: i16) -> Vec<(i16, f64)> {
    let total: usize = grids.iter().map(|g| g.values.len()).sum();
    let stride = total.div_ceil(1 << 22);
    let planes = grids.first().map_or(1, |g| g.values.len() / g.valid.len());
    let patches = grids.iter().flat_map(|g| g.values.chunks_exact(planes).zip(&g.valid));
    let values: Vec<f32> =
        patches.filter(|(_, valid)| **valid).step_by(stride).flat_map(|(v, _)| v.iter().copied()).collect();
    (0..TRIED)
        .map(|i| {
            let log2 = i32::from(strongest) + HIGHEST - (i * SPACING) as i32;
            let log2 = log2.clamp(-16_384, 16_384) as i16;
            let inverse = 1.0 / quantise::step(log2);
            let nonzero = values.iter().filter(|v| quantise::quantise(**v * inverse) != 0).count();
            (log2, nonzero as f64 / values.len().max(1) as f64)
        })
        .collect()
}

/// Bits of some grids, at steps that take turns.
fn bits(priors: &ScalarPriors, grids: &[Grid], steps: &[i16]) -> Result<usize> {
    let mut bytes = 0;
    let some = grids.iter().step_by(grids.len().div_ceil(TRIALS));
    for (grid, step) in some.zip(steps.iter().cycle()) {
        let step = grid.step.unwrap_or(*step);
        let planes = priors.at_step(step);
        let mut coder = TileCoder::encoder(&planes, grid.columns, HistoryLinks::default());
        statistics::code(
            grid,
            step,
            &planes,
            &mut coder,
            statistics::Codes::Chosen,
            &mut (),
            &mut |_, _| {},
        )?;
        bytes += coder.finish().len();
    }
    Ok(bytes)
}
