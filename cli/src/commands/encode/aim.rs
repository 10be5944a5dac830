//! What an encode aims at: a quality, or a figure for which the quality is searched.

use crate::arguments;
use crate::output;
use serde::Serialize;
use vqz_codec::config::Promise;
use vqz_codec::model::Manifest;

/// The quality where nothing is asked for.
const QUALITY: f64 = 42.0;

/// The root mean square error of a picture over the bound that corrections bring it within, where both together take the
/// fewest bits. Measured: see `docs/decisions.md`.
const PICTURE: f64 = 0.42;

/// How far a PSNR may be off, in dB.
const PSNR_TOLERANCE: f64 = 0.1;

/// How far bits and ratios may be off, as a part.
const SIZE_TOLERANCE: f64 = 0.02;

/// One of several ways to say how good, or how small.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct AimArgs {
    /// The nominal PSNR in dB, from 0 to 200: what data like the model's training data get; 40 to 55 is usual, and 42 is
    /// taken where nothing is said.
    #[arg(long, short, value_parser = arguments::quality, allow_negative_numbers = true, value_name = "DB")]
    pub(super) quality: Option<f64>,
    /// The PSNR of each array in dB against the model's peak, met within 0.1 dB: the quality is searched for.
    #[arg(long, value_parser = arguments::psnr, allow_negative_numbers = true, value_name = "DB")]
    psnr: Option<f64>,
    /// Bits of each array's chunks for a valid sample, metadata apart, met within 2 %: the quality is searched for.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "B")]
    bits: Option<f64>,
    /// Raw bytes of each array over all bytes stored, the model in the metadata included, met within 2 %: the quality is
    /// searched for.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "R")]
    ratio: Option<f64>,
}

/// A figure to be met.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum Aim {
    /// PSNR in dB against the model's peak, over all valid samples of an array.
    Psnr(f64),
    /// Bits of all chunks for a valid sample.
    Bits(f64),
    /// Raw bytes over all that is stored.
    Ratio(f64),
}

/// What an array came to, or is expected to come to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Achieved {
    /// Valid samples.
    pub(super) valid: u64,
    /// None where nothing is off, or nothing is valid.
    pub(super) psnr_db: Option<f64>,
    /// For a valid sample.
    pub(super) bits: f64,
    pub(super) ratio: f64,
}

/// What was asked for, and what was found.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Outcome {
    /// The figure's name among those of the array.
    pub(super) figure: &'static str,
    pub(super) asked: f64,
    /// None where nothing is off, or nothing is valid.
    pub(super) found: Option<f64>,
    pub(super) met: bool,
    /// How often the array was encoded.
    pub(super) passes: u32,
}

impl AimArgs {
    /// A quality that is given.
    pub(super) fn of_quality(quality: f64) -> Self {
        Self { quality: Some(quality), ..Self::default() }
    }

    /// Whether a quality is given.
    pub(super) fn is_given(&self) -> bool {
        self.quality.is_some()
    }

    /// The quality to encode at, or to begin a search with.
    pub(super) fn quality(&self) -> f64 {
        self.quality.or(self.psnr.map(|psnr| psnr.min(200.0))).unwrap_or(QUALITY)
    }

    /// The quality to encode an array at: one that is given, or else the one that serves its promise best.
    pub(super) fn quality_for(&self, promise: &Promise, model: Option<&Manifest>) -> f64 {
        let Some(manifest) = model else { return 0.0 };
        match promise {
            Promise::MaxError { bound, .. } if self.quality.is_none() => {
                let rms = (bound.iter().map(|b| b * b).sum::<f64>() / bound.len() as f64).sqrt();
                (20.0 * (manifest.peak / (PICTURE * rms).max(1e-300)).log10()).clamp(0.0, 200.0)
            }
            _ => self.quality(),
        }
    }

    /// The figure to be met, if one is.
    pub(super) fn aim(&self) -> Option<Aim> {
        self.psnr.map(Aim::Psnr).or(self.bits.map(Aim::Bits)).or(self.ratio.map(Aim::Ratio))
    }

    /// For the settings of an unfinished output: the option and its value.
    pub(super) fn setting(&self) -> (&'static str, f64) {
        match self.aim() {
            None => ("quality", self.quality()),
            Some(Aim::Psnr(asked)) => ("psnr", asked),
            Some(Aim::Bits(asked)) => ("bits", asked),
            Some(Aim::Ratio(asked)) => ("ratio", asked),
        }
    }
}

