//! Rate–distortion curves: measured near the targets, interpolated at the targets.

use anyhow::Result;
use serde::Serialize;
use std::time::{Duration, Instant};

/// All rasters as a codec restores them.
pub(super) struct Decoded {
    /// Bits per sample of everything that is coded, without metadata.
    pub(super) bits_per_sample: f64,
    /// PSNR in dB; none if there is no error.
    pub(super) psnr_db: Option<f64>,
    /// For each raster, all its samples, `(image, band, y, x)`.
    pub(super) rasters: Vec<Vec<f32>>,
}

/// The greatest distance between the two points on either side of a target, in dB.
const SPACING: f64 = 1.5;

/// The greatest number of measurements for a target.
const TRIALS: usize = 8;

/// A measured point.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct Point {
    /// The nominal PSNR in dB at which the codec was set.
    pub(super) level: f64,
    /// PSNR in dB; none if there is no error.
    pub(super) psnr_db: Option<f64>,
    /// Bits per sample of everything that is coded, without metadata.
    pub(super) bits_per_sample: f64,
    /// Speed of encoding, in 10⁶ bytes of raw samples per second.
    pub(super) encode_mb_s: f64,
    /// Speed of decoding, in the same unit.
    pub(super) decode_mb_s: f64,
}

/// A codec that encodes all images at a given quality.
pub(super) trait Codec {
    /// Its name.
    fn name(&self) -> String;
    /// Its settings, in words.
    fn parameters(&self) -> String;
    /// Encodes and decodes at a nominal PSNR.
    ///
    /// # Errors
    /// When encoding or decoding fails.
    fn measure(&mut self, level: f64, peak: f64, passes: &Passes) -> Result<Point>;
    /// Encodes at a nominal PSNR, and returns the decoded samples.
    ///
    /// # Errors
    /// When encoding or decoding fails.
    fn decoded(&mut self, level: f64, peak: f64) -> Result<Decoded>;
}

/// How often work is timed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Passes {
    /// The greatest number of passes.
    pub(super) most: usize,
    /// No further pass starts after this time.
    pub(super) enough: Duration,
}

impl Passes {
    /// The result of the work, and the seconds of its fastest pass.
    pub(super) fn time<T>(&self, work: impl Fn() -> Result<T>) -> Result<(T, f64)> {
        let begun = Instant::now();
        let mut best = f64::INFINITY;
        let mut count = 0;
        loop {
            let pass = Instant::now();
            let made = work()?;
            best = best.min(pass.elapsed().as_secs_f64().max(1e-9));
            count += 1;
            if count >= self.most || begun.elapsed() > self.enough {
                return Ok((made, best));
            }
        }
    }
}

/// A codec's curve.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Curve {
    pub(super) codec: String,
    pub(super) parameters: String,
    /// Whether this is vqz with one of the models, rather than a rival.
    pub(super) ours: bool,
    /// Bytes of the metadata of the archive, once for each array.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) metadata_bytes: Option<u64>,
    /// The measured points, by rising PSNR.
    pub(super) points: Vec<Point>,
    /// Interpolated points at the targets; none for a target that the codec does not reach.
    pub(super) at: Vec<Option<At>>,
}

/// A codec at a target.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(super) struct At {
    pub(super) psnr_db: f64,
    pub(super) bits_per_sample: f64,
    pub(super) encode_mb_s: f64,
    pub(super) decode_mb_s: f64,
}

/// Measures a codec around each target.
///
/// # Errors
/// The errors of the codec.
pub(super) fn measure(
    codec: &mut dyn Codec,
    targets: &[f64],
    peak: f64,
    passes: &Passes,
) -> Result<Vec<Point>> {
    let mut points: Vec<Point> = Vec::new();
    for target in targets {
        for _ in 0..TRIALS {
            let Some(level) = next(&points, *target) else { break };
            if points.iter().any(|p| (p.level - level).abs() < 0.02) {
                break;
            }
            points.push(codec.measure(level, peak, passes)?);
        }
    }
    points.sort_by(|a, b| a.bits_per_sample.total_cmp(&b.bits_per_sample));
    Ok(points)
}

