//! Which samples are masked: declared nodata, NaN and infinities, and values too large for any transform.
//!
//! A masked sample has a class from 1 to 254, which stands for a bit pattern that the chunk's header lists, or the class
//! [`ESCAPE`], for which the tile holds the bit pattern of each sample. Class 0 is valid. Masked samples are restored exactly.

pub(crate) mod coder;
pub(crate) mod inpaint;

use crate::config::NoData;
use crate::error::{Error, Result};
use crate::model::Band;
use crate::sample::Sample;
use std::collections::HashMap;

/// The class of masked samples whose pattern is not in the table.
pub(crate) const ESCAPE: u8 = 255;
/// The most patterns that a chunk's table holds.
pub(crate) const MAX_PATTERNS: usize = 254;
/// Samples further from a band's offset than this many scales are masked, and so restored exactly.
const MAX_DEVIATION: f64 = 1e6;

/// Decides which samples are valid.
#[derive(Debug)]
pub(crate) struct Classifier<T> {
    nodata: Vec<T>,
    nodata_nan: bool,
    /// Lowest and highest valid sample of each band.
    limits: Vec<(f64, f64)>,
    /// Whether any sample of this type can be invalid.
    trivial: bool,
}

impl<T: Sample> Classifier<T> {
    /// The range of values of each band that a model's transform can represent.
    pub(crate) fn limits(bands: &[Band]) -> Vec<(f64, f64)> {
        let reach = |b: &Band| MAX_DEVIATION * f64::from(b.scale.abs());
        bands.iter().map(|b| (f64::from(b.offset) - reach(b), f64::from(b.offset) + reach(b))).collect()
    }

    /// `limits` are the lowest and highest valid sample of each band.
    pub(crate) fn new(nodata: &[NoData], limits: Vec<(f64, f64)>) -> Result<Self> {
        let mut values = Vec::new();
        let mut nodata_nan = false;
        for value in nodata {
            if let Some(value) = value.to_f64(T::TYPE)? {
                nodata_nan |= value.is_nan();
                values.extend(exact::<T>(value)?);
            }
        }
        let (low, high) = match T::TYPE {
            crate::DataType::UInt8 => (0.0, 255.0),
            crate::DataType::Int16 => (-32768.0, 32767.0),
            crate::DataType::UInt16 => (0.0, 65535.0),
            crate::DataType::Int32 => (f64::from(i32::MIN), f64::from(i32::MAX)),
            _ => (f64::NEG_INFINITY, f64::INFINITY),
        };
        let trivial = values.is_empty() && limits.iter().all(|(l, h)| *l <= low && *h >= high);
        Ok(Self { nodata: values, nodata_nan, limits, trivial })
    }

    /// Whether all possible samples are valid.
    pub(crate) fn trivial(&self) -> bool {
        self.trivial
    }

    /// Whether a sample of a band is valid.
    #[inline]
    pub(crate) fn valid(&self, sample: T, band: usize) -> bool {
        let value = sample.to_f64();
        let (low, high) = self.limits[band];
        // NaN fails both comparisons.
        value >= low && value <= high && !self.nodata.contains(&sample)
    }

    /// A valid sample that would decode to nodata is moved to the nearest value that is not, upwards on a tie.
    #[inline]
    pub(crate) fn keep_valid(&self, sample: T, decoded: f64) -> T {
        if self.nodata.contains(&sample) { self.nudge(sample, decoded) } else { sample }
    }

    /// Whether every nodata value within this range can be moved to allowed values only.
    pub(crate) fn nodata_can_move(&self, [from, to]: [T; 2], allowed: impl Fn(T) -> bool) -> bool {
        self.nodata.iter().filter(|nodata| (from..=to).contains(*nodata)).all(|nodata| {
            let (below, above) = self.nearest_valid(*nodata);
            [below, above].into_iter().flatten().all(&allowed)
        })
    }

    /// The nearest values below and above that are not nodata.
    fn nearest_valid(&self, sample: T) -> (Option<T>, Option<T>) {
        let (mut below, mut above) = (Some(sample), Some(sample));
        while below.is_some_and(|v| self.nodata.contains(&v)) {
            below = below.and_then(|v| v.neighbours().0);
        }
        while above.is_some_and(|v| self.nodata.contains(&v)) {
            above = above.and_then(|v| v.neighbours().1);
        }
        (below, above)
    }

    #[cold]
    fn nudge(&self, sample: T, decoded: f64) -> T {
        match self.nearest_valid(sample) {
            (Some(b), Some(a)) if decoded - b.to_f64() < a.to_f64() - decoded => b,
            (_, Some(a)) => a,
            (Some(b), None) => b,
            (None, None) => sample,
        }
    }

    /// Whether decoded samples must be checked against nodata at all.
    pub(crate) fn has_nodata(&self) -> bool {
        !self.nodata.is_empty() || self.nodata_nan
    }
}

/// A value as a sample, `None` for NaN, which equals nothing and is masked anyway.
fn exact<T: Sample>(value: f64) -> Result<Option<T>> {
    if value.is_nan() {
        return Ok(None);
    }
    let bits = match T::TYPE {
        crate::DataType::Float32 => u64::from((value as f32).to_bits()),
        crate::DataType::Float64 => value.to_bits(),
        _ => value as i64 as u64,
    };
    Ok(Some(T::from_bits(bits)))
}

/// The bit patterns of a chunk's masked samples.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Patterns {
    list: Vec<u64>,
    class: HashMap<u64, u8>,
}

impl Patterns {
    pub(crate) fn from_list(list: Vec<u64>) -> Result<Self> {
        let class: HashMap<u64, u8> = list.iter().zip(1..=MAX_PATTERNS as u8).map(|(p, c)| (*p, c)).collect();
        if list.len() > MAX_PATTERNS || class.len() != list.len() {
            return Err(Error::Corrupt(format!(
                "the header lists {} bit patterns, allowed are at most {MAX_PATTERNS} different ones",
                list.len()
            )));
        }
        Ok(Self { list, class })
    }

    pub(crate) fn list(&self) -> &[u64] {
        &self.list
    }

    /// Lists a pattern, unless the table is full.
    pub(crate) fn add(&mut self, bits: u64) {
        if self.list.len() < MAX_PATTERNS && !self.class.contains_key(&bits) {
            self.list.push(bits);
            self.class.insert(bits, self.list.len() as u8);
        }
    }

    pub(crate) fn class(&self, bits: u64) -> u8 {
        self.class.get(&bits).copied().unwrap_or(ESCAPE)
    }

    /// The pattern of a class that is neither 0 nor [`ESCAPE`].
    pub(crate) fn pattern(&self, class: u8) -> Result<u64> {
        self.list.get(usize::from(class).wrapping_sub(1)).copied().ok_or_else(|| {
            Error::Corrupt(format!(
                "a mask names bit pattern {class}, the header lists {}; write the chunk again",
                self.list.len()
            ))
        })
    }
}
