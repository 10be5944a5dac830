//! Samples that were meant as "no data" although nothing declares them: noticed while a raster is read.

use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::samples::{Mask, to_f64};
use crate::raster::source::{Raster, RasterInfo};
use crate::raster::stored::StoredChunks;
use serde_json::{Map, Value};
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vqz_codec::sample::DataType;
use vqz_raster::conventions::json;

/// Samples that are looked at as floats at one go, so that these take little memory beside the samples.
const BLOCK: usize = 1 << 12;

/// Wraps a raster and counts, while it is read, the samples that equal its fill value although that value is not
/// declared as "no data", and those outside of the range that it declares as valid. Neither is a mask, but many rasters are
/// written as if it were.
pub(crate) struct FillWatch {
    inner: Arc<dyn Raster>,
    /// The fill value, and one sample of it.
    fill: Option<(f64, Vec<u8>)>,
    found: AtomicU64,
    /// The least and the largest valid value.
    range: Option<(f64, f64)>,
    mask: Mask,
    beyond: AtomicU64,
}

impl FillWatch {
    /// Watches a raster if its fill value is a finite number other than 0, or if it declares a valid range. A fill value of 0 is
    /// too common to mean anything.
    pub(crate) fn of(raster: &Arc<dyn Raster>) -> Result<Option<Arc<Self>>> {
        let info = raster.info();
        let mask = Mask::new(&info.nodata, info.data_type)?;
        let fill = info.metadata.json().get("fill_value").and_then(serde_json::Value::as_f64);
        let fill = fill.filter(|fill| *fill != 0.0 && mask.is_valid(*fill));
        let range = valid_range(&info.metadata.attributes());
        if fill.is_none() && range.is_none() {
            return Ok(None);
        }
        let bytes = |fill: f64| match info.data_type {
            DataType::UInt8 => vec![fill as u8],
            DataType::Int16 => (fill as i16).to_ne_bytes().to_vec(),
            DataType::UInt16 => (fill as u16).to_ne_bytes().to_vec(),
            DataType::Int32 => (fill as i32).to_ne_bytes().to_vec(),
            DataType::Float32 => (fill as f32).to_ne_bytes().to_vec(),
            DataType::Float64 => fill.to_ne_bytes().to_vec(),
        };
        Ok(Some(Arc::new(Self {
            inner: Arc::clone(raster),
            fill: fill.map(|fill| (fill, bytes(fill))),
            found: AtomicU64::new(0),
            range,
            mask,
            beyond: AtomicU64::new(0),
        })))
    }

    /// Remarks on the count once everything has been read. `done` says how the samples were treated, such as `fitted
    /// like data`.
    pub(crate) fn report(&self, done: &'static str, progress: &dyn Progress) {
        let samples = self.found.load(Ordering::Relaxed);
        if let Some((fill, _)) = self.fill.as_ref().filter(|_| samples > 0) {
            let array = self.info().label.clone();
            progress.remark(&Remark::FillTakenAsData { array, fill: *fill, samples, done });
        }
    }

    /// Remarks on samples outside of the valid range, as [`report`](Self::report) does.
    pub(crate) fn report_range(&self, done: &'static str, progress: &dyn Progress) {
        let samples = self.beyond.load(Ordering::Relaxed);
        if let Some(range) = self.range.filter(|_| samples > 0) {
            let array = self.info().label.clone();
            progress.remark(&Remark::BeyondValidRange { array, range, samples, done });
        }
    }

    /// Resets the count, because the raster will be read again.
    pub(crate) fn forget(&self) {
        self.found.store(0, Ordering::Relaxed);
        self.beyond.store(0, Ordering::Relaxed);
    }

    fn count(fill: &[u8], samples: &[u8]) -> u64 {
        fn equal<const N: usize>(samples: &[u8], fill: &[u8]) -> u64 {
            let Ok(fill) = <[u8; N]>::try_from(fill) else {
                return 0;
            };
            samples.as_chunks::<N>().0.iter().map(|sample| u64::from(*sample == fill)).sum()
        }
        match fill.len() {
            1 => equal::<1>(samples, fill),
            2 => equal::<2>(samples, fill),
            4 => equal::<4>(samples, fill),
            _ => equal::<8>(samples, fill),
        }
    }

