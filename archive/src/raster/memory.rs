//! A raster whose samples are in memory.

use crate::error::{Result, bail};
use crate::metadata::document::Metadata;
use crate::raster::opening::OpenOptions;
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

    /// Makes a raster from samples and the metadata that they would have as a Zarr array: these say what its dimensions are, which
    /// values mean "no data", and what its bands are called, unless the options or `bands` do.
    ///
    /// # Errors
    /// When the dimensions do not form a raster, the data type is not supported, or the number of bytes is another.
    pub fn described(
        metadata: Metadata,
        bytes: Vec<u8>,
        bands: Option<Vec<String>>,
        options: &OpenOptions,
    ) -> Result<Self> {
        let declared = || metadata.declared_nodata();
        let info = RasterInfo {
            label: metadata.label().to_owned(),
            shape: metadata.shape()?,
            axes: metadata.axes(options.axes.as_ref())?,
            data_type: metadata.data_type()?,
            chunk: metadata.chunk_shape()?,
            nodata: if options.nodata.is_empty() { declared() } else { options.nodata.clone() },
            band_coordinate: bands,
            stored: (0, bytes.len() as u64),
            metadata,
        };
        Self::new(info, bytes)
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
