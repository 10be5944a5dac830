//! What a step means in dB on the training data.

use super::basis::Basis;
use super::grid::Grid;
use super::options::FitOptions;
use super::statistics::{self, Codes};
use crate::entropy::tile::TileCoder;
use crate::error::Result;
use crate::model::priors::ScalarPriors;
use crate::model::{Band, Calibration};
use crate::parallel;
use crate::quantise;

/// The steps that are measured, as 256 × log2.
const COARSEST: i16 = 4 * 256;
const FINEST: i16 = -12 * 256;
const SPACING: usize = 128;
/// About how many patches rounded codes are measured on.
const PATCHES: usize = 8192;
/// About how many codes are chosen at each step.
const CHOSEN: usize = 3_000_000;

/// One measured step.
#[derive(Clone, Copy, Debug)]
pub(super) struct Point {
    pub(super) step: i16,
    pub(super) psnr_db: f64,
    /// The part of codes that are not zero.
    pub(super) nonzero: f64,
}

/// The measured curve, by falling step.
#[derive(Debug)]
pub(super) struct Curve(pub(super) Vec<Point>);

impl Curve {
    /// Each step and the part of codes that are not zero.
    pub(super) fn density(&self) -> Vec<(i16, f64)> {
        self.0.iter().map(|p| (p.step, p.nonzero)).collect()
    }

    /// As the manifest states it: strictly rising in PSNR.
    pub(super) fn points(&self) -> Vec<Calibration> {
        let mut out: Vec<Calibration> = Vec::new();
        for p in &self.0 {
            if out.last().is_none_or(|last| p.psnr_db > last.psnr_db + 1e-3) {
                // Hundredths of a dB are more than a quality setting can mean.
                out.push(Calibration { step: p.step, psnr_db: (p.psnr_db * 1000.0).round() / 1000.0 });
            }
        }
        // Data without any variation come out the same at every step; the manifest wants a curve.
        if let [only] = out[..] {
            let coarser = Calibration { step: only.step.saturating_add(256), psnr_db: only.psnr_db - 1e-3 };
            out.insert(0, coarser);
        }
        out
    }
}

/// What squared errors of latents add to the mean square error in data units.
pub(super) struct ErrorWeights {
    /// For each plane, the mean square error of a sample, in squared data units, for a squared error of 1.
    planes: Vec<f64>,
    /// What rounding to integers adds to the mean square error.
    rounding: f64,
    peak: f64,
}

impl ErrorWeights {
    /// Through the basis, which is orthonormal; `order` gives the plane at each scan position.
    pub(super) fn new(
        order: &[u32],
        basis: &Basis,
        bands: &[Band],
        options: &FitOptions,
        integers: bool,
    ) -> Self {
        let pixels = (options.patch * options.patch) as f64;
        let planes = order
            .iter()
            .map(|plane| {
                let row = &basis.mix[*plane as usize * bands.len()..][..bands.len()];
                row.iter().zip(bands).map(|(w, b)| (w.to_f64() * f64::from(b.scale)).powi(2)).sum::<f64>()
                    / (pixels * bands.len() as f64)
            })
            .collect();
        Self { planes, rounding: if integers { 1.0 / 12.0 } else { 0.0 }, peak: options.peak }
    }

    fn squares(&self, values: &[f32], codes: &[i32], step: f32) -> f64 {
        let errors = values.iter().zip(codes).map(|(v, c)| f64::from(v - *c as f32 * step).powi(2));
        errors.zip(&self.planes).map(|(square, weight)| square * weight).sum()
    }

    fn psnr_db(&self, squares: f64, patches: usize) -> f64 {
        let mse = squares / patches.max(1) as f64 + self.rounding;
        10.0 * (self.peak * self.peak / mse.max(1e-300)).log10()
    }
}

/// The curve of codes that are rounded, each by itself. The steps at which the entropy coder learns are taken from it.
pub(super) fn rounded(grids: &[Grid], weights: &ErrorWeights) -> Curve {
    let planes = weights.planes.len();
    let patches: Vec<&[f32]> = grids
        .iter()
        .flat_map(|g| g.values.chunks_exact(planes).zip(&g.valid).filter(|(_, v)| **v).map(|(p, _)| p))
        .collect();
    let patches: Vec<&[f32]> = patches.iter().step_by(patches.len().div_ceil(PATCHES)).copied().collect();
    let steps: Vec<i16> = (FINEST..=COARSEST).rev().step_by(SPACING).collect();
    let points = parallel::map(&steps, true, |&log2| {
        let step = quantise::step(log2);
        let mut codes = vec![0; planes];
        let mut squares = 0.0;
        let mut nonzero = 0u64;
        for patch in &patches {
            for (code, value) in codes.iter_mut().zip(*patch) {
                *code = quantise::quantise(value / step);
                nonzero += u64::from(*code != 0);
            }
            squares += weights.squares(patch, &codes, step);
        }
        Point {
            step: log2,
            psnr_db: weights.psnr_db(squares, patches.len()),
            nonzero: nonzero as f64 / (patches.len() * planes) as f64,
        }
    });
    Curve(points)
}

/// The curve of codes as the encoder chooses them, which a model's manifest states.
pub(super) fn chosen(
    grids: &[Grid],
    priors: &ScalarPriors,
    weights: &ErrorWeights,
    rounded: &Curve,
) -> Result<Curve> {
    let total: usize = grids.iter().map(|g| g.values.len()).sum();
    // The first rows of every grid, rather than all rows of a few grids, because places differ more than rows do.
    let part = CHOSEN as f64 / total.max(1) as f64;
    let grids: Vec<Grid> =
        grids.iter().map(|g| g.first_rows((g.rows as f64 * part).ceil() as usize)).collect();
    let patches = grids.iter().map(|g| g.valid.iter().filter(|v| **v).count()).sum();
    let points = parallel::try_map(&rounded.0, true, |point| {
        let step = quantise::step(point.step);
        let mut squares = 0.0;
        for grid in &grids {
            let planes = priors.at_step(point.step);
            let mut coder = TileCoder::learner(&planes, grid.columns);
            statistics::code(
                grid,
                point.step,
                &planes,
                &mut coder,
                Codes::Chosen,
                &mut (),
                &mut |at, codes| {
                    let values = &grid.values[at * codes.len()..(at + 1) * codes.len()];
                    squares += weights.squares(values, codes, step);
                },
            )?;
        }
        Ok(Point { psnr_db: weights.psnr_db(squares, patches), ..*point })
    });
    Ok(Curve(points?))
}
