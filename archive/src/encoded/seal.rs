//! The last step of writing an encoded array: recording in its metadata what its chunks hold.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::error::Result;
use crate::store::files;
use crate::store::tree::Node;
use std::path::Path;

/// Records in an archive's metadata what its chunks hold now. Returns the sums over their headers.
///
/// # Errors
/// When the headers can't be read, or the metadata can't be written.
pub(crate) fn seal(folder: &Path) -> Result<Totals> {
    let mut node = Node::open(folder)?;
    let totals = EncodedArray::open(&node, None)?.totals()?;
    let record = Record { chunks: totals.chunks, valid_samples: totals.stated_valid };
    record.put(&mut node.metadata)?;
    files::write_atomically(&folder.join("zarr.json"), &node.metadata.to_bytes()?)?;
    Ok(totals)
}
