//! Compares a network with the linear model on the same images: does it save bits, and does the saving pay for its
//! size?

use super::evaluate::{Point, evaluate};
use super::prepare::Prepared;
use crate::error::Result;
use crate::report::number::saving;
use std::sync::Arc;
use vqz_codec::fit::Image;
use vqz_codec::model::Model;

/// How far beyond the qualities asked for the linear model is measured, below and above, in dB: a network's PSNR seldom
/// equals the quality.
const BEYOND: [f64; 2] = [6.0, 3.0];
/// The distance between measured points, in dB. Bits are interpolated between two points, but their logarithm is not
/// a straight line. With 4 dB, the error would be half a percent, which is as large as the differences to be measured
/// at high rates.
const SPACING: f64 = 1.0;

/// The linear model's curve of rate and distortion.
#[derive(Clone, Debug)]
pub struct Baseline {
    /// Points with rising PSNR.
    points: Vec<Point>,
    /// The bytes that it adds to each array.
    embedded_bytes: Option<usize>,
    /// Bytes of a sample of the data.
    sample_bytes: usize,
}

/// A network beside the linear model, at one quality.
#[derive(Clone, Copy, Debug, PartialEq, serde::Serialize)]
pub struct Comparison {
    /// The quality that was asked for, in dB.
    pub quality: f64,
    /// The bits that the linear model takes at the network's PSNR.
    pub linear_bits_per_sample: f64,
    /// How much of that the network saves, in percent. Negative if it takes more.
    pub saved_percent: f64,
    /// Bytes of an array, before compression, from which on the saving is more than the network takes beyond the linear
    /// model; none where nothing is saved, or where the network is too large to be embedded.
    pub pays_from_bytes: Option<f64>,
}

/// The results of a validation.
#[derive(Clone, Debug, Default, serde::Serialize)]
pub struct Measured {
    /// At each quality.
    #[serde(rename = "validation")]
    pub points: Vec<Point>,
    /// Beside the linear model, where its curve reaches.
    pub comparison: Vec<Comparison>,
    /// Bytes that the model takes in each array; none where it is too large for that.
    pub embedded_bytes: Option<usize>,
    /// The same for the linear model.
    pub linear_embedded_bytes: Option<usize>,
    /// Warnings.
    pub notes: Vec<String>,
}

impl Measured {
    /// Makes a curve from a model's points.
    ///
    /// # Errors
    /// [`crate::Error::Codec`].
    pub fn of(model: &Model, points: Vec<Point>, baseline: Option<&Baseline>) -> Result<Self> {
        let embedded_bytes = model.reference()?.decoder.map(|text| text.len());
        Ok(Self {
            comparison: baseline.map_or_else(Vec::new, |linear| linear.compare(&points, embedded_bytes)),
            embedded_bytes,
            linear_embedded_bytes: baseline.and_then(|linear| linear.embedded_bytes),
            notes: falls_short(model, &points).into_iter().collect(),
            points,
        })
    }

    /// The comparison at a quality.
    pub fn beside_linear(&self, quality: f64) -> Option<&Comparison> {
        self.comparison.iter().find(|comparison| comparison.quality == quality)
    }

    /// Names and values for the records; those of the middle quality stand for all.
    pub fn scalars(&self) -> Vec<(String, f64)> {
        let mut scalars = Vec::new();
        let middle = self.points.len() / 2;
        for (number, point) in self.points.iter().enumerate() {
            let quality = point.quality;
            let mut values =
                vec![("psnr_db", point.psnr_db), ("rate/bits_per_sample", point.bits_per_sample)];
            values.extend(self.beside_linear(quality).map(|c| ("saved_percent", c.saved_percent)));
            let whole = values.iter().filter(|_| number == middle);
            scalars.extend(whole.map(|(name, value)| ((*name).to_owned(), *value)));
            values.push(("max_error", point.max_error));
            scalars.extend(values.iter().map(|(name, value)| (format!("quality/{quality}/{name}"), *value)));
        }
        scalars
    }
}

impl Comparison {
    /// The saving in words: `saves 4.1 % against the linear model`.
    pub fn words(&self) -> String {
        saving(self.saved_percent)
    }
}

