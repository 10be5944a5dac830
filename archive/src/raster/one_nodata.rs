//! A view in which one value means "no data", for formats that declare no more than one.

use crate::error::Result;
use crate::raster::samples::bytes_of;
use crate::raster::source::{Raster, RasterInfo};
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::config::NoData;

/// The view: samples of the other values become the first one.
pub(crate) struct OneNodata {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    kept: f64,
    others: Vec<f64>,
}

impl OneNodata {
    /// The view of a raster for which several values mean "no data"; none for any other.
    ///
    /// # Errors
    /// When a value is not one that samples can be.
    pub(crate) fn new(inner: &Arc<dyn Raster>) -> Result<Option<Self>> {
        let mut info = inner.info().clone();
        let mut values: Vec<f64> = Vec::new();
        for nodata in &info.nodata {
            let value = nodata.to_f64(info.data_type)?;
            let known = |value: &f64| values.iter().any(|v| v == value || (v.is_nan() && value.is_nan()));
            values.extend(value.filter(|value| !known(value)));
        }
        // NaN says by itself that there is no data, whatever is declared beside it.
        if values.iter().any(|value| !value.is_nan()) {
            values.retain(|value| !value.is_nan());
        }
        let Some((kept, others)) = values.split_first().filter(|(_, others)| !others.is_empty()) else {
            return Ok(None);
        };
        info.nodata.truncate(0);
        info.nodata.extend(first(inner.info(), *kept)?);
        Ok(Some(Self { info, inner: Arc::clone(inner), kept: *kept, others: others.to_vec() }))
    }

    /// The value that stays.
    pub(crate) fn kept(&self) -> f64 {
        self.kept
    }

    /// The values that become it.
    pub(crate) fn others(&self) -> &[f64] {
        &self.others
    }

    fn merge<const N: usize>(&self, samples: &mut [u8]) {
        let sample =
            |value: &f64| -> Option<[u8; N]> { bytes_of(self.info.data_type, *value).try_into().ok() };
        let Some(kept) = sample(&self.kept) else { return };
        let others: Vec<[u8; N]> = self.others.iter().filter_map(sample).collect();
        for found in samples.as_chunks_mut::<N>().0 {
            if others.contains(found) {
                *found = kept;
            }
        }
    }
}

/// The declaration of the value that stays.
fn first(info: &RasterInfo, kept: f64) -> Result<Option<NoData>> {
    for nodata in &info.nodata {
        if nodata.to_f64(info.data_type)?.is_some_and(|value| value.to_bits() == kept.to_bits()) {
            return Ok(Some(nodata.clone()));
        }
    }
    Ok(None)
}

impl Raster for OneNodata {
    fn info(&self) -> &RasterInfo {
        &self.info
    }

    fn read(&self, region: &[Range<u64>]) -> Result<Vec<u8>> {
        let mut samples = self.inner.read(region)?;
        match self.info.data_type.size() {
            1 => self.merge::<1>(&mut samples),
            2 => self.merge::<2>(&mut samples),
            4 => self.merge::<4>(&mut samples),
            _ => self.merge::<8>(&mut samples),
        }
        Ok(samples)
    }
}
