//! Pictures within a bound: the difference between the samples and the picture is quantised, as coarsely as the bound allows on
//! any decoder that stays within the model's tolerance.
//!
//! A decoder returns `round(v + q s)`, with `v` of its own and `q` as stored. The writer chose `q` so that its own `v + q s` is off
//! by at most `s / 2`; another decoder's is off by a tolerance `t` more, and rounding adds one half. With `s = 2ε + 1 − 2t − δ`
//! that is below `ε + 1`, so for integers at most `ε`; `δ` covers the arithmetic. The coder of `q` never looks at the picture, which differs between decoders.

use super::predicted::{Form, IntegerTile};
use crate::container::bytes::{Reader, put_varint};
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::predict::predictive;
use crate::sample::{DataType, Sample};

/// What the arithmetic of `v + q s` in float64 may be off by, many times over.
const ARITHMETIC: f64 = 1.0 / 1024.0;
/// The most octaves above the peak that a picture may reach.
const OCTAVES: u32 = 60;
/// Values are this much below the end of their octave, so that all decoders agree which it is.
const MARGIN: f64 = 0.99;

/// How far apart conforming decoders may be, in data units: `tolerance` up to the model's `peak`, and in proportion beyond.
#[derive(Clone, Copy, Debug)]
pub(super) struct Tolerance {
    pub(super) tolerance: f64,
    pub(super) peak: f64,
}

impl Tolerance {
    /// The tolerance at a value.
    #[cfg(feature = "faults")]
    pub(super) fn at(self, value: f32) -> f64 {
        self.tolerance * (f64::from(value.abs()) / self.peak).max(1.0)
    }

    /// The octave above the peak that holds a picture's values.
    fn octave(self, picture: &[f32]) -> Option<u32> {
        let largest = picture.iter().fold(0.0f32, |most, v| most.max(v.abs()));
        // NaN is never the larger of two.
        if picture.iter().any(|v| !v.is_finite()) {
            return None;
        }
        (0..=OCTAVES).find(|octave| f64::from(largest) <= MARGIN * self.peak * f64::from(*octave).exp2())
    }

    /// The step of the corrections of a band, if there is one.
    fn step<T: Sample>(self, samples: &IntegerTile<'_>, band: usize, form: Form, octave: u32) -> Option<f64> {
        let scale = f64::from(octave).exp2();
        let t = self.tolerance * scale;
        let ulp = |bits: i32| 2.0 * self.peak * scale * f64::from(-bits).exp2();
        let step = match T::TYPE {
            DataType::Float32 => 2.0 * (samples.bounds.each[band] - t - ulp(24)) * (1.0 - ARITHMETIC),
            DataType::Float64 => 2.0 * (samples.bounds.each[band] - t - ulp(53)) * (1.0 - ARITHMETIC),
            _ => 2.0 * f64::from(samples.whole(band, form)) + 1.0 - 2.0 * t - ARITHMETIC,
        };
        // A step below the tolerance codes mostly the differences between decoders: a picture is no help then.
        (step > t && step.is_finite()).then_some(step)
    }

    fn steps<T: Sample>(self, samples: &IntegerTile<'_>, form: Form, octave: u32) -> Option<Vec<f64>> {
        (0..samples.bands).map(|band| self.step::<T>(samples, band, form, octave)).collect()
    }
}

/// Corrections of a picture `(band, y, x)`, cut to the tile; none where a bound is too small for them, or where another decoder
/// might have to make way for nodata and leave the bound.
pub(super) fn encode<T: Sample>(
    samples: &IntegerTile<'_>,
    tolerance: Tolerance,
    form: Form,
    picture: &[f32],
    wanted: &[T],
    classifier: &Classifier<T>,
) -> Result<Option<Vec<u8>>> {
    let Some(octave) = tolerance.octave(picture) else { return Ok(None) };
    if form == Form::Lossless || samples.bounds.stable {
        return Ok(None);
    }
    let Some(steps) = tolerance.steps::<T>(samples, form, octave) else { return Ok(None) };
    let area = samples.height * samples.width;
    let valid = samples.valid();
    let reach = tolerance.tolerance * f64::from(octave).exp2() + ARITHMETIC;
    let mut corrections = vec![0; wanted.len()];
    for (i, (slot, wanted)) in corrections.iter_mut().zip(wanted).enumerate() {
        if valid[i] {
            let off = (wanted.to_f64() - f64::from(picture[i])) / steps[i / area];
            if off.abs() > f64::from(1 << 24) {
                return Ok(None);
            }
            *slot = off.round_ties_even() as i32;
            let value = f64::from(picture[i]) + f64::from(*slot) * steps[i / area];
            let others = [T::from_wide(value - reach), T::from_wide(value + reach)];
            let bound = samples.bounds.each[i / area];
            if !classifier.makes_way(others, |v| (v.to_f64() - wanted.to_f64()).abs() <= bound) {
                return Ok(None);
            }
        }
    }
    let mut out = vec![form as u8];
    put_varint(&mut out, u64::from(octave));
    let shape = samples.shape(samples.bands);
    out.extend(predictive::encode(&corrections, &valid, &shape, &vec![0; samples.bands], None)?);
    Ok(Some(out))
}

/// Corrects a picture `(band, y, x)`; masked samples are left alone.
pub(super) fn decode<T: Sample>(
    samples: &IntegerTile<'_>,
    tolerance: Tolerance,
    bytes: &[u8],
    picture: &[f32],
    classifier: &Classifier<T>,
    out: &mut [T],
) -> Result<()> {
    let mut reader = Reader::new(bytes);
    let form = Form::read(&mut reader)?;
    let octave = reader.varint(u64::from(OCTAVES), "the octave of a picture's values")? as u32;
    let steps = tolerance.steps::<T>(samples, form, octave).filter(|_| form != Form::Lossless);
    let Some(steps) = steps.filter(|_| !samples.bounds.stable) else {
        return Err(Error::Corrupt(
            "a tile's picture is corrected within a bound that is too small for it; write the chunk again"
                .to_owned(),
        ));
    };
    // What the bound rests on; NaN is beyond as well.
    let reach = tolerance.peak * f64::from(octave).exp2();
    if !picture.iter().all(|v| f64::from(v.abs()) <= reach) {
        return Err(Error::Corrupt(
            "a tile's picture leaves the octave that its corrections are for; write the chunk again"
                .to_owned(),
        ));
    }
    let (valid, shape) = (samples.valid(), samples.shape(samples.bands));
    let mut corrections = vec![0; out.len()];
    let stream = reader.take(reader.remaining(), "a tile's corrections")?;
    predictive::decode(stream, &valid, &shape, &vec![0; samples.bands], None, &mut corrections)?;
    let area = samples.height * samples.width;
    for (i, (sample, correction)) in out.iter_mut().zip(corrections).enumerate() {
        if valid[i] {
            let value = f64::from(picture[i]) + f64::from(correction) * steps[i / area];
            *sample = classifier.keep_valid(T::from_wide(value), value);
        }
    }
    Ok(())
}