impl Baseline {
    /// Codes the images with the linear model. None where the network has channels that are no bands, such as flags of
    /// classes: then its linear path is no model of these images.
    ///
    /// # Errors
    /// [`crate::Error::Codec`].
    pub fn measure(prepared: &Prepared, images: &[Image], qualities: &[f64]) -> Result<Option<Self>> {
        if prepared.network.heads.channels() != prepared.band_names.len() {
            return Ok(None);
        }
        let model = Arc::clone(&prepared.base);
        let mut asked = qualities.to_vec();
        let ends = [qualities.iter().copied().reduce(f64::min), qualities.iter().copied().reduce(f64::max)];
        if let [Some(low), Some(high)] = ends {
            let steps = ((high + BEYOND[1] - low + BEYOND[0]) / SPACING).ceil() as usize;
            asked.extend((0..=steps).map(|i| low - BEYOND[0] + i as f64 * SPACING));
        }
        asked.retain(|quality| (0.0..=200.0).contains(quality));
        let mut points = evaluate(&model, images, &asked)?;
        points.sort_by(|a, b| a.psnr_db.total_cmp(&b.psnr_db));
        points.dedup_by(|a, b| a.psnr_db - b.psnr_db < 1e-3);
        let sample_bytes = prepared.source.rasters().first().map_or(1, |raster| raster.data_type().size());
        let embedded_bytes = model.reference()?.decoder.map(|text| text.len());
        Ok(Some(Self { points, embedded_bytes, sample_bytes }))
    }

    /// Bytes that the linear model takes in each array's metadata; none where it is too large for that.
    pub fn embedded_bytes(&self) -> Option<usize> {
        self.embedded_bytes
    }

    /// The measured points at the qualities asked for.
    pub fn at<'a>(&'a self, qualities: &'a [f64]) -> impl Iterator<Item = &'a Point> {
        self.points.iter().filter(|point| qualities.contains(&point.quality))
    }

    /// A network's points beside this curve; points beyond its ends are left out. `embedded` is what the network adds to
    /// each array.
    pub fn compare(&self, points: &[Point], embedded: Option<usize>) -> Vec<Comparison> {
        let compare = |point: &Point| {
            let linear = self.bits_at(point.psnr_db)?;
            let saved = linear - point.bits_per_sample;
            let more = embedded.zip(self.embedded_bytes).map(|(own, linear)| own as f64 - linear as f64);
            let pays = |more: f64| (more.max(0.0) * 8.0 / saved) * self.sample_bytes as f64;
            Some(Comparison {
                quality: point.quality,
                linear_bits_per_sample: linear,
                saved_percent: 100.0 * saved / linear,
                pays_from_bytes: more.filter(|_| saved > 0.0).map(pays),
            })
        };
        points.iter().filter_map(compare).collect()
    }

    /// Bits a sample at a PSNR, between the two nearest points: their logarithm is nearly a line over dB.
    fn bits_at(&self, psnr_db: f64) -> Option<f64> {
        let pair = self.points.windows(2).find(|p| (p[0].psnr_db..=p[1].psnr_db).contains(&psnr_db))?;
        let part = (psnr_db - pair[0].psnr_db) / (pair[1].psnr_db - pair[0].psnr_db);
        let [a, b] = [pair[0].bits_per_sample, pair[1].bits_per_sample].map(f64::ln);
        Some((a + part * (b - a)).exp()).filter(|bits| bits.is_finite() && *bits > 0.0)
    }
}

/// For a model with codebooks, which have a highest quality: advice if that is below the requested qualities.
fn falls_short(model: &Model, points: &[Point]) -> Option<String> {
    /// The tolerance for a quality, in dB, because the validation uses other data than the calibration.
    const MISSED: f64 = 1.0;
    model.manifest().codebooks?;
    let short = points.iter().find(|point| point.psnr_db < point.quality - MISSED)?;
    let most = points.iter().map(|point| point.psnr_db).fold(f64::NEG_INFINITY, f64::max);
    Some(format!(
        "quality {} is beyond these codebooks, which reach {most:.1} dB at most; codebook.stages (rvq), codebook.size, \
         codebook.groups × codebook.width, or a smaller model.patch would go further",
        short.quality
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn point(psnr_db: f64, bits_per_sample: f64) -> Point {
        Point { quality: psnr_db.round(), psnr_db, bits_per_sample, max_error: 0.0 }
    }

    #[test]
    fn bits_are_compared_at_equal_psnr_and_sizes_counted() {
        let points = vec![point(40.0, 1.0), point(46.0, 4.0)];
        let baseline = Baseline { points, embedded_bytes: Some(100_000), sample_bytes: 2 };
        let found = baseline.compare(&[point(43.0, 1.8), point(41.0, 9.0), point(50.0, 1.0)], Some(700_000));
        assert_eq!(found.len(), 2, "50 dB is beyond the curve");
        assert!((found[0].linear_bits_per_sample - 2.0).abs() < 1e-9);
        assert!((found[0].saved_percent - 10.0).abs() < 1e-9);
        assert_eq!(found[0].words(), "saves 10.0 % against the linear model");
        assert!(found[1].words().ends_with("% more than the linear model"));
        // 600 kB are 0.2 bits of 24 million samples of two bytes.
        assert!((found[0].pays_from_bytes.unwrap() - 48e6).abs() < 1.0);
        assert!(found[1].saved_percent < 0.0 && found[1].pays_from_bytes.is_none());
        assert_eq!(baseline.compare(&[point(43.0, 1.8)], None)[0].pays_from_bytes, None);
    }
}
