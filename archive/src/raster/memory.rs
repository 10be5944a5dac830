//! A raster whose samples are in memory.

use crate::error::{Result, bail};
use crate::raster::region::{Side, copy, extents, volume};
use crate::raster::source::{Raster, RasterInfo};
use std::ops::Range;

/// All samples of a raster.
pub struct RasterInMemory {
    info: RasterInfo,
    bytes: Vec<u8>,
}

impl RasterInMemory {
    /// Makes a raster from samples in C order and native byte order.
    ///
    /// # Errors
    /// When there are more or fewer than the raster has.
    pub fn new(info: RasterInfo, bytes: Vec<u8>) -> Result<Self> {
        if bytes.len() as u64 != info.raw_bytes() {
            bail!(
                InvalidArgument,
                "{} has {} bytes of samples, {} were given",
                info.label,
                info.raw_bytes(),
                bytes.len()
            );
        }
        Ok(Self { info, bytes })
    }

    /// The samples.
    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Raster for RasterInMemory {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let shape = extents(region);
        let size = self.info.data_type.size();
        let mut out = vec![0; volume(&shape) as usize * size];
        let start: Vec<u64> = region.iter().map(|r| r.start).collect();
        let zero = vec![0; shape.len()];
        let (from, to) =
            (Side { shape: &self.info.shape, start: &start }, Side { shape: &shape, start: &zero });
        copy(&self.bytes, from, &mut out, to, &shape, size);
        Ok(out)
    }
}
