//! The arrays that a path holds, described.

use crate::describe::array::ArrayDescription;
use crate::error::{Result, bail};
use crate::open::is_raster_file;
use crate::raster::window::Window;
use crate::store::tree;
use std::path::Path;

/// Describes every array that a path holds: one for an array or a raster file, and all of a group's. With a window,
/// the description of an encoded array includes the cost of reading it.
///
/// # Errors
/// When there is no array, a model can't be found, or the window does not fit.
pub fn describe(path: impl AsRef<Path>, window: Option<&Window>) -> Result<Vec<ArrayDescription>> {
    let path = path.as_ref();
    if is_raster_file(path) {
        if window.is_some() {
            bail!(
                InvalidArgument,
                "{} is a raster file; only vqz archives state the cost of reading a window",
                path.display()
            );
        }
        return Ok(vec![ArrayDescription::of_file(path)?]);
    }
    let nodes = tree::arrays(path)?;
    if nodes.is_empty() {
        bail!(NotFound, "group {} holds no arrays", path.display());
    }
    nodes.iter().map(|node| ArrayDescription::of(node, window)).collect()
}
