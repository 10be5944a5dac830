//! A raster: its description, which is known before any sample is read, and the trait for reading its samples.

use crate::error::Result;
use crate::metadata::document::Metadata;
use crate::progress::Remark;
use crate::raster::region::{Region, volume};
use crate::raster::samples::to_f64;
use crate::raster::stored::StoredChunks;
use std::collections::HashSet;
use std::sync::Arc;
use vqz_codec::axes::{Axes, Role};
use vqz_codec::config::NoData;
use vqz_codec::sample::DataType;

/// The description of a raster, which is known before any sample is read.
#[derive(Clone, Debug)]
pub struct RasterInfo {
    /// Its name in messages and tables.
    pub label: String,
    /// Its extents.
    pub shape: Vec<u64>,
    /// The roles of its dimensions.
    pub axes: Axes,
    /// Its sample type.
    pub data_type: DataType,
    /// The blocks in which it is stored.
    pub chunk: Vec<u64>,
    /// Values that mean "no data".
    pub nodata: Vec<NoData>,
    /// The metadata of the Zarr array. For other sources, the metadata that it would have as a Zarr array.
    pub metadata: Metadata,
    /// The names of its bands, where a coordinate beside it gives them and not its own metadata.
    pub band_coordinate: Option<Vec<String>>,
    /// Bytes on disk: of metadata, and of everything else.
    pub stored: (u64, u64),
}

impl RasterInfo {
    /// The number of bands: 1 where no dimension is a band.
    pub fn bands(&self) -> u64 {
        self.extent(&Role::Band)
    }

    /// The extent of the dimension with a role: 1 where there is none.
    pub fn extent(&self, role: &Role) -> u64 {
        self.axes.position(role).map_or(1, |d| self.shape[d])
    }

    /// The number of samples.
    pub fn samples(&self) -> u64 {
        volume(&self.shape)
    }

    /// Bytes of the uncompressed samples.
    pub fn raw_bytes(&self) -> u64 {
        self.samples().saturating_mul(self.data_type.size() as u64)
    }

    /// The names of the bands, if each has a different one: those that its metadata list, or else those of the coordinate
    /// beside it.
    pub fn band_names(&self) -> Option<Vec<String>> {
        let fits = |names: &Vec<String>| {
            let distinct: HashSet<&String> = names.iter().collect();
            distinct.len() == names.len() && names.len() as u64 == self.bands()
        };
        let listed = self.metadata.band_names().filter(fits);
        listed.or_else(|| self.band_coordinate.clone().filter(fits))
    }
}

/// A source of samples.
pub trait Raster: Send + Sync {
    /// Its description.
    fn info(&self) -> &RasterInfo;

    /// Reads a region that lies within the raster: samples in C order and native byte order.
    ///
    /// # Errors
    /// When storage or a codec fails.
    fn read(&self, region: &[std::ops::Range<u64>]) -> Result<Vec<u8>>;

    /// The chunks that are stored, on the grid of this raster's files: everywhere else all samples are the fill value. None where that
    /// is not known.
    ///
    /// # Errors
    /// When storage can't be listed.
    fn stored_chunks(&self) -> Result<Option<Arc<StoredChunks>>> {
        Ok(None)
    }

    /// What is not kept of the files that it is read from, and what is read otherwise than they say.
    fn remarks(&self) -> &[Remark] {
        &[]
    }

    /// What only reading shows: samples that could not be kept as they are.
    fn noticed(&self) -> Vec<Remark> {
        Vec::new()
    }

    /// Forgets what was noticed, because it will be read again.
    fn forget(&self) {}

    /// The raster that tells which samples are valid, with 0 for those that are not, where no value means "no data". It has the
    /// extents of this one, and may lack a dimension of bands.
    fn mask(&self) -> Option<&dyn Raster> {
        None
    }

    /// Reads a region as 64-bit floats, which are exact for every type that the codec takes.
    ///
    /// # Errors
    /// Those of [`Raster::read`].
    fn read_f64(&self, region: &[std::ops::Range<u64>]) -> Result<Vec<f64>> {
        Ok(to_f64(self.info().data_type, &self.read(region)?))
    }
}

/// A region that covers a whole raster.
pub fn whole(info: &RasterInfo) -> Region {
    info.shape.iter().map(|n| 0..*n).collect()
}
