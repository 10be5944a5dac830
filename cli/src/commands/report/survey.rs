//! Statistics that are gathered in one pass over an archive and its source: histograms, errors of each date, of the
//! vegetation index and of classes, and pictures of chosen dates. Memory does not grow with the array.

use super::canvas::{Canvas, Shown};
use super::spectrum::Spectrum;
use rayon::prelude::*;
use std::collections::BTreeMap;
use vqz_archive::RasterInfo;
use vqz_archive::metrics::{Block, BlockWatch, ErrorSum, Histogram};
use vqz_archive::raster::Region;
use vqz_codec::axes::Role;
use vqz_codec::sample::DataType;

/// The greatest number of classes that are counted. A band with more values is not a map of classes.
const CLASSES: usize = 256;

/// The statistics of one band.
pub(super) struct BandSurvey {
    /// Samples of the source; empty without a source.
    pub(super) source: Histogram,
    /// Decoded samples.
    pub(super) decoded: Histogram,
    /// Decoded less source, where both have data.
    pub(super) errors: Histogram,
    /// The sum of these errors: its mean is the bias.
    pub(super) sum: f64,
}

/// Counts of the samples of one class.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    /// In the source.
    pub(super) source: u64,
    /// Decoded.
    pub(super) decoded: u64,
    /// Samples that have this class in both.
    pub(super) same: u64,
}

/// Errors of the normalised difference vegetation index.
pub(super) struct Vegetation {
    red: usize,
    nir: usize,
    /// The factor and the summand that turn samples into reflectances.
    units: (f64, f64),
    /// The errors over all pixels where both indices can be computed.
    pub(super) errors: ErrorSum,
    /// Decoded less source.
    pub(super) histogram: Histogram,
}

/// All statistics.
pub(super) struct Survey {
    pub(super) bands: Vec<BandSurvey>,
    /// Errors of all bands, date by date.
    pub(super) dates: Vec<ErrorSum>,
    pub(super) vegetation: Option<Vegetation>,
    /// Classes of a single band of whole numbers; none where there are too many.
    pub(super) classes: Option<BTreeMap<i64, Count>>,
    /// Pictures of chosen dates.
    pub(super) canvases: Vec<Canvas>,
    time: Option<usize>,
    others: Vec<usize>,
}

impl Survey {
    /// Starts the statistics of a raster, with pictures of some of its dates.
    pub(super) fn new(info: &RasterInfo, spectrum: &Spectrum, shown: &[Shown]) -> Self {
        let whole = !matches!(info.data_type, DataType::Float32 | DataType::Float64);
        let finest = if whole { 1.0 } else { 0.0 };
        let histogram = || Histogram::new(finest);
        let band = || BandSurvey { source: histogram(), decoded: histogram(), errors: histogram(), sum: 0.0 };
        let bands = info.bands() as usize;
        let attributes = info.metadata.attributes();
        let number = |key: &str, default: f64| {
            attributes.get(key).and_then(serde_json::Value::as_f64).unwrap_or(default)
        };
        let units = (number("scale_factor", 1.0), number("add_offset", 0.0));
        let looped = info.axes.roles().iter().enumerate();
        Self {
            bands: (0..bands).map(|_| band()).collect(),
            dates: vec![ErrorSum::default(); info.extent(&Role::Time) as usize],
            vegetation: spectrum.vegetation.map(|(red, nir)| Vegetation {
                red,
                nir,
                units,
                errors: ErrorSum::default(),
                histogram: Histogram::new(1.0 / 65_536.0),
            }),
            classes: (bands == 1 && whole).then(BTreeMap::new),
            canvases: shown.iter().map(|shown| Canvas::new(info, shown)).collect(),
            time: info.axes.position(&Role::Time),
            others: looped.filter(|(_, role)| matches!(role, Role::Other(_))).map(|(d, _)| d).collect(),
        }
    }

