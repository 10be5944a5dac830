//! The part of a raster that is exported: dates, bands, a window, a resolution; its georeference, bands and dates follow.

use crate::error::{Context, Result, bail};
use crate::export::coordinates::{Coordinates, merged};
use crate::export::names::{name, name_of, name_rows_and_columns};
use crate::export::options::{Area, ExportOptions};
use crate::geotiff::attributes::ITEMS;
use crate::metadata::document::Metadata;
use crate::progress::{Progress, Remark};
use crate::raster::crop::Cropped;
use crate::raster::picks::{Gaps, PickedSteps};
use crate::raster::reduce::Reduced;
use crate::raster::resampling::Resampling;
use crate::raster::source::{Raster, RasterInfo};
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::name::NAMES;
use vqz_codec::sample::DataType;
use vqz_raster::band::{Band, SampleKind, is_of_bands, set_band_attributes};
use vqz_raster::conventions::auxiliary;
use vqz_raster::conventions::json::text_of;
use vqz_raster::conventions::nodata::{to_fill_value, to_json};
use vqz_raster::conventions::time::Instant;
use vqz_raster::georeference::Georeference;

/// A position closer than this to the edge of a pixel, as a fraction of the pixel, counts as on the edge.
const TOLERANCE: f64 = 1e-6;

/// A raster as it will be exported.
#[derive(Clone)]
pub(crate) struct ExportedRaster {
    /// Its samples. Its metadata state the same as the other fields.
    pub(crate) raster: Arc<dyn Raster>,
    /// Where it lies.
    pub(crate) georeference: Georeference,
    /// Its bands.
    pub(crate) bands: Vec<Band>,
    /// Its dates, one for each step in time.
    pub(crate) times: Option<Vec<Option<Instant>>>,
    /// Whether seconds since 1970-01-01 state its dates without any loss.
    pub(crate) plain_times: bool,
    /// The name of the coordinate that is the one date of a raster without steps in time.
    pub(crate) scalar_time: Option<String>,
    /// The coordinates that stand beside it.
    pub(crate) coordinates: Coordinates,
    /// Which of its samples are valid, where no value means "no data".
    pub(crate) mask: Option<Arc<dyn Raster>>,
    /// What its group says of the whole.
    pub(crate) globals: Map<String, Value>,
}

/// A raster with other metadata than its source.
struct Described {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    mask: Option<Arc<dyn Raster>>,
}

impl Raster for Described {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        self.inner.read(region)
    }

    fn mask(&self) -> Option<&dyn Raster> {
        self.mask.as_deref()
    }
}

impl ExportedRaster {
    /// Remarks on what its parts lost, and on a mask, unless the output holds it.
    pub(crate) fn remark(&self, holds_mask: impl Fn(&RasterInfo) -> bool, progress: &dyn Progress) {
        let array = || self.raster.info().label.clone();
        for (name, why) in &self.coordinates.left_out {
            let names = vec![name.clone()];
            progress.remark(&Remark::CoordinatesLeftOut { array: array(), names, why: why.clone() });
        }
        if self.mask.as_ref().is_some_and(|mask| !holds_mask(mask.info())) {
            progress.remark(&Remark::MaskNotExported { array: array() });
        }
    }

    /// Remarks on scales and offsets that differ from band to band, for formats that have one for all.
    pub(crate) fn remark_on_scales(&self, progress: &dyn Progress) {
        let scale = |band: &Band| (band.scale.unwrap_or(1.0), band.offset.unwrap_or(0.0));
        if self.bands.windows(2).any(|pair| scale(&pair[0]) != scale(&pair[1])) {
            progress.remark(&Remark::ScalesNotExported { array: self.raster.info().label.clone() });
        }
    }

    /// Takes the requested part of a whole raster.
    ///
    /// # Errors
    /// When it does not have that part.
    pub(crate) fn new(options: &ExportOptions, whole: &Self) -> Result<Self> {
        let mut exported = whole.clone();
        if let Some(selection) = &options.dates {
            let count = exported.raster.info().extent(&Role::Time);
            let picks = selection.resolve(count, exported.times.as_deref())?;
            exported = exported.dates(&picks)?;
        }
        if let Some(selection) = &options.bands {
            let names: Option<Vec<String>> = exported.bands.iter().map(|band| band.name.clone()).collect();
            let info = exported.raster.info();
            let picks = selection
                .resolve(info.bands(), names.as_deref())
                .with_context(|| format!("choosing bands of {}", info.label))?;
            exported = exported.bands(&picks)?;
        }
        if let Some((rows, columns)) = window(options, &exported)? {
            exported = exported.window(rows, columns);
        }
        if let Some(resolution) = options.resolution {
            let (rows, columns) = factors(resolution, &exported.georeference)?;
            let method = resampling(options.resampling, &exported.bands);
            exported = exported.reduced(rows, columns, method)?;
        }
        exported.described()
    }

