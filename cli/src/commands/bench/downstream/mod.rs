//! How codecs affect downstream work with the pixels: the accuracy of a classifier of land cover that is trained and
//! tested on original and on decoded pixels, in separate blocks.

mod agreement;
mod forest;
mod labels;

use super::curve::{Codec, Curve, Decoded, Point};
use crate::progress::Terminal;
use agreement::Confusion;
pub(super) use agreement::Scores;
use anyhow::{Result, bail};
use forest::{Forest, Pixels, Random};
use labels::Scene;
pub(super) use labels::flat;
use rayon::prelude::*;
use serde::Serialize;
use std::path::PathBuf;
use std::sync::Arc;
use vqz_archive::{Progress, Raster};

/// The number of folds. Blocks are assigned to them at random, and each fold is held out once.
const FOLDS: usize = 5;

/// The greatest number of pixels that a forest is fitted to.
const MOST: usize = 40_000;

/// The greatest relative difference between the bits of a rival and those of vqz. A rival that can't reach so few
/// bits is left out.
const NEAR: f64 = 0.1;

/// The seed of all random numbers.
const SEED: u64 = 20_260;

/// The results.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Downstream {
    pub(super) labels: Vec<String>,
    /// Values of the classes.
    pub(super) classes: Vec<i64>,
    /// The number of labelled pixels of each class.
    pub(super) pixels: Vec<u64>,
    /// The number of features of a pixel: its bands, at all dates.
    pub(super) features: usize,
    pub(super) folds: usize,
    /// The side of a block, in pixels.
    pub(super) blocks: Vec<usize>,
    /// Scores when trained and tested on the originals.
    pub(super) original: Scores,
    /// The standard deviation of that accuracy between folds.
    pub(super) original_spread: f64,
    pub(super) rows: Vec<Row>,
}

/// One codec at one target.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Row {
    pub(super) codec: String,
    /// The PSNR at which vqz was set; rivals have about as many bits.
    pub(super) target: f64,
    pub(super) bits_per_sample: f64,
    pub(super) psnr_db: Option<f64>,
    /// Scores when trained on originals and tested on decoded pixels.
    pub(super) tested: Scores,
    /// Scores when trained and tested on decoded pixels.
    pub(super) both: Scores,
    /// The fraction of pixels to which the forest of the originals gives the same class before and after coding.
    pub(super) same: f64,
}

/// The data for all measurements.
pub(super) struct Plan {
    scenes: Vec<Scene>,
    classes: Vec<i64>,
    features: usize,
    labels: Vec<String>,
    /// The pixels of each fold, each as the numbers of its raster and of the pixel in it.
    folds: Vec<Vec<(u32, u32)>>,
    /// One forest of the originals for each fold.
    forests: Vec<Forest>,
    /// Their predictions of the originals that were held out, fold by fold.
    predicted: Vec<Vec<u8>>,
    found: Downstream,
}

impl Plan {
    /// Reads labels and fits forests to the originals. `ignored` are labels that mean nothing.
    ///
    /// # Errors
    /// When labels do not lie on the grid of their raster, or there are fewer than two classes.
    pub(super) fn new(rasters: &[Arc<dyn Raster>], paths: &[PathBuf], ignored: &[i64]) -> Result<Self> {
        let (scenes, classes) = labels::read(rasters, paths, ignored)?;
        let features = scenes.first().map_or(0, Scene::features);
        if let Some(other) = scenes.iter().find(|scene| scene.features() != features) {
            bail!(
                "a pixel has {features} and {} features; give rasters of as many bands and dates",
                other.features()
            );
        }
        let mut pixels = vec![0; classes.len()];
        scenes
            .iter()
            .flat_map(|scene| scene.labels.iter().flatten())
            .for_each(|class| pixels[*class as usize] += 1);
        let labels: Vec<String> = paths.iter().map(|path| path.display().to_string()).collect();
        let found = Downstream {
            labels: labels.clone(),
            classes: classes.clone(),
            pixels,
            features,
            folds: FOLDS,
            blocks: scenes.iter().map(Scene::block).collect(),
            original: Scores::default(),
            original_spread: 0.0,
            rows: Vec::new(),
        };
        let folds = folds(&scenes);
        let mut plan = Self {
            scenes,
            classes,
            features,
            labels,
            folds,
            forests: Vec::new(),
            predicted: Vec::new(),
            found,
        };
        let originals: Vec<&[f32]> = plan.scenes.iter().map(|scene| &scene.samples[..]).collect();
        let forests = (0..FOLDS).map(|fold| plan.fit(&originals, fold)).collect();
        let predicted = |(fold, forest): (usize, &Forest)| plan.predict(&originals, forest, fold);
        let forests: Vec<Forest> = forests;
        let predicted: Vec<Vec<u8>> = forests.iter().enumerate().map(predicted).collect();
        let parts: Vec<Confusion> = (0..FOLDS).map(|fold| plan.confusion(fold, &predicted[fold])).collect();
        (plan.found.original, plan.found.original_spread) = pooled(&parts, plan.classes.len());
        (plan.forests, plan.predicted) = (forests, predicted);
        Ok(plan)
    }

