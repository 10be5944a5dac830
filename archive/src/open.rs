//! Opening rasters: Zarr arrays and groups, and files through GDAL.

use crate::error::{Result, bail};
use crate::geotiff;
use crate::raster::bands::{self, BandSelection};
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
    open_beside(path, &[], options)
}

/// Opens every raster at a path, as [`open_all`] does. Where nothing says what the dimensions of one are, they have the
/// roles that the archive beside it records: the one at the same path, or the only one. So the source of an archive can
/// be opened as it was when it was encoded.
///
/// # Errors
/// When no raster can be opened. The message says why.
pub fn open_beside(path: impl AsRef<Path>, archives: &[Node], options: &OpenOptions) -> Result<Rasters> {
    let path = path.as_ref();
    if is_raster_file(path) {
        return Ok(vec![(String::new(), geotiff::open(path, options)?)]);
    }
    let nodes = tree::arrays(path)?;
    let mut opened: Rasters = Vec::new();
    let mut refused = Vec::new();
    for node in &nodes {
        match ZarrRaster::open(node, &options_beside(node, archives, options)) {
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

/// The options for one array: with the roles of an archive's dimensions, where its own are not clear.
fn options_beside(node: &Node, archives: &[Node], options: &OpenOptions) -> OpenOptions {
    let mut options = options.clone();
    if options.axes.is_some() || node.metadata.axes(None).is_ok() {
        return options;
    }
    let archive = match archives {
        [only] => Some(only),
        several => several.iter().find(|archive| archive.path == node.path),
    };
    let dimensions = node.metadata.shape().map_or(0, |shape| shape.len());
    options.axes = archive
        .and_then(|archive| archive.metadata.axes(None).ok())
        .filter(|axes| axes.roles().len() == dimensions);
    options
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

/// The source that an encoded array was made from: the raster of the same path, or the only one. Where the array was made
/// of a choice of its bands, it is a view of these, by their names.
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
    let raster = &with_bands_of(node, raster)?;
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

/// The bands that an archive names, in its order; the raster itself where the two have no names, or the same ones.
fn with_bands_of(archive: &Node, raster: &Arc<dyn Raster>) -> Result<Arc<dyn Raster>> {
    let (known, chosen) = (raster.info().band_names(), archive.metadata.band_names());
    match (known, chosen) {
        (Some(known), Some(chosen)) if known != chosen && chosen.iter().all(|name| known.contains(name)) => {
            bands::select(Arc::clone(raster), &BandSelection(chosen))
        }
        _ => Ok(Arc::clone(raster)),
    }
}
