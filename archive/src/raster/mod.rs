//! Rasters in and out: Zarr arrays and groups on a file system and GeoTIFFs, read through one trait, block by block.

pub mod archive;
pub mod bands;
#[cfg(feature = "gdal")]
pub mod coordinates;
#[cfg(feature = "gdal")]
pub mod crop;
#[cfg(feature = "gdal")]
pub mod cube;
#[cfg(feature = "gdal")]
mod cube_layout;
pub mod exact;
pub mod files;
pub mod fill;
pub mod geotiff;
pub mod memory;
pub mod metadata;
pub mod partial;
pub mod paths;
pub mod picks;
pub mod place;
pub mod plain;
pub mod record;
#[cfg(feature = "gdal")]
pub mod reduce;
pub mod region;
pub mod resampling;
pub mod samples;
pub mod shards;
pub mod share;
pub mod transfer;
pub mod tree;
pub mod window;
pub mod writer;
pub mod zarr;

use crate::raster::metadata::Metadata;
use crate::raster::region::{Region, volume};
use anyhow::{Result, bail};
use std::collections::HashSet;
use std::path::Path;
use std::sync::Arc;
use vqz_codec::axes::{Axes, Role};
use vqz_codec::config::NoData;
use vqz_codec::engine::EngineKind;
use vqz_codec::sample::DataType;

/// What is known of a raster before any sample is read.
#[derive(Clone, Debug)]
pub struct Info {
    /// For messages and tables.
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
    /// Metadata of the Zarr array that it is, or would be.
    pub metadata: Metadata,
    /// Bytes on disk: of metadata, and of all else.
    pub stored: (u64, u64),
}

impl Info {
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

    /// Bytes of the samples as they are, uncompressed.
    pub fn raw_bytes(&self) -> u64 {
        self.samples().saturating_mul(self.data_type.size() as u64)
    }

    /// Names of the bands, where each has one of its own.
    pub fn band_names(&self) -> Option<Vec<String>> {
        let names = self.metadata.band_names()?;
        let distinct: HashSet<&String> = names.iter().collect();
        (distinct.len() == names.len() && names.len() as u64 == self.bands()).then_some(names)
    }
}

/// A source of samples.
pub trait Raster: Send + Sync {
    /// What it is.
    fn info(&self) -> &Info;

    /// Reads a region that lies within the raster: samples in C order and native byte order.
    ///
    /// # Errors
    /// Whatever storage and codecs say.
    fn read(&self, region: &[std::ops::Range<u64>]) -> Result<Vec<u8>>;
}

/// How to look at a raster, where its own metadata does not say, or says something else.
#[derive(Clone, Debug, Default)]
pub struct OpenOptions {
    /// The roles of the dimensions.
    pub axes: Option<Axes>,
    /// Values that mean "no data", instead of those that the metadata declare.
    pub nodata: Vec<NoData>,
    /// The engine to decode with.
    pub engine: Option<EngineKind>,
}

/// Whether a path names a GeoTIFF.
pub fn is_geotiff(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("tif") || ext.eq_ignore_ascii_case("tiff"))
}

/// Whether a path is a file to be read through GDAL: a GeoTIFF, and with GDAL at hand any other.
pub fn is_raster_file(path: &Path) -> bool {
    path.is_file() && (is_geotiff(path) || cfg!(feature = "gdal"))
}

/// Opens every raster that a path holds, with its path below it: one for an array or a GeoTIFF, and for a group those of
/// its arrays that have at least two dimensions, a y and an x among them, and a type that the codec takes.
///
/// # Errors
/// When there is none, saying why.
pub fn open_all(path: &Path, options: &OpenOptions) -> Result<Vec<(String, Arc<dyn Raster>)>> {
    if is_raster_file(path) {
        return Ok(vec![(String::new(), geotiff::open(path, options)?)]);
    }
    let nodes = tree::arrays(path)?;
    let mut opened: Vec<(String, Arc<dyn Raster>)> = Vec::new();
    let mut refused = Vec::new();
    for node in &nodes {
        match zarr::ZarrRaster::open(node, options) {
            Ok(raster) => opened.push((node.path.clone(), Arc::new(raster))),
            Err(error) if node.path.is_empty() => return Err(error),
            // Coordinates and the like; an archive that can't be opened is no such thing.
            Err(error) if !matches!(node.metadata.encoded(), Ok(None)) => return Err(error),
            Err(error) => refused.push(format!("{}: {error:#}", node.path)),
        }
    }
    if opened.is_empty() {
        let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
        bail!("group {} holds no raster: {why}", path.display());
    }
    Ok(opened)
}

/// Opens a single raster.
pub fn open_one(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Raster>> {
    let mut all = open_all(path, options)?;
    if all.len() > 1 {
        let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
        bail!(
            "{} holds {} rasters ({}); name one, such as {}",
            path.display(),
            all.len(),
            names.join(", "),
            path.join(names[0]).display()
        );
    }
    match all.pop() {
        Some((_, raster)) => Ok(raster),
        None => bail!("{} holds no raster", path.display()),
    }
}

/// A region that covers a whole raster.
pub fn whole(info: &Info) -> Region {
    info.shape.iter().map(|n| 0..*n).collect()
}
