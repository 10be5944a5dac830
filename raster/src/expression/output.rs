//! From planes in data units to stored samples of a type: scale, offset, nodata.

use crate::plane::Plane;
use crate::sample::{DataType, ValueRange as _};
use crate::{Error, Result};
use serde::{Deserialize, Serialize};

/// How a plane is stored: `(value − offset) / scale`, rounded half to even for integers and saturated to the type.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Output {
    /// The type of the samples.
    pub data_type: DataType,
    /// Data units of one step; 1 by default.
    #[serde(default = "one")]
    pub scale: f64,
    /// The value that is stored as 0; 0 by default.
    #[serde(default)]
    pub offset: f64,
    /// What invalid samples are stored as, in stored units; `NaN` is allowed for floats. No valid sample is stored as
    /// it: one that would be comes out one step beside it.
    #[serde(default)]
    pub nodata: Option<f64>,
}

/// How many valid samples are stored as others.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Altered {
    /// Those beyond the range of the type, which become its least or its greatest value.
    pub clipped: u64,
    /// Those that would be nodata, which become the value beside it.
    pub moved: u64,
}

fn one() -> f64 {
    1.0
}

impl Output {
    /// Samples of a type without scale, offset and nodata.
    #[must_use]
    pub fn new(data_type: DataType) -> Self {
        Self { data_type, scale: 1.0, offset: 0.0, nodata: None }
    }

    /// Checks scale, offset and nodata.
    ///
    /// # Errors
    /// [`Error::Invalid`] where scale is 0, a number is not finite, or the type can't hold nodata.
    pub fn check(&self) -> Result<()> {
        if !self.scale.is_finite() || self.scale == 0.0 || !self.offset.is_finite() {
            return Err(Error::Invalid(format!(
                "scale is {} and offset is {}; both must be finite, and scale not 0",
                self.scale, self.offset
            )));
        }
        let Some(nodata) = self.nodata else {
            return Ok(());
        };
        let [least, greatest] = self.data_type.range();
        let name = self.data_type.name();
        if !self.data_type.is_float() && (nodata.fract() != 0.0 || !(least..=greatest).contains(&nodata)) {
            return Err(Error::Invalid(format!(
                "nodata is {nodata}, but {name} holds whole numbers from {least} to {greatest}; choose one of these, \
                 or another data_type"
            )));
        }
        if self.data_type == DataType::Float32 && nodata.is_finite() && nodata.abs() > greatest {
            return Err(Error::Invalid(format!(
                "nodata is {nodata}, but {name} holds at most {greatest}; choose a smaller one, nan, or float64"
            )));
        }
        Ok(())
    }

    /// Checks that there is a nodata value where a band named `name` needs one, at plan time.
    ///
    /// # Errors
    /// [`Error::Invalid`] where samples may be invalid ([`super::Expression::may_be_invalid`]) and no nodata is declared.
    pub fn check_nodata(&self, name: &str, need: NoDataNeed) -> Result<()> {
        if need == NoDataNeed::InvalidSamplesPossible && self.nodata.is_none() {
            let [least, _] = self.data_type.range();
            let example = if !self.data_type.is_float() { least.to_string() } else { "nan".to_owned() };
            return Err(Error::Invalid(format!(
                "band {name} can have invalid samples (of its inputs, or where a step such as a division fails), and \
                 has no nodata; declare one, such as nodata = {example}, or replace them with \
                 where(isvalid(X), X, 0)"
            )));
        }
        Ok(())
    }

    /// The samples of a plane as native bytes, in its order.
    ///
    /// # Errors
    /// [`Error::Invalid`] as [`Output::check`], and where a sample is invalid and there is no nodata.
    pub fn encode(&self, plane: &Plane) -> Result<Vec<u8>> {
        self.check()?;
        let invalid =
            plane.values.iter().zip(&plane.valid).filter(|(v, valid)| !**valid || !v.is_finite()).count();
        if invalid > 0 && self.nodata.is_none() {
            return Err(Error::Invalid(format!(
                "{invalid} of {} samples are invalid, and no nodata is declared; declare one",
                plane.values.len()
            )));
        }
        let pairs = plane.values.iter().zip(&plane.valid);
        let stored = pairs.map(|(value, valid)| self.stored(*value, *valid));
        Ok(match self.data_type {
            DataType::UInt8 => stored.map(|v| v as u8).collect(),
            DataType::Int16 => stored.flat_map(|v| (v as i16).to_ne_bytes()).collect(),
            DataType::UInt16 => stored.flat_map(|v| (v as u16).to_ne_bytes()).collect(),
            DataType::Int32 => stored.flat_map(|v| (v as i32).to_ne_bytes()).collect(),
            DataType::Float32 => stored.flat_map(|v| (v as f32).to_ne_bytes()).collect(),
            DataType::Float64 => stored.flat_map(f64::to_ne_bytes).collect(),
        })
    }

