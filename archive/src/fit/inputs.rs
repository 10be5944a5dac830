//! The inputs of a fit: rasters with the same bands.

use crate::encoded::losses::remark_on_losses;
use crate::error::{Context, Result, bail};
use crate::fit::options::FitOptions;
use crate::metadata::document::Metadata;
use crate::open::{is_geotiff, is_raster_file, open_all};
use crate::progress::{Progress, Remark};
use crate::raster::bands::{self, BandSelection, unnamed_band};
use crate::raster::opening::OpenOptions;
use crate::raster::source::Raster;
use crate::raster::unread::unread_nodata;
use crate::store::auxiliary::{exact_members, without_coordinates};
use crate::store::tree;
use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::Arc;
use vqz_raster::conventions::bands::{BandMatch, match_names};

/// Rasters to fit a model to.
pub(crate) struct FitInputs {
    /// Every raster of every input.
    pub(crate) rasters: Vec<Arc<dyn Raster>>,
    /// The names of their bands.
    pub(crate) band_names: Vec<String>,
}

/// Opens all inputs, and names their bands. Remarks on archives among them that lack chunks.
///
/// # Errors
/// When there are no rasters, or inputs have different numbers of bands.
pub(crate) fn open_inputs(
    inputs: &[PathBuf],
    options: &FitOptions,
    progress: &dyn Progress,
) -> Result<FitInputs> {
    let opening = OpenOptions { axes: options.axes.clone(), nodata: options.nodata.clone(), engine: None };
    let mut rasters: Vec<Arc<dyn Raster>> = Vec::new();
    for input in expand(inputs)? {
        if !is_raster_file(&input) {
            remark_on_losses(&input, None, progress)?;
        }
        let opened = open_all(&input, &opening)?;
        let exact =
            if is_raster_file(&input) { HashMap::new() } else { exact_members(&tree::arrays(&input)?) };
        // Latitudes and longitudes of two dimensions are no data to fit to.
        for (_, raster) in without_coordinates(opened, &exact, |(path, _)| path) {
            raster.remarks().iter().for_each(|remark| progress.remark(remark));
            if options.nodata.is_empty() {
                unread_nodata(raster.info(), progress)?;
            }
            rasters.push(match &options.bands {
                Some(selection) => choose(raster, selection)?,
                None => raster,
            });
        }
    }
    FitInputs::new(rasters, options, progress)
}

impl FitInputs {
    /// Names the bands of rasters, and brings those of each into the order of the first.
    ///
    /// # Errors
    /// When there are no rasters, or they have different numbers of bands.
    pub(crate) fn new(
        mut rasters: Vec<Arc<dyn Raster>>,
        options: &FitOptions,
        progress: &dyn Progress,
    ) -> Result<Self> {
        let Some(first) = rasters.first() else {
            bail!(InvalidArgument, "there is nothing to fit to; give Zarr v3 arrays, or GeoTIFFs");
        };
        let (count, names) = (first.info().bands(), first.info().band_names());
        if let Some(other) = rasters.iter().find(|raster| raster.info().bands() != count) {
            bail!(
                InvalidArgument,
                ChooseBands,
                "{} has {} bands, {} has {count}; a model takes one number of bands, so fit two models, or choose as many of each",
                other.info().label,
                other.info().bands(),
                first.info().label
            );
        }
        if options.bands.is_none()
            && let Some(names) = &names
        {
            for raster in &mut rasters {
                *raster = in_order(Arc::clone(raster), names, progress)?;
            }
        }
        let names = match (&options.bands, names) {
            (Some(given), _) if !numbered(given) => given.0.clone(),
            (_, Some(names)) => names,
            (_, None) => (0..count).map(unnamed_band).collect(),
        };
        Ok(Self { rasters, band_names: names })
    }
}

/// A raster with its bands in the order of those of the first input, where the names of both tell it.
///
/// # Errors
/// When both have names that do not go together.
fn in_order(raster: Arc<dyn Raster>, first: &[String], progress: &dyn Progress) -> Result<Arc<dyn Raster>> {
    let Some(bands) = raster.info().band_names() else { return Ok(raster) };
    let label = raster.info().label.clone();
    match match_names(&bands, first) {
        BandMatch::Unnamed | BandMatch::Same => Ok(raster),
        BandMatch::Reordered(order) => {
            progress.remark(&Remark::BandsReordered { array: label, bands, expected: first.to_vec() });
            bands::select(raster, &BandSelection(order.iter().map(usize::to_string).collect()))
        }
        BandMatch::Other => bail!(
            InvalidArgument,
            ChooseBands,
            "the bands of {label} are named {}, those of the first input {}; a model takes the same bands of all",
            bands.join(", "),
            first.join(", ")
        ),
    }
}

/// Selects the bands that are given by number or by a name that the raster has. Other names rename its bands.
fn choose(raster: Arc<dyn Raster>, selection: &BandSelection) -> Result<Arc<dyn Raster>> {
    let known = raster.info().band_names().unwrap_or_default();
    let new = !numbered(selection) && !selection.0.iter().any(|name| known.contains(name));
    if new && selection.0.len() as u64 == raster.info().bands() {
        return Ok(raster);
    }
    bands::select(raster, selection)
}

/// Whether bands are given by number.
fn numbered(selection: &BandSelection) -> bool {
    selection.0.iter().all(|part| part.starts_with(|c: char| c.is_ascii_digit()))
}

/// Replaces each folder of GeoTIFFs by the files in it.
pub(crate) fn expand(inputs: &[PathBuf]) -> Result<Vec<PathBuf>> {
    let mut paths = Vec::new();
    for input in inputs {
        if !input.is_dir() || input.join("zarr.json").is_file() {
            paths.push(input.clone());
            continue;
        }
        let mut inside: Vec<PathBuf> = std::fs::read_dir(input)
            .with_context(|| format!("listing {}", input.display()))?
            .filter_map(|entry| entry.ok().map(|entry| entry.path()))
            .filter(|path| is_geotiff(path) || path.join("zarr.json").is_file())
            .collect();
        inside.sort();
        if inside.is_empty() {
            // The error says what the folder is instead.
            Metadata::read(input)?;
        }
        paths.extend(inside);
    }
    Ok(paths)
}
