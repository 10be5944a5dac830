//! What `ingest`, `encode` and `decode` share: a hierarchy is planned node by node, then written beside its target.

use crate::progress::Progress;
use crate::raster::metadata::Metadata;
use crate::raster::partial::{Existing, Partial};
use crate::raster::share::Share;
use crate::raster::transfer::{Failed, Order, transfer};
use crate::raster::writer::ArrayWriter;
use crate::raster::{Raster, files, partial};
use anyhow::{Result, bail};
use serde::Serialize;
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Instant, UNIX_EPOCH};
use vqz_codec::engine::EngineKind;

/// What becomes of one node.
pub(super) enum Step {
    /// A group: its metadata is written.
    Group(Metadata),
    /// Something else: its files are copied as they are.
    Copy(PathBuf),
    /// A raster: its samples go into an array with this metadata.
    Convert(Arc<dyn Raster>, Metadata),
    /// Coordinates of the arrays beside it.
    #[cfg(feature = "gdal")]
    Coordinates(vqz_raster::georeference::CoordinateArray),
}

/// A node of the output.
pub(super) struct Planned {
    /// Its path below the root; empty for the root.
    pub(super) path: String,
    /// What becomes of it.
    pub(super) step: Step,
}

/// How to write a hierarchy.
pub(super) struct Work<'a> {
    /// The output.
    pub(super) target: &'a Path,
    /// What to do when it is there already.
    pub(super) existing: Existing,
    /// What must be the same for an interrupted run to be resumed.
    pub(super) settings: Map<String, Value>,
    /// The engine to run models with.
    pub(super) engine: Option<EngineKind>,
    /// What of it is written, and how.
    pub(super) order: Order,
    /// What is being done, for the progress bar.
    pub(super) what: &'a str,
    /// Called with a converted array's path and folder when all its chunks are there, before the output is in its place.
    /// Where it returns metadata, the array is written anew with those.
    pub(super) finish: &'a dyn Fn(&str, &Path) -> Result<Option<Metadata>>,
}

/// How it went.
pub(super) struct Done {
    /// Wall time.
    pub(super) seconds: f64,
    /// Raw bytes of the chunks that were written now, not kept from an earlier run.
    pub(super) bytes: u64,
    /// Chunks kept from an earlier run.
    pub(super) kept: u64,
    /// With shares of the work: those that are not done yet. The output is in its place once there are none.
    pub(super) open: Option<Vec<u64>>,
}

/// The figures of a share of the work, where others are not done yet.
#[derive(Debug, Serialize)]
pub(super) struct ShareFigures {
    output: String,
    share: String,
    /// Shares that are not done yet.
    open: Vec<u64>,
    seconds: f64,
    mb_s: f64,
    chunks_kept: u64,
}

impl ShareFigures {
    /// Of a share that is done.
    pub(super) fn new(share: Option<Share>, output: &Path, open: &[u64], done: &Done) -> Self {
        Self {
            output: output.display().to_string(),
            share: share.map(|share| share.to_string()).unwrap_or_default(),
            open: open.to_vec(),
            seconds: done.seconds,
            mb_s: done.bytes as f64 / 1e6 / done.seconds.max(1e-9),
            chunks_kept: done.kept,
        }
    }

    /// Prints them.
    pub(super) fn tell(&self, json: bool) -> Result<()> {
        if json {
            return crate::output::json(self);
        }
        let rest = if self.open.is_empty() {
            "another puts the output in its place".to_owned()
        } else {
            format!("not done yet: {:?}", self.open)
        };
        crate::output::line(format!(
            "{} of {} done in {:.2} s, {rest}",
            self.share, self.output, self.seconds
        ))
    }
}

/// A group's metadata without the copies of its members' that it may hold: they describe the input.
pub(super) fn group(metadata: &Metadata) -> Step {
    let mut metadata = metadata.clone();
    metadata.json_mut().remove("consolidated_metadata");
    Step::Group(metadata)
}

/// Writes a planned hierarchy.
///
/// # Errors
/// Whatever reading, encoding and writing say; the target is then as it was.
pub(super) fn write(planned: &[Planned], mut work: Work<'_>) -> Result<Done> {
    let fingerprints: Vec<Value> = planned.iter().filter_map(fingerprint).collect();
    work.settings.insert("arrays".to_owned(), Value::from(fingerprints));
    let share = work.order.share;
    if let Some(share) = share {
        work.settings.insert("shares".to_owned(), Value::from(share.count()));
    }
    let partial = Partial::begin(work.target, work.existing, &work.settings, share)?;
    if partial.resumed() && share.is_none() {
        crate::output::remark(format!("going on from {}", partial.folder().display()));
    }
    let begun = Instant::now();
    let mut done = Done { seconds: 0.0, bytes: 0, kept: 0, open: None };
    // Rasters first: where the first can't be had, nothing else lies about. With shares, all but the chunks comes first: the
    // others rely on it.
    let (rasters, others): (Vec<_>, Vec<_>) =
        planned.iter().partition(|node| matches!(node.step, Step::Convert(..)));
    let written = match share {
        None => write_whole(&partial, &rasters, &others, &work, &mut done).map(|()| true),
        Some(_) => write_share(&partial, &rasters, &others, &work, &mut done),
    };
    match written {
        Ok(true) => partial.commit()?,
        Ok(false) => {}
        Err(error) => return Err(partial.fail(error)),
    }
    done.seconds = begun.elapsed().as_secs_f64();
    Ok(done)
}

fn write_whole(
    partial: &Partial,
    rasters: &[&Planned],
    others: &[&Planned],
    work: &Work<'_>,
    done: &mut Done,
) -> Result<()> {
    let mut failed = Vec::new();
    for node in rasters.iter().chain(others) {
        write_node(node, &place(partial.folder(), &node.path), work, done, &mut failed)?;
    }
    report(partial.folder(), &failed)
}