    fn count_beyond(&self, (low, high): (f64, f64), samples: &[u8]) -> u64 {
        let data_type = self.info().data_type;
        let beyond = |value: &&f64| (**value < low || **value > high) && self.mask.is_valid(**value);
        let count = |block: &[u8]| to_f64(data_type, block).iter().filter(beyond).count() as u64;
        samples.chunks(BLOCK * data_type.size()).map(count).sum()
    }
}

/// The least and the largest valid value of samples as they are stored, as CF declares them: `valid_range`, or `valid_min` and
/// `valid_max`. Where samples are packed and the range is in floats, it is that of unpacked values.
fn valid_range(attributes: &Map<String, Value>) -> Option<(f64, f64)> {
    let number = |key: &str| attributes.get(key).and_then(json::number);
    let both: Option<Vec<f64>> = attributes
        .get("valid_range")
        .and_then(Value::as_array)
        .filter(|range| range.len() == 2)
        .and_then(|range| range.iter().map(json::number).collect());
    let (low, high) = match both.as_deref() {
        Some([low, high]) => (Some(*low), Some(*high)),
        _ => (number("valid_min"), number("valid_max")),
    };
    let (low, high) = match (low, high) {
        (None, None) => return None,
        (low, high) => (low.unwrap_or(f64::NEG_INFINITY), high.unwrap_or(f64::INFINITY)),
    };
    let (scale, offset) = (number("scale_factor").unwrap_or(1.0), number("add_offset").unwrap_or(0.0));
    let is_float = |key: &str| match attributes.get(key) {
        Some(Value::Array(values)) => values.iter().any(Value::is_f64),
        Some(value) => value.is_f64(),
        None => false,
    };
    let of_unpacked = ["valid_range", "valid_min", "valid_max"].into_iter().any(is_float);
    if (scale == 1.0 && offset == 0.0) || scale == 0.0 || !of_unpacked {
        return Some((low, high));
    }
    let packed = |value: f64| (value - offset) / scale;
    Some((packed(low).min(packed(high)), packed(low).max(packed(high))))
}

impl Raster for FillWatch {
    fn info(&self) -> &RasterInfo {
        self.inner.info()
    }

    fn stored_chunks(&self) -> Result<Option<Arc<StoredChunks>>> {
        self.inner.stored_chunks()
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let samples = self.inner.read(region)?;
        if let Some((_, fill)) = &self.fill {
            let found = Self::count(fill, &samples);
            // A chunk of nothing but fill value is not stored, and so is exact.
            if found < (samples.len() / fill.len()) as u64 {
                self.found.fetch_add(found, Ordering::Relaxed);
            }
        }
        if let Some(range) = self.range {
            self.beyond.fetch_add(self.count_beyond(range, &samples), Ordering::Relaxed);
        }
        Ok(samples)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json as value;

    #[test]
    fn valid_ranges_are_those_of_stored_samples() {
        let range = |attributes: Value| valid_range(attributes.as_object().unwrap());
        assert_eq!(range(value!({"valid_range": [0, 100], "scale_factor": 0.01})), Some((0.0, 100.0)));
        assert_eq!(range(value!({"valid_min": -1.5})), Some((-1.5, f64::INFINITY)));
        let unpacked = value!({"valid_range": [0.0, 0.5], "scale_factor": -0.25, "add_offset": 1.0});
        assert_eq!(range(unpacked), Some((2.0, 4.0)));
        let whole = value!({"valid_max": 330.0, "scale_factor": 0.5});
        assert_eq!(range(whole), Some((f64::NEG_INFINITY, 660.0)));
        assert_eq!((range(value!({})), range(value!({"valid_range": "0 1"}))), (None, None));
    }
}
