//! The fit of predictions of slow planes from neighbouring patches, by least squares on latents.
//!
//! Candidates are the mean of a patch and its slopes, for each component, because these change least from patch to patch.

use super::basis::log2_sigma;
use super::grid::Grid;
use super::solve::Normal;
use crate::entropy::predict::{Prediction, Tap, TapPosition};
use crate::model::priors::ScalarPriors;

pub(super) use crate::entropy::predict::Predictor;

/// The most planes that take part.
const MAX_PREDICTED: usize = 48;
/// A prediction must reduce a plane's variance by at least this part.
const MIN_GAIN: f64 = 0.03;

/// Fits a predictor where planes have no structure of frequencies: each of the strongest from itself in the patches around.
/// Only planes that gain are listed, because the coder spends no flags on listed planes.
pub(super) fn fit_alone(grids: &[Grid], priors: &mut ScalarPriors) {
    for scan in 0..priors.planes().min(MAX_PREDICTED) {
        let (prediction, variance) = one(grids, &[(scan as u32, 0, 0)], 0, priors);
        if prediction.taps.is_empty() {
            continue;
        }
        let source = priors.predictor.planes.len() as u8;
        let taps = prediction.taps.into_iter().map(|tap| Tap { source, ..tap }).collect();
        priors.sigma[scan] = log2_sigma(variance);
        priors.predictor.planes.push(scan as u32);
        priors.predictor.predictions.push(Prediction { taps, ..prediction });
    }
}

/// Fits the predictor, and replaces the standard deviations of predicted planes by those of the differences from their predictions.
pub(super) fn fit(grids: &[Grid], priors: &mut ScalarPriors) {
    let bands = priors.components;
    let side = (priors.planes() / bands).isqrt();
    // Frequencies (0, 0), (1, 0) and (0, 1), as plane / bands.
    let slow = [0, side, 1];
    let position = |frequency: usize, component: usize| {
        let plane = (frequency * bands + component) as u32;
        priors.order.iter().position(|p| *p == plane)
    };
    let mut planes: Vec<(u32, usize, usize)> = (0..bands)
        .flat_map(|component| {
            slow.iter().enumerate().map(move |(kind, frequency)| (component, kind, *frequency))
        })
        .filter_map(|(component, kind, frequency)| {
            Some((position(frequency, component)? as u32, component, kind))
        })
        .collect();
    planes.sort_unstable();
    planes.truncate(MAX_PREDICTED);
    let fitted: Vec<(Prediction, f64)> =
        (0..planes.len()).map(|index| one(grids, &planes, index, priors)).collect();
    for ((scan, ..), (prediction, variance)) in planes.iter().zip(fitted) {
        if !prediction.taps.is_empty() {
            priors.sigma[*scan as usize] = log2_sigma(variance);
        }
        priors.predictor.planes.push(*scan);
        priors.predictor.predictions.push(prediction);
    }
}

fn one(
    grids: &[Grid],
    planes: &[(u32, usize, usize)],
    index: usize,
    priors: &ScalarPriors,
) -> (Prediction, f64) {
    let (scan, component, kind) = planes[index];
    let mut taps = Vec::new();
    for (source, (_, other, other_kind)) in planes.iter().enumerate() {
        if *other != component {
            continue;
        }
        taps.push((TapPosition::West, source));
        taps.push((TapPosition::North, source));
        if *other_kind == 0 {
            taps.push((TapPosition::NorthWest, source));
            taps.push((TapPosition::NorthEast, source));
        }
        if source < index {
            taps.push((TapPosition::Here, source));
        }
    }
    let count = priors.planes();
    let mut normal = Normal::new(taps.len());
    let mut step_west = 0.0;
    let mut features = vec![0.0; taps.len()];
    for grid in grids {
        let at = |row: usize, column: usize, scan: u32| {
            f64::from(grid.values[(row * grid.columns + column) * count + scan as usize])
        };
        for row in 1..grid.rows {
            for column in 1..grid.columns {
                let east = (column + 1).min(grid.columns - 1);
                let near = [
                    (row, column),
                    (row, column - 1),
                    (row - 1, column),
                    (row - 1, column - 1),
                    (row - 1, east),
                ];
                if near.iter().any(|(r, c)| !grid.valid[r * grid.columns + c]) {
                    continue;
                }
                for (feature, (position, source)) in features.iter_mut().zip(&taps) {
                    let (r, c) = match position {
                        TapPosition::Here => near[0],
                        TapPosition::West => near[1],
                        TapPosition::North => near[2],
                        TapPosition::NorthWest => near[3],
                        TapPosition::NorthEast => near[4],
                    };
                    *feature = at(r, c, planes[*source].0);
                }
                let target = at(row, column, scan);
                step_west += (target - at(row, column - 1, scan)).powi(2);
                normal.add(&features, target, 1.0);
            }
        }
    }
    let all: Vec<usize> = (0..taps.len()).collect();
    // Predictions are judged with the weights as stored, rounded to 256ths.
    let weights: Vec<f64> =
        normal.solve(&all).iter().map(|w| (w * 256.0).round().clamp(-32_768.0, 32_767.0) / 256.0).collect();
    let (left, before) = normal.residual(&weights);
    if normal.count < 1.0 || left > before * (1.0 - MIN_GAIN) {
        return (Prediction::default(), before);
    }
    let taps = taps
        .iter()
        .zip(&weights)
        .filter(|(_, w)| **w != 0.0)
        .map(|((position, source), w)| Tap {
            position: *position,
            source: *source as u8,
            weight: (w * 256.0) as i16,
        })
        .collect();
    (Prediction { taps, copy: kind == 0 && step_west / normal.count < before }, left)
}
