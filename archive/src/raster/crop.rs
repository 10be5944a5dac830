//! A window of a raster.

use crate::error::Result;
use crate::raster::source::{Raster, RasterInfo};
use serde_json::Value;
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::Role;

/// A raster cut to a window.
pub(crate) struct Cropped {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    /// Where the window starts, in each dimension.
    start: Vec<u64>,
}

impl Cropped {
    /// A view of a raster through a window of rows and columns, which must lie within it.
    pub(crate) fn new(inner: Arc<dyn Raster>, rows: Range<u64>, columns: Range<u64>) -> Self {
        let mut info = inner.info().clone();
        let mut start = vec![0; info.shape.len()];
        for (d, role) in info.axes.roles().to_vec().iter().enumerate() {
            let window = match role {
                Role::Y => &rows,
                Role::X => &columns,
                Role::Band | Role::Time | Role::Other(_) => continue,
            };
            start[d] = window.start;
            info.shape[d] = window.end - window.start;
            info.chunk[d] = info.chunk[d].min(info.shape[d]).max(1);
        }
        info.metadata.json_mut().insert("shape".to_owned(), Value::from(info.shape.clone()));
        Self { info, inner, start }
    }
}

impl Raster for Cropped {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let moved: Vec<Range<u64>> = region
            .iter()
            .zip(&self.start)
            .map(|(range, start)| range.start + start..range.end + start)
            .collect();
        self.inner.read(&moved)
    }
}
