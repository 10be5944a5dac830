//! Pictures within a bound. The differences between the samples and the picture, the *corrections*, are quantised as coarsely as
//! possible, such that every decoder within the model's tolerance keeps the bound.
//!
//! A decoder returns `round(v + q s)`, where `v` is its own value of the picture, `q` is stored and `s` is the step. The writer
//! chose `q` so that `v + q s`, with its own `v`, is off by at most `s / 2`. Another decoder's value is off by up to the tolerance
//! `t` more, and rounding adds up to one half. With `s = 2ε + 1 − 2t − δ`, where `δ` covers rounding in the arithmetic, the sum is
//! below `ε + 1`, which for integers means at most `ε`. The entropy coder of `q` takes no contexts from the picture, because that
//! differs between decoders.

use super::predicted::{Form, IntegerTile};
use crate::container::bytes::{Reader, put_varint};
use crate::error::{Error, Result};
use crate::mask::Classifier;
use crate::predict::predictive;
use crate::sample::{DataType, Sample};

/// A generous bound on the rounding error of `v + q s` in float64.
const ARITHMETIC: f64 = 1.0 / 1024.0;
/// How many octaves above the model's peak the values of a picture may reach.
const OCTAVES: u32 = 60;
/// Values stay below this part of the end of their octave, so that all decoders agree on the octave.
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
        // `max` ignores NaN, so there is a separate test for it.
        if picture.iter().any(|v| !v.is_finite()) {
            return None;
        }
        (0..=OCTAVES).find(|octave| f64::from(largest) <= MARGIN * self.peak * f64::from(*octave).exp2())
    }

    /// The step of the corrections of a band; `None` where corrections are of no use.
    fn step<T: Sample>(self, samples: &IntegerTile<'_>, band: usize, form: Form, octave: u32) -> Option<f64> {
        let scale = f64::from(octave).exp2();
        let t = self.tolerance * scale;
        let ulp = |bits: i32| 2.0 * self.peak * scale * f64::from(-bits).exp2();
        let step = match T::TYPE {
            DataType::Float32 => 2.0 * (samples.bounds.each[band] - t - ulp(24)) * (1.0 - ARITHMETIC),
            DataType::Float64 => 2.0 * (samples.bounds.each[band] - t - ulp(53)) * (1.0 - ARITHMETIC),
            _ => 2.0 * f64::from(samples.whole(band, form)) + 1.0 - 2.0 * t - ARITHMETIC,
        };
        // With a step below the tolerance, corrections would code little but the differences between decoders.
        (step > t && step.is_finite()).then_some(step)
    }

    fn steps<T: Sample>(self, samples: &IntegerTile<'_>, form: Form, octave: u32) -> Option<Vec<f64>> {
        (0..samples.bands).map(|band| self.step::<T>(samples, band, form, octave)).collect()
    }
}

/// The corrections of a picture `(band, y, x)` that is cut to the tile. `None` where a bound is too small for them, or where
/// another decoder might exceed the bound because it has to move a sample off the nodata value.
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
            let range = [T::from_wide(value - reach), T::from_wide(value + reach)];
            let bound = samples.bounds.each[i / area];
            if !classifier.nodata_can_move(range, |v| (v.to_f64() - wanted.to_f64()).abs() <= bound) {
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
    // The bound holds for pictures below this value only. NaN is refused too.
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
