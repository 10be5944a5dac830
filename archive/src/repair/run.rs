//! Runs a repair, array by array.

use crate::encoded::array::EncodedArray;
use crate::encoded::copies;
use crate::error::{Result, bail};
use crate::open::{open_beside, source_of};
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::repair::array::{ArrayRepair, repair_array};
use crate::repair::options::RepairOptions;
use crate::store::tree::{self, Node};
use crate::verify::members;
use crate::write::paths::refuse_overlap;
use serde::Serialize;
use std::path::Path;
use std::time::Instant;

/// The results of a repair.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct Repair {
    /// The archive.
    pub archive: String,
    /// The source that chunks were written from.
    pub from: String,
    /// Whether the archive is whole now.
    pub whole: bool,
    /// Wall time.
    pub seconds: f64,
    /// Its encoded arrays.
    pub arrays: Vec<ArrayRepair>,
}

/// Writes chunks of an archive again that are damaged or lost, from the source that was encoded. Every chunk is decoded and compared
/// with the source, as [`verify`](crate::verify()) does. A chunk that can't be decoded, or is not there although it was written, is encoded again with the
/// model, the quality and the promise that the archive states, and replaced at one stroke. A chunk that decodes stays as it is, whatever the source holds; and if there is one that is not what the source
/// holds, nothing is written into its array unless [`RepairOptions::source_changed`] says so.
///
/// # Errors
/// When the archive or the source can't be opened or do not fit together, and when reading, encoding or writing fails. What is still
/// wrong after it is no error: it is listed in the result.
pub fn repair(
    archive: impl AsRef<Path>,
    from: impl AsRef<Path>,
    options: &RepairOptions,
    progress: &dyn Progress,
) -> Result<Repair> {
    let (archive, from, begun) = (archive.as_ref(), from.as_ref(), Instant::now());
    refuse_overlap(from, archive)?;
    let nodes: Vec<Node> = tree::arrays(archive)?
        .into_iter()
        .filter(|node| {
            node.path.is_empty() || (!node.derived && !matches!(node.metadata.encoded(), Ok(None)))
        })
        .collect();
    if nodes.is_empty() {
        bail!(Unsupported, Encode, "group {} holds no vqz archive", archive.display());
    }
    let sources = open_beside(from, &nodes, &OpenOptions::default())?;
    let mut repair = Repair {
        archive: archive.display().to_string(),
        from: from.display().to_string(),
        whole: true,
        seconds: 0.0,
        arrays: Vec::new(),
    };
    for node in &nodes {
        let (array, source) = (EncodedArray::open(node, options.engine)?, source_of(node, &sources)?);
        let repaired = repair_array(node, array, source.as_ref(), options, progress)?;
        repair.whole &= repaired.failures.is_empty();
        repair.arrays.push(repaired);
    }
    // What was copied can be copied again.
    repair.whole &= !copies::remark_on_lost(archive, progress)?;
    repair.whole &= members::copies_can_be_read(&tree::walk(archive)?, progress);
    repair.seconds = begun.elapsed().as_secs_f64();
    Ok(repair)
}
