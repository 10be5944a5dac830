//! Learned raster archives in Zarr v3: arrays and groups on a file system, encoded, decoded, verified, compared and read.
//!
//! An archive is a Zarr v3 array, or a group of arrays, whose chunks are encoded by the `vqz` codec: most often with a model
//! that was [fitted](fit()) to such rasters, and with a promise about the error of each sample where that is asked for. Every
//! chunk states the errors that were measured when it was written.
//!
//! ```
//! use vqz_archive::{Bound, EncodeOptions, OpenOptions, Silent, VerifyOptions, Window};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! // Four dates of twelve bands, a plain Zarr array.
//! let sample = "../sample/sentinel2-l2a.zarr";
//! let source = vqz_archive::open(sample, &OpenOptions::new())?;
//! assert_eq!(source.info().shape, [4, 12, 192, 192]);
//!
//! // Encode it so that no reflectance is off by more than 20 of its 10000 steps. No model is needed for that.
//! let folder = std::env::temp_dir().join(format!("vqz-archive-{}", std::process::id()));
//! std::fs::create_dir_all(&folder)?;
//! let archive = folder.join("sample-vqz.zarr");
//! let options = EncodeOptions::new().bound(Bound::max_error(20.0)).chunk_size(64);
//! let encoded = vqz_archive::encode(sample, &archive, &options, &Silent)?;
//! assert!(encoded.max_error <= 20.0 && encoded.stored.ratio > 4.0);
//!
//! // Read a window of it: only the chunks that it touches are decoded.
//! let raster = vqz_archive::open(&archive, &OpenOptions::new())?;
//! let window: Window = "2,0:3,16:32,16:32".parse()?;
//! let region = window.region(&raster.info().shape, &raster.info().axes)?;
//! let (decoded, wanted) = (raster.read_f64(&region)?, source.read_f64(&region)?);
//! assert_eq!(decoded.len(), 3 * 16 * 16);
//! assert!(decoded.iter().zip(&wanted).all(|(decoded, wanted)| (decoded - wanted).abs() <= 20.0));
//!
//! // The cost of reading it, as the headers of the chunks state it.
//! let cost = vqz_archive::window_cost(&archive, &window)?;
//! assert!(cost.chunks == 1 && cost.bytes < cost.stored_bytes);
//!
//! // Verify all of it against its source: every chunk is decoded, and every sample is compared with the promise.
//! let verification = vqz_archive::verify(&archive, &VerifyOptions::new().against(source_path(sample)), &Silent)?;
//! assert!(verification.holds);
//! # std::fs::remove_dir_all(&folder)?;
//! # Ok(())
//! # }
//! # fn source_path(path: &str) -> std::path::PathBuf { path.into() }
//! ```
//!
//! # What there is
//!
//! - [`open`] and [`open_all`] open rasters, encoded or not; a [`Raster`] reads windows of samples. [`describe`]
//!   states what an array is without reading samples, and [`window_cost`] how much is read for a window.
//! - [`encode`](encode()), [`decode`](decode()), [`verify`](verify()), [`repair`](repair()), [`compare`](compare()) and [`fit`](fit()) are what one
//!   does with archives and models. Each takes plain options, reports to a [`Progress`], and returns what it did.
//! - A [`Target`] asks for a PSNR, for bits or for a ratio, and the quality is searched for; a [`Bound`] is a promise about
//!   every sample.
//! - Outputs are written beside their target and put in its place once they are complete. After an interruption, the
//!   same call continues where the work stopped. [`encode_share`] does one [`Share`] of the work, for many processes
//!   on one archive.
//! - With the feature `gdal`, GeoTIFFs and other raster files are opened like arrays, `export` writes them, and a
//!   `Cube` combines many files.
//! - An [`Error`] has a [kind](ErrorKind) to act on, and [remedies](Remedy) that a program words with its own options.
//!
//! # How it is built
//!
//! Samples come through [`raster`]; [`store`] reads and writes Zarr on a file system with [`metadata`]; [`encoded`]
//! looks into encoded arrays; `write` puts outputs together. The functions above are built on these modules; each has
//! a folder of its own.
#![forbid(unsafe_code)]

mod compare;
#[cfg(feature = "gdal")]
mod cube;
mod decode;
mod describe;
mod encode;
pub mod encoded;
mod error;
#[cfg(feature = "gdal")]
mod export;
mod fit;
mod geotiff;
#[cfg(feature = "gdal")]
mod ingest;
pub mod metadata;
pub mod metrics;
mod open;
mod options;
pub mod parallel;
mod progress;
pub mod raster;
mod repair;
pub mod store;
mod stored;
mod target;
pub mod trial;
mod verify;
pub mod words;
mod write;

pub use compare::run::{compare_rasters, remark_on_missing_figures};
pub use compare::{BandComparison, CompareOptions, Comparison, RasterComparison, compare};
#[cfg(feature = "gdal")]
pub use cube::Cube;
pub use decode::{DecodeOptions, DecodeSummary, decode};
pub use describe::{
    ArrayDescription, EncodingDescription, EngineDescription, EngineSurvey, ModelDescription, ModelUse,
    describe, describe_model, promise_means, survey_engines,
};
pub use encode::archive_metadata;
pub use encode::{
    Bound, EncodeOptions, EncodeSummary, EncodedArraySummary, Input, configure, encode, encode_share,
    open_model,
};
pub use encoded::{LostChunks, Record, WindowCost, seal, window_cost};
pub use error::{Error, ErrorKind, Remedy, Result};
#[cfg(feature = "gdal")]
pub use export::{
    Area, Compression, DateSelection, ExportOptions, ExportSummary, OverviewOptions, PixelDomain, export,
    export_overview, export_pixels,
};
pub use fit::{FitOptions, FitSummary, Scaling, copy_inputs, fit, fit_rasters, refuse_model_output};
#[cfg(feature = "gdal")]
pub use ingest::{
    ClassCount, CubeArraySummary, IngestEstimate, IngestOptions, IngestSummary, estimate_ingest, ingest,
    ingest_share,
};
pub use metadata::PlainCodec;
pub use open::{Rasters, is_geotiff, is_raster_file, open, open_all, open_beside, source_of};
pub use progress::{MissedTarget, Progress, Remark, Severity, Silent, WrittenAgain};
pub use raster::{BandSelection, OpenOptions, Raster, RasterInfo, Resampling, Window};
pub use repair::{ArrayRepair, Repair, RepairOptions, repair};
pub use stored::StoredSize;
pub use target::{Target, TargetOutcome};
pub use verify::{ArrayVerification, Failure, Verification, VerifyOptions, verify};
pub use write::existing::{Existing, OutputKind};
pub use write::paths::{check_output, check_place, refuse_overlap};
pub use write::share::Share;
pub use write::share_summary::{ShareOutcome, ShareSummary};
