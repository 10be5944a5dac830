//! `vqz verify`: does an archive decode, and do the statistics hold that its chunks state?

use crate::metrics::error::ErrorSum;
use crate::output::{self, CheckFailed};
use crate::progress::Progress;
use crate::raster::archive::Archive;
use crate::raster::region::{Side, copy, extents, volume};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::transfer::{for_each, workers};
use crate::raster::tree::{self, Node};
use crate::raster::{OpenOptions, Raster, open_all};
use anyhow::{Result, bail};
use serde::Serialize;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;
use vqz_codec::engine::EngineKind;
use vqz_codec::pipeline::Statistics;
use vqz_codec::sample::DataType;

#[derive(Debug, clap::Args)]
#[command(after_help = "Example:
  vqz verify scene-vqz.zarr --against scene.zarr")]
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
    chunks: u64,
    fill_only_chunks: u64,
    bytes: u64,
    max_error: f64,
    failures: Vec<Failure>,
}

/// A chunk of which something does not hold.
#[derive(Clone, Debug, Serialize)]
struct Failure {
    chunk: String,
    found: String,
}

pub(crate) fn run(args: &Args) -> Result<()> {
    let nodes: Vec<Node> = tree::arrays(&args.archive)?
        .into_iter()
        .filter(|node| node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)))
        .collect();
    if nodes.is_empty() {
        bail!("group {} holds no vqvae archive; give one that `vqz encode` wrote", args.archive.display());
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
    match findings.arrays.iter().flat_map(|array| &array.failures).next() {
        None => Ok(()),
        Some(first) => {
            let count: usize = findings.arrays.iter().map(|array| array.failures.len()).sum();
            let more =
                if count > 1 { format!(", and {} more chunks fail", count - 1) } else { String::new() };
            Err(CheckFailed(format!("{}: {}{more}", first.chunk, first.found)).into())
        }
    }
}

/// The source of an archive: of the same path, or the only one.
fn source(node: &Node, sources: &[(String, Arc<dyn Raster>)]) -> Result<Arc<dyn Raster>> {
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
    let findings = Mutex::new(ArrayFindings {
        path: node.path.clone(),
        chunks: 0,
        fill_only_chunks: 0,
        bytes: 0,
        max_error: 0.0,
        failures: Vec::new(),
    });
    let progress = Progress::new("verifying");
    progress.begin(grid.len());
    // Buffers are used again: fresh memory costs as much as a good part of the decoding.
    let buffers: Mutex<Vec<Vec<u8>>> = Mutex::default();
    for_each(grid.len(), workers(volume(grid.chunk()).saturating_mul(size)), |number| {
        let indices = grid.indices(number);
        let mut buffer = buffers.lock().unwrap_or_else(PoisonError::into_inner).pop().unwrap_or_default();
        let checked = check_chunk(node, archive, source, &indices, &mut buffer);
        buffers.lock().unwrap_or_else(PoisonError::into_inner).push(buffer);
        let mut findings = findings.lock().unwrap_or_else(PoisonError::into_inner);
        match checked {
            Ok(Some((bytes, statistics))) => {
                findings.chunks += 1;
                findings.bytes += bytes;
                findings.max_error = findings.max_error.max(statistics.max_error);
            }
            Ok(None) => findings.fill_only_chunks += 1,
            Err(error) => {
                let found = format!("{error:#}");
                let chunk = archive.chunk_name(&indices);
                findings.failures.push(Failure { chunk, found });
            }
        }
        progress.advance(1);
        Ok(())
    })?;
    let mut findings = findings.into_inner().unwrap_or_else(PoisonError::into_inner);
    findings.failures.sort_by(|a, b| a.chunk.cmp(&b.chunk));
    Ok(findings)
}

