//! Any raster that GDAL reads, as `(band, y, x)`, in windows.

use crate::error::{Context, Result, bail};
use crate::geotiff::attributes::{COLOURS, ITEMS};
use crate::metadata::document::Metadata;
use crate::progress::Remark;
use crate::raster::opening::OpenOptions;
use crate::raster::region::{extents, volume};
use crate::raster::source::{Raster, RasterInfo};
use gdal::Dataset;
use gdal::raster::RasterBand;
use serde_json::{Map, Value, json};
use std::ops::Range;
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::{Axes, Role};
use vqz_codec::sample::DataType;
use vqz_raster::band::{Band, SampleKind, Sign, is_signed_byte, read_bands, set_band_attributes};
use vqz_raster::conventions::nodata;
use vqz_raster::georeference::read_georeference;
use vqz_raster::ingest::check_single_raster;
use vqz_raster::items::{read_colours, read_items};
use vqz_raster::missing::{self, MaskKind, Samples};
use vqz_raster::sample::{Sample, data_type_of_gdal};

/// The smallest side of the blocks in which a file is read, in pixels: many files have strips of one row.
const BLOCK: u64 = 512;

struct GdalRaster {
    info: RasterInfo,
    /// The masks of bands that make samples "no data".
    masks: Vec<Option<MaskKind>>,
    /// What is not kept of the file, and what is read otherwise than it says.
    remarks: Vec<Remark>,
    /// A GDAL dataset must not be used by two threads at the same time.
    dataset: Mutex<Dataset>,
    /// Whether GDAL reads its samples, bytes with a sign, as bytes without one.
    signed_bytes: bool,
    /// For each band, how many samples that its mask calls valid equal the nodata value.
    clashes: Vec<AtomicU64>,
}

/// The bands of a file, and the masks among them.
struct Bands {
    bands: Vec<Band>,
    /// Further values of each that mean "no data".
    further: Vec<f64>,
    masks: Vec<Option<MaskKind>>,
    remarks: Vec<Remark>,
}

/// Opens a raster file.
///
/// # Errors
/// When GDAL can't open it, the bands differ in type, the codec does not support their type, or the file holds more than bands.
pub(crate) fn open(path: &Path, options: &OpenOptions) -> Result<Arc<dyn Raster>> {
    let dataset = match Dataset::open(path) {
        Ok(dataset) => dataset,
        Err(_) if path.is_file() => {
            bail!(
                Corrupt,
                "{} is no raster that GDAL reads; is it whole, and does `gdalinfo` know its format?",
                path.display()
            )
        }
        Err(error) => return Err(error).with_context(|| format!("opening {}", path.display())),
    };
    let odd = match check_single_raster(path) {
        Ok(odd) => odd,
        Err(error @ vqz_raster::Error::Mismatch(_)) => {
            bail!(Unsupported, Ingest, "{error}; bring it into a cube first, which keeps all of it")
        }
        Err(error) => return Err(error.into()),
    };
    let (width, height) = dataset.raster_size();
    let count = dataset.raster_count();
    if count == 0 {
        bail!(Corrupt, "{} has no raster bands", path.display());
    }
    let shape = vec![count as u64, height as u64, width as u64];
    let first = dataset.rasterband(1)?;
    let (data_type, signed_bytes) = sample_type(&first).with_context(|| path.display().to_string())?;
    let (block_x, block_y) = first.block_size();
    let side = |block: usize, extent: u64| {
        let block = (block as u64).max(1);
        block.max(BLOCK.next_multiple_of(block)).min(extent.max(1))
    };
    let chunk = vec![count as u64, side(block_y, shape[1]), side(block_x, shape[2])];
    for number in 2..=count {
        let band = dataset.rasterband(number)?;
        if band.band_type() != first.band_type() || is_signed_byte(&band) != signed_bytes {
            bail!(
                Unsupported,
                "{}: band {number} is {:?}, band 1 is {:?}; all must have one type",
                path.display(),
                band.band_type(),
                first.band_type()
            );
        }
    }
    let bands =
        bands(path, &dataset, data_type, options).with_context(|| format!("reading {}", path.display()))?;
    let metadata = metadata(&dataset, &shape, data_type, &bands)
        .with_context(|| format!("reading {}", path.display()))?;
    let declared = metadata.declared_nodata();
    let axes = match &options.axes {
        Some(axes) if axes.roles().len() == 3 => axes.clone(),
        Some(axes) => {
            bail!(
                InvalidArgument,
                "{} roles of dimensions are given, a GeoTIFF has 3 dimensions: band, y, x",
                axes.roles().len()
            )
        }
        None => Axes::new(vec![Role::Band, Role::Y, Role::X])?,
    };
    let info = RasterInfo {
        label: path.display().to_string(),
        shape,
        axes,
        data_type,
        chunk,
        nodata: if options.nodata.is_empty() { declared } else { options.nodata.clone() },
        metadata,
        band_coordinate: None,
        stored: (0, std::fs::metadata(path).with_context(|| format!("reading {}", path.display()))?.len()),
    };
    let Bands { masks, mut remarks, .. } = bands;
    remarks.extend(odd.into_iter().map(Remark::Cube));
    let clashes = masks.iter().map(|_| AtomicU64::new(0)).collect();
    Ok(Arc::new(GdalRaster { info, masks, remarks, dataset: Mutex::new(dataset), signed_bytes, clashes }))
}

