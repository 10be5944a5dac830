//! The mask of a raster file as a raster: 1 where a sample is valid, 0 where it is not.

use crate::error::{Context, Result, bail};
use crate::metadata::document::Metadata;
use crate::raster::region::{extents, volume};
use crate::raster::source::{Raster, RasterInfo};
use gdal::Dataset;
use serde_json::json;
use std::ops::Range;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};
use vqz_codec::axes::Axes;
use vqz_codec::sample::DataType;
use vqz_raster::missing::{self, MaskKind, Samples};

struct FileMask {
    info: RasterInfo,
    /// A GDAL dataset must not be used by two threads at the same time.
    dataset: Mutex<Dataset>,
}

/// The mask of a raster file, where it has one that is no band, and no value means "no data" in its integers. One for all bands has
/// no dimension of bands.
///
/// # Errors
/// When GDAL can't open the file.
pub(crate) fn of_file(path: &Path, raster: &RasterInfo) -> Result<Option<Arc<dyn Raster>>> {
    let is_float = matches!(raster.data_type, DataType::Float32 | DataType::Float64);
    if is_float || !raster.nodata.is_empty() || raster.shape.len() != 3 {
        return Ok(None);
    }
    let dataset = Dataset::open(path).with_context(|| format!("opening {}", path.display()))?;
    let samples = Samples { sample_type: raster.data_type, sign: Default::default() };
    let (_, missing) = missing::read(&dataset, 1, None, None, samples)?;
    let (shape, names): (Vec<u64>, &[&str]) = match missing.mask {
        Some(MaskKind::File) => (raster.shape[1..].to_vec(), &["y", "x"]),
        Some(MaskKind::Band) => (raster.shape.clone(), &["band", "y", "x"]),
        _ => return Ok(None),
    };
    let mut metadata = Metadata::new_array(&shape, DataType::UInt8, json!(0));
    metadata.set_dimension_names(json!(names));
    let info = RasterInfo {
        label: format!("the mask of {}", raster.label),
        axes: Axes::from_names(names)?,
        data_type: DataType::UInt8,
        chunk: raster.chunk[3 - shape.len()..].to_vec(),
        nodata: Vec::new(),
        metadata,
        band_coordinate: None,
        stored: (0, 0),
        shape,
    };
    Ok(Some(Arc::new(FileMask { info, dataset: Mutex::new(dataset) })))
}

impl Raster for FileMask {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let (bands, [y, x]) = match region {
            [bands, y, x] => (bands.clone(), [y, x]),
            [y, x] => (0..1, [y, x]),
            _ => bail!(InvalidArgument, "a mask has the dimensions y and x, the region {}", region.len()),
        };
        let dataset = self.dataset.lock().unwrap_or_else(PoisonError::into_inner);
        let size = ((x.end - x.start) as usize, (y.end - y.start) as usize);
        let mut samples = vec![0u8; volume(&extents(region)) as usize];
        for (out, number) in samples.chunks_exact_mut((size.0 * size.1).max(1)).zip(bands) {
            let band = dataset.rasterband(number as usize + 1)?;
            let mask = band.open_mask_band()?;
            mask.read_into_slice((x.start as isize, y.start as isize), size, size, out, None)
                .with_context(|| format!("reading {} at {region:?}", self.info.label))?;
            out.iter_mut().for_each(|valid| *valid = u8::from(*valid > 0));
        }
        Ok(samples)
    }
}
