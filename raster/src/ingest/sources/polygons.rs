//! Polygons: borders that clip the cube, and labels that become classes. They are rasterised window by window.

use crate::error::{Error, Result};
use crate::ingest::config::{BorderConfig, LabelConfig};
use crate::ingest::grid::{self, Bounds, Grid};
use gdal::raster::{RasterizeOptions, rasterize};
use gdal::spatial_ref::CoordTransform;
use gdal::vector::{FieldValue, Geometry, LayerAccess};
use gdal::{Dataset, DriverManager};
use std::collections::BTreeSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

/// Points per quarter of a circle, where a border is widened.
const QUARTER: u32 = 16;

/// The most names that a message lists.
const LISTED: usize = 12;

/// Polygons in one coordinate reference system, with the value that each gives to pixels.
struct Polygons {
    /// The bounds of each, so that a window only looks at its own; its geometry; and the value that it gives to pixels.
    features: Vec<(Bounds, Geometry, f64)>,
    wkt: Option<String>,
}

// SAFETY: geometries are plain memory of GDAL without ties to a thread; they are only used behind a `Mutex`.
unsafe impl Send for Polygons {}

/// The area outside of which nothing is valid.
pub(crate) struct Border {
    polygons: Mutex<Polygons>,
    bounds: Bounds,
    wkt: Option<String>,
    buffer: f64,
    extent_only: bool,
    file: String,
}

/// Classes from polygons.
pub(crate) struct Labels {
    polygons: Mutex<Polygons>,
    all_touched: bool,
    nodata: i64,
    /// The values that occur.
    values: BTreeSet<i64>,
}

fn unreadable(file: &Path, reason: String) -> Error {
    Error::Unreadable { path: file.display().to_string(), reason }
}

fn open(file: &Path) -> Result<Dataset> {
    let options =
        gdal::DatasetOptions { open_flags: gdal::GdalOpenFlags::GDAL_OF_VECTOR, ..Default::default() };
    Dataset::open_ex(file, options).map_err(|e| {
        let reason = if file.exists() {
            format!("GDAL finds no polygons in it ({e})")
        } else {
            "there is no such file".to_owned()
        };
        unreadable(file, reason)
    })
}

/// Geometries, each with a value derived from its feature, and their coordinate reference system.
type Found<T> = (Vec<(Geometry, T)>, Option<String>);

