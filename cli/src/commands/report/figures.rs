//! The figures of a report, as JSON and for people, and whether the promise was kept.

use super::arguments::Args;
use super::examined::Examined;
use crate::output;
use anyhow::Result;
use serde::Serialize;
use vqz_archive::{RasterComparison, StoredSize};
use vqz_codec::config::Promise;
use vqz_raster::georeference::Summary;

/// The result of checking a promise against the source.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub(super) enum PromiseCheck {
    /// Nothing was promised.
    NotPromised,
    /// There was no source to compare samples with.
    Unchecked,
    /// All samples are within the promise.
    #[serde(rename = "held")]
    Kept,
    /// Some samples are not.
    Broken {
        /// Which samples, and by how much.
        found: String,
    },
}

/// The figures of a report.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    archive: String,
    against: Option<String>,
    report: String,
    arrays: Vec<ArrayFigures>,
}

#[derive(Debug, Serialize)]
struct ArrayFigures {
    array: String,
    samples: u64,
    raw_bytes: u64,
    stored: StoredSize,
    promise: Promise,
    held: PromiseCheck,
    /// The errors as the chunks state them.
    stated_rmse: Option<f64>,
    stated_max_error: f64,
    /// The errors as measured against the source, if there is one.
    measured: Option<RasterComparison>,
    ndvi_rmse: Option<f64>,
    ndvi_max_error: Option<f64>,
    /// The smallest and the largest number of bits per sample of a chunk.
    chunk_bits: Option<(f64, f64)>,
    tiles: u64,
    /// Samples along each side of the square that a pixel of the large pictures stands for.
    picture_factor: usize,
    #[serde(rename = "place")]
    georeference: Summary,
}

impl Examined {
    /// Whether the promise was kept, as far as that is known.
    pub(super) fn check_promise(&self) -> PromiseCheck {
        let Some(measured) = &self.measured else {
            return if self.promise == Promise::Quality {
                PromiseCheck::NotPromised
            } else {
                PromiseCheck::Unchecked
            };
        };
        let Ok(Some(bounds)) = self.promise.bounds(measured.bands.len()) else {
            return PromiseCheck::NotPromised;
        };
        for (band, bound) in measured.bands.iter().zip(bounds) {
            if band.max_error > bound {
                let found = format!(
                    "a sample of band {} is off by {}, {bound} is promised",
                    band.band,
                    output::figure(band.max_error)
                );
                return PromiseCheck::Broken { found };
            }
        }
        match measured.overall.mask_mismatches {
            0 => PromiseCheck::Kept,
            count => PromiseCheck::Broken {
                found: format!("{count} samples have data in only one of source and archive"),
            },
        }
    }
}

impl Figures {
    pub(super) fn of(args: &Args, examined: &[Examined]) -> Self {
        let array = |e: &Examined| {
            let vegetation = e.survey.vegetation.as_ref().map(|v| v.errors).filter(|errors| errors.count > 0);
            ArrayFigures {
                array: e.label.clone(),
                samples: e.info.samples(),
                raw_bytes: e.info.raw_bytes(),
                stored: e.stored,
                promise: e.promise.clone(),
                held: e.check_promise(),
                stated_rmse: e.totals.rmse(),
                stated_max_error: e.totals.max_error,
                measured: e.measured.clone(),
                ndvi_rmse: vegetation.and_then(|errors| errors.rmse()),
                ndvi_max_error: vegetation.map(|errors| errors.max),
                chunk_bits: e.rate.chunk_bits,
                tiles: e.rate.tiles,
                picture_factor: e.survey.canvases.first().map_or(1, |canvas| canvas.factor),
                georeference: e.georeference.clone(),
            }
        };
        Self {
            archive: args.archive.display().to_string(),
            against: args.against.as_ref().map(|path| path.display().to_string()),
            report: args.output.display().to_string(),
            arrays: examined.iter().map(array).collect(),
        }
    }

    pub(super) fn print(&self) -> Result<()> {
        for array in &self.arrays {
            let held = match &array.held {
                PromiseCheck::NotPromised => "nothing is promised".to_owned(),
                PromiseCheck::Unchecked => {
                    "the promise was not checked: give the source with --against".to_owned()
                }
                PromiseCheck::Kept => "the promise is kept".to_owned(),
                PromiseCheck::Broken { found } => format!("THE PROMISE IS BROKEN: {found}"),
            };
            output::line(format!("{}: {}, {held}", array.array, array.stored.words()))?;
        }
        output::line(format!("report: {}", self.report))
    }
}
