//! A raster whose samples are in memory.

use crate::raster::region::{Side, copy, extents, volume};
use crate::raster::{Info, Raster};
use anyhow::{Result, ensure};
use std::ops::Range;

/// All samples of a raster.
pub struct Memory {
    info: Info,
    bytes: Vec<u8>,
}

impl Memory {
    /// From samples in C order and native byte order.
    ///
    /// # Errors
    /// When there are more or fewer than the raster has.
    pub fn new(info: Info, bytes: Vec<u8>) -> Result<Self> {
        ensure!(
            bytes.len() as u64 == info.raw_bytes(),
            "{} has {} bytes of samples, {} were given",
            info.label,
            info.raw_bytes(),
            bytes.len()
        );
        Ok(Self { info, bytes })
    }

    /// The samples.
    #[cfg(test)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

impl Raster for Memory {
    fn info(&self) -> &Info {
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