    /// Keeps only some dates.
    ///
    /// # Errors
    /// When there is no dimension of time.
    pub(crate) fn dates(mut self, picks: &[u64]) -> Result<Self> {
        let info = self.raster.info();
        let Some(dimension) = info.axes.position(&Role::Time) else {
            bail!(InvalidArgument, "{} has no time dimension, so dates can't be chosen", info.label);
        };
        self.times = self.times.map(|times| picks.iter().map(|i| times[*i as usize]).collect());
        self.coordinates = self.coordinates.picked(&name(info, dimension), picks);
        self.raster = Arc::new(PickedSteps::new(self.raster, dimension, picks.to_vec(), Gaps::Skip));
        self.mask = self.mask.map(|mask| picked(mask, &Role::Time, picks));
        Ok(self)
    }

    fn bands(mut self, picks: &[u64]) -> Result<Self> {
        let info = self.raster.info();
        let Some(dimension) = info.axes.position(&Role::Band) else {
            bail!(InvalidArgument, "{} has no band dimension, so bands can't be chosen", info.label);
        };
        self.bands = picks.iter().map(|i| self.bands[*i as usize].clone()).collect();
        self.coordinates = self.coordinates.picked(&name(info, dimension), picks);
        let mut picked = PickedSteps::new(Arc::clone(&self.raster), dimension, picks.to_vec(), Gaps::Read);
        // With one of red, green and blue missing, the bands no longer form a colour picture.
        if picks.len() as u64 != self.raster.info().bands() || !picks.is_sorted() {
            picked.info_mut().metadata.remove_attribute("color_interpretation");
        }
        self.raster = Arc::new(picked);
        self.mask = self.mask.map(|mask| self::picked(mask, &Role::Band, picks));
        Ok(self)
    }

    fn window(mut self, rows: Range<u64>, columns: Range<u64>) -> Self {
        self.georeference.transform = self.georeference.transform.map(|[x0, dx, rx, y0, ry, dy]| {
            let (x, y) = (columns.start as f64, rows.start as f64);
            [x0 + dx * x + rx * y, dx, rx, y0 + ry * x + dy * y, ry, dy]
        });
        self.mask = self
            .mask
            .map(|mask| Arc::new(Cropped::new(mask, rows.clone(), columns.clone())) as Arc<dyn Raster>);
        for (role, range) in [(Role::Y, &rows), (Role::X, &columns)] {
            if let Some(name) = name_of(self.raster.info(), &role) {
                self.coordinates = self.coordinates.cut(&name, range.clone());
            }
        }
        self.raster = Arc::new(Cropped::new(self.raster, rows, columns));
        self
    }

    /// Makes larger pixels, each of `rows` rows and `columns` columns.
    ///
    /// # Errors
    /// When nodata values do not fit its data type.
    pub(crate) fn reduced(mut self, rows: u64, columns: u64, resampling: Resampling) -> Result<Self> {
        let (y, x) = (rows as f64, columns as f64);
        self.georeference.transform = self
            .georeference
            .transform
            .map(|[x0, dx, rx, y0, ry, dy]| [x0, dx * x, rx * y, y0, ry * x, dy * y]);
        if let Some(mask) = self.mask {
            if resampling != Resampling::Nearest {
                bail!(
                    InvalidArgument,
                    "{} has a mask and no value for \"no data\", so pixels that are not valid would be mixed into larger ones; take \
                     the nearest instead, or ingest it with a nodata value",
                    self.raster.info().label
                );
            }
            self.mask = Some(Arc::new(Reduced::new(mask, rows, columns, resampling)?));
        }
        for (role, factor) in [(Role::Y, rows), (Role::X, columns)] {
            if let Some(name) = name_of(self.raster.info(), &role) {
                self.coordinates = self.coordinates.reduced(&name, factor);
            }
        }
        self.raster = Arc::new(Reduced::new(self.raster, rows, columns, resampling)?);
        Ok(self)
    }

