//! Losses: how far the decoded bands are from the true ones, where there is data.
//!
//! | module | losses |
//! |---|---|
//! | [`pixel`] | mean square error, Huber, cross-entropy |
//! | [`structure`] | structural similarity |
//! | [`spectrum`] | spectral angle, sliced Wasserstein |
//! | [`adversarial`] | PatchGAN and perceptual |

pub mod adversarial;
pub mod pixel;
pub mod spectrum;
pub mod structure;

use crate::arch::{Head, Network};
use crate::config::Weighting;
use tch::{Kind, Tensor};

/// A group of bands with its weights.
#[derive(Clone, Debug, PartialEq)]
pub struct Group {
    /// Its name, for reports.
    pub name: String,
    /// Its bands, by number.
    pub bands: Vec<usize>,
    /// Its weights.
    pub weighting: Weighting,
    /// What all of them are multiplied by.
    pub weight: f64,
}

/// The losses of one batch.
#[derive(Debug)]
pub struct Losses {
    /// What is minimised.
    pub total: Tensor,
    /// Mean square error of continuous channels, normalised, without gradient.
    pub mse: f64,
    /// Each loss by name.
    pub parts: Vec<(String, f64)>,
}

/// How sharply channels of flags turn into odds: a whole flag is this many nats.
const SHARPNESS: f64 = 8.0;
/// Lines that spectra are projected onto.
const DIRECTIONS: i64 = 32;

/// All losses of decoded channels `y` against `x`, both `(image, channel, y, x)` normalised, with weights that are 0 where a
/// sample is masked. `peak` is that of the PSNR, in data units.
pub fn reconstruction(
    network: &Network,
    groups: &[Group],
    y: &Tensor,
    x: &Tensor,
    weights: &Tensor,
    peak: f64,
) -> Losses {
    let device = x.device();
    let mut total = Tensor::zeros([1], (Kind::Float, device)).sum(Kind::Float);
    let mut parts: Vec<(String, f64)> = Vec::new();
    let placed: Vec<(usize, &Head)> = network.heads.placed().collect();
    let (mut squares, mut counted) = (0.0, 0usize);
    for group in groups {
        let w = &group.weighting;
        let mut add = |what: &str, weight: f64, relative: bool, loss: &dyn Fn() -> Tensor| {
            if weight == 0.0 {
                return;
            }
            let loss = loss();
            let value = loss.double_value(&[]);
            parts.push((format!("loss/{}/{what}", group.name), value));
            let scale = if relative { 1.0 / value.max(1e-12) } else { 1.0 };
            total += loss * (weight * group.weight * scale);
        };
        let mut continuous: Vec<i64> = group
            .bands
            .iter()
            .filter(|band| *placed[**band].1 == Head::Continuous)
            .map(|band| placed[*band].0 as i64)
            .collect();
        continuous.sort_unstable();
        if !continuous.is_empty() {
            let all = continuous.len() == network.linear.channels;
            let chosen = Tensor::from_slice(&continuous).to_device(device);
            // Where the group holds all channels, a copy of every sample is avoided.
            let pick = |t: &Tensor| if all { t.shallow_clone() } else { t.index_select(1, &chosen) };
            let (y, x, m) = (pick(y), pick(x), pick(weights));
            let (scale, offset) = (&network.linear.scale, &network.linear.offset);
            // Structure and angles mean something in data units.
            let units = |t: &Tensor| {
                let of = |all: &[f32]| {
                    let of: Vec<f32> = continuous.iter().map(|c| all[*c as usize]).collect();
                    Tensor::from_slice(&of).reshape([1, -1, 1, 1]).to_device(device)
                };
                t * of(scale) + of(offset)
            };
            let mse = pixel::mse(&y, &x, &m);
            squares += mse.double_value(&[]) * continuous.len() as f64;
            counted += continuous.len();
            add("mse", w.mse, true, &|| mse.shallow_clone());
            add("huber", w.huber, true, &|| pixel::huber(&y, &x, &m, w.huber_delta));
            add("ssim", w.ssim, false, &|| structure::ssim(&units(&y), &units(&x), &m, peak));
            add("spectral_angle", w.spectral_angle, false, &|| spectrum::angle(&units(&y), &units(&x), &m));
            add("sliced_wasserstein", w.sliced_wasserstein, false, &|| {
                spectrum::sliced_wasserstein(&y, &x, &m, DIRECTIONS)
            });
        }
        for band in &group.bands {
            let (first, head) = placed[*band];
            let own = |t: &Tensor, at: usize, count: usize| t.narrow(1, (first + at) as i64, count as i64);
            // From normalised units to flags of 0 and 1.
            let flags = |t: &Tensor, count: usize| {
                let raw = own(t, 0, count) * f64::from(network.linear.scale[first]);
                let offsets: Vec<f32> = network.linear.offset[first..first + count].to_vec();
                let offsets = Tensor::from_slice(&offsets).reshape([1, -1, 1, 1]).to_device(device);
                (raw + offsets) / f64::from(network.heads.flag)
            };
            match head {
                Head::Continuous => {}
                Head::Categorical { classes } => {
                    let count = classes.len();
                    add("cross_entropy", w.cross_entropy, false, &|| {
                        let scores = flags(y, count) * SHARPNESS;
                        pixel::cross_entropy(&scores, &flags(x, count).round(), &own(weights, 0, count))
                    });
                }
                Head::Canopy { .. } => {
                    add("present", w.cross_entropy, false, &|| {
                        let scores = (flags(y, 1) - 0.5) * SHARPNESS;
                        pixel::flag(&scores, &flags(x, 1).round(), &own(weights, 0, 1))
                    });
                    add("canopy", w.mse + w.huber, true, &|| {
                        let there = own(weights, 1, 1) * flags(x, 1).round();
                        pixel::huber(&own(y, 1, 1), &own(x, 1, 1), &there, w.huber_delta)
                    });
                }
            }
        }
    }
    // Where no continuous band has data, the error is that of all channels.
    let mse =
        if squares > 0.0 { squares / counted as f64 } else { pixel::mse(y, x, weights).double_value(&[]) };
    Losses { total, mse, parts }
}
