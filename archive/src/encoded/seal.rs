//! The last step of writing an encoded array: recording in its metadata what its chunks hold.

use crate::encoded::array::EncodedArray;
use crate::encoded::copies;
use crate::encoded::record::Record;
use crate::encoded::totals::Totals;
use crate::error::{Result, bail};
use crate::store::files;
use crate::store::tree::{self, Node};
use std::path::Path;

/// Records in the metadata of an archive that another program wrote what its chunks hold, so that later losses are noticed. Returns
/// the record of each of its encoded arrays, with its path.
///
/// # Errors
/// When there is no encoded array, headers can't be read, or the metadata can't be written.
pub fn seal(archive: impl AsRef<Path>) -> Result<Vec<(String, Record)>> {
    let archive = archive.as_ref();
    let mut sealed = Vec::new();
    for node in tree::arrays(archive)? {
        if !node.derived && node.metadata.encoded()?.is_some() {
            let (_, record) = seal_array(&node.folder)?;
            sealed.push((node.path, record));
        }
    }
    if sealed.is_empty() {
        bail!(Unsupported, Encode, "{} holds no vqz archive", archive.display());
    }
    copies::record(archive)?;
    Ok(sealed)
}

/// Records in an array's metadata what its chunks hold now. Returns the sums over their headers, and the record.
///
/// # Errors
/// When the headers can't be read, or the metadata can't be written.
pub(crate) fn seal_array(folder: &Path) -> Result<(Totals, Record)> {
    let mut node = Node::open(folder)?;
    let archive = EncodedArray::open(&node, None)?;
    let totals = archive.totals()?;
    let record = archive.record(&totals);
    record.put(&mut node.metadata)?;
    files::write_atomically(&folder.join("zarr.json"), &node.metadata.to_bytes()?)?;
    Ok((totals, record))
}
