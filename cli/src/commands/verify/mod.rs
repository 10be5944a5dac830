//! `vqz verify`: does an archive decode, and do the statistics hold that its chunks state?

mod hold;
mod promise;
mod seen;

use crate::commands::encode::figures::promise_words;
use crate::output::{self, CheckFailed};
use crate::progress::Progress;
use crate::raster::archive::Archive;
use crate::raster::record::Record;
use crate::raster::region::{Side, copy, extents, volume};
use crate::raster::transfer::{for_each, workers};
use crate::raster::tree::{self, Node};
use crate::raster::{OpenOptions, Raster, files, open_all};
use anyhow::{Result, anyhow, bail};
use hold::hold;
use seen::{Checked, Failure, Seen};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vqz_codec::config::Promise;
use vqz_codec::engine::EngineKind;
use vqz_codec::pipeline::Statistics;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz verify scene-vqz.zarr --against scene.zarr

Every chunk that is stored is decoded, with every checksum. Chunks that are lost are noticed by the count that \
`vqz encode` records in the attribute `vqz`; in archives without that record only --against notices them.")]
pub(crate) struct Args {
    /// The archive: an encoded Zarr v3 array, or a group that holds some.
    archive: PathBuf,
    /// What was encoded, to hold the stored statistics and the mask against it.
    #[arg(long, value_name = "SOURCE")]
    against: Option<PathBuf>,
    /// The engine to run the model with; see `vqz info --runtime`.
    #[arg(long, value_name = "NAME")]
    engine: Option<EngineKind>,
    /// Print the findings as JSON.
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Serialize)]
struct Findings {
    archive: String,
    against: Option<String>,
    holds: bool,
    raw_bytes: u64,
    seconds: f64,
    /// Of raw samples decoded and checked, in 10⁶ bytes a second; opening models is left out.
    mb_s: f64,
    arrays: Vec<ArrayFindings>,
}

#[derive(Debug, Serialize)]
struct ArrayFindings {
    path: String,
    /// Chunks that are stored.
    chunks: u64,
    fill_only_chunks: u64,
    /// What `vqz encode` recorded; without it, lost chunks are not noticed.
    recorded: Option<Record>,
    data_bytes: u64,
    metadata_bytes: u64,
    /// What is promised of valid samples.
    promise: Promise,
    /// As the chunks state them; without a model, which states a peak, there is no PSNR.
    peak: Option<f64>,
    psnr_db: Option<f64>,
    rmse: Option<f64>,
    max_error: f64,
    valid_samples: u64,
    failures: Vec<Failure>,
}

/// Failures that are listed for people, for each array; JSON has them all.
const LISTED: usize = 20;

pub(crate) fn run(args: &Args) -> Result<()> {
    let nodes: Vec<Node> = tree::arrays(&args.archive)?
        .into_iter()
        .filter(|node| node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)))
        .collect();
    if nodes.is_empty() {
        bail!("group {} holds no vqz archive; give one that `vqz encode` wrote", args.archive.display());
    }
    let sources = match &args.against {
        Some(path) => Some(open_all(path, &OpenOptions::default())?),
        None => None,
    };
    let mut findings = Findings {
        archive: args.archive.display().to_string(),
        against: args.against.as_ref().map(|path| path.display().to_string()),
        holds: true,
        raw_bytes: 0,
        seconds: 0.0,
        mb_s: 0.0,
        arrays: Vec::new(),
    };
    for node in &nodes {
        let archive = Archive::open(node, args.engine)?;
        let source = match &sources {
            Some(sources) => Some(source(node, sources)?),
            None => None,
        };
        let begun = Instant::now();
        let array = check_array(node, &archive, source.as_deref())?;
        findings.seconds += begun.elapsed().as_secs_f64();
        findings.raw_bytes += volume(&node.metadata.shape()?) * node.metadata.data_type()?.size() as u64;
        findings.holds &= array.failures.is_empty();
        findings.arrays.push(array);
    }
    findings.mb_s = findings.raw_bytes as f64 / 1e6 / findings.seconds.max(1e-9);
    if args.json {
        output::json(&findings)?
    } else {
        print(&findings)?
    }
    if findings.holds {
        return Ok(());
    }
    let failures: u64 = findings.arrays.iter().map(|array| array.failures.len() as u64).sum();
    Err(CheckFailed(format!(
        "{} does not hold: {}, listed above; restore the archive from a copy, or encode it again{}",
        findings.archive,
        output::count(failures, "failure"),
        if args.against.is_some() { ", if the source is the one that it was made from" } else { "" }
    ))
    .into())
}

/// The source of an archive: of the same path, or the only one.
pub(super) fn source(node: &Node, sources: &[(String, Arc<dyn Raster>)]) -> Result<Arc<dyn Raster>> {
    let found = match sources {
        [(_, only)] => Some(only),
        several => several.iter().find(|(path, _)| *path == node.path).map(|(_, raster)| raster),
    };
    let Some(raster) = found else {
        bail!("the source holds nothing at {}; give the raster that was encoded", node.label());
    };
    let shape = node.metadata.shape()?;
    if raster.info().shape != shape || raster.info().data_type != node.metadata.data_type()? {
        bail!(
            "{} has shape {shape:?} and type {}, {} has {:?} and {}; give the raster that was encoded",
            node.label(),
            node.metadata.data_type_name(),
            raster.info().label,
            raster.info().shape,
            raster.info().data_type.name()
        );
    }
    Ok(Arc::clone(raster))
}

