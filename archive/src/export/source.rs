//! The source of an export: a raster with its georeference, its bands and its dates. These come from its own
//! attributes and from the coordinate arrays beside it.

use crate::encoded::losses::LossWatch;
use crate::error::{Context, Result, bail};
use crate::export::mask;
use crate::geotiff;
use crate::metadata::document::Metadata;
use crate::open::is_raster_file;
use crate::progress::Progress;
use crate::raster::opening::OpenOptions;
use crate::raster::source::{Raster, RasterInfo};
use crate::store::coordinates;
use crate::store::reader::ZarrRaster;
use crate::store::tree::{self, Node};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::band::{Band, bands_of_attributes};
use vqz_raster::conventions::time::TimeUnits;
use vqz_raster::georeference::{Georeference, grid_mapping_name, transform_of_centres};

/// If a group holds several arrays, the name of the one that is exported.
const DATA: &str = "data";

/// A raster and what is known of it.
pub(crate) struct ExportSource {
    /// Its samples.
    pub(crate) raster: Arc<dyn Raster>,
    /// Where it lies.
    pub(crate) georeference: Georeference,
    /// Its bands.
    pub(crate) bands: Vec<Band>,
    /// Its dates in seconds since 1970-01-01, one for each step of time, where they are known.
    pub(crate) times: Option<Vec<i64>>,
    /// The group that it stands in, and its name there.
    pub(crate) group: Option<(PathBuf, String)>,
    /// Which samples are valid, where no value means "no data".
    pub(crate) mask: Option<Arc<dyn Raster>>,
    watch: Option<Arc<LossWatch>>,
}

impl ExportSource {
    /// Opens what is to be exported.
    ///
    /// # Errors
    /// When there is no raster, or several and none is called `data`, and when attributes contradict themselves.
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        if is_raster_file(path) {
            return Self::describe(geotiff::open(path, options)?, None);
        }
        let node = choose(path, options)?;
        let group = parent_group(&node);
        let mut raster: Arc<dyn Raster> = Arc::new(ZarrRaster::open(&node, options)?);
        let watch = LossWatch::new(&raster, &node, options)?;
        if let Some(watch) = &watch {
            raster = Arc::clone(watch) as Arc<dyn Raster>;
        }
        let mask = match &group {
            Some((folder, _)) => mask::beside(raster.info(), folder, options)?,
            None => None,
        };
        Ok(Self { watch, mask, ..Self::describe(raster, group)? })
    }

    fn describe(raster: Arc<dyn Raster>, group: Option<(PathBuf, String)>) -> Result<Self> {
        let info = raster.info();
        let folder = group.as_ref().map(|(folder, _)| folder.as_path());
        let georeference = georeference(info, folder).with_context(|| info.label.clone())?;
        let mut bands = bands_of_attributes(&info.metadata.attributes(), info.bands() as usize);
        // The nodata values of an archive are those in its codec's configuration, whatever its attributes say.
        let mut declared = Vec::new();
        for nodata in &info.nodata {
            declared.extend(nodata.to_f64(info.data_type)?);
        }
        if let Some(folder) = folder
            && bands.iter().all(|band| band.name.is_none())
            && let Some(name) = dimension_name(info, &Role::Band)
            && let Some(names) = coordinates::texts(folder, &name, info.bands())?
        {
            for (band, name) in bands.iter_mut().zip(names) {
                band.name = Some(name);
            }
        }
        for band in &mut bands {
            band.nodata = band.nodata.filter(|value| declared.contains(value)).or(declared.first().copied());
        }
        let times = match folder {
            Some(folder) => times(info, folder)?,
            None => None,
        };
        Ok(Self { georeference, bands, times, group, raster, mask: None, watch: None })
    }

    /// Remarks on lost chunks among those that were read, after everything has been read.
    ///
    /// # Errors
    /// When the storage can't say which chunks it holds.
    pub(crate) fn report_losses(&self, progress: &dyn Progress) -> Result<()> {
        self.watch.as_ref().map_or(Ok(()), |watch| watch.report(progress))
    }
}

/// The one array that a path holds.
fn choose(path: &Path, options: &OpenOptions) -> Result<Node> {
    let nodes = tree::arrays(path)?;
    let mut rasters: Vec<Node> = Vec::new();
    let mut refused = Vec::new();
    for node in nodes {
        match ZarrRaster::open(&node, options) {
            Ok(_) => rasters.push(node),
            Err(error) if node.path.is_empty() || !matches!(node.metadata.encoded(), Ok(None)) => {
                return Err(error);
            }
            Err(error) => refused.push(format!("{}: {error:#}", node.path)),
        }
    }
    if rasters.len() > 1
        && let Some(at) = rasters.iter().position(|node| node.path == DATA)
    {
        return Ok(rasters.swap_remove(at));
    }
    let names: Vec<String> = rasters.iter().map(|node| node.path.clone()).collect();
    match rasters.pop() {
        Some(node) if names.len() == 1 => Ok(node),
        Some(_) => bail!(
            InvalidArgument,
            "{} holds {} rasters ({}); name one, such as {}",
            path.display(),
            names.len(),
            names.join(", "),
            path.join(&names[0]).display()
        ),
        None => bail!(NotFound, "{} holds no raster: {}", path.display(), refused.join("; ")),
    }
}

/// The group that an array stands in, and the array's name there; an array may stand alone.
fn parent_group(node: &Node) -> Option<(PathBuf, String)> {
    let folder = node.folder.canonicalize().ok()?;
    let parent = folder.parent()?;
    let metadata = Metadata::read(parent).ok().filter(|metadata| !metadata.is_array())?;
    drop(metadata);
    // If the given path names the group, it is kept as it is, because messages show it.
    let given = node.folder.parent().filter(|given| !given.as_os_str().is_empty()).unwrap_or(parent);
    Some((given.to_path_buf(), folder.file_name()?.to_str()?.to_owned()))
}

/// The name of the dimension with a role.
pub(crate) fn dimension_name(info: &RasterInfo, role: &Role) -> Option<String> {
    let d = info.axes.position(role)?;
    info.metadata.dimension_names()?.get(d).cloned()
}

/// The georeference, from the array's attributes, from its grid mapping, and from the coordinates of pixel centres.
fn georeference(info: &RasterInfo, group: Option<&Path>) -> Result<Georeference> {
    let attributes = info.metadata.attributes();
    let mut found = Georeference::from_attributes(&attributes)?;
    let Some(group) = group else { return Ok(found) };
    if let Some(attributes) = coordinates::attributes(group, grid_mapping_name(&attributes)) {
        found = found.or(Georeference::from_attributes(&attributes)?);
    }
    if found.transform.is_none()
        && let (Some(y), Some(x)) = (dimension_name(info, &Role::Y), dimension_name(info, &Role::X))
        && let Some(rows) = coordinates::numbers(group, &y, info.extent(&Role::Y))?
        && let Some(columns) = coordinates::numbers(group, &x, info.extent(&Role::X))?
    {
        found.transform = transform_of_centres(&columns, &rows);
    }
    Ok(found)
}

/// The dates, if the time dimension has a coordinate array in known units.
fn times(info: &RasterInfo, group: &Path) -> Result<Option<Vec<i64>>> {
    let Some(name) = dimension_name(info, &Role::Time) else { return Ok(None) };
    let units =
        coordinates::attributes(group, &name).and_then(|attributes| TimeUnits::from_attributes(&attributes));
    let values = coordinates::numbers(group, &name, info.extent(&Role::Time))?;
    let (Some(units), Some(values)) = (units, values) else { return Ok(None) };
    Ok(units.all_seconds(&values))
}
