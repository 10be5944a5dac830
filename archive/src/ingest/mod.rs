//! Ingesting: many raster files into one cube.

mod estimate;
mod run;

pub use estimate::{CubeArraySummary, IngestEstimate, estimate_ingest};
pub use run::{ClassCount, IngestOptions, IngestSummary, ingest, ingest_share};