    /// Puts georeference and bands into the metadata, and gives the dimensions the names that they have in the output.
    ///
    /// # Errors
    /// When GDAL does not read the coordinate reference system.
    pub(crate) fn described(mut self) -> Result<Self> {
        let mut info = self.raster.info().clone();
        let mut attributes = info.metadata.attributes();
        let kind = match info.data_type {
            DataType::Float32 | DataType::Float64 => SampleKind::Float,
            _ => SampleKind::Integer,
        };
        set_band_attributes(&mut attributes, &self.bands, kind);
        self.georeference.set_attributes(&mut attributes, info.extent(&Role::Y), info.extent(&Role::X))?;
        name_rows_and_columns(&mut attributes, &info);
        // A second value that means "no data" is declared as CF does.
        let mut declared = Vec::new();
        for nodata in info.nodata.iter().skip(1) {
            // Readers mask NaN and the infinities, or have no word for them in such a list.
            let value = nodata.to_f64(info.data_type)?.filter(|value| value.is_finite());
            declared.extend(value.and_then(|value| to_json(value, kind)));
        }
        if !declared.is_empty() {
            attributes.insert("missing_value".to_owned(), Value::Array(declared));
            let first =
                info.nodata.first().map(|nodata| nodata.to_f64(info.data_type)).transpose()?.flatten();
            if let Some(first) = first {
                attributes.insert("_FillValue".to_owned(), to_fill_value(first, kind));
            }
        }
        // These attributes name arrays of the group that it came from.
        for key in ["grid_mapping", "coordinates", auxiliary::ANCILLARY, "cell_measures"] {
            attributes.remove(key);
        }
        let names: Vec<Value> = (0..info.shape.len()).map(|d| Value::from(name(&info, d))).collect();
        info.metadata.set_dimension_names(Value::Array(names));
        info.metadata.json_mut().insert("attributes".to_owned(), Value::Object(attributes));
        settle_fill(&mut info.metadata, &info.nodata)?;
        self.raster = Arc::new(Described { info, inner: self.raster, mask: self.mask.clone() });
        Ok(self)
    }

    /// Makes metadata items for GDAL of what its group says of the whole, and of those attributes of its own for which GDAL has no
    /// other place.
    pub(crate) fn with_words(self) -> Self {
        let attributes = self.raster.info().metadata.attributes();
        let own = attributes.iter().filter(|(key, _)| is_word(key));
        let text = |value: &Value| value.as_str().map_or_else(|| text_of(value), str::to_owned);
        let words: Map<String, Value> = (self.globals.iter().chain(own))
            .map(|(key, value)| (key.clone(), Value::from(text(value))))
            .collect();
        let known = attributes.get(ITEMS).and_then(Value::as_object).cloned().unwrap_or_default();
        self.with_items(merged(&words, &known))
    }

    /// Adds a metadata item for GDAL.
    pub(crate) fn with_item(self, key: &str, value: &str) -> Self {
        let attributes = self.raster.info().metadata.attributes();
        let mut items = attributes.get(ITEMS).and_then(Value::as_object).cloned().unwrap_or_default();
        items.insert(key.to_owned(), Value::from(value));
        self.with_items(items)
    }

    fn with_items(mut self, items: Map<String, Value>) -> Self {
        if items.is_empty() {
            return self;
        }
        let mut info = self.raster.info().clone();
        info.metadata.set_attribute(ITEMS, Value::Object(items));
        self.raster = Arc::new(Described { info, inner: self.raster, mask: self.mask.clone() });
        self
    }
}

/// Whether an attribute of an array is said nowhere else in a file of GDAL: it is none of the bands, of the place, or of a store.
fn is_word(key: &str) -> bool {
    const OF_STORES: [&str; 4] = [ITEMS, "_ARRAY_DIMENSIONS", "DIMENSION_LIST", "calendar"];
    let is_stated = is_of_bands(key) || Georeference::is_stated_by(key);
    !is_stated && !OF_STORES.contains(&key) && !NAMES.contains(&key) && !key.contains([':', '/'])
}

