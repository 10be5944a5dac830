//! Holds the members of an archive against those of its source: none may be missing, and what was copied must be what it was.

use crate::encode::remarks;
use crate::encoded::copies;
use crate::error::Result;
use crate::open::is_raster_file;
use crate::progress::{Progress, Remark};
use crate::store::files::files_of_store;
use crate::store::opened::open_array;
use crate::store::tree::{self, Node};
use std::collections::{BTreeMap, HashSet};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::Path;
use zarrs::array::{ArrayBytes, ArraySubset};

/// Remarks on arrays that the archive copies and that can't be read. Returns whether there is none.
///
/// # Errors
/// When the archive can't be listed.
pub(crate) fn copies_can_be_read(archive: &[Node], progress: &dyn Progress) -> bool {
    let mut good = true;
    for node in archive.iter().filter(|node| is_copy(node)) {
        if let Some(why) = copies::unread(node) {
            let how = format!("it is copied as it is, and can't be read: {why}");
            progress.remark(&Remark::MemberDiffers { array: node.path.clone(), how });
            good = false;
        }
    }
    good
}

/// Remarks on arrays of the source that the archive lacks, and on copied ones that differ. Returns whether there is none. A source
/// of one array only is compared elsewhere.
///
/// # Errors
/// When the source or the archive can't be listed.
pub(crate) fn hold(archive: &[Node], source: &Path, progress: &dyn Progress) -> Result<bool> {
    if is_raster_file(source) || archive.first().is_none_or(|root| root.metadata.is_array()) {
        return Ok(true);
    }
    let nodes = tree::walk(source)?;
    if nodes.first().is_none_or(|root| root.metadata.is_array()) {
        return Ok(true);
    }
    // These can't be in an archive, so that the check does not fail for them.
    remarks::left_out(&nodes, progress)?;
    let held: BTreeMap<&str, &Node> = archive.iter().map(|node| (node.path.as_str(), node)).collect();
    let mut good = true;
    for of_source in nodes.iter().filter(|node| node.metadata.is_array() && !node.derived) {
        let how = match held.get(of_source.path.as_str()) {
            None => Some("the source holds it, and the archive does not".to_owned()),
            Some(copy) if is_copy(copy) => differs(of_source, copy, archive)?,
            Some(_) => None,
        };
        if let Some(how) = how {
            progress.remark(&Remark::MemberDiffers { array: of_source.path.clone(), how });
            good = false;
        }
    }
    Ok(good)
}

/// Whether a node is an array that is copied from the source. Overviews are made anew.
fn is_copy(node: &Node) -> bool {
    node.metadata.is_array() && !node.derived && matches!(node.metadata.encoded(), Ok(None))
}

/// How a copied array differs from the source's; none if it does not.
fn differs(source: &Node, copy: &Node, archive: &[Node]) -> Result<Option<String>> {
    if same_files(&source.folder, &copy.folder)? {
        return Ok(None);
    }
    let (Ok(a), Ok(b)) = (open_array(&source.folder, None), open_array(&copy.folder, None)) else {
        return Ok(Some("its files differ from the source's, and its samples can't be read".to_owned()));
    };
    if a.data_type() != b.data_type() {
        let (found, wanted) = (copy.metadata.data_type_name(), source.metadata.data_type_name());
        return Ok(Some(format!("its type is {found}, that of the source is {wanted}")));
    }
    let steps = |shape: &[u64], d: usize| -> Vec<ArraySubset> {
        let step = |at: u64| {
            let mut ranges: Vec<_> = shape.iter().map(|extent| 0..*extent).collect();
            ranges[d] = at..at + 1;
            ArraySubset::new_with_ranges(&ranges)
        };
        (0..shape[d]).map(step).collect()
    };
    let chosen = of_bands(copy, archive);
    if a.shape() != b.shape() && chosen.is_none() {
        let how = format!("its shape is {:?}, that of the source is {:?}", b.shape(), a.shape());
        return Ok(Some(how));
    }
    // Step by step, for not all copied arrays are small.
    let Some(dimension) = chosen.or((!a.shape().is_empty()).then_some(0)) else {
        let (x, y) = (
            a.retrieve_array_subset::<ArrayBytes<'static>>(&a.subset_all()),
            b.retrieve_array_subset::<ArrayBytes<'static>>(&b.subset_all()),
        );
        return Ok(match (x, y) {
            (Ok(x), Ok(y)) if x == y => None,
            (Ok(_), Ok(_)) => Some("its sample is another than the source's".to_owned()),
            _ => Some("its files differ from the source's, and its sample can't be read".to_owned()),
        });
    };
    let (theirs, ours) = (steps(a.shape(), dimension), steps(b.shape(), dimension));
    let read = |subset: &ArraySubset, copied: bool| {
        let array = if copied { &b } else { &a };
        array.retrieve_array_subset::<ArrayBytes<'static>>(subset).ok()
    };
    let unread =
        || Some("its files differ from the source's, and not all of its samples can be read".to_owned());
    for (at, step) in ours.iter().enumerate() {
        let Some(found) = read(step, true) else { return Ok(unread()) };
        let same = match chosen {
            // Each of the chosen bands is one of the source.
            Some(_) => theirs.iter().any(|step| read(step, false).as_ref() == Some(&found)),
            None => match read(&theirs[at], false) {
                Some(wanted) => wanted == found,
                None => return Ok(unread()),
            },
        };
        if !same {
            return Ok(Some(format!(
                "its samples at step {at} of dimension {dimension} differ from the source's"
            )));
        }
    }
    Ok(None)
}

/// The dimension of a copied array along which it may hold some bands of the source only: that of bands of an encoded array beside
/// it.
fn of_bands(copy: &Node, archive: &[Node]) -> Option<usize> {
    let names = copy.metadata.dimension_names()?;
    let beside = |node: &&Node| node.folder.parent() == copy.folder.parent();
    let bands: HashSet<String> = archive
        .iter()
        .filter(beside)
        .filter_map(|node| {
            let configuration = node.metadata.encoded().ok()??.configuration;
            let at = configuration.axes.position(&vqz_codec::axes::Role::Band)?;
            node.metadata.dimension_names()?.get(at).cloned()
        })
        .collect();
    names.iter().position(|name| bands.contains(name))
}

/// Whether two folders hold the same files with the same content.
fn same_files(a: &Path, b: &Path) -> Result<bool> {
    let (ours, theirs) = (files_of_store(a)?, files_of_store(b)?);
    if ours.len() != theirs.len() {
        return Ok(false);
    }
    for (x, y) in ours.iter().zip(&theirs) {
        if x.strip_prefix(a).ok() != y.strip_prefix(b).ok() || !same_content(x, y).unwrap_or(false) {
            return Ok(false);
        }
    }
    Ok(true)
}

fn same_content(a: &Path, b: &Path) -> std::io::Result<bool> {
    if fs::metadata(a)?.len() != fs::metadata(b)?.len() {
        return Ok(false);
    }
    let (mut a, mut b) = (BufReader::new(File::open(a)?), BufReader::new(File::open(b)?));
    loop {
        let (x, y) = (a.fill_buf()?, b.fill_buf()?);
        let length = x.len().min(y.len());
        if x[..length] != y[..length] {
            return Ok(false);
        }
        if length == 0 {
            return Ok(x.len() == y.len());
        }
        a.consume(length);
        b.consume(length);
    }
}