    /// Measures a codec at a target.
    ///
    /// # Errors
    /// Those of the codec.
    pub(super) fn measure(&mut self, codec: &str, target: f64, decoded: &Decoded) -> Result<()> {
        let samples: Vec<&[f32]> = decoded.rasters.iter().map(Vec::as_slice).collect();
        let wanted: Vec<usize> = self.scenes.iter().map(|scene| scene.samples.len()).collect();
        if samples.iter().map(|s| s.len()).ne(wanted.iter().copied()) {
            bail!(
                "{codec} returned another number of samples than it was given, out of {} label files",
                self.labels.len()
            );
        }
        let (mut tested, mut both) = (Vec::new(), Vec::new());
        let (mut same, mut all) = (0u64, 0u64);
        for fold in 0..FOLDS {
            let found = self.predict(&samples, &self.forests[fold], fold);
            same += found.iter().zip(&self.predicted[fold]).filter(|(a, b)| a == b).count() as u64;
            all += found.len() as u64;
            tested.push(self.confusion(fold, &found));
            let own = self.fit(&samples, fold);
            both.push(self.confusion(fold, &self.predict(&samples, &own, fold)));
        }
        self.found.rows.push(Row {
            codec: codec.to_owned(),
            target,
            bits_per_sample: decoded.bits_per_sample,
            psnr_db: decoded.psnr_db,
            tested: pooled(&tested, self.classes.len()).0,
            both: pooled(&both, self.classes.len()).0,
            same: same as f64 / (all as f64).max(1.0),
        });
        Ok(())
    }

    /// The results.
    pub(super) fn finish(self) -> Downstream {
        self.found
    }

    /// A forest fitted to the pixels outside a fold.
    fn fit(&self, samples: &[&[f32]], fold: usize) -> Forest {
        let others = self.folds.iter().enumerate().filter(|(i, _)| *i != fold);
        let mut chosen: Vec<(u32, u32)> = others.flat_map(|(_, pixels)| pixels.iter().copied()).collect();
        Random(SEED + fold as u64).shuffle(&mut chosen);
        chosen.truncate(MOST);
        let class =
            |(scene, pixel): &(u32, u32)| self.scenes[*scene as usize].labels[*pixel as usize].unwrap_or(0);
        let classes = chosen.iter().map(class).collect();
        let values = chosen.par_iter().flat_map_iter(|pixel| self.values(samples, *pixel)).collect();
        Forest::fit(
            &Pixels { features: self.features, values, classes },
            self.classes.len(),
            SEED + 1 + fold as u64,
        )
    }

    fn values(&self, samples: &[&[f32]], (scene, pixel): (u32, u32)) -> Vec<f32> {
        let pixels = self.scenes[scene as usize].labels.len();
        samples[scene as usize].iter().skip(pixel as usize).step_by(pixels.max(1)).copied().collect()
    }

    /// Predicts the classes of the pixels of a fold.
    fn predict(&self, samples: &[&[f32]], forest: &Forest, fold: usize) -> Vec<u8> {
        let pixels = self.folds[fold].par_iter();
        pixels.map(|pixel| forest.predict(&self.values(samples, *pixel)) as u8).collect()
    }

    fn confusion(&self, fold: usize, predicted: &[u8]) -> Confusion {
        let mut confusion = Confusion::new(self.classes.len());
        for ((scene, pixel), predicted) in self.folds[fold].iter().zip(predicted) {
            if let Some(label) = self.scenes[*scene as usize].labels[*pixel as usize] {
                confusion.add(label as usize, *predicted as usize);
            }
        }
        confusion
    }
}

/// Scores of all folds together, and the standard deviation of their accuracies.
fn pooled(parts: &[Confusion], classes: usize) -> (Scores, f64) {
    let mut all = Confusion::new(classes);
    parts.iter().for_each(|part| all.merge(part));
    let each: Vec<f64> =
        parts.iter().map(|part| part.scores()).filter(|s| s.pixels > 0).map(|s| s.accuracy).collect();
    let mean = each.iter().sum::<f64>() / (each.len() as f64).max(1.0);
    let squares: f64 = each.iter().map(|a| (a - mean) * (a - mean)).sum();
    (all.scores(), (squares / (each.len().saturating_sub(1) as f64).max(1.0)).sqrt())
}