/// Decodes a chunk and holds it against its source. Returns its bytes and what its header states.
fn check_chunk(
    node: &Node,
    archive: &Archive,
    source: Option<&dyn Raster>,
    indices: &[u64],
    decoded: &mut Vec<u8>,
) -> Result<Option<(u64, Statistics)>> {
    let Some(bytes) = archive.bytes(indices)? else {
        if let Some(source) = source {
            check_fill_only(node, archive, source, indices)?;
        }
        return Ok(None);
    };
    archive.decode(indices, &bytes, decoded)?;
    let Some(statistics) = archive.statistics(indices)? else {
        bail!("the chunk is there, its header is not");
    };
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
        hold(archive, &source.read(&region)?, &inside, source.info().data_type, &statistics)?;
    }
    Ok(Some((bytes.len() as u64, statistics)))
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

/// Holds a decoded chunk against its source.
fn hold(
    archive: &Archive,
    source: &[u8],
    decoded: &[u8],
    data_type: DataType,
    stated: &Statistics,
) -> Result<()> {
    let mask = Mask::new(&archive.configuration().nodata, data_type)?;
    let size = data_type.size();
    let mut errors = ErrorSum::default();
    let pairs = to_f64(data_type, source).into_iter().zip(to_f64(data_type, decoded));
    let bits = source.chunks_exact(size).zip(decoded.chunks_exact(size));
    for ((a, b), (bits_a, bits_b)) in pairs.zip(bits) {
        match (mask.is_valid(a), mask.is_valid(b)) {
            (true, true) => errors.add(a, b),
            (false, _) if bits_a == bits_b => {}
            (false, _) => bail!("a sample without data, {a}, became {b}"),
            (true, false) => bail!("a valid sample, {a}, became {b}, which means no data"),
        }
    }
    // Another decoder than the writer's may be off by the model's tolerance, and round to the next integer then.
    let tolerance = archive.model.manifest().tolerance;
    let is_float = matches!(data_type, DataType::Float32 | DataType::Float64);
    let rounding = if is_float { tolerance } else { tolerance.max(1.0) };
    let allowed = stated.max_error + rounding + stated.max_error.abs() * 1e-6;
    if errors.max > allowed {
        bail!("a sample is off by {}, the chunk states at most {}", errors.max, stated.max_error);
    }
    if errors.max + rounding + errors.max * 1e-6 < stated.max_error {
        bail!("no sample is off by more than {}, the chunk states {}", errors.max, stated.max_error);
    }
    // Masked samples that were fill value count for nothing on either side, so sums are compared, not means.
    let stated_sum = stated.mean_square_error * stated.valid as f64;
    let root = stated.mean_square_error.sqrt();
    let slack = errors.count as f64 * 4.0 * tolerance * (2.0 * root + 1.0) + 1e-6 * stated_sum + 1e-9;
    if (errors.squared - stated_sum).abs() > slack {
        bail!(
            "the mean square error is {}, the chunk states {}",
            errors.squared / (stated.valid as f64).max(1.0),
            stated.mean_square_error
        );
    }
    Ok(())
}

fn print(findings: &Findings) -> Result<()> {
    for array in &findings.arrays {
        let place = if array.path.is_empty() { &findings.archive } else { &array.path };
        let outcome = match (array.failures.len(), findings.against.is_some()) {
            (0, false) => "all decode".to_owned(),
            (0, true) => format!(
                "all decode, and hold what they state (max_error {})",
                output::figure(array.max_error)
            ),
            (n, _) => format!("{n} FAIL"),
        };
        output::line(format!(
            "{place}: {} chunks, {}, {} of fill value only: {outcome}",
            array.chunks + array.failures.len() as u64,
            output::bytes(array.bytes),
            array.fill_only_chunks
        ))?;
        for failure in &array.failures {
            output::line(format!("  {}: {}", failure.chunk, failure.found))?;
        }
    }
    output::line(format!(
        "{} in {:.2} s, {:.1} MB/s",
        output::bytes(findings.raw_bytes),
        findings.seconds,
        findings.mb_s
    ))
}
