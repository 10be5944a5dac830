//! Encoding the cube of an ingest straight from its files.

use super::aim::AimArgs;
use super::promise::PromiseArgs;
use super::{Args, CHUNK_SIZE};
use crate::raster::partial::Existing;
use crate::raster::share::Share;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::config::EntropyCoder;
use vqz_raster::ingest::plan::Plan;

/// A cube that is planned.
#[derive(Clone)]
pub(super) struct PlannedCube(pub(super) Arc<Plan>);

impl std::fmt::Debug for PlannedCube {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "a cube of {} arrays", self.0.arrays.len())
    }
}

/// How a cube is encoded, if it is.
#[derive(Debug, clap::Args)]
pub(in crate::commands) struct CodecArgs {
    /// Encode with this model, a .vqm file with its encoder, instead of writing plain arrays. Arrays that do not fit it are
    /// written plain.
    #[arg(long, short, value_name = "FILE")]
    model: Option<PathBuf>,
    #[command(flatten)]
    aim: AimArgs,
    #[command(flatten)]
    promise: PromiseArgs,
    /// Dates in one chunk of an encoded array; those of the configuration's chunks where nothing is said, else 1.
    #[arg(long, value_parser = clap::value_parser!(u64).range(1..), value_name = "N")]
    dates: Option<u64>,
}

impl CodecArgs {
    /// Whether the cube is to be encoded.
    pub(in crate::commands) fn is_any(&self) -> bool {
        self.model.is_some() || self.aim.is_given() || self.promise.is_any()
    }
}

/// A cube and how to encode it.
pub(in crate::commands) struct OfCube<'a> {
    /// The cube.
    pub(in crate::commands) cube: Arc<Plan>,
    /// Its configuration, or its first file.
    pub(in crate::commands) input: &'a Path,
    /// The share of the work.
    pub(in crate::commands) share: Option<Share>,
    /// How it is encoded.
    pub(in crate::commands) codec: &'a CodecArgs,
}

impl OfCube<'_> {
    /// The arguments of an encode that does so.
    pub(in crate::commands) fn args(self, output: &Path, existing: Existing, json: bool) -> Args {
        let side = self.cube.config.output.chunk.get("x").copied().unwrap_or(CHUNK_SIZE);
        Args {
            input: self.input.to_path_buf(),
            output: output.to_path_buf(),
            model: self.codec.model.clone(),
            aim: self.codec.aim.clone(),
            promise: self.codec.promise.clone(),
            entropy: EntropyCoder::Rans,
            chunk: Vec::new(),
            chunk_size: side,
            dates: self.codec.dates.or(self.cube.config.output.chunk.get("time").copied()).unwrap_or(1),
            shard_size: self.cube.config.output.shard.get("x").copied(),
            shard: self.share,
            axes: None,
            nodata: Vec::new(),
            bands: None,
            search_samples: super::SEARCH_SAMPLES,
            overwrite: existing == Existing::Replace,
            engine: None,
            json,
            cube: Some(PlannedCube(self.cube)),
        }
    }
}