    /// How many valid samples of a plane are not stored as what they are, but for rounding: those that the type does not reach, and
    /// those that would be nodata.
    #[must_use]
    pub fn altered(&self, plane: &Plane) -> Altered {
        let [least, greatest] = self.data_type.range();
        // What rounds to a bound is not clipped.
        let half = if self.data_type.is_float() { 0.0 } else { 0.5 };
        let mut found = Altered::default();
        for value in plane.values.iter().zip(&plane.valid).filter(|(_, valid)| **valid).map(|(v, _)| *v) {
            if !value.is_finite() {
                continue;
            }
            let exact = (value - self.offset) / self.scale;
            found.clipped += u64::from(exact < least - half || exact > greatest + half);
            found.moved += u64::from(self.nodata.is_some_and(|nodata| {
                let kept = exact.clamp(least, greatest);
                match self.data_type {
                    DataType::Float64 => kept == nodata,
                    DataType::Float32 => kept as f32 == nodata as f32,
                    _ => kept.round_ties_even() == nodata,
                }
            }));
        }
        found
    }

    /// A sample in stored units, exactly one of the type's values.
    #[inline]
    fn stored(&self, value: f64, valid: bool) -> f64 {
        // 2⁵² · 1.5: adding it rounds a much smaller number to a whole one, half to even.
        const ROUND: f64 = 6_755_399_441_055_744.0;
        if !valid || !value.is_finite() {
            return self.nodata.unwrap_or(0.0);
        }
        let [least, greatest] = self.data_type.range();
        // The bounds are values of the type, so that clipping before rounding is the same as after it.
        let exact = ((value - self.offset) / self.scale).clamp(least, greatest);
        match (self.data_type, self.nodata) {
            (DataType::Float64, Some(nodata)) if exact == nodata => {
                beside(nodata, f64::next_up, f64::next_down)
            }
            (DataType::Float64, _) => exact,
            (DataType::Float32, Some(nodata)) if exact as f32 == nodata as f32 => {
                let moved = if nodata as f32 == f32::MAX {
                    (nodata as f32).next_down()
                } else {
                    (nodata as f32).next_up()
                };
                f64::from(moved)
            }
            (DataType::Float32, _) => exact,
            (_, nodata) => {
                let rounded = (exact + ROUND) - ROUND;
                match nodata {
                    Some(nodata) if rounded == nodata => {
                        let down = (exact < nodata && nodata > least) || nodata == greatest;
                        if down { nodata - 1.0 } else { nodata + 1.0 }
                    }
                    _ => rounded,
                }
            }
        }
    }
}

fn beside(nodata: f64, up: impl Fn(f64) -> f64, down: impl Fn(f64) -> f64) -> f64 {
    if nodata == f64::MAX { down(nodata) } else { up(nodata) }
}