impl Aim {
    /// By how many tolerances something is above what is asked for, where above is a higher quality; infinite where nothing
    /// is off, and 0 where nothing is valid, so that any quality does.
    pub(super) fn miss(self, achieved: &Achieved) -> f64 {
        if achieved.valid == 0 {
            return 0.0;
        }
        match self {
            Self::Psnr(asked) => (achieved.psnr_db.unwrap_or(f64::INFINITY) - asked) / PSNR_TOLERANCE,
            Self::Bits(asked) => (achieved.bits / asked).ln() / SIZE_TOLERANCE,
            Self::Ratio(asked) => (asked / achieved.ratio).ln() / SIZE_TOLERANCE,
        }
    }

    /// Whether something is what is asked for, within the tolerance.
    pub(super) fn is_met(self, achieved: &Achieved) -> bool {
        let near = |found: f64, asked: f64| (found / asked - 1.0).abs() <= SIZE_TOLERANCE;
        achieved.valid == 0
            || match self {
                Self::Psnr(asked) => {
                    achieved.psnr_db.is_some_and(|found| (found - asked).abs() <= PSNR_TOLERANCE)
                }
                Self::Bits(asked) => near(achieved.bits, asked),
                Self::Ratio(asked) => near(achieved.ratio, asked),
            }
    }

    /// What was asked for, beside what was found.
    pub(super) fn outcome(self, achieved: &Achieved, passes: u32) -> Outcome {
        let (figure, asked, found) = match self {
            Self::Psnr(asked) => ("psnr_db", asked, achieved.psnr_db),
            Self::Bits(asked) => ("bits_per_valid_sample", asked, Some(achieved.bits)),
            Self::Ratio(asked) => ("ratio", asked, Some(achieved.ratio)),
        };
        Outcome { figure, asked, found, met: self.is_met(achieved), passes }
    }

    /// The option as it was given.
    pub(super) fn option(self) -> String {
        match self {
            Self::Psnr(asked) => format!("--psnr {asked}"),
            Self::Bits(asked) => format!("--bits {asked}"),
            Self::Ratio(asked) => format!("--ratio {asked}"),
        }
    }

    /// How far off is still met.
    pub(super) fn tolerance(self) -> String {
        match self {
            Self::Psnr(_) => format!("{PSNR_TOLERANCE} dB"),
            Self::Bits(_) | Self::Ratio(_) => format!("{} %", 100.0 * SIZE_TOLERANCE),
        }
    }

    /// The figure itself, for people.
    pub(super) fn words(self, achieved: &Achieved) -> String {
        match self {
            Self::Psnr(_) if achieved.psnr_db.is_none() && achieved.valid > 0 => "no error at all".to_owned(),
            Self::Psnr(_) => format!("{} dB", output::optional(achieved.psnr_db, 2)),
            Self::Bits(_) => format!("{} bits a valid sample", output::figure(achieved.bits)),
            Self::Ratio(_) => format!("a ratio of {}", output::figure(achieved.ratio)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misses_rise_with_quality_and_know_their_tolerance() {
        let achieved = |psnr_db, bits, ratio| Achieved { valid: 10, psnr_db, bits, ratio };
        let one = achieved(Some(45.05), 0.51, 21.0);
        assert!(Aim::Psnr(45.0).is_met(&one) && !Aim::Psnr(44.9).is_met(&one));
        assert!(Aim::Bits(0.505).is_met(&one) && !Aim::Bits(0.49).is_met(&one));
        assert!(!Aim::Ratio(20.0).is_met(&one) && Aim::Ratio(20.7).is_met(&one));
        // More dB and more bits are above, a larger ratio is below.
        assert!(Aim::Psnr(40.0).miss(&one) > 0.0 && Aim::Bits(0.4).miss(&one) > 0.0);
        assert!(Aim::Ratio(20.0).miss(&one) < 0.0);
        let exact = achieved(None, 5.0, 3.0);
        assert_eq!(Aim::Psnr(80.0).miss(&exact), f64::INFINITY);
        assert_eq!(Aim::Psnr(80.0).words(&exact), "no error at all");
        let masked = Achieved { valid: 0, psnr_db: None, bits: 0.0, ratio: 100.0 };
        assert!(Aim::Bits(1.0).is_met(&masked) && Aim::Bits(1.0).miss(&masked) == 0.0);
    }
}