/// The setting to measure next; none if the target already lies between two points that are close enough.
fn next(points: &[Point], target: f64) -> Option<f64> {
    let (below, above) = around(points, target);
    let level = match (below, above) {
        (None, None) => target,
        (Some((below, psnr)), None) => {
            // If the point above has no error at all, there are no settings between.
            let exact =
                points.iter().filter(|p| p.psnr_db.is_none()).map(|p| p.level).fold(f64::INFINITY, f64::min);
            let level = below.level + (target - psnr) + SPACING / 3.0;
            if level < exact { level } else { f64::midpoint(below.level, exact) }
        }
        (None, Some((above, psnr))) => above.level - (psnr - target) - SPACING / 3.0,
        (Some((below, low)), Some((above, high))) => {
            if high - low <= SPACING {
                return None;
            }
            let t = ((target - low) / (high - low)).clamp(0.15, 0.85);
            below.level + t * (above.level - below.level)
        }
    };
    Some(level.clamp(0.0, 200.0))
}

/// A point and its PSNR.
type KnownPoint = (Point, f64);

/// The nearest points on either side of a target.
fn around(points: &[Point], target: f64) -> (Option<KnownPoint>, Option<KnownPoint>) {
    let finite = || points.iter().filter_map(|p| Some((*p, p.psnr_db?)));
    let below = finite().filter(|(_, psnr)| *psnr <= target).max_by(|a, b| a.1.total_cmp(&b.1));
    let above = finite().filter(|(_, psnr)| *psnr >= target).min_by(|a, b| a.1.total_cmp(&b.1));
    (below, above)
}

/// A curve at a target. The logarithm of the bits is interpolated.
pub(super) fn at(points: &[Point], target: f64) -> Option<At> {
    let ((below, low), (above, high)) = match around(points, target) {
        (Some(below), Some(above)) => (below, above),
        _ => return None,
    };
    let t = if high > low { (target - low) / (high - low) } else { 0.0 };
    let mix = |a: f64, b: f64| a + t * (b - a);
    Some(At {
        psnr_db: target,
        bits_per_sample: mix(below.bits_per_sample.ln(), above.bits_per_sample.ln()).exp(),
        encode_mb_s: mix(below.encode_mb_s, above.encode_mb_s),
        decode_mb_s: mix(below.decode_mb_s, above.decode_mb_s),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A test codec: 6 dB per bit, 2 dB above the requested PSNR, and without error from 60 dB on.
    struct Line;

    impl Codec for Line {
        fn name(&self) -> String {
            String::new()
        }

        fn parameters(&self) -> String {
            String::new()
        }

        fn decoded(&mut self, _: f64, _: f64) -> Result<Decoded> {
            anyhow::bail!("a line codes nothing")
        }

        fn measure(&mut self, level: f64, _: f64, _: &Passes) -> Result<Point> {
            let psnr = level + 2.0;
            Ok(Point {
                level,
                psnr_db: (psnr < 60.0).then_some(psnr),
                bits_per_sample: (psnr / 6.0).exp2(),
                encode_mb_s: psnr,
                decode_mb_s: 1.0,
            })
        }
    }

    #[test]
    fn targets_lie_between_near_points() {
        let passes = Passes { most: 1, enough: Duration::ZERO };
        let points = measure(&mut Line, &[39.0, 50.0, 59.5, 75.0], 1.0, &passes).unwrap();
        assert!(points.len() < 20, "{}", points.len());
        for target in [39.0, 50.0] {
            let found = at(&points, target).unwrap();
            assert!((found.bits_per_sample / (target / 6.0f64).exp2() - 1.0).abs() < 1e-9, "{found:?}");
            assert!((found.encode_mb_s - target).abs() < 1e-9);
        }
        assert_eq!(at(&points, 75.0), None, "nothing is off there");
        assert_eq!(at(&points, 10.0), None);
    }
}