/// Whether a band can have invalid samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoDataNeed {
    /// It can.
    InvalidSamplesPossible,
    /// All its samples are valid, always.
    AlwaysValid,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plane(values: &[f64]) -> Plane {
        Plane { height: 1, width: values.len(), values: values.to_vec(), valid: vec![true; values.len()] }
    }

    #[test]
    fn integers_are_rounded_saturated_and_kept_off_nodata() {
        let output = Output { scale: 0.5, offset: -1.0, nodata: Some(0.0), ..Output::new(DataType::UInt8) };
        let mut plane = plane(&[-1.0, -0.8, 0.25, 0.75, 1e9, -1e9, 5.0]);
        plane.valid[6] = false;
        // In steps: 0, 0.4, 2.5, 3.5, huge, negative, invalid.
        assert_eq!(output.encode(&plane).unwrap(), [1, 1, 2, 4, 255, 1, 0]);
        let output = Output { nodata: Some(7.0), ..Output::new(DataType::Int16) };
        let bytes = output.encode(&super::tests::plane(&[6.7, 7.0, 7.3, 6.5, 7.5])).unwrap();
        let samples: Vec<i16> = bytes.as_chunks::<2>().0.iter().map(|b| i16::from_ne_bytes(*b)).collect();
        assert_eq!(samples, [6, 8, 8, 6, 8]);
        let output = Output { nodata: Some(255.0), ..Output::new(DataType::UInt8) };
        assert_eq!(output.encode(&super::tests::plane(&[255.0, 300.0, 254.0])).unwrap(), [254, 254, 254]);
    }

    #[test]
    fn rounding_and_saturation_equal_wide_integer_arithmetic() {
        let mut state = 7u64;
        let mut values =
            vec![f64::MAX, f64::MIN, 2_147_483_647.5, -2_147_483_648.5, 0.5, 1.5, -0.5, -2.5, -0.0];
        for _ in 0..20_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            values.push(
                (state >> 20) as i32 as f64 / [1.0, 2.0, 3.0, 4096.0, 65536.0][(state >> 60) as usize % 5],
            );
        }
        for data_type in [DataType::UInt8, DataType::Int16, DataType::UInt16, DataType::Int32] {
            let [least, greatest] = data_type.range();
            let output = Output { nodata: Some(least), ..Output::new(data_type) };
            let bytes = output.encode(&plane(&values)).unwrap();
            for (value, sample) in values.iter().zip(bytes.chunks(data_type.size())) {
                let found = match data_type {
                    DataType::UInt8 => i64::from(sample[0]),
                    DataType::Int16 => i64::from(i16::from_ne_bytes(sample.try_into().unwrap())),
                    DataType::UInt16 => i64::from(u16::from_ne_bytes(sample.try_into().unwrap())),
                    _ => i64::from(i32::from_ne_bytes(sample.try_into().unwrap())),
                };
                let floor = value.floor();
                let rest = value - floor;
                let floor = floor as i128;
                let up = rest > 0.5 || rest == 0.5 && floor % 2 != 0;
                let expected = (floor + i128::from(up)).clamp(least as i128 + 1, greatest as i128);
                assert_eq!(i128::from(found), expected, "{value} as {}", data_type.name());
            }
        }
    }

    #[test]
    fn floats_step_aside_too() {
        let output = Output { nodata: Some(-9999.0), ..Output::new(DataType::Float32) };
        let mut plane = plane(&[-9999.0, 1e300, 0.1, 3.0]);
        plane.valid[3] = false;
        let bytes = output.encode(&plane).unwrap();
        let samples: Vec<f32> = bytes.as_chunks::<4>().0.iter().map(|b| f32::from_ne_bytes(*b)).collect();
        assert_eq!(samples, [(-9999f32).next_up(), f32::MAX, 0.1, -9999.0]);
        let output = Output { nodata: Some(f64::MAX), ..Output::new(DataType::Float64) };
        let bytes = output.encode(&super::tests::plane(&[f64::MAX])).unwrap();
        assert_eq!(bytes, f64::MAX.next_down().to_ne_bytes());
        let output = Output { nodata: Some(f64::NAN), ..Output::new(DataType::Float32) };
        let bytes = output.encode(&Plane::empty(1, 1)).unwrap();
        assert!(f32::from_ne_bytes(bytes.try_into().unwrap()).is_nan());
    }

    #[test]
    fn what_a_type_can_not_hold_is_refused() {
        let message = |output: Output| output.check().unwrap_err().to_string();
        assert_eq!(
            message(Output { nodata: Some(-1.0), ..Output::new(DataType::UInt16) }),
            "nodata is -1, but uint16 holds whole numbers from 0 to 65535; choose one of these, or another data_type"
        );
        assert!(
            message(Output { nodata: Some(f64::NAN), ..Output::new(DataType::UInt8) })
                .contains("nodata is NaN")
        );
        assert!(
            message(Output { nodata: Some(1e300), ..Output::new(DataType::Float32) }).contains("float64")
        );
        assert_eq!(
            message(Output { scale: 0.0, ..Output::new(DataType::UInt8) }),
            "scale is 0 and offset is 0; both must be finite, and scale not 0"
        );
        let output = Output::new(DataType::Int16);
        assert_eq!(
            output.encode(&Plane::empty(1, 3)).unwrap_err().to_string(),
            "3 of 3 samples are invalid, and no nodata is declared; declare one"
        );
        let error = output.check_nodata("ndvi", NoDataNeed::InvalidSamplesPossible).unwrap_err().to_string();
        assert!(error.starts_with("band ndvi can have invalid samples"), "{error}");
        assert!(error.contains("such as nodata = -32768, or"), "{error}");
        output.check_nodata("ndvi", NoDataNeed::AlwaysValid).unwrap();
        Output { nodata: Some(0.0), ..output }.check_nodata("a", NoDataNeed::InvalidSamplesPossible).unwrap();
    }

    #[test]
    fn configurations_say_types_by_their_zarr_names() {
        let output: Output =
            toml::from_str("data_type = \"int16\"\nscale = 0.0001\nnodata = -32768.0").unwrap();
        assert_eq!(output, Output { scale: 0.0001, nodata: Some(-32768.0), ..Output::new(DataType::Int16) });
        assert!(toml::from_str::<Output>("data_type = \"int8\"").unwrap_err().to_string().contains("uint8"));
        assert!(toml::from_str::<Output>("data_type = \"uint8\"\nnodat = 3").is_err());
    }
}
