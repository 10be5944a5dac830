//! The last step of writing an encoded array: its metadata record what its chunks hold.

use crate::encoded::array::EncodedArray;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::error::Result;
use crate::store::files;
use crate::store::tree::Node;
use std::path::Path;

/// Records in an archive's metadata what its chunks hold now. Returns what their headers say together.
///
/// # Errors
/// Whatever reading the headers and writing the metadata say.
pub(crate) fn seal(folder: &Path) -> Result<Totals> {
    let mut node = Node::open(folder)?;
    let totals = EncodedArray::open(&node, None)?.totals()?;
    let record = Record { chunks: totals.chunks, valid_samples: totals.valid };
    record.put(&mut node.metadata)?;
    files::write_atomically(&folder.join("zarr.json"), &node.metadata.to_bytes()?)?;
    Ok(totals)
}
