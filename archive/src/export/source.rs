//! The source of an export: a raster with its georeference, its bands and its dates. These come from its own
//! attributes and from the coordinate arrays beside it.

use crate::encoded::copies;
use crate::encoded::losses::LossWatch;
use crate::error::{Context, Result, bail};
use crate::export::coordinates::Coordinates;
use crate::export::globals;
use crate::export::mask;
use crate::export::names::dimension_name;
use crate::export::raster::ExportedRaster;
use crate::geotiff;
use crate::metadata::document::Metadata;
use crate::open::is_raster_file;
use crate::progress::{Progress, Remark};
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::raster::unread::unread_nodata;
use crate::store::auxiliary::{exact_members, without_coordinates};
use crate::store::coordinates;
use crate::store::georeference::{Location, steps};
use crate::store::reader::ZarrRaster;
use crate::store::tree::{self, Node};
use serde_json::{Map, Value};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_raster::band::{Band, bands_of_attributes};
use vqz_raster::conventions::time::Instant;
use vqz_raster::conventions::validity;
use vqz_raster::georeference::Georeference;

/// If a group holds several arrays, the name of the one that is exported.
const DATA: &str = "data";

/// A raster and what is known of it.
pub(crate) struct ExportSource {
    /// All of it, as it would be exported whole.
    pub(crate) whole: ExportedRaster,
    /// What attributes and coordinates say against each other, in words.
    pub(crate) notes: Vec<String>,
    /// The group that it stands in, and its name there.
    pub(crate) group: Option<(PathBuf, String)>,
    /// The other rasters of its group, which are not exported.
    others: Vec<String>,
    watch: Option<Arc<LossWatch>>,
}

impl ExportSource {
    /// Opens what is to be exported.
    ///
    /// # Errors
    /// When there is no raster, or several and none is called `data`, and when attributes contradict themselves.
    pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Self> {
        if is_raster_file(path) {
            let raster = geotiff::open(path, options)?;
            let mask = geotiff::mask::of_file(path, raster.info())?;
            let mut source = Self::describe(raster, None)?;
            source.whole.mask = mask;
            return Ok(source);
        }
        let (node, others) = choose(path, options)?;
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
        let mut source = Self::describe(raster, group)?;
        (source.whole.mask, source.watch, source.others) = (mask, watch, others);
        Ok(source)
    }

    fn describe(raster: Arc<dyn Raster>, group: Option<(PathBuf, String)>) -> Result<Self> {
        let info = raster.info();
        let folder = group.as_ref().map(|(folder, _)| folder.as_path());
        // An attribute that is no transform is an error here: without it, the raster would lie elsewhere, or nowhere.
        Georeference::from_attributes(&info.metadata.attributes()).with_context(|| info.label.clone())?;
        let Location { georeference, steps, notes } = Location::of(&info.metadata, folder, Some(&info.axes));
        let mut bands = bands_of_attributes(&info.metadata.attributes(), info.bands() as usize);
        // The nodata values of an archive are those in its codec's configuration, whatever its attributes say.
        let mut declared = Vec::new();
        for nodata in &info.nodata {
            declared.extend(nodata.to_f64(info.data_type)?);
        }
        if let Some(folder) = folder
            && let Some(name) = dimension_name(info, &Role::Band)
            && let Some(names) = coordinates::texts(folder, &name, info.bands())?
        {
            name_bands(&mut bands, names, &info.metadata.attributes());
        }
        if let Some((_, own)) = group.as_ref().filter(|(_, own)| own != DATA) {
            keep_name(&mut bands, own, &info.metadata.attributes());
        }
        for band in &mut bands {
            band.nodata = band.nodata.filter(|value| declared.contains(value)).or(declared.first().copied());
        }
        let coordinates = match &group {
            Some((folder, name)) => Coordinates::of(folder, name, info)?,
            None => Coordinates::default(),
        };
        let steps = steps.filter(|steps| !steps.dates.is_empty());
        let (mut scalar_time, mut times) = (None, steps.as_ref().map(|steps| steps.dates.clone()));
        if info.axes.position(&Role::Time).is_none()
            && let Some((name, date)) = scalar_date(&coordinates)
        {
            (scalar_time, times) = (Some(name), Some(vec![Some(date)]));
        }
        let plain_times = steps.is_some_and(|steps| steps.plain);
        let mask = None;
        let whole = ExportedRaster {
            raster,
            georeference,
            bands,
            times,
            plain_times,
            scalar_time,
            coordinates,
            mask,
            globals: folder.map(globals::of_group).unwrap_or_default(),
        };
        Ok(Self { whole, notes, group, others: Vec::new(), watch: None })
    }

