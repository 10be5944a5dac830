//! Runs a verification, array by array.

use crate::compare::described::{self, Described};
use crate::encoded::array::EncodedArray;
use crate::encoded::copies;
use crate::error::{Result, bail};
use crate::open::{Rasters, open_beside, source_of};
use crate::options::options;
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::raster::region::volume;
use crate::raster::source::Raster;
use crate::store::reader::ZarrRaster;
use crate::store::tree::{self, Node};
use crate::verify::array::{ArrayVerification, verify_array};
use crate::verify::members;
use serde::Serialize;
use std::path::{Path, PathBuf};
use std::time::Instant;
use vqz_codec::engine::EngineKind;

options! {
    /// How [`verify`] verifies an archive.
    pub struct VerifyOptions {
        /// The source that was encoded. The stored statistics, the promise and the mask are checked against it.
        pub against: Option<PathBuf> = None,
        /// The engine that runs the model.
        pub engine: Option<EngineKind> = None,
    }
}

/// The results of a verification.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Verification {
    /// The archive.
    pub archive: String,
    /// The source that it was compared with.
    pub against: Option<String>,
    /// Whether every check succeeded.
    pub holds: bool,
    /// Bytes of its samples, uncompressed.
    pub raw_bytes: u64,
    /// Wall time; opening models is left out.
    pub seconds: f64,
    /// Raw samples decoded and checked, in 10⁶ bytes a second.
    pub mb_s: f64,
    /// Its encoded arrays.
    pub arrays: Vec<ArrayVerification>,
}

/// Decodes every chunk that is stored, with every checksum, and checks what chunks and array state about errors.
/// Chunks that are lost are noticed by the count that [`encode`](crate::encode()) records. With
/// [`VerifyOptions::against`], every sample is compared with the source.
///
/// # Errors
/// When the archive or the source can't be opened. A failed check is no error: it is listed in the result.
pub fn verify(
    archive: impl AsRef<Path>,
    options: &VerifyOptions,
    progress: &dyn Progress,
) -> Result<Verification> {
    let archive = archive.as_ref();
    let members = tree::walk(archive)?;
    let nodes: Vec<Node> = members
        .iter()
        .filter(|node| node.metadata.is_array() && !node.derived)
        .filter(|node| node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)))
        .cloned()
        .collect();
    if nodes.is_empty() {
        bail!(Unsupported, Encode, "group {} holds no vqz archive", archive.display());
    }
    let sources = match &options.against {
        Some(path) => Some(open_beside(path, &nodes, &OpenOptions::default())?),
        None => None,
    };
    let mut verification = Verification {
        archive: archive.display().to_string(),
        against: options.against.as_ref().map(|path| path.display().to_string()),
        holds: true,
        raw_bytes: 0,
        seconds: 0.0,
        mb_s: 0.0,
        arrays: Vec::new(),
    };
    for node in &nodes {
        let array = EncodedArray::open(node, options.engine)?;
        let source = match &sources {
            Some(sources) => Some(source_of(node, sources)?),
            None => None,
        };
        if let (Some(source), Some(path)) = (&source, &options.against) {
            remark_on_description(archive, node, path, &sources, source.as_ref(), progress)?;
        }
        let begun = Instant::now();
        let verified = verify_array(node, &array, source.as_deref(), progress)?;
        verification.seconds += begun.elapsed().as_secs_f64();
        let raw_bytes =
            volume(&node.metadata.shape()?).saturating_mul(node.metadata.data_type()?.size() as u64);
        verification.raw_bytes = verification.raw_bytes.saturating_add(raw_bytes);
        verification.holds &= verified.failures.is_empty();
        verification.arrays.push(verified);
    }
    verification.holds &= !copies::remark_on_lost(archive, progress)?;
    verification.holds &= members::copies_can_be_read(&members, progress);
    if let Some(source) = &options.against {
        verification.holds &= members::hold(&members, source, progress)?;
    }
    verification.mb_s = verification.raw_bytes as f64 / 1e6 / verification.seconds.max(1e-9);
    Ok(verification)
}

/// Remarks where the source is not said to be what the archive is said to be.
fn remark_on_description(
    archive: &Path,
    node: &Node,
    against: &Path,
    sources: &Option<Rasters>,
    source: &dyn Raster,
    progress: &dyn Progress,
) -> Result<()> {
    let path = match sources.as_deref() {
        Some([(only, _)]) => only,
        _ => &node.path,
    };
    let encoded = ZarrRaster::open(node, &OpenOptions::default())?;
    described::remark_on_differences(
        &node.path,
        &Described::of(source.info(), against, path),
        &Described::of(encoded.info(), archive, &node.path),
        progress,
    );
    Ok(())
}
