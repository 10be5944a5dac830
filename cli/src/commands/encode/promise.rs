//! What an encode promises of valid samples: nothing, a maximum error, or that they come back bit for bit.

use crate::arguments;
use crate::raster::Raster;
use crate::raster::region::{Grid, Region};
use crate::raster::samples::{Mask, to_f64};
use anyhow::{Result, bail};
use vqz_codec::axes::Role;
use vqz_codec::config::Promise;

/// One of several promises.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct PromiseArgs {
    /// No valid sample is off by more, in units of the samples as they are stored (before a scale), on any decoder: one number, or one for each band. Every chunk is decoded
    /// again and held against it. A model is not needed, but helps where the bound is wide.
    #[arg(long, value_delimiter = ',', value_parser = arguments::at_least_zero, allow_negative_numbers = true, conflicts_with = "lossless", value_name = "E,…")]
    max_error: Vec<f64>,
    /// The same, as a part of the range of each band's valid samples over the whole array, such as 0.001; what that comes to
    /// stands in the metadata.
    #[arg(long, value_parser = arguments::part, conflicts_with_all = ["lossless", "max_error"], value_name = "PART")]
    max_error_of_range: Option<f64>,
    /// Every sample comes back bit for bit.
    #[arg(long)]
    lossless: bool,
    /// What was decoded can be encoded again with the same --max-error without any change; takes more bits.
    #[arg(long, requires = "max_error", conflicts_with = "lossless")]
    stable: bool,
}

impl PromiseArgs {
    /// Whether anything is promised.
    pub(super) fn is_any(&self) -> bool {
        self.lossless || !self.max_error.is_empty() || self.max_error_of_range.is_some()
    }

    /// What is promised of an array.
    ///
    /// # Errors
    /// When the number of bounds is another than that of bands, or the array has no range.
    pub(super) fn of(&self, raster: &dyn Raster) -> Result<Promise> {
        let info = raster.info();
        if self.lossless {
            return Ok(Promise::Lossless);
        }
        if let Some(part) = self.max_error_of_range {
            let bound = ranges(raster)?.into_iter().map(|range| part * range).collect();
            return Ok(Promise::MaxError { bound, stable: false });
        }
        if self.max_error.is_empty() {
            return Ok(Promise::Quality);
        }
        if self.max_error.len() > 1 && self.max_error.len() as u64 != info.bands() {
            bail!(
                "--max-error gives {} bounds, {} has {} bands; give one, or one for each",
                self.max_error.len(),
                info.label,
                info.bands()
            );
        }
        Ok(Promise::MaxError { bound: self.max_error.clone(), stable: self.stable })
    }

    /// For the settings of an unfinished output.
    pub(super) fn setting(&self) -> serde_json::Value {
        serde_json::json!({
            "max_error": self.max_error,
            "of_range": self.max_error_of_range,
            "lossless": self.lossless,
            "stable": self.stable,
        })
    }
}

/// The range of valid samples of each band.
fn ranges(raster: &dyn Raster) -> Result<Vec<f64>> {
    let info = raster.info();
    let mask = Mask::new(&info.nodata, info.data_type)?;
    let grid = Grid::new(&info.shape, &info.chunk);
    let band = info.axes.position(&Role::Band);
    let mut found = vec![(f64::INFINITY, f64::NEG_INFINITY); info.bands() as usize];
    for number in 0..grid.len() {
        let region: Region = grid.region(&grid.indices(number));
        let samples = to_f64(info.data_type, &raster.read(&region)?);
        // Samples of one band come in runs of what follows it.
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
