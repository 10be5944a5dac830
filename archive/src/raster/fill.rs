//! Fill values that were meant as "no data": noticed while a raster is read.

use crate::error::Result;
use crate::progress::{Progress, Remark};
use crate::raster::samples::Mask;
use crate::raster::source::{Raster, RasterInfo};
use crate::raster::stored::StoredChunks;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use vqz_codec::sample::DataType;

/// Wraps a raster and counts, while it is read, the samples that equal its fill value although that value is not
/// declared as "no data". A fill value is not a mask, but many rasters are written as if it were.
pub(crate) struct FillWatch {
    inner: Arc<dyn Raster>,
    fill: f64,
    bytes: Vec<u8>,
    found: AtomicU64,
}

impl FillWatch {
    /// Watches a raster if its fill value is a finite number other than 0. A fill value of 0 is too common to mean
    /// anything.
    pub(crate) fn of(raster: &Arc<dyn Raster>) -> Result<Option<Arc<Self>>> {
        let info = raster.info();
        let fill = info.metadata.json().get("fill_value").and_then(serde_json::Value::as_f64);
        let Some(fill) = fill.filter(|fill| *fill != 0.0) else {
            return Ok(None);
        };
        if !Mask::new(&info.nodata, info.data_type)?.is_valid(fill) {
            return Ok(None);
        }
        let bytes = match info.data_type {
            DataType::UInt8 => vec![fill as u8],
            DataType::Int16 => (fill as i16).to_ne_bytes().to_vec(),
            DataType::UInt16 => (fill as u16).to_ne_bytes().to_vec(),
            DataType::Int32 => (fill as i32).to_ne_bytes().to_vec(),
            DataType::Float32 => (fill as f32).to_ne_bytes().to_vec(),
            DataType::Float64 => fill.to_ne_bytes().to_vec(),
        };
        Ok(Some(Arc::new(Self { inner: Arc::clone(raster), fill, bytes, found: AtomicU64::new(0) })))
    }

    /// Remarks on the count once everything has been read. `done` says how the samples were treated, such as `fitted
    /// like data`.
    pub(crate) fn report(&self, done: &'static str, progress: &dyn Progress) {
        let samples = self.found.load(Ordering::Relaxed);
        if samples > 0 {
            let array = self.info().label.clone();
            progress.remark(&Remark::FillTakenAsData { array, fill: self.fill, samples, done });
        }
    }

    /// Resets the count, because the raster will be read again.
    pub(crate) fn forget(&self) {
        self.found.store(0, Ordering::Relaxed);
    }

    fn count(&self, samples: &[u8]) -> u64 {
        fn equal<const N: usize>(samples: &[u8], fill: &[u8]) -> u64 {
            let Ok(fill) = <[u8; N]>::try_from(fill) else {
                return 0;
            };
            samples.as_chunks::<N>().0.iter().map(|sample| u64::from(*sample == fill)).sum()
        }
        match self.bytes.len() {
            1 => equal::<1>(samples, &self.bytes),
            2 => equal::<2>(samples, &self.bytes),
            4 => equal::<4>(samples, &self.bytes),
            _ => equal::<8>(samples, &self.bytes),
        }
    }
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
        let found = self.count(&samples);
        // A chunk of nothing but fill value is not stored, and so is exact.
        if found < (samples.len() / self.bytes.len()) as u64 {
            self.found.fetch_add(found, Ordering::Relaxed);
        }
        Ok(samples)
    }
}