/// Writes a share of the chunks. Returns whether the output is complete then, and this process is to put it in its place.
fn write_share(
    partial: &Partial,
    rasters: &[&Planned],
    others: &[&Planned],
    work: &Work<'_>,
    done: &mut Done,
) -> Result<bool> {
    let mut failed = Vec::new();
    for node in others {
        let folder = place(partial.folder(), &node.path);
        if !folder.join("zarr.json").is_file() {
            write_node(node, &folder, work, done, &mut failed)?;
        }
    }
    for node in rasters {
        let folder = place(partial.folder(), &node.path);
        if let Step::Convert(_, metadata) = &node.step
            && !folder.join("zarr.json").is_file()
        {
            partial::clear(&folder)?;
            ArrayWriter::create(&folder, metadata, work.engine)?;
        }
    }
    partial.share();
    for node in rasters {
        if let Step::Convert(raster, _) = &node.step {
            let writer = ArrayWriter::open(&place(partial.folder(), &node.path), work.engine)?;
            failed.extend(write_chunks(raster.as_ref(), &writer, work, done)?);
        }
    }
    report(partial.folder(), &failed)?;
    if let Err(open) = partial.is_last()? {
        done.open = Some(open);
        return Ok(false);
    }
    for node in rasters {
        if (work.finish)(&node.path, &place(partial.folder(), &node.path))?.is_some() {
            bail!(
                "{} would have to be encoded anew, which can't be done in shares; leave --shard away",
                node.path
            );
        }
    }
    Ok(true)
}

/// Lists the chunks that could not be read, if there are any.
fn report(folder: &Path, failed: &[Failed]) -> Result<()> {
    let Some(first) = failed.first() else { return Ok(()) };
    let path = folder.join(partial::FAILURES);
    files::write_atomically(&path, &serde_json::to_vec_pretty(failed)?)?;
    bail!(
        "{} could not be read, listed in {}; the first: {}; the same command does only what is missing",
        crate::output::count(failed.len() as u64, "chunk"),
        path.display(),
        first.error
    )
}

fn write_chunks(
    raster: &dyn Raster,
    writer: &ArrayWriter,
    work: &Work<'_>,
    done: &mut Done,
) -> Result<Vec<Failed>> {
    let went = transfer(raster, writer, &Progress::new(work.what), work.order)?;
    let chunks = writer.grid().len().max(1);
    done.kept += went.kept;
    done.bytes += (raster.info().raw_bytes() as f64 * went.written as f64 / chunks as f64) as u64;
    Ok(went.failed)
}

/// A node's folder below a root.
pub(super) fn place(root: &Path, path: &str) -> PathBuf {
    if path.is_empty() { root.to_path_buf() } else { root.join(path) }
}

fn write_node(
    node: &Planned,
    folder: &Path,
    work: &Work<'_>,
    done: &mut Done,
    failed: &mut Vec<Failed>,
) -> Result<()> {
    match &node.step {
        Step::Group(metadata) => files::write_atomically(&folder.join("zarr.json"), &metadata.to_bytes()?),
        Step::Copy(from) => files::copy_tree(from, folder),
        #[cfg(feature = "gdal")]
        Step::Coordinates(array) => {
            // The array's own name is the last part of its folder.
            let group = folder.parent().unwrap_or(folder);
            crate::raster::coordinates::write(group, array)
        }
        Step::Convert(raster, metadata) => {
            let mut metadata = metadata.clone();
            loop {
                if !folder.join("zarr.json").is_file() {
                    partial::clear(folder)?;
                }
                let writer = ArrayWriter::create(folder, &metadata, work.engine)?;
                let before = done.kept;
                let missing = write_chunks(raster.as_ref(), &writer, work, done)?;
                if !missing.is_empty() {
                    failed.extend(missing);
                    return Ok(());
                }
                match (work.finish)(&node.path, folder)? {
                    Some(again) => {
                        partial::clear(folder)?;
                        done.kept = before;
                        metadata = again;
                    }
                    None => return Ok(()),
                }
            }
        }
    }
}

/// What identifies an output array: its metadata, but for the embedded model, which its hash stands for, and for the
/// quality, which stands among the settings or is searched for.
fn fingerprint(node: &Planned) -> Option<Value> {
    let Step::Convert(_, metadata) = &node.step else {
        return None;
    };
    let mut json = Value::Object(metadata.json().clone());
    strip(&mut json);
    Some(json!({"path": node.path, "metadata": json}))
}

fn strip(value: &mut Value) {
    match value {
        Value::Object(map) => {
            if let Some(Value::Object(model)) = map.get_mut("model") {
                model.remove("decoder");
                map.remove("quality");
            }
            map.values_mut().for_each(strip);
        }
        Value::Array(list) => list.iter_mut().for_each(strip),
        _ => {}
    }
}

/// The settings that every command records: its name, its input and when that was last changed.
pub(super) fn settings(command: &str, input: &Path) -> Map<String, Value> {
    let canonical = input.canonicalize().unwrap_or_else(|_| input.to_path_buf());
    let watched = if input.is_dir() { input.join("zarr.json") } else { input.to_path_buf() };
    let modified = std::fs::metadata(watched)
        .and_then(|m| m.modified())
        .ok()
        .and_then(|time| time.duration_since(UNIX_EPOCH).ok())
        .map(|time| time.as_secs());
    let settings = json!({
        "vqz": env!("CARGO_PKG_VERSION"),
        "command": command,
        "input": canonical.display().to_string(),
        "input modified": modified,
    });
    if let Value::Object(settings) = settings { settings } else { Map::new() }
}
