//! A view in which one value means "no data", for formats that declare no more than one.

use crate::error::Result;
use crate::raster::samples::bytes_of;
use crate::raster::source::{Raster, RasterInfo};
use std::ops::Range;
use std::sync::Arc;
use vqz_codec::axes::Role;
use vqz_codec::config::NoData;
use vqz_raster::band::bands_of_attributes;

/// The view: samples of the other values become the first one.
pub(crate) struct OneNodata {
    info: RasterInfo,
    inner: Arc<dyn Raster>,
    kept: f64,
    others: Vec<f64>,
    /// The values that become the kept one in each band, where the bands declare values of their own.
    by_band: Option<Vec<Vec<f64>>>,
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
        let by_band = by_band(inner.info(), *kept, others);
        Ok(Some(Self { info, inner: Arc::clone(inner), kept: *kept, others: others.to_vec(), by_band }))
    }

    /// The value that stays.
    pub(crate) fn kept(&self) -> f64 {
        self.kept
    }

    /// The values that become it.
    pub(crate) fn others(&self) -> &[f64] {
        &self.others
    }

    /// Whether bands declare values of their own.
    pub(crate) fn is_by_band(&self) -> bool {
        self.by_band.is_some()
    }

    fn merge<const N: usize>(&self, region: &[Range<u64>], samples: &mut [u8]) -> Result<()> {
        let (Some(all), Some(at)) = (&self.by_band, self.info.axes.position(&Role::Band)) else {
            self.merge_values::<N>(&self.others, samples);
            return Ok(());
        };
        // Bands one by one: runs of samples of one band, as long as what lies within a band.
        let inner: u64 = region[at + 1..].iter().map(|range| range.end - range.start).product();
        let bands = region[at].clone();
        let count = bands.end - bands.start;
        let run = usize::try_from(inner)? * N;
        for (number, run) in samples.chunks_exact_mut(run.max(1)).enumerate() {
            let band = bands.start + number as u64 % count.max(1);
            if let Some(others) = all.get(band as usize) {
                self.merge_values::<N>(others, run);
            }
        }
        Ok(())
    }

    fn merge_values<const N: usize>(&self, others: &[f64], samples: &mut [u8]) {
        let sample =
            |value: &f64| -> Option<[u8; N]> { bytes_of(self.info.data_type, *value).try_into().ok() };
        let Some(kept) = sample(&self.kept) else { return };
        let others: Vec<[u8; N]> = others.iter().filter_map(sample).collect();
        for found in samples.as_chunks_mut::<N>().0 {
            if others.contains(found) {
                *found = kept;
            }
        }
    }
}

/// The values that become the kept one in each band; `None` where all bands declare the same. A value that no band declares as its own
/// holds for all of them.
fn by_band(info: &RasterInfo, kept: f64, others: &[f64]) -> Option<Vec<Vec<f64>>> {
    let bands = bands_of_attributes(&info.metadata.attributes(), usize::try_from(info.bands()).ok()?);
    let own: Vec<f64> = bands.iter().map(|band| band.nodata).collect::<Option<_>>()?;
    if own.iter().all(|value| *value == own[0]) {
        return None;
    }
    let of_all: Vec<f64> = others.iter().copied().filter(|value| !own.contains(value)).collect();
    let of = |own: &f64| of_all.iter().copied().chain((*own != kept).then_some(*own)).collect();
    Some(own.iter().map(of).collect())
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
            1 => self.merge::<1>(region, &mut samples)?,
            2 => self.merge::<2>(region, &mut samples)?,
            4 => self.merge::<4>(region, &mut samples)?,
            _ => self.merge::<8>(region, &mut samples)?,
        }
        Ok(samples)
    }
}