/// Reads the bands. Where samples are floats, or a value means "no data", masked samples become "no data".
fn bands(path: &Path, dataset: &Dataset, data_type: DataType, options: &OpenOptions) -> Result<Bands> {
    let file = path.display().to_string();
    let mut found =
        Bands { bands: read_bands(dataset)?, further: Vec::new(), masks: Vec::new(), remarks: Vec::new() };
    let samples = match is_signed_byte(&dataset.rasterband(1)?) {
        true => Samples { sample_type: DataType::UInt8, sign: Sign::Added },
        false => Samples { sample_type: data_type, sign: Sign::AsRead },
    };
    let named = |number: &usize| found.bands.get(number - 1).and_then(|band| band.name.as_deref());
    let alpha = missing::alpha(dataset)?.filter(|number| named(number).is_none_or(missing::may_be_alpha));
    let (mut mask, mut impossible) = (None, None);
    for (number, band) in (1..).zip(&mut found.bands) {
        let (nodata, missing) = missing::read(dataset, number, band.nodata, alpha, samples)?;
        band.nodata = nodata;
        for value in missing.values {
            if !found.further.contains(&value) {
                found.further.push(value);
            }
        }
        impossible = impossible.or(missing.impossible.first().copied());
        mask = mask.or(missing.mask);
        found.masks.push(missing.mask);
    }
    if let Some(value) = impossible {
        found.remarks.push(Remark::ImpossibleNodata {
            file: file.clone(),
            given: false,
            value,
            data_type: data_type.name(),
        });
    }
    if let (Some(mask), true) = (mask, options.nodata.is_empty()) {
        let declared = found.bands.iter().find_map(|band| band.nodata);
        let alpha = matches!(mask, MaskKind::Alpha(_));
        let become_nodata = |nodata| Remark::MaskBecameNodata { file: file.clone(), alpha, nodata };
        match (declared, data_type) {
            (Some(nodata), _) => found.remarks.push(become_nodata(nodata)),
            (None, DataType::Float32 | DataType::Float64) => {
                found.remarks.push(become_nodata(f64::NAN));
                found.bands.iter_mut().for_each(|band| band.nodata = Some(f64::NAN));
            }
            _ => {
                found.masks.fill(None);
                found.remarks.push(Remark::MaskLeftOut { file, alpha, data_type: data_type.name() });
            }
        }
    }
    if let (Some(mask), Some(nodata)) = (mask, options.nodata.first())
        && let Some(nodata) = nodata.to_f64(data_type)?
    {
        let alpha = matches!(mask, MaskKind::Alpha(_));
        found.remarks.push(Remark::MaskBecameNodata { file: path.display().to_string(), alpha, nodata });
    }
    Ok(found)
}

/// The type that holds the samples of a band, and whether they are bytes with a sign.
fn sample_type(band: &RasterBand<'_>) -> Result<(DataType, bool)> {
    match is_signed_byte(band) {
        true => Ok((DataType::Int16, true)),
        false => Ok((data_type_of_gdal(band.band_type())?, false)),
    }
}

/// The metadata that the file would have as an array, with its georeference, its bands and its own metadata items.
fn metadata(dataset: &Dataset, shape: &[u64], data_type: DataType, bands: &Bands) -> Result<Metadata> {
    let kind = match data_type {
        DataType::Float32 | DataType::Float64 => SampleKind::Float,
        _ => SampleKind::Integer,
    };
    let mut attributes = Map::new();
    set_band_attributes(&mut attributes, &bands.bands, kind);
    if !bands.further.is_empty() {
        let further: Vec<Value> =
            bands.further.iter().filter_map(|value| nodata::to_json(*value, kind)).collect();
        attributes.insert("missing_value".to_owned(), Value::Array(further));
    }
    read_georeference(dataset)?.set_attributes(&mut attributes, shape[1], shape[2])?;
    let items = read_items(dataset);
    if !items.is_empty() {
        attributes.insert(ITEMS.to_owned(), Value::Object(items));
    }
    if let Some(colours) = read_colours(dataset) {
        attributes.insert(COLOURS.to_owned(), json!(colours));
    }
    let mut metadata = Metadata::new_array(shape, data_type, json!(0));
    metadata.json_mut().insert("dimension_names".to_owned(), json!(["band", "y", "x"]));
    for (name, value) in attributes {
        metadata.set_attribute(&name, value);
    }
    let fill = match metadata.declared_nodata().first() {
        Some(value) => serde_json::to_value(value)?,
        None if kind == SampleKind::Float => json!(0.0),
        None => json!(0),
    };
    metadata.json_mut().insert("fill_value".to_owned(), fill);
    Ok(metadata)
}