/// Some steps of a mask along a dimension, if it has that dimension.
fn picked(mask: Arc<dyn Raster>, role: &Role, picks: &[u64]) -> Arc<dyn Raster> {
    match mask.info().axes.position(role) {
        Some(dimension) => Arc::new(PickedSteps::new(mask, dimension, picks.to_vec(), Gaps::Read)),
        None => mask,
    }
}

/// Declares the fill value as nodata, because GDAL takes it from there.
fn settle_fill(metadata: &mut Metadata, nodata: &[vqz_codec::config::NoData]) -> Result<()> {
    if let Some(value) = nodata.first() {
        metadata.json_mut().insert("fill_value".to_owned(), serde_json::to_value(value)?);
    }
    Ok(())
}

/// How its pixels are resampled to larger ones: as requested, or otherwise by the kind of data.
pub(crate) fn resampling(asked: Option<Resampling>, bands: &[Band]) -> Resampling {
    let classes = bands.iter().any(|band| !band.categories.is_empty());
    asked.unwrap_or(if classes { Resampling::Nearest } else { Resampling::Average })
}

/// The requested rows and columns.
fn window(options: &ExportOptions, exported: &ExportedRaster) -> Result<Option<(Range<u64>, Range<u64>)>> {
    let info = exported.raster.info();
    let (height, width) = (info.extent(&Role::Y), info.extent(&Role::X));
    match &options.area {
        None => Ok(None),
        Some(Area::Window { x, y }) => {
            if x.is_empty() || y.is_empty() || x.end > width || y.end > height {
                bail!(
                    InvalidArgument,
                    "window {},{},{},{} does not lie within {width} x {height} pixels; give x0 below x1, at most {width}, and y0 below \
                     y1, at most {height}",
                    x.start,
                    y.start,
                    x.end,
                    y.end
                );
            }
            Ok(Some((y.clone(), x.clone())))
        }
        Some(Area::Bounds(bounds)) => touched(*bounds, exported).map(Some),
    }
}

/// The rows and columns that bounds touch.
fn touched([x0, y0, x1, y1]: [f64; 4], exported: &ExportedRaster) -> Result<(Range<u64>, Range<u64>)> {
    let info = exported.raster.info();
    let (height, width) = (info.extent(&Role::Y), info.extent(&Role::X));
    let Some([left, dx, 0.0, top, 0.0, dy]) = exported.georeference.transform else {
        bail!(
            InvalidArgument,
            GiveWindow,
            "{} has no georeference, or is turned, so bounds choose nothing",
            info.label
        );
    };
    let along = |a: f64, b: f64, start: f64, step: f64, extent: u64| {
        let (a, b) = ((a - start) / step, (b - start) / step);
        let first = (a.min(b) + TOLERANCE).floor().clamp(0.0, extent as f64) as u64;
        let end = (a.max(b) - TOLERANCE).ceil().clamp(0.0, extent as f64) as u64;
        first..end
    };
    let (rows, columns) = (along(y0, y1, top, dy, height), along(x0, x1, left, dx, width));
    if rows.is_empty() || columns.is_empty() {
        let [west, south, east, north] =
            vqz_raster::georeference::bounds([left, dx, 0.0, top, 0.0, dy], height, width);
        bail!(
            InvalidArgument,
            "bounds {x0},{y0},{x1},{y1} lie outside the raster, which reaches from {west},{south} to {east},{north}"
        );
    }
    Ok((rows, columns))
}

/// How many rows and columns one pixel of this size covers.
fn factors(resolution: f64, georeference: &Georeference) -> Result<(u64, u64)> {
    // Without a georeference, a pixel is 1 wide and 1 high.
    let [_, dx, rx, _, ry, dy] = georeference.transform.unwrap_or([0.0, 1.0, 0.0, 0.0, 0.0, 1.0]);
    let (width, height) = (dx.hypot(ry), dy.hypot(rx));
    let whole = |size: f64| {
        let factor = resolution / size;
        let whole = factor.round();
        ((1.0..1e9).contains(&whole) && (factor - whole).abs() <= TOLERANCE * whole).then_some(whole as u64)
    };
    match (whole(height), whole(width)) {
        (Some(rows), Some(columns)) => Ok((rows, columns)),
        _ => bail!(
            InvalidArgument,
            "resolution {resolution} is no whole multiple of the pixels' size, {width} x {height}; give one, such as {}, or \
             resample an export with gdalwarp",
            json!(2.0 * width.max(height))
        ),
    }
}