    /// Adds a block. Without a source, it has decoded samples only.
    pub(super) fn take(&mut self, region: &Region, block: &Block) {
        let date = self.time.map_or(0, |d| region[d].start);
        self.bands.par_iter_mut().enumerate().for_each(|(i, band)| {
            band.take(block.a.get(i).map(Vec::as_slice), &block.b[i]);
        });
        if !block.a.is_empty() {
            let mut errors = ErrorSum::default();
            for (a, b) in block.a.iter().flatten().zip(block.b.iter().flatten()) {
                if a.is_finite() && b.is_finite() {
                    errors.add(*a, *b);
                }
            }
            if let Some(sum) = self.dates.get_mut(date as usize) {
                sum.merge(&errors);
            }
            if let Some(vegetation) = &mut self.vegetation {
                vegetation.take(block);
            }
        }
        if let Some(classes) = &mut self.classes {
            count(classes, block);
            if classes.len() > CLASSES {
                self.classes = None;
            }
        }
        // Along any other dimension, pictures show the first step.
        if self.others.iter().all(|d| region[*d].start == 0) {
            for canvas in self.canvases.iter_mut().filter(|canvas| canvas.date == date) {
                canvas.take(block);
            }
        }
    }
}

impl BlockWatch for Survey {
    fn block(&mut self, region: &Region, block: &Block) {
        self.take(region, block);
    }
}

impl BandSurvey {
    fn take(&mut self, source: Option<&[f64]>, decoded: &[f64]) {
        decoded.iter().filter(|v| v.is_finite()).for_each(|v| self.decoded.add(*v));
        for (a, b) in source.unwrap_or_default().iter().zip(decoded) {
            if !a.is_finite() {
                continue;
            }
            self.source.add(*a);
            if b.is_finite() {
                self.errors.add(b - a);
                self.sum += b - a;
            }
        }
    }

    /// The mean error; none if there are no samples.
    pub(super) fn bias(&self) -> Option<f64> {
        (self.errors.count > 0).then(|| self.sum / self.errors.count as f64)
    }
}

impl Vegetation {
    fn take(&mut self, block: &Block) {
        let (scale, offset) = self.units;
        let index = |red: f64, nir: f64| {
            let (red, nir) = (red * scale + offset, nir * scale + offset);
            // If the sum of the reflectances is not above 0, there is no index.
            if red >= 0.0 && nir >= 0.0 && red + nir > 0.0 { (nir - red) / (nir + red) } else { f64::NAN }
        };
        let before = block.a[self.red].iter().zip(&block.a[self.nir]);
        let after = block.b[self.red].iter().zip(&block.b[self.nir]);
        for ((red, nir), (red_after, nir_after)) in before.zip(after) {
            let (a, b) = (index(*red, *nir), index(*red_after, *nir_after));
            if a.is_finite() && b.is_finite() {
                self.errors.add(a, b);
                self.histogram.add(b - a);
            }
        }
    }
}

fn count(classes: &mut BTreeMap<i64, Count>, block: &Block) {
    let Some(decoded) = block.b.first() else { return };
    for (i, b) in decoded.iter().enumerate() {
        if classes.len() > CLASSES {
            return;
        }
        let a = block.a.first().map_or(f64::NAN, |source| source[i]);
        if a.is_finite() {
            classes.entry(a as i64).or_default().source += 1;
        }
        if b.is_finite() {
            let found = classes.entry(*b as i64).or_default();
            found.decoded += 1;
            found.same += u64::from(a == *b);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_and_indices_are_counted() {
        let block =
            Block { y: 0..1, x: 0..3, a: vec![vec![1.0, 2.0, f64::NAN]], b: vec![vec![1.0, 3.0, f64::NAN]] };
        let mut classes = BTreeMap::new();
        count(&mut classes, &block);
        assert_eq!(classes[&1], Count { source: 1, decoded: 1, same: 1 });
        assert_eq!(classes[&2], Count { source: 1, decoded: 0, same: 0 });
        assert_eq!((classes[&3].decoded, classes.len()), (1, 3));

        let mut vegetation = Vegetation {
            red: 0,
            nir: 1,
            units: (1.0, -1000.0),
            errors: ErrorSum::default(),
            histogram: Histogram::new(1e-4),
        };
        let two = |red: f64, nir: f64| vec![vec![red, 0.0], vec![nir, 0.0]];
        vegetation.take(&Block { y: 0..1, x: 0..2, a: two(2000.0, 4000.0), b: two(2000.0, 2000.0) });
        assert_eq!((vegetation.errors.count, vegetation.errors.max), (1, 0.5));
    }
}