    /// Remarks on what its attributes and coordinates say against each other, and on nodata values that can't be read.
    pub(crate) fn report_conventions(&self, progress: &dyn Progress) -> Result<()> {
        let info = self.whole.raster.info();
        let goes_along = self.whole.mask.is_some();
        for remark in self.whole.raster.remarks() {
            // A mask that is exported with the raster is not left out.
            if !(goes_along && matches!(remark, Remark::MaskLeftOut { alpha: false, .. })) {
                progress.remark(remark);
            }
        }
        for note in &self.notes {
            progress.remark(&Remark::LocationUnclear { array: info.label.clone(), note: note.clone() });
        }
        let named = validity::beside(&info.metadata.attributes());
        let is_mask = |name: &String| {
            let folder = self.group.as_ref().map(|(folder, _)| folder.join(name));
            let metadata = folder.and_then(|folder| Metadata::read(&folder).ok());
            named.contains(name) && metadata.is_some_and(|found| validity::is_mask(&found.attributes()))
        };
        // What is said of a mask is said of the array.
        for array in self.others.iter().filter(|name| !is_mask(name)) {
            let why = format!("{} alone is exported; name it to export it", info.label);
            progress.remark(&Remark::LeftOut { array: array.clone(), why });
        }
        unread_nodata(info, progress)
    }

    /// Remarks on lost chunks among those that were read, after everything has been read, and on those of what stands beside it.
    ///
    /// # Errors
    /// When the storage can't say which chunks it holds.
    pub(crate) fn report_losses(&self, progress: &dyn Progress) -> Result<()> {
        if let Some((folder, _)) = &self.group {
            // Coordinates and masks are not encoded.
            copies::remark_on_lost(folder, progress)?;
        }
        self.watch.as_ref().map_or(Ok(()), |watch| watch.report(progress))
    }
}

/// The one array that a path holds, or the one called `data`; and the paths of the others.
fn choose(path: &Path, options: &OpenOptions) -> Result<(Node, Vec<String>)> {
    let nodes = tree::arrays(path)?;
    let exact = exact_members(&nodes);
    let mut rasters: Vec<Node> = Vec::new();
    let mut refused = Vec::new();
    // Coordinates of two dimensions go with their array.
    for node in without_coordinates(nodes, &exact, |node| &node.path) {
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
        let data = rasters.remove(at);
        return Ok((data, rasters.into_iter().map(|node| node.path).collect()));
    }
    let names: Vec<String> = rasters.iter().map(|node| node.path.clone()).collect();
    match rasters.pop() {
        Some(node) if names.len() == 1 => Ok((node, Vec::new())),
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

/// Keeps the name of an array, which is called `data` in an output, as a word on its samples, where there is no other on all of them.
fn keep_name(bands: &mut [Band], own: &str, attributes: &Map<String, Value>) {
    let says = ["long_name", "standard_name"].iter().any(|key| attributes.contains_key(*key));
    if says || bands.iter().any(|band| band.name.as_deref() == Some(own)) {
        return;
    }
    for band in bands {
        band.attributes.insert("long_name".to_owned(), Value::from(own));
    }
}

/// Gives bands the names of the coordinate along them, where the attributes of their array list none. A single band is called by its
/// `long_name` then, which says what it is and stays so.
fn name_bands(bands: &mut [Band], names: Vec<String>, attributes: &Map<String, Value>) {
    const LONG_NAME: &str = "long_name";
    let long_name = attributes.get(LONG_NAME).filter(|text| text.is_string());
    let is_listed = attributes.contains_key("band_names") || attributes.contains_key("bands");
    let by_words = |band: &Band| !is_listed && long_name.and_then(Value::as_str) == band.name.as_deref();
    if !bands.iter().all(|band| band.name.is_none() || by_words(band)) {
        return;
    }
    for (band, name) in bands.iter_mut().zip(names) {
        if let Some(words) = long_name.filter(|words| words.as_str() != Some(&name)) {
            band.attributes.entry(LONG_NAME).or_insert_with(|| words.clone());
        }
        band.name = Some(name);
    }
}

/// The date of a raster that has no steps in time, where a coordinate without dimensions states it.
fn scalar_date(coordinates: &Coordinates) -> Option<(String, Instant)> {
    let scalars = coordinates.arrays.iter().filter(|coordinate| coordinate.array.dimensions.is_empty());
    let mut times: Vec<(bool, String, Instant)> = scalars
        .filter_map(|coordinate| {
            let date = steps(&coordinate.array)?.dates.first().copied()??;
            let name = coordinate.array.name.clone();
            let standard = coordinate.array.attributes.get("standard_name").and_then(Value::as_str);
            Some((standard == Some("time") || name == "time", name, date))
        })
        .collect();
    // Of several, such as a forecast's beginning and the time that it is for, the one that is called time.
    times.sort_by_key(|(is_time, ..)| !is_time);
    times.into_iter().next().map(|(_, name, date)| (name, date))
}
