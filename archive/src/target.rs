//! The target of an encode: a nominal quality, or a figure that the search for a quality has to reach.

use crate::words::figure;
use serde::Serialize;
use std::fmt;

/// The tolerance for a PSNR, in dB.
const PSNR_TOLERANCE: f64 = 0.1;

/// The relative tolerance for bits and ratios.
const SIZE_TOLERANCE: f64 = 0.02;

/// How good, or how small, each array should be.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Target {
    /// The nominal PSNR in dB, from 0 to 200, which data like the model's training data reach. There is no search.
    Quality(f64),
    /// PSNR in dB against the model's peak, over all valid samples of an array, met within 0.1 dB.
    Psnr(f64),
    /// Bits of an array's chunks per valid sample, without metadata, met within 2 %.
    Bits(f64),
    /// Raw bytes of an array divided by all stored bytes (the model in the metadata included), met within 2 %.
    Ratio(f64),
}

/// The figures that an array reached, or is expected to reach.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Achieved {
    /// Valid samples that are coded. What is all fill value is not, and comes back exactly at any quality.
    pub(crate) coded: u64,
    /// PSNR in dB. None if there is no error, or no sample is valid.
    pub(crate) psnr_db: Option<f64>,
    /// Bits per valid sample.
    pub(crate) bits: f64,
    /// Raw bytes divided by stored bytes.
    pub(crate) ratio: f64,
}

/// A target that was searched for, and the figure that was reached.
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct TargetOutcome {
    /// The figure's name among those of the array.
    pub figure: &'static str,
    /// The requested value of that figure.
    pub asked: f64,
    /// The figure that was reached. None if there is no error, or no sample is valid.
    pub found: Option<f64>,
    /// Whether that is within the tolerance.
    pub met: bool,
    /// How often the array was encoded.
    pub passes: u32,
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Quality(asked) => write!(f, "a quality of {asked} dB"),
            Self::Psnr(asked) => write!(f, "a PSNR of {asked} dB"),
            Self::Bits(asked) => write!(f, "{asked} bits a valid sample"),
            Self::Ratio(asked) => write!(f, "a ratio of {asked}"),
        }
    }
}

impl Target {
    /// Whether the quality is searched for.
    #[must_use]
    pub fn is_searched(self) -> bool {
        !matches!(self, Self::Quality(_))
    }

    /// The tolerance, in words. Empty for a quality, which is always met.
    #[must_use]
    pub fn tolerance(self) -> String {
        match self {
            Self::Quality(_) => "0 dB".to_owned(),
            Self::Psnr(_) => format!("{PSNR_TOLERANCE} dB"),
            Self::Bits(_) | Self::Ratio(_) => format!("{} %", 100.0 * SIZE_TOLERANCE),
        }
    }

    /// The target's name and value, for the settings of an unfinished output.
    pub(crate) fn setting(self) -> (&'static str, f64) {
        match self {
            Self::Quality(asked) => ("quality", asked),
            Self::Psnr(asked) => ("psnr", asked),
            Self::Bits(asked) => ("bits", asked),
            Self::Ratio(asked) => ("ratio", asked),
        }
    }

    /// How far an array is above the target, in units of the tolerance; above means a higher quality. It is infinite
    /// if there is no error, and 0 if no valid sample is coded, because then any quality will do.
    pub(crate) fn miss(self, achieved: &Achieved) -> f64 {
        if achieved.coded == 0 {
            return 0.0;
        }
        match self {
            Self::Quality(_) => 0.0,
            Self::Psnr(asked) => (achieved.psnr_db.unwrap_or(f64::INFINITY) - asked) / PSNR_TOLERANCE,
            Self::Bits(asked) => (achieved.bits / asked).ln() / SIZE_TOLERANCE,
            Self::Ratio(asked) => (asked / achieved.ratio).ln() / SIZE_TOLERANCE,
        }
    }

    /// Whether an array meets the target within its tolerance.
    pub(crate) fn is_met(self, achieved: &Achieved) -> bool {
        let near = |found: f64, asked: f64| (found / asked - 1.0).abs() <= SIZE_TOLERANCE;
        achieved.coded == 0
            || match self {
                Self::Quality(_) => true,
                Self::Psnr(asked) => {
                    achieved.psnr_db.is_some_and(|found| (found - asked).abs() <= PSNR_TOLERANCE)
                }
                Self::Bits(asked) => near(achieved.bits, asked),
                Self::Ratio(asked) => near(achieved.ratio, asked),
            }
    }

    /// Puts the target beside the figure that was reached.
    pub(crate) fn outcome(self, achieved: &Achieved, passes: u32) -> TargetOutcome {
        let (figure, asked, found) = match self {
            Self::Quality(asked) => ("quality", asked, Some(asked)),
            Self::Psnr(asked) => ("psnr_db", asked, achieved.psnr_db),
            Self::Bits(asked) => ("bits_per_valid_sample", asked, Some(achieved.bits)),
            Self::Ratio(asked) => ("ratio", asked, Some(achieved.ratio)),
        };
        TargetOutcome { figure, asked, found, met: self.is_met(achieved), passes }
    }

    /// The figure of this target that an array reached, in words.
    pub(crate) fn words(self, achieved: &Achieved) -> String {
        match self {
            Self::Psnr(_) if achieved.psnr_db.is_none() && achieved.coded > 0 => "no error at all".to_owned(),
            Self::Quality(_) | Self::Psnr(_) => match achieved.psnr_db {
                Some(psnr_db) => format!("{psnr_db:.2} dB"),
                None => "- dB".to_owned(),
            },
            Self::Bits(_) => format!("{} bits a valid sample", figure(achieved.bits)),
            Self::Ratio(_) => format!("a ratio of {}", figure(achieved.ratio)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_rise_with_quality_and_know_their_tolerance() {
        let achieved = |psnr_db, bits, ratio| Achieved { coded: 10, psnr_db, bits, ratio };
        let one = achieved(Some(45.05), 0.51, 21.0);
        assert!(Target::Psnr(45.0).is_met(&one) && !Target::Psnr(44.9).is_met(&one));
        assert!(Target::Bits(0.505).is_met(&one) && !Target::Bits(0.49).is_met(&one));
        assert!(!Target::Ratio(20.0).is_met(&one) && Target::Ratio(20.7).is_met(&one));
        // More dB and more bits count as above; a larger ratio counts as below.
        assert!(Target::Psnr(40.0).miss(&one) > 0.0 && Target::Bits(0.4).miss(&one) > 0.0);
        assert!(Target::Ratio(20.0).miss(&one) < 0.0);
        let exact = achieved(None, 5.0, 3.0);
        assert_eq!(Target::Psnr(80.0).miss(&exact), f64::INFINITY);
        assert_eq!(Target::Psnr(80.0).words(&exact), "no error at all");
        let masked = Achieved { coded: 0, psnr_db: None, bits: 0.0, ratio: 100.0 };
        assert!(Target::Bits(1.0).is_met(&masked) && Target::Bits(1.0).miss(&masked) == 0.0);
    }
}