/// Reads the features of a layer: their geometries, in the layer's own coordinates, and the result of a function for each.
fn features<T>(
    file: &Path,
    layer: Option<&str>,
    condition: Option<&str>,
    mut make: impl FnMut(&gdal::vector::Feature<'_>) -> Result<T>,
) -> Result<Found<T>> {
    let dataset = open(file)?;
    let names: Vec<String> = dataset.layers().map(|layer| layer.name()).collect();
    let mut found = match layer {
        Some(name) => dataset.layer_by_name(name).map_err(|_| {
            unreadable(file, format!("it has no layer {name}; there are {}", names.join(", ")))
        })?,
        None if names.len() == 1 => dataset.layer(0)?,
        None => {
            return Err(Error::Invalid(format!(
                "{} has layers {}; name one with `layer`",
                file.display(),
                names.join(", ")
            )));
        }
    };
    if let Some(condition) = condition {
        found.set_attribute_filter(condition).map_err(|e| {
            Error::Invalid(format!("{}: where = \"{condition}\" can't be used ({e})", file.display()))
        })?;
    }
    let wkt = found.spatial_ref().and_then(|reference| reference.to_wkt().ok());
    let mut all = Vec::new();
    for feature in found.features() {
        if let Some(geometry) = feature.geometry() {
            all.push((geometry.clone(), make(&feature)?));
        }
    }
    if all.is_empty() {
        return Err(unreadable(file, "no feature of it has a geometry".to_owned()));
    }
    Ok((all, wkt))
}

/// A geometry transformed to another coordinate reference system and buffered.
fn reprojected(geometry: &Geometry, from: Option<&str>, to: &str, buffer: f64) -> Result<Geometry> {
    let moved = match from {
        Some(from) if !grid::same_reference(Some(from), Some(to)) => {
            let transform = CoordTransform::new(&grid::reference(from)?, &grid::reference(to)?)?;
            geometry.transform(&transform)?
        }
        _ => geometry.clone(),
    };
    if buffer == 0.0 { Ok(moved) } else { Ok(moved.buffer(buffer, QUARTER)?) }
}

fn envelope(geometry: &Geometry) -> Bounds {
    let e = geometry.envelope();
    [e.MinX, e.MinY, e.MaxX, e.MaxY]
}

impl Polygons {
    /// Transforms the polygons to a grid's coordinate reference system, once.
    fn reproject(&mut self, to: Option<&str>, buffer: f64) -> Result<()> {
        let Some(to) = to else { return Ok(()) };
        if self.wkt.as_deref() == Some(to) {
            return Ok(());
        }
        let from = self.wkt.clone();
        for (bounds, geometry, _) in &mut self.features {
            *geometry = reprojected(geometry, from.as_deref(), to, buffer)?;
            *bounds = envelope(geometry);
        }
        self.wkt = Some(to.to_owned());
        Ok(())
    }

    /// Rasterises the polygons that overlap a grid, in the order of the features.
    fn burn(&self, grid: &Grid, background: f64, all_touched: bool) -> Result<Vec<i32>> {
        let mut out = vec![background as i32; grid.height * grid.width];
        let own = grid.bounds();
        let touching: Vec<&(Bounds, Geometry, f64)> = self
            .features
            .iter()
            .filter(|(bounds, _, _)| grid::intersection(*bounds, own).is_some())
            .collect();
        if touching.is_empty() {
            return Ok(out);
        }
        let mut memory = DriverManager::get_driver_by_name("MEM")?.create_with_band_type::<i32, _>(
            "",
            grid.width,
            grid.height,
            1,
        )?;
        memory.set_geo_transform(&grid.transform())?;
        memory.rasterband(1)?.fill(background, None)?;
        let geometries: Vec<Geometry> = touching.iter().map(|(_, geometry, _)| geometry.clone()).collect();
        let values: Vec<f64> = touching.iter().map(|(_, _, value)| *value).collect();
        let options = RasterizeOptions { all_touched, ..RasterizeOptions::default() };
        rasterize(&mut memory, &[1], &geometries, &values, Some(options))?;
        let size = (grid.width, grid.height);
        memory.rasterband(1)?.read_into_slice((0, 0), size, size, &mut out, None)?;
        Ok(out)
    }
}

fn polygons(features: Vec<(Geometry, f64)>, wkt: Option<String>) -> Polygons {
    let features =
        features.into_iter().map(|(geometry, value)| (envelope(&geometry), geometry, value)).collect();
    Polygons { features, wkt }
}

impl Border {
    /// Reads a border.
    ///
    /// # Errors
    /// [`Error::Unreadable`] where there are no polygons, [`Error::Invalid`] where there is no such layer or the condition is not
    /// valid.
    pub(crate) fn open(config: &BorderConfig, folder: &Path) -> Result<Self> {
        let file = folder.join(&config.file);
        let (found, wkt) =
            features(&file, config.layer.as_deref(), config.condition.as_deref(), |_| Ok(1.0))?;
        let polygons = polygons(found, wkt.clone());
        let bounds =
            polygons.features.iter().map(|(bounds, _, _)| *bounds).reduce(grid::union).unwrap_or_default();
        Ok(Self {
            polygons: Mutex::new(polygons),
            bounds,
            wkt,
            buffer: config.buffer,
            extent_only: config.extent_only,
            file: file.display().to_string(),
        })
    }

    /// The bounds of the border in another coordinate reference system, with its buffer.
    ///
    /// # Errors
    /// What GDAL says.
    pub(crate) fn bounds(&self, wkt: &str) -> Result<Bounds> {
        let own = match &self.wkt {
            Some(from) => grid::transform_bounds(self.bounds, from, wkt)?,
            None => self.bounds,
        };
        let [left, bottom, right, top] = own;
        Ok([left - self.buffer, bottom - self.buffer, right + self.buffer, top + self.buffer])
    }

    /// For messages.
    pub(crate) fn file(&self) -> &str {
        &self.file
    }

    /// Which pixels of a grid lie within the border; `None` where it clips the extent only.
    ///
    /// # Errors
    /// What GDAL says.
    pub(crate) fn mask(&self, grid: &Grid) -> Result<Option<Vec<bool>>> {
        if self.extent_only {
            return Ok(None);
        }
        let mut polygons = self.polygons.lock().unwrap_or_else(PoisonError::into_inner);
        polygons.reproject(grid.georeference.wkt.as_deref(), self.buffer)?;
        let burnt = polygons.burn(grid, 0.0, false)?;
        Ok(Some(burnt.into_iter().map(|value| value != 0).collect()))
    }
}

impl Labels {
    /// Reads labels.
    ///
    /// # Errors
    /// [`Error::Invalid`] where there is no such field, or one of its values is not a class. The message lists the fields or classes.
    pub(crate) fn open(config: &LabelConfig, folder: &Path) -> Result<Self> {
        let file = folder.join(&config.file);
        let mut values = BTreeSet::new();
        let (found, wkt) = features(&file, config.layer.as_deref(), None, |feature| {
            let value = class(config, &file, feature)?;
            values.insert(value);
            Ok(value as f64)
        })?;
        Ok(Self {
            polygons: Mutex::new(polygons(found, wkt)),
            all_touched: config.all_touched,
            nodata: config.nodata,
            values,
        })
    }

    /// The classes that occur.
    pub(crate) fn values(&self) -> impl Iterator<Item = i64> {
        self.values.iter().copied()
    }

    /// The classes of a grid's pixels, `(y, x)` in C order. Where polygons overlap, the last one counts.
    ///
    /// # Errors
    /// What GDAL says.
    pub(crate) fn burn(&self, grid: &Grid) -> Result<Vec<i32>> {
        let mut polygons = self.polygons.lock().unwrap_or_else(PoisonError::into_inner);
        polygons.reproject(grid.georeference.wkt.as_deref(), 0.0)?;
        polygons.burn(grid, self.nodata as f64, self.all_touched)
    }
}

/// The class of a feature.
fn class(config: &LabelConfig, file: &Path, feature: &gdal::vector::Feature<'_>) -> Result<i64> {
    let field = &config.field;
    let index = feature.field_index(field).map_err(|_| {
        let names: Vec<String> = feature.fields().map(|(name, _)| name).take(LISTED).collect();
        Error::Invalid(format!("{} has no field {field}; there are {}", file.display(), names.join(", ")))
    })?;
    let value = feature.field(index)?;
    let text = match &value {
        Some(FieldValue::StringValue(text)) => text.clone(),
        Some(FieldValue::IntegerValue(value)) => value.to_string(),
        Some(FieldValue::Integer64Value(value)) => value.to_string(),
        Some(FieldValue::RealValue(value)) => value.to_string(),
        Some(_) => {
            return Err(Error::Invalid(format!(
                "{}: field {field} is no text and no number",
                file.display()
            )));
        }
        None => {
            return Err(Error::Invalid(format!(
                "{}: a feature has no {field}; leave it out, or give it a class",
                file.display()
            )));
        }
    };
    if let Some(class) = config.classes.get(&text) {
        return Ok(*class);
    }
    let number = text.parse::<f64>().ok().filter(|v| v.fract() == 0.0 && v.abs() < 2f64.powi(31));
    match number {
        Some(number) if config.classes.is_empty() => Ok(number as i64),
        _ => {
            let known: Vec<&str> = config.classes.keys().map(String::as_str).take(LISTED).collect();
            Err(Error::Invalid(format!(
                "{}: {field} is \"{text}\", which is no class; {}",
                file.display(),
                if known.is_empty() {
                    "whole numbers are, or name others under [labels.classes]".to_owned()
                } else {
                    format!("there are {}", known.join(", "))
                }
            )))
        }
    }
}
