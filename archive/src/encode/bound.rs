//! The promise about the error of each sample: none, a maximum error, or lossless.

use crate::error::{Result, bail};
use crate::raster::region::{Grid, Region};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::Raster;
use serde_json::{Value, json};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;

/// The promise of an encode about every valid sample, with any decoder.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub enum Bound {
    /// Nothing: errors are measured, not bounded.
    #[default]
    None,
    /// No valid sample has a larger error, in units of the samples as they are stored (before any scale factor is
    /// applied). The encoder decodes every chunk and checks it. A model is not needed, but saves bytes if the bound
    /// is wide.
    MaxError {
        /// One number, or one for each band.
        bound: Vec<f64>,
        /// Whether decoded samples can be encoded again with the same bound without any further change. This takes
        /// more bits.
        stable: bool,
    },
    /// A maximum error relative to the range of each band's valid samples over the whole array; above 0 and below 1.
    MaxErrorOfRange(f64),
    /// Every sample comes back bit for bit.
    Lossless,
}

impl Bound {
    /// A maximum error for all bands.
    #[must_use]
    pub fn max_error(bound: f64) -> Self {
        Self::MaxError { bound: vec![bound], stable: false }
    }

    /// Whether anything is promised.
    #[must_use]
    pub fn is_any(&self) -> bool {
        *self != Self::None
    }

    /// The promise for an array.
    ///
    /// # Errors
    /// When the number of bounds differs from the number of bands, or the array can't be read to find its range.
    pub(crate) fn promise(&self, raster: &dyn Raster) -> Result<Promise> {
        let info = raster.info();
        match self {
            Self::None => Ok(Promise::Quality),
            Self::Lossless => Ok(Promise::Lossless),
            Self::MaxErrorOfRange(part) => {
                let bound: Vec<f64> = ranges(raster)?.into_iter().map(|range| range.part(*part)).collect();
                if bound.iter().any(|bound| !bound.is_finite()) {
                    bail!(
                        Unsupported,
                        "{part} of the range of {} is beyond the largest float64; bound a smaller part of the range, or \
                         store the samples in another unit",
                        info.label
                    );
                }
                Ok(Promise::MaxError { bound, stable: false })
            }
            Self::MaxError { bound, stable } => {
                if bound.len() != 1 && bound.len() as u64 != info.bands() {
                    bail!(
                        InvalidArgument,
                        "{} bounds are given, {} has {} bands; give one, or one for each",
                        bound.len(),
                        info.label,
                        info.bands()
                    );
                }
                Ok(Promise::MaxError { bound: bound.clone(), stable: *stable })
            }
        }
    }

    /// For the settings of an unfinished output.
    pub(crate) fn setting(&self) -> Value {
        match self {
            Self::None => Value::Null,
            Self::MaxError { bound, stable } => json!({"max_error": bound, "stable": stable}),
            Self::MaxErrorOfRange(part) => json!({"max_error_of_range": part}),
            Self::Lossless => json!("lossless"),
        }
    }
}

/// The smallest and the largest valid sample of a band.
#[derive(Clone, Copy)]
struct Range {
    low: f64,
    high: f64,
}

impl Range {
    /// Holds no sample yet.
    const EMPTY: Self = Self { low: f64::INFINITY, high: f64::NEG_INFINITY };

    /// A part of the range; 0 where no sample is valid. The range itself may be beyond float64, although a part of it is not.
    fn part(self, part: f64) -> f64 {
        if self.low > self.high {
            return 0.0;
        }
        let range = self.high - self.low;
        if range.is_finite() { part * range } else { part * self.high - part * self.low }
    }
}

/// The range of valid samples of each band.
fn ranges(raster: &dyn Raster) -> Result<Vec<Range>> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let grid = Grid::new(&info.shape, &info.chunk);
    let band = info.axes.position(&Role::Band);
    let mut found = vec![Range::EMPTY; info.bands() as usize];
    for number in 0..grid.walkable(&info.label)? {
        let region: Region = grid.region(&grid.indices(number));
        let samples = to_f64(info.data_type, &raster.read(&region)?);
        // The samples of one band come in runs; the dimensions after the band set their length.
        let (first, bands, run) = match band {
            None => (0, 1, samples.len()),
            Some(d) => {
                let run: u64 = region[d + 1..].iter().map(|r| r.end - r.start).product();
                (region[d].start as usize, (region[d].end - region[d].start) as usize, run as usize)
            }
        };
        for (i, samples) in samples.chunks(run.max(1)).enumerate() {
            let range = &mut found[first + i % bands];
            for value in samples.iter().filter(|value| mask.is_valid(**value)) {
                *range = Range { low: range.low.min(*value), high: range.high.max(*value) };
            }
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_of_ranges_are_finite_where_they_can_be() {
        let part = |low: f64, high: f64, part: f64| Range { low, high }.part(part);
        assert_eq!(part(-3.0, 7.0, 0.1), 1.0);
        assert!((part(-1.7e308, 1.7e308, 0.01) / 3.4e306 - 1.0).abs() < 1e-12);
        assert_eq!(part(-1.7e308, 1.7e308, 0.9), f64::INFINITY);
        assert!((part(0.0, 1e-300, 0.01) / 1e-302 - 1.0).abs() < 1e-12);
        assert_eq!((part(4.0, 4.0, 0.5), Range::EMPTY.part(0.5)), (0.0, 0.0));
    }
}