impl Raster for GdalRaster {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn remarks(&self) -> &[Remark] {
        &self.remarks
    }

    fn noticed(&self) -> Vec<Remark> {
        let names = self.info.band_names();
        let named =
            |at: usize| names.as_ref().map_or_else(|| (at + 1).to_string(), |names| names[at].clone());
        let bands: Vec<(String, u64)> = (self.clashes.iter().enumerate())
            .map(|(at, count)| (named(at), count.load(Ordering::Relaxed)))
            .filter(|(_, count)| *count > 0)
            .collect();
        let nodata = self.nodata().ok().flatten();
        nodata
            .filter(|_| !bands.is_empty())
            .map(|nodata| Remark::ValidBecameNodata { array: self.info.label.clone(), nodata, bands })
            .into_iter()
            .collect()
    }

    fn forget(&self) {
        self.clashes.iter().for_each(|count| count.store(0, Ordering::Relaxed));
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let dataset = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
        let read = match self.info.data_type {
            DataType::UInt8 => self.read_as::<u8, u8>(&dataset, region, |v| v),
            DataType::Int16 if self.signed_bytes => {
                self.read_as::<u8, i16>(&dataset, region, |v| i16::from(v.cast_signed()))
            }
            DataType::Int16 => self.read_as::<i16, i16>(&dataset, region, |v| v),
            DataType::UInt16 => self.read_as::<u16, u16>(&dataset, region, |v| v),
            DataType::Int32 => self.read_as::<i32, i32>(&dataset, region, |v| v),
            DataType::Float32 => self.read_as::<f32, f32>(&dataset, region, |v| v),
            DataType::Float64 => self.read_as::<f64, f64>(&dataset, region, |v| v),
        };
        read.with_context(|| format!("reading {} at {region:?}", self.info.label))
    }
}

impl GdalRaster {
    /// The value that means "no data".
    fn nodata(&self) -> Result<Option<f64>> {
        match self.info.nodata.first() {
            Some(nodata) => Ok(nodata.to_f64(self.info.data_type)?),
            None => Ok(None),
        }
    }

    /// Reads samples of the type that GDAL has, as those of the array, and puts the nodata value where a mask says so.
    fn read_as<G: Sample, T: Sample>(
        &self,
        dataset: &Dataset,
        region: &[Range<u64>],
        sample: impl Fn(G) -> T,
    ) -> Result<Vec<u8>> {
        let [bands, y, x] = region else {
            bail!(InvalidArgument, "a GeoTIFF has 3 dimensions, the region has {}", region.len());
        };
        let shape = extents(region);
        let (width, height) = (shape[2] as usize, shape[1] as usize);
        let place = (x.start as isize, y.start as isize);
        let nodata = self.nodata()?;
        let mut samples = vec![T::default(); volume(&shape) as usize];
        let mut plane = vec![G::default(); width * height];
        let mut mask = vec![0u8; width * height];
        for (out, number) in samples.chunks_exact_mut((width * height).max(1)).zip(bands.clone()) {
            let band = dataset.rasterband(number as usize + 1)?;
            band.read_into_slice(place, (width, height), (width, height), &mut plane, None)?;
            out.iter_mut().zip(&plane).for_each(|(out, read)| *out = sample(*read));
            if let (Some(kind), Some(nodata)) = (self.masks[number as usize], nodata) {
                let mask_band = match kind {
                    MaskKind::Alpha(number) => dataset.rasterband(number)?,
                    _ => band.open_mask_band()?,
                };
                mask_band.read_into_slice(place, (width, height), (width, height), &mut mask, None)?;
                let nodata = T::from_f64(nodata);
                let mut clashes = 0;
                for (sample, mask) in out.iter_mut().zip(&mask) {
                    match mask {
                        0 => *sample = nodata,
                        _ => clashes += u64::from(*sample == nodata),
                    }
                }
                self.clashes[number as usize].fetch_add(clashes, Ordering::Relaxed);
            }
        }
        Ok(bytemuck::cast_slice(&samples).to_vec())
    }
}