/// The labelled pixels of each fold. Blocks are assigned at random, and no block is in two folds.
fn folds(scenes: &[Scene]) -> Vec<Vec<(u32, u32)>> {
    let mut folds: Vec<Vec<(u32, u32)>> = vec![Vec::new(); FOLDS];
    let mut random = Random(SEED);
    let mut next = 0;
    for (number, scene) in scenes.iter().enumerate() {
        let side = scene.block();
        let across = scene.width.div_ceil(side);
        let mut of_block: Vec<usize> = vec![0; across * scene.height.div_ceil(side)];
        let mut order: Vec<usize> = (0..of_block.len()).collect();
        random.shuffle(&mut order);
        for block in order {
            of_block[block] = next % FOLDS;
            next += 1;
        }
        for pixel in (0..scene.labels.len()).filter(|pixel| scene.labels[*pixel].is_some()) {
            let (y, x) = (pixel / scene.width, pixel % scene.width);
            folds[of_block[y / side * across + x / side]].push((number as u32, pixel as u32));
        }
    }
    folds
}

/// Measures vqz at each target PSNR, and rivals at the same number of bits.
///
/// # Errors
/// Those of the codecs.
pub(super) fn run(
    plan: &mut Plan,
    codecs: &mut [(Box<dyn Codec + '_>, Curve)],
    targets: &[f64],
    peak: f64,
) -> Result<()> {
    let progress = Terminal::default();
    progress.started("classifying", (targets.len() * codecs.len()) as u64);
    for target in targets {
        let mut bits = None;
        for (codec, curve) in codecs.iter_mut() {
            let level = match bits.filter(|_| !curve.ours) {
                Some(bits) => level(&curve.points, |point| Some(point.bits_per_sample.ln()), f64::ln(bits)),
                None => level(&curve.points, |point| point.psnr_db, *target),
            };
            if let Some(level) = level {
                let decoded = codec.decoded(level, peak)?;
                if curve.ours && bits.is_none() {
                    bits = Some(decoded.bits_per_sample);
                }
                let near = bits.is_none_or(|bits| (decoded.bits_per_sample / bits - 1.0).abs() <= NEAR);
                if curve.ours || near {
                    plan.measure(&curve.codec, *target, &decoded)?;
                }
            }
            progress.advanced(1);
        }
    }
    Ok(())
}

/// The level at which a rising function reaches the wanted value, on the line through the two nearest points.
fn level(points: &[Point], of: impl Fn(&Point) -> Option<f64>, wanted: f64) -> Option<f64> {
    let mut known: Vec<(f64, f64)> = points.iter().filter_map(|p| Some((of(p)?, p.level))).collect();
    known.sort_by(|a, b| a.0.total_cmp(&b.0));
    known.dedup_by(|a, b| a.0 == b.0);
    let above =
        known.partition_point(|(value, _)| *value < wanted).clamp(1, known.len().checked_sub(1)?.max(1));
    let ((low, from), (high, to)) = (*known.get(above - 1)?, *known.get(above)?);
    Some((from + (to - from) * (wanted - low) / (high - low)).clamp(0.0, 200.0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn levels_lie_on_the_line() {
        let point = |level, psnr_db| Point {
            level,
            psnr_db,
            bits_per_sample: 1.0,
            encode_mb_s: 0.0,
            decode_mb_s: 0.0,
        };
        let points = [point(40.0, Some(41.0)), point(44.0, Some(45.0)), point(60.0, None)];
        assert_eq!(level(&points, |p| p.psnr_db, 43.0), Some(42.0));
        assert_eq!(level(&points, |p| p.psnr_db, 39.0), Some(38.0));
        assert_eq!(level(&points[..1], |p| p.psnr_db, 39.0), None);
    }

    #[test]
    fn blocks_lie_in_one_fold() {
        let labels = vec![Some(0); 100 * 100];
        let scene = Scene { height: 100, width: 100, labels, samples: vec![0.0; 100 * 100] };
        let side = scene.block();
        let folds = folds(std::slice::from_ref(&scene));
        assert_eq!(folds.iter().map(Vec::len).sum::<usize>(), 10_000);
        let mut of = std::collections::HashMap::new();
        for (fold, pixels) in folds.iter().enumerate() {
            assert!(pixels.len() > 1000, "{}", pixels.len());
            for (_, pixel) in pixels {
                let block = (*pixel as usize / 100 / side, *pixel as usize % 100 / side);
                assert_eq!(*of.entry(block).or_insert(fold), fold);
            }
        }
    }
}
