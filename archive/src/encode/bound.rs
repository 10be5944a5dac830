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
                let bound = ranges(raster)?.into_iter().map(|range| part * range).collect();
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

/// The range of valid samples of each band.
fn ranges(raster: &dyn Raster) -> Result<Vec<f64>> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let grid = Grid::new(&info.shape, &info.chunk);
    let band = info.axes.position(&Role::Band);
    let mut found = vec![(f64::INFINITY, f64::NEG_INFINITY); info.bands() as usize];
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
                *range = (range.0.min(*value), range.1.max(*value));
            }
        }
    }
    Ok(found.into_iter().map(|(low, high)| (high - low).max(0.0)).collect())
}
