//! An estimate of what an ingest would write, and how long that would take.

use crate::cube::Cube;
use crate::cube::array::{CubeArray, CubeNode, nodes};
use crate::error::Result;
use crate::parallel::workers;
use crate::raster::region::{Grid, volume};
use crate::raster::source::Raster;
use crate::store::opened::fill_bytes;
use serde::Serialize;
use std::time::Instant;
use vqz_raster::conventions::time::iso;
use vqz_raster::ingest::plan::ArrayPlan;

/// Chunks of each array that are read for an estimate.
const TRIAL_CHUNKS: u64 = 2;

/// An array of a cube.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct CubeArraySummary {
    /// Its path below the root.
    pub path: String,
    /// The type of its samples.
    pub data_type: &'static str,
    /// The value that means "no data".
    pub nodata: Option<String>,
    /// The names of its dimensions.
    pub dimensions: Vec<&'static str>,
    /// Its extents.
    pub shape: Vec<u64>,
    /// The extents of a chunk.
    pub chunk: Vec<u64>,
    /// The names of its bands.
    pub bands: Vec<String>,
    /// How many dates it has.
    pub dates: usize,
    /// The first date.
    pub first_date: Option<String>,
    /// The last date.
    pub last_date: Option<String>,
    /// Its grid, in words.
    pub grid: String,
    /// Bytes of its samples, uncompressed.
    pub raw_bytes: u64,
}

impl CubeArraySummary {
    pub(crate) fn new(array: &CubeArray) -> Self {
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

/// An estimate of an ingest.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct IngestEstimate {
    /// How many files are read.
    pub files: usize,
    /// The arrays.
    pub arrays: Vec<CubeArraySummary>,
    /// Oddities of the files. An ingest reports each as a [`Remark::Cube`](crate::Remark::Cube).
    #[serde(skip)]
    pub remarks: Vec<String>,
    /// Bytes of all samples, uncompressed.
    pub raw_bytes: u64,
    /// Estimated wall time, from the time that it takes to read a few chunks.
    pub estimated_seconds: f64,
    /// Memory for the chunks that are processed in parallel.
    pub working_bytes: u64,
}

/// Estimates what an ingest would write, and how long that would take, from a few chunks of each array. Writes nothing.
///
/// # Errors
/// When an array can't be made as configured, or the chunks that are sampled can't be read.
pub fn estimate_ingest(cube: &Cube) -> Result<IngestEstimate> {
    let mut estimate = IngestEstimate {
        files: cube.plan().files,
        arrays: Vec::new(),
        remarks: cube.remarks().to_vec(),
        raw_bytes: 0,
        estimated_seconds: 0.0,
        working_bytes: 0,
    };
    for (_, node) in nodes(cube.plan())? {
        let CubeNode::Array(array) = node else { continue };
        let info = array.info();
        // Refuses unknown codecs.
        fill_bytes(&info.metadata)?;
        let grid = Grid::new(&info.shape, &info.chunk);
        let begun = Instant::now();
        let trial = grid.len().min(TRIAL_CHUNKS);
        for number in 0..trial {
            // One at the beginning, one in the middle.
            array.read(&grid.region(&grid.indices(number * (grid.len() / 2))))?;
        }
        let each = begun.elapsed().as_secs_f64() / trial.max(1) as f64;
        let threads = rayon::current_num_threads() as f64;
        estimate.estimated_seconds += each * grid.len() as f64 / threads;
        let bytes = volume(&info.chunk).saturating_mul(info.data_type.size() as u64);
        estimate.working_bytes = estimate.working_bytes.max(bytes * workers(bytes) as u64);
        estimate.raw_bytes += info.raw_bytes();
        estimate.arrays.push(CubeArraySummary::new(&array));
    }
    Ok(estimate)
}
