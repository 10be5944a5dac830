//! Runs an ingest: many files into one cube of plain arrays.

use crate::cube::Cube;
use crate::cube::array::{CubeArray, CubeNode, nodes, settings};
use crate::error::{Result, bail};
use crate::ingest::estimate::CubeArraySummary;
use crate::open::open;
use crate::options::options;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::region::Grid;
use crate::raster::samples::to_f64;
use crate::raster::source::Raster;
use crate::store::files;
use crate::write::existing::{Existing, OutputKind};
use crate::write::hierarchy::{Content, HierarchyWriter, Node, Output, Written, node_folder};
use crate::write::paths;
use crate::write::settings::Settings;
use crate::write::share::Share;
use crate::write::share_summary::{ShareOutcome, ShareSummary};
use crate::write::transfer::{Order, Unreadable};
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use vqz_raster::classes::Counts;
use vqz_raster::plane::Plane;

/// The side of the windows in which labels are counted, in pixels.
const WINDOW: u64 = 2048;

options! {
    /// How [`ingest`] writes a cube. Everything else is in the cube's configuration.
    pub struct IngestOptions {
        /// What to do when the output already exists.
        pub existing: Existing = Existing::Refuse,
    }
}

/// The summary of an ingest.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct IngestSummary {
    /// The cube.
    pub output: String,
    /// How many files were read.
    pub files: usize,
    /// Its arrays.
    pub arrays: Vec<CubeArraySummary>,
    /// How often each class of the labels occurs.
    pub classes: Vec<ClassCount>,
    /// Bytes of all samples, uncompressed.
    pub raw_bytes: u64,
    /// Bytes on disk.
    pub stored_bytes: u64,
    /// Wall time.
    pub seconds: f64,
    /// Raw samples in 10⁶ bytes a second.
    pub mb_s: f64,
    /// Chunks kept from an earlier run.
    pub chunks_kept: u64,
}

/// How often a class occurs.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct ClassCount {
    /// The array of labels.
    pub array: String,
    /// The class.
    pub value: i64,
    /// Its name.
    pub name: Option<String>,
    /// The number of samples of this class.
    pub samples: u64,
    /// This number divided by the number of all valid samples.
    pub fraction: f64,
}

/// Writes a cube as a group of plain arrays with their coordinates. To encode it, give it to
/// [`encode`](crate::encode()) instead.
///
/// # Errors
/// [`Exists`](crate::ErrorKind::Exists) when the output already exists, and all errors of reading and writing. If
/// some chunks can't be read, the others are written first, and the same call made later writes only the missing
/// ones.
pub fn ingest(
    cube: &Cube,
    output: impl AsRef<Path>,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<IngestSummary> {
    let output = output.as_ref();
    match run(cube, output, None, options, progress)? {
        ShareOutcome::Complete(summary) => Ok(summary),
        ShareOutcome::Open(_) => bail!(Busy, "only a part of {} was written", output.display()),
    }
}

/// Does one share of an ingest, so that several processes, on one machine or many, write one cube.
///
/// # Errors
/// Those of [`ingest`], and [`Busy`](crate::ErrorKind::Busy) when another process works on the same share.
pub fn ingest_share(
    cube: &Cube,
    output: impl AsRef<Path>,
    share: Share,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<ShareOutcome<IngestSummary>> {
    run(cube, output.as_ref(), Some(share), options, progress)
}

fn run(
    cube: &Cube,
    output: &Path,
    share: Option<Share>,
    options: &IngestOptions,
    progress: &dyn Progress,
) -> Result<ShareOutcome<IngestSummary>> {
    paths::refuse_overlap(cube.source(), output)?;
    for file in &cube.plan().sources {
        paths::refuse_overlap(file, output)?;
    }
    paths::check_place(output, OutputKind::Folder, options.existing)?;
    paths::refuse_other_format(output)?;
    for remark in cube.remarks() {
        progress.remark(&Remark::Cube(remark.clone()));
    }
    let mut settings_of_run = Settings::new("ingest", cube.source());
    settings_of_run.extend(settings(cube.plan())?);
    let mut planned = Vec::new();
    let mut arrays: Vec<Arc<CubeArray>> = Vec::new();
    for (path, node) in nodes(cube.plan())? {
        let content = match node {
            CubeNode::Group(metadata) => Content::Group(metadata),
            CubeNode::Coordinates(coordinates) => Content::Coordinates(coordinates),
            CubeNode::Array(array) => {
                let metadata = array.info().metadata.clone();
                arrays.push(Arc::clone(&array));
                Content::Array(array, metadata)
            }
        };
        planned.push(Node { path, content });
    }
    let destination = Output {
        target: output,
        existing: options.existing,
        inputs: cube.plan().sources.clone(),
        settings: settings_of_run,
        engine: None,
        order: Order { share, unreadable: Unreadable::GoOn },
        what: "reading",
        progress,
    };
    cube.plan().forget_clashes();
    let written = HierarchyWriter::write_all(&planned, destination)?;
    cube.report(progress);
    Ok(match ShareSummary::of(share, output, &written) {
        Some(summary) => ShareOutcome::Open(summary),
        None => ShareOutcome::Complete(IngestSummary::measure(output, cube, &arrays, &written)?),
    })
}

impl IngestSummary {
    /// Measures what was written, and counts the classes of labels.
    fn measure(target: &Path, cube: &Cube, arrays: &[Arc<CubeArray>], written: &Written) -> Result<Self> {
        let mut classes = Vec::new();
        for array in arrays.iter().filter(|array| array.array().categorical) {
            classes.extend(class_counts(target, array)?);
        }
        let (metadata, data) = files::sizes(target)?;
        Ok(Self {
            output: target.display().to_string(),
            files: cube.plan().files,
            arrays: arrays.iter().map(|array| CubeArraySummary::new(array)).collect(),
            classes,
            raw_bytes: arrays.iter().map(|array| array.info().raw_bytes()).sum(),
            stored_bytes: metadata + data,
            seconds: written.seconds,
            mb_s: written.bytes as f64 / 1e6 / written.seconds.max(1e-9),
            chunks_kept: written.kept,
        })
    }
}

/// Counts the classes of an array that was written, window by window.
fn class_counts(target: &Path, array: &CubeArray) -> Result<Vec<ClassCount>> {
    let plan = array.array();
    let folder = node_folder(target, &plan.path);
    let raster = open(&folder, &OpenOptions::default())?;
    let info = raster.info();
    let window: Vec<u64> = info.shape.iter().map(|extent| (*extent).min(WINDOW)).collect();
    let grid = Grid::new(&info.shape, &window);
    let nodata = plan.nodata.unwrap_or_default();
    let mut counts = Counts::default();
    for number in 0..grid.len() {
        let region = grid.region(&grid.indices(number));
        let values = to_f64(info.data_type, &raster.read(&region)?);
        let valid = values.iter().map(|value| *value != nodata).collect();
        counts.add(&Plane { height: 1, width: values.len(), values, valid })?;
    }
    let categories = plan.bands.first().map(|band| band.band.categories.clone()).unwrap_or_default();
    let rows = counts.table(&categories).into_iter().map(|row| ClassCount {
        array: plan.path.clone(),
        value: row.value,
        name: row.name,
        samples: row.samples,
        fraction: row.fraction,
    });
    Ok(rows.collect())
}
