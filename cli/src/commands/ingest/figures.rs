//! What an ingest would write, and what it wrote.

use crate::commands::hierarchy::{self, Done};
use crate::output;
use crate::raster::cube::{self, CubeArray, CubeNode};
use crate::raster::{Raster, files, zarr};
use anyhow::Result;
use serde::Serialize;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;
use vqz_raster::classes::Counts;
use vqz_raster::conventions::time::iso;
use vqz_raster::ingest::plan::{ArrayPlan, Plan};
use vqz_raster::plane::Plane;

/// Pixels of the windows in which labels are counted.
const WINDOW: u64 = 2048;

/// Time that is spent on an estimate, at most about, for an array.
const TRIAL_CHUNKS: u64 = 2;

/// An array that would be written.
#[derive(Debug, Serialize)]
struct ArrayRow {
    path: String,
    data_type: &'static str,
    nodata: Option<String>,
    dimensions: Vec<&'static str>,
    shape: Vec<u64>,
    chunk: Vec<u64>,
    bands: Vec<String>,
    dates: usize,
    first_date: Option<String>,
    last_date: Option<String>,
    grid: String,
    raw_bytes: u64,
}

impl ArrayRow {
    fn new(array: &CubeArray) -> Self {
        let plan: &ArrayPlan = array.array();
        let times = plan.times.as_deref().unwrap_or_default();
        Self {
            path: plan.path.clone(),
            data_type: plan.sample_type.name(),
            nodata: plan.nodata.map(|v| v.to_string()),
            dimensions: plan.dimensions.iter().map(|dimension| dimension.name()).collect(),
            shape: plan.shape(),
            chunk: array.info().chunk.clone(),
            bands: plan.bands.iter().filter_map(|band| band.band.name.clone()).collect(),
            dates: times.len(),
            first_date: times.first().map(|time| iso(*time)),
            last_date: times.last().map(|time| iso(*time)),
            grid: plan.grid.label(),
            raw_bytes: plan.raw_bytes(),
        }
    }
}

/// What would be written.
#[derive(Debug, Serialize)]
pub(super) struct DryRun {
    files: usize,
    arrays: Vec<ArrayRow>,
    remarks: Vec<String>,
    raw_bytes: u64,
    /// From the time that a few chunks take to read.
    estimated_seconds: f64,
    /// Memory of the chunks that are worked on at one time.
    working_bytes: u64,
}

impl DryRun {
    /// Reads a few chunks.
    ///
    /// # Errors
    /// When an array can't be as it is asked for, or its first chunks can't be read.
    pub(super) fn measure(plan: &Arc<Plan>) -> Result<Self> {
        let mut dry = Self {
            files: plan.files,
            arrays: Vec::new(),
            remarks: plan.remarks.clone(),
            raw_bytes: 0,
            estimated_seconds: 0.0,
            working_bytes: 0,
        };
        for (_, node) in cube::nodes(plan)? {
            let CubeNode::Array(array) = node else { continue };
            let info = array.info();
            // Refuses codecs that nobody knows.
            zarr::fill_bytes(&info.metadata)?;
            let grid = crate::raster::region::Grid::new(&info.shape, &info.chunk);
            let begun = Instant::now();
            let trial = grid.len().min(TRIAL_CHUNKS);
            for number in 0..trial {
                // One at the beginning, one in the middle.
                array.read(&grid.region(&grid.indices(number * (grid.len() / 2))))?;
            }
            let each = begun.elapsed().as_secs_f64() / trial.max(1) as f64;
            let threads = rayon::current_num_threads() as f64;
            dry.estimated_seconds += each * grid.len() as f64 / threads;
            let bytes =
                crate::raster::region::volume(&info.chunk).saturating_mul(info.data_type.size() as u64);
            dry.working_bytes = dry.working_bytes.max(bytes * crate::raster::transfer::workers(bytes) as u64);
            dry.raw_bytes += info.raw_bytes();
            dry.arrays.push(ArrayRow::new(&array));
        }
        Ok(dry)
    }

    /// Prints a table and what is odd.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn print(&self) -> Result<()> {
        let rows: Vec<Vec<String>> = self
            .arrays
            .iter()
            .map(|array| {
                let extents = |list: &[u64]| list.iter().map(u64::to_string).collect::<Vec<_>>().join(" × ");
                let dates = match (&array.first_date, &array.last_date) {
                    (Some(first), Some(last)) => format!("{}: {first} to {last}", array.dates),
                    _ => "-".to_owned(),
                };
                vec![
                    array.path.clone(),
                    array.data_type.to_owned(),
                    array.nodata.clone().unwrap_or_else(|| "-".to_owned()),
                    format!("{} ({})", extents(&array.shape), array.dimensions.join(", ")),
                    extents(&array.chunk),
                    dates,
                    output::bytes(array.raw_bytes),
                ]
            })
            .collect();
        let header = ["array", "type", "nodata", "shape", "chunk", "dates", "raw"];
        output::line(output::table(&header, &rows))?;
        for array in &self.arrays {
            output::line(format!("{}: {}; bands {}", array.path, array.grid, array.bands.join(", ")))?;
        }
        for remark in &self.remarks {
            output::line(remark)?;
        }
        output::line(format!(
            "{} from {}, about {} to read, {} of memory for chunks; nothing was written",
            output::bytes(self.raw_bytes),
            output::count(self.files as u64, "file"),
            duration(self.estimated_seconds),
            output::bytes(self.working_bytes)
        ))
    }
}

