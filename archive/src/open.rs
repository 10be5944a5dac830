//! Opening rasters: Zarr arrays and groups, and files through GDAL.

use crate::error::{Result, bail};
use crate::geotiff;
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::store::reader::ZarrRaster;
use crate::store::tree::{self, Node};
use std::path::Path;
use std::sync::Arc;

/// The rasters found at a path, each with its own path relative to it.
pub type Rasters = Vec<(String, Arc<dyn Raster>)>;

/// Whether a path names a GeoTIFF.
pub fn is_geotiff(path: &Path) -> bool {
    path.extension().is_some_and(|ext| ext.eq_ignore_ascii_case("tif") || ext.eq_ignore_ascii_case("tiff"))
}

/// Whether a path is a file to be read through GDAL: a GeoTIFF, or, in a build with GDAL, any other file.
pub fn is_raster_file(path: &Path) -> bool {
    path.is_file() && (is_geotiff(path) || cfg!(feature = "gdal"))
}

/// Opens every raster at a path, with its path relative to it. An array or a GeoTIFF is one raster. Of a group, these
/// are the arrays that have at least the dimensions y and x and a data type that the codec supports.
///
/// # Errors
/// When no raster can be opened. The message says why.
pub fn open_all(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Rasters> {
    let path = path.as_ref();
    if is_raster_file(path) {
        return Ok(vec![(String::new(), geotiff::open(path, options)?)]);
    }
    let nodes = tree::arrays(path)?;
    let mut opened: Rasters = Vec::new();
    let mut refused = Vec::new();
    for node in &nodes {
        match ZarrRaster::open(node, options) {
            Ok(raster) => opened.push((node.path.clone(), Arc::new(raster))),
            Err(error) if node.path.is_empty() => return Err(error),
            // Coordinates and other arrays that are not rasters are skipped. An archive that can't be opened is an
            // error.
            Err(error) if !matches!(node.metadata.encoded(), Ok(None)) => return Err(error),
            Err(error) => refused.push(format!("{}: {}", node.path, error.one_line())),
        }
    }
    if opened.is_empty() {
        let why = if refused.is_empty() { "it holds no arrays".to_owned() } else { refused.join("; ") };
        bail!(NotFound, "group {} holds no raster: {why}", path.display());
    }
    Ok(opened)
}

/// Opens a single raster.
///
/// # Errors
/// When there is none, or more than one.
pub fn open(path: impl AsRef<Path>, options: &OpenOptions) -> Result<Arc<dyn Raster>> {
    let path = path.as_ref();
    let mut all = open_all(path, options)?;
    if all.len() > 1 {
        let names: Vec<_> = all.iter().map(|(name, _)| name.as_str()).collect();
        bail!(
            InvalidArgument,
            "{} holds {} rasters ({}); name one, such as {}",
            path.display(),
            all.len(),
            names.join(", "),
            path.join(names[0]).display()
        );
    }
    match all.pop() {
        Some((_, raster)) => Ok(raster),
        None => bail!(NotFound, "{} holds no raster", path.display()),
    }
}

/// The source that an encoded array was made from: the raster of the same path, or the only one.
///
/// # Errors
/// When there is none, or it has another shape or type.
pub fn source_of(node: &Node, sources: &[(String, Arc<dyn Raster>)]) -> Result<Arc<dyn Raster>> {
    let found = match sources {
        [(_, only)] => Some(only),
        several => several.iter().find(|(path, _)| *path == node.path).map(|(_, raster)| raster),
    };
    let Some(raster) = found else {
        bail!(
            InvalidArgument,
            "the source holds nothing at {}; give the raster that was encoded",
            node.label()
        );
    };
    let shape = node.metadata.shape()?;
    if raster.info().shape != shape || raster.info().data_type != node.metadata.data_type()? {
        bail!(
            InvalidArgument,
            "{} has shape {shape:?} and type {}, {} has {:?} and {}; give the raster that was encoded",
            node.label(),
            node.metadata.data_type_name(),
            raster.info().label,
            raster.info().shape,
            raster.info().data_type.name()
        );
    }
    Ok(Arc::clone(raster))
}
