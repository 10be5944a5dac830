//! Runs an export, by the end of the output's name.

use super::choice::Choice;
use super::source::Source;
use super::{Args, Compression, cog, netcdf, overview, pixels, zarr};
use crate::output;
use crate::raster::partial::{Existing, refuse_existing};
use crate::raster::{OpenOptions, paths};
use anyhow::{Context, Result, bail};
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// What was written.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    /// Files and folders.
    pub(super) outputs: Vec<String>,
    /// GeoTIFF, NetCDF or Zarr.
    pub(super) format: &'static str,
    /// The extents of what was exported, all dates together.
    pub(super) shape: Vec<u64>,
    /// Bytes of its samples, uncompressed.
    pub(super) raw_bytes: u64,
    /// Bytes on disk.
    pub(super) stored_bytes: u64,
    /// Wall time.
    pub(super) seconds: f64,
    /// Raw megabytes for each second.
    pub(super) mb_s: f64,
}

/// What an output becomes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Format {
    GeoTiff,
    NetCdf,
    Zarr,
}

impl Format {
    fn of(path: &Path) -> Result<Self> {
        let end = path.extension().map(|end| end.to_string_lossy().to_lowercase());
        match end.as_deref() {
            Some("tif" | "tiff") => Ok(Self::GeoTiff),
            Some("nc" | "nc4") => Ok(Self::NetCdf),
            Some("zarr") => Ok(Self::Zarr),
            _ => bail!(
                "the end of {} tells no format; allowed are .tif (COG), .nc (NetCDF-4) and .zarr (plain)",
                path.display()
            ),
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::GeoTiff => "GeoTIFF",
            Self::NetCdf => "NetCDF",
            Self::Zarr => "Zarr",
        }
    }

    /// The compression that is asked for, or the usual one.
    fn compression(self, asked: Option<Compression>) -> Result<Compression> {
        let allowed: &[Compression] = match self {
            Self::GeoTiff => &[Compression::Deflate, Compression::Zstd, Compression::Lzw, Compression::None],
            Self::NetCdf => &[Compression::Deflate, Compression::None],
            Self::Zarr => &[Compression::Zstd, Compression::None],
        };
        let chosen = asked.unwrap_or(allowed[0]);
        if !allowed.contains(&chosen) {
            let names: Vec<String> = allowed.iter().map(|c| format!("{c:?}").to_lowercase()).collect();
            bail!(
                "--compression {} does not go with {}; allowed are {}",
                format!("{chosen:?}").to_lowercase(),
                self.name(),
                names.join(", ")
            );
        }
        Ok(chosen)
    }
}

pub(super) fn run(args: &Args) -> Result<()> {
    let existing = if args.overwrite { Existing::Replace } else { Existing::Refuse };
    let options = OpenOptions { engine: args.engine, ..OpenOptions::default() };
    let begun = Instant::now();
    let figures = match &args.output {
        None => {
            let compression = Format::Zarr.compression(args.compression)?;
            overview::write(args, &Source::open(&args.archive, &options)?, compression, existing)?
        }
        Some(output) if !args.pixels.is_empty() => {
            paths::refuse_overlap(&args.archive, output)?;
            paths::refuse_missing_folder(output)?;
            let choice = Choice::new(args, &Source::open(&args.archive, &options)?)?;
            let outputs = pixels::write(output, &choice, &args.pixels, existing)?;
            let info = choice.raster.info();
            figures("NumPy lists", outputs, info.shape.clone(), info.raw_bytes())?
        }
        Some(output) => {
            let format = Format::of(output)?;
            let compression = format.compression(args.compression)?;
            paths::refuse_overlap(&args.archive, output)?;
            paths::refuse_missing_folder(output)?;
            let source = Source::open(&args.archive, &options)?;
            let choice = Choice::new(args, &source)?;
            let outputs = match format {
                Format::GeoTiff => cog::write(args, output, &choice, compression, existing)?,
                Format::NetCdf => {
                    refuse_existing(output, existing)?;
                    netcdf::write(output, &choice, compression)?
                }
                Format::Zarr => {
                    refuse_existing(output, existing)?;
                    zarr::write(args, output, &choice, compression, existing)?
                }
            };
            let info = choice.raster.info();
            figures(format.name(), outputs, info.shape.clone(), info.raw_bytes())?
        }
    };
    report(args, figures, begun.elapsed().as_secs_f64())
}

/// Figures without the time, which is not over yet.
pub(super) fn figures(
    format: &'static str,
    outputs: Vec<PathBuf>,
    shape: Vec<u64>,
    raw_bytes: u64,
) -> Result<Figures> {
    let mut stored_bytes = 0;
    for path in &outputs {
        stored_bytes += if path.is_dir() {
            let (metadata, data) = crate::raster::files::sizes(path)?;
            metadata + data
        } else {
            std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len()
        };
    }
    let outputs = outputs.iter().map(|path| path.display().to_string()).collect();
    Ok(Figures { outputs, format, shape, raw_bytes, stored_bytes, seconds: 0.0, mb_s: 0.0 })
}

fn report(args: &Args, mut figures: Figures, seconds: f64) -> Result<()> {
    figures.seconds = seconds;
    figures.mb_s = figures.raw_bytes as f64 / 1e6 / seconds.max(1e-9);
    if args.json {
        return output::json(&figures);
    }
    for path in &figures.outputs {
        output::line(path)?;
    }
    output::line(format!(
        "{} -> {} of {} in {:.2} s, {:.1} MB/s",
        output::bytes(figures.raw_bytes),
        output::bytes(figures.stored_bytes),
        figures.format,
        figures.seconds,
        figures.mb_s
    ))
}