fn duration(seconds: f64) -> String {
    match seconds {
        s if s < 1.0 => "a second".to_owned(),
        s if s < 90.0 => format!("{s:.0} s"),
        s if s < 5400.0 => format!("{:.0} min", s / 60.0),
        s => format!("{:.1} h", s / 3600.0),
    }
}

/// Samples of a class.
#[derive(Debug, Serialize)]
struct ClassRow {
    array: String,
    value: i64,
    name: Option<String>,
    samples: u64,
    fraction: f64,
}

/// What was written.
#[derive(Debug, Serialize)]
pub(super) struct Figures {
    output: String,
    files: usize,
    arrays: Vec<ArrayRow>,
    classes: Vec<ClassRow>,
    raw_bytes: u64,
    stored_bytes: u64,
    seconds: f64,
    /// Of raw samples, in 10⁶ bytes a second.
    mb_s: f64,
    chunks_kept: u64,
}

impl Figures {
    /// Measures what was written, and counts the classes of labels.
    ///
    /// # Errors
    /// When it can't be read.
    pub(super) fn measure(
        target: &Path,
        plan: &Plan,
        arrays: &[Arc<CubeArray>],
        done: &Done,
    ) -> Result<Self> {
        let mut classes = Vec::new();
        for array in arrays.iter().filter(|array| array.array().categorical) {
            classes.extend(class_rows(target, array)?);
        }
        let (metadata, data) = files::sizes(target)?;
        Ok(Self {
            output: target.display().to_string(),
            files: plan.files,
            arrays: arrays.iter().map(|array| ArrayRow::new(array)).collect(),
            classes,
            raw_bytes: arrays.iter().map(|array| array.info().raw_bytes()).sum(),
            stored_bytes: metadata + data,
            seconds: done.seconds,
            mb_s: done.bytes as f64 / 1e6 / done.seconds.max(1e-9),
            chunks_kept: done.kept,
        })
    }

    /// Prints a line for each array and the table of classes.
    ///
    /// # Errors
    /// When standard output is closed.
    pub(super) fn print(&self) -> Result<()> {
        for array in &self.arrays {
            output::line(format!(
                "{}: {} {}, {}",
                array.path,
                array.shape.iter().map(u64::to_string).collect::<Vec<_>>().join(" × "),
                array.data_type,
                array.grid
            ))?;
        }
        if !self.classes.is_empty() {
            let rows: Vec<Vec<String>> = self
                .classes
                .iter()
                .map(|class| {
                    vec![
                        class.array.clone(),
                        class.value.to_string(),
                        class.name.clone().unwrap_or_default(),
                        class.samples.to_string(),
                        format!("{:.2} %", 100.0 * class.fraction),
                    ]
                })
                .collect();
            output::line(output::table(&["labels", "class", "name", "samples", "part"], &rows))?;
        }
        output::line(format!(
            "{} from {} -> {} in {:.2} s, {:.1} MB/s",
            output::bytes(self.raw_bytes),
            output::count(self.files as u64, "file"),
            output::bytes(self.stored_bytes),
            self.seconds,
            self.mb_s
        ))
    }
}

/// Counts the classes of an array that was written, window by window.
fn class_rows(target: &Path, array: &CubeArray) -> Result<Vec<ClassRow>> {
    let plan = array.array();
    let folder = hierarchy::place(target, &plan.path);
    let raster = crate::raster::open_one(&folder, &crate::raster::OpenOptions::default())?;
    let info = raster.info();
    let window: Vec<u64> = info.shape.iter().map(|extent| (*extent).min(WINDOW)).collect();
    let grid = crate::raster::region::Grid::new(&info.shape, &window);
    let nodata = plan.nodata.unwrap_or_default();
    let mut counts = Counts::default();
    for number in 0..grid.len() {
        let region = grid.region(&grid.indices(number));
        let values = crate::raster::samples::to_f64(info.data_type, &raster.read(&region)?);
        let valid = values.iter().map(|value| *value != nodata).collect();
        counts.add(&Plane { height: 1, width: values.len(), values, valid })?;
    }
    let categories = plan.bands.first().map(|band| band.band.categories.clone()).unwrap_or_default();
    let rows = counts.table(&categories).into_iter().map(|row| ClassRow {
        array: plan.path.clone(),
        value: row.value,
        name: row.name,
        samples: row.samples,
        fraction: row.fraction,
    });
    Ok(rows.collect())
}
