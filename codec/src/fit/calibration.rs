//! What a step means in dB on the training data.

use super::FitOptions;
use super::basis::Basis;
use super::latents::Grid;
use crate::model::{Band, Calibration};
use crate::quantise;
use rayon::prelude::*;

/// The steps that are measured, as 256 × log2.
const COARSEST: i16 = 4 * 256;
const FINEST: i16 = -12 * 256;
const SPACING: usize = 128;
/// About how many patches the curve is measured on.
const PATCHES: usize = 8192;

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

/// Measures mean square errors of latents and carries them to the bands through the basis, which is orthonormal.
pub(super) fn measure(
    grids: &[Grid],
    order: &[u32],
    basis: &Basis,
    bands: &[Band],
    options: &FitOptions,
    integers: bool,
) -> Curve {
    let planes = order.len();
    let patches: Vec<&[f32]> = grids
        .iter()
        .flat_map(|g| g.values.chunks_exact(planes).zip(&g.valid).filter(|(_, v)| **v).map(|(p, _)| p))
        .collect();
    let patches: Vec<&[f32]> = patches.iter().step_by(patches.len().div_ceil(PATCHES)).copied().collect();
    let pixels = (options.patch * options.patch) as f64;
    // Squared data units that one squared unit of each plane's error is worth, a sample.
    let worth: Vec<f64> = order
        .iter()
        .map(|plane| {
            let row = &basis.mix[*plane as usize * bands.len()..][..bands.len()];
            row.iter().zip(bands).map(|(w, b)| (w.to_f64() * f64::from(b.scale)).powi(2)).sum::<f64>()
                / (pixels * bands.len() as f64)
        })
        .collect();
    let rounding = if integers { 1.0 / 12.0 } else { 0.0 };
    let steps: Vec<i16> = (FINEST..=COARSEST).rev().step_by(SPACING).collect();
    let points = steps
        .par_iter()
        .map(|&log2| {
            let step = quantise::step(log2);
            let mut squares = 0.0;
            let mut nonzero = 0u64;
            for patch in &patches {
                for (value, worth) in patch.iter().zip(&worth) {
                    let code = quantise::quantise(value / step);
                    nonzero += u64::from(code != 0);
                    squares += f64::from(value - code as f32 * step).powi(2) * worth;
                }
            }
            let mse = squares / patches.len() as f64 + rounding;
            Point {
                step: log2,
                psnr_db: 10.0 * (options.peak * options.peak / mse.max(1e-300)).log10(),
                nonzero: nonzero as f64 / (patches.len() * planes) as f64,
            }
        })
        .collect();
    Curve(points)
}
