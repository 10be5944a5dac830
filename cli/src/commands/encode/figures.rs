//! What an encode did, from the files that it wrote and the headers in them.

use super::Args;
use super::aim::{Aim, Outcome};
use super::array::EncodedArray;
use crate::commands::hierarchy::{self, Done};
use crate::output::{self, Stored};
use crate::raster::archive::Totals;
use crate::raster::files;
use anyhow::Result;
use serde::Serialize;
use vqz_codec::config::Promise;
use vqz_codec::model::Model;

/// The figures of one encoded array.
#[derive(Debug, Serialize)]
struct ArrayFigures {
    path: String,
    samples: u64,
    valid_samples: u64,
    input_bytes: u64,
    #[serde(flatten)]
    stored: Stored,
    bits_per_valid_sample: f64,
    quality: f64,
    /// What is promised of valid samples.
    promise: Promise,
    /// What was asked for in place of a quality.
    #[serde(skip_serializing_if = "Option::is_none")]
    target: Option<Outcome>,
    psnr_db: Option<f64>,
    /// None without a model, which would state it; then there is no PSNR.
    peak: Option<f64>,
    rmse: Option<f64>,
    max_error: f64,
    chunks: u64,
    fill_only_chunks: u64,
}

/// The figures of all of them.
#[derive(Debug, Serialize)]
pub(in crate::commands) struct Figures {
    output: String,
    model: Option<String>,
    /// None where each array has its own.
    quality: Option<f64>,
    #[serde(skip)]
    aim: Option<Aim>,
    arrays: Vec<ArrayFigures>,
    input_bytes: u64,
    #[serde(flatten)]
    pub(in crate::commands) stored: Stored,
    peak: Option<f64>,
    pub(in crate::commands) psnr_db: Option<f64>,
    rmse: Option<f64>,
    max_error: f64,
    seconds: f64,
    /// Of raw samples, in 10⁶ bytes a second.
    pub(in crate::commands) mb_s: f64,
    chunks_kept: u64,
}

impl Figures {
    /// Measures what was written.
    pub(super) fn measure(
        args: &Args,
        encoded: &[EncodedArray],
        model: Option<&Model>,
        done: &Done,
    ) -> Result<Self> {
        let peak = model.map(|model| model.manifest().peak);
        let mut arrays = Vec::new();
        let mut all = Totals::default();
        for array in encoded {
            arrays.push(array_figures(args, array, peak)?);
            all.merge(&array.totals);
        }
        let quality = arrays.first().map(|array| array.quality);
        let sum = |field: fn(&ArrayFigures) -> u64| arrays.iter().map(field).sum::<u64>();
        let (input_bytes, samples) = (sum(|a| a.input_bytes), sum(|a| a.samples));
        let sizes = (sum(|a| a.stored.metadata_bytes), sum(|a| a.stored.data_bytes));
        Ok(Self {
            output: args.output.display().to_string(),
            model: model.map(|model| model.manifest().name.clone()),
            quality: quality.filter(|quality| arrays.iter().all(|array| array.quality == *quality)),
            aim: args.aim.aim(),
            input_bytes,
            stored: Stored::new(sizes, input_bytes, samples),
            peak,
            psnr_db: peak.and_then(|peak| all.psnr_db(peak)),
            rmse: all.rmse(),
            max_error: all.max_error,
            seconds: done.seconds,
            mb_s: done.bytes as f64 / 1e6 / done.seconds.max(1e-9),
            chunks_kept: done.kept,
            arrays,
        })
    }

    /// Prints a table and a line.
    pub(super) fn print(&self) -> Result<()> {
        let rows: Vec<Vec<String>> = self
            .arrays
            .iter()
            .map(|a| {
                vec![
                    if a.path.is_empty() { self.output.clone() } else { a.path.clone() },
                    output::bytes(a.input_bytes),
                    output::bytes(a.stored.data_bytes),
                    output::bytes(a.stored.metadata_bytes),
                    format!("{:.1}", a.stored.ratio),
                    format!("{:.4}", a.stored.bits_per_sample),
                    match a.peak {
                        Some(_) => output::psnr(a.psnr_db, a.valid_samples, 2),
                        None => "-".to_owned(),
                    },
                    output::error(a.rmse),
                    output::figure(a.max_error),
                    match &a.promise {
                        Promise::Quality => format!("{:.2}", a.quality),
                        promise => promise_words(promise),
                    },
                ]
            })
            .collect();
        let header = [
            "array",
            "raw",
            "chunks",
            "metadata",
            "ratio",
            "bits/sample",
            "PSNR dB",
            "RMSE",
            "max error",
            if self.arrays.iter().any(|a| a.promise != Promise::Quality) { "promise" } else { "quality" },
        ];
        output::line(output::table(&header, &rows))?;
        if let Some(aim) = self.aim {
            let met = self.arrays.iter().filter(|a| a.target.as_ref().is_some_and(|t| t.met)).count();
            output::line(format!(
                "{}: met within {} by {met} of {}",
                aim.option(),
                aim.tolerance(),
                output::count(self.arrays.len() as u64, "array")
            ))?;
        }
        let kept = if self.chunks_kept > 0 {
            format!(", {} kept from before", output::count(self.chunks_kept, "chunk"))
        } else {
            String::new()
        };
        output::line(format!(
            "{} -> {}; {:.2} s, {:.1} MB/s{}{kept}",
            output::bytes(self.input_bytes),
            self.stored.words(),
            self.seconds,
            self.mb_s,
            self.peak.map_or_else(String::new, |peak| {
                format!("; PSNR against a peak of {}", output::figure(peak))
            }),
        ))
    }
}

/// A promise in words.
pub(in crate::commands) fn promise_words(promise: &Promise) -> String {
    match promise {
        Promise::Quality => "none: errors are measured, not bounded".to_owned(),
        Promise::Lossless => "lossless".to_owned(),
        Promise::MaxError { bound, stable } => {
            let bounds: Vec<String> = bound.iter().map(|bound| bound.to_string()).collect();
            format!("±{}{}", bounds.join(", "), if *stable { ", stable" } else { "" })
        }
    }
}

/// What was written, from the files and the headers in them.
fn array_figures(args: &Args, array: &EncodedArray, peak: Option<f64>) -> Result<ArrayFigures> {
    let (input, totals) = (array.raster.info(), &array.totals);
    let sizes = files::sizes(&hierarchy::place(&args.output, &array.path))?;
    Ok(ArrayFigures {
        path: array.path.clone(),
        samples: input.samples(),
        valid_samples: totals.valid,
        input_bytes: input.raw_bytes(),
        stored: Stored::new(sizes, input.raw_bytes(), input.samples()),
        bits_per_valid_sample: sizes.1 as f64 * 8.0 / (totals.valid as f64).max(1.0),
        quality: array.quality,
        promise: array.promise.clone(),
        target: array.outcome.clone(),
        psnr_db: peak.and_then(|peak| totals.psnr_db(peak)),
        peak,
        rmse: totals.rmse(),
        max_error: totals.max_error,
        chunks: totals.chunks,
        fill_only_chunks: totals.absent,
    })
}