fn check_array(node: &Node, archive: &Archive, source: Option<&dyn Raster>) -> Result<ArrayFindings> {
    let grid = archive.grid();
    let size = node.metadata.data_type()?.size() as u64;
    let seen = Mutex::new(Seen::default());
    let progress = Progress::new("verifying");
    progress.begin(grid.len());
    // Buffers are used again: fresh memory costs as much as a good part of the decoding.
    let buffers: Mutex<Vec<Vec<u8>>> = Mutex::default();
    for_each(grid.len(), workers(volume(grid.chunk()).saturating_mul(size)), |number| {
        let indices = grid.indices(number);
        let mut buffer = buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let checked = check_chunk(node, archive, source, &indices, &mut buffer);
        buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        seen.lock().unwrap_or_else(PoisonError::into_inner).take(number, checked);
        progress.advance(1);
        Ok(())
    })?;
    let seen = seen.into_inner().unwrap_or_else(PoisonError::into_inner);
    let recorded = Record::of(&node.metadata);
    let (metadata_bytes, data_bytes) = files::sizes(&node.folder)?;
    Ok(ArrayFindings {
        path: node.path.clone(),
        chunks: seen.totals.chunks,
        fill_only_chunks: seen.totals.absent,
        recorded,
        data_bytes,
        metadata_bytes,
        promise: archive.configuration().promise.clone(),
        peak: archive.peak(),
        psnr_db: archive.peak().and_then(|peak| seen.totals.psnr_db(peak)),
        rmse: seen.totals.rmse(),
        max_error: seen.totals.max_error,
        valid_samples: seen.totals.valid,
        failures: seen.failures(archive, node, recorded),
    })
}

/// Decodes a chunk and holds it against its source.
fn check_chunk(
    node: &Node,
    archive: &Archive,
    source: Option<&dyn Raster>,
    indices: &[u64],
    decoded: &mut Vec<u8>,
) -> Checked {
    let bytes = match archive.bytes(indices) {
        Ok(Some(bytes)) => bytes,
        Ok(None) => {
            let wrong = source.and_then(|source| check_fill_only(node, archive, source, indices).err());
            return Checked { stored: false, statistics: None, wrong };
        }
        Err(error) => return Checked { stored: true, statistics: None, wrong: Some(error) },
    };
    match archive.statistics(indices) {
        Ok(Some(statistics)) => {
            let wrong = check_stored(archive, source, indices, &bytes, &statistics, decoded).err();
            Checked { stored: true, statistics: Some(statistics), wrong }
        }
        Ok(None) => {
            let wrong = anyhow!("the chunk was there, its header is not any more");
            Checked { stored: true, statistics: None, wrong: Some(wrong) }
        }
        Err(error) => Checked { stored: true, statistics: None, wrong: Some(error) },
    }
}

/// Decodes a chunk that is stored, and holds it against its source.
fn check_stored(
    archive: &Archive,
    source: Option<&dyn Raster>,
    indices: &[u64],
    bytes: &[u8],
    statistics: &Statistics,
    decoded: &mut Vec<u8>,
) -> Result<()> {
    archive.decode(indices, bytes, decoded)?;
    promise::stated(archive, statistics)?;
    if let Some(source) = source {
        let region = archive.region(indices);
        let shape = extents(&region);
        let size = source.info().data_type.size();
        // Only what lies within the array has a source.
        let mut inside = vec![0; volume(&shape) as usize * size];
        let zero = vec![0; shape.len()];
        copy(
            decoded,
            Side { shape: archive.grid().chunk(), start: &zero },
            &mut inside,
            Side { shape: &shape, start: &zero },
            &shape,
            size,
        );
        let (wanted, data_type) = (source.read(&region)?, source.info().data_type);
        hold(archive, &wanted, &inside, data_type, statistics)?;
        promise::kept(archive, &shape, &wanted, &inside, data_type)?;
    }
    Ok(())
}

/// A chunk that is not stored must be all fill value in its source.
fn check_fill_only(node: &Node, archive: &Archive, source: &dyn Raster, indices: &[u64]) -> Result<()> {
    let region = archive.region(indices);
    let fill = archive.fill_bytes();
    let samples = source.read(&region)?;
    if samples.chunks_exact(fill.len().max(1)).any(|sample| sample != fill) {
        bail!("the chunk is not stored, and {} is not all fill value there", node.label());
    }
    Ok(())
}

fn print(findings: &Findings) -> Result<()> {
    for array in &findings.arrays {
        let place = if array.path.is_empty() { &findings.archive } else { &array.path };
        let outcome = match (array.failures.len(), findings.against.is_some()) {
            (0, false) => "all decode",
            (0, true) => "all decode, and hold what they state",
            _ => "FAILS",
        };
        output::line(format!(
            "{place}: {} ({}), {} of fill value only: {outcome}",
            output::count(array.chunks, "chunk"),
            output::bytes(array.data_bytes),
            array.fill_only_chunks
        ))?;
        if array.failures.is_empty() {
            output::line(format!(
                "  stated: {}RMSE {}, max error {}; promised: {}",
                array.peak.map_or_else(String::new, |_| format!(
                    "PSNR {} dB, ",
                    output::psnr(array.psnr_db, array.valid_samples, 2)
                )),
                output::error(array.rmse),
                output::figure(array.max_error),
                promise_words(&array.promise)
            ))?;
        }
        if array.recorded.is_none() && findings.against.is_none() {
            output::line(
                "  no record of how many chunks were written: lost ones would go unnoticed; use --against",
            )?;
        }
        for failure in array.failures.iter().take(LISTED) {
            output::line(format!("  {}: {}", failure.place, failure.found))?;
        }
        if array.failures.len() > LISTED {
            output::line(format!("  and {} more; --json lists all", array.failures.len() - LISTED))?;
        }
    }
    output::line(format!(
        "{} of samples in {:.2} s, {:.1} MB/s",
        output::bytes(findings.raw_bytes),
        findings.seconds,
        findings.mb_s
    ))
}
