//! The options for how good, or how small, an archive should be.

use crate::arguments;
use vqz_archive::Target;

/// One of several ways to say how good, or how small.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct TargetArgs {
    /// The nominal quality in dB, from 0 to 200: the PSNR that data like the model's training data reach. 40 to 55 is usual
    /// [default: 42].
    #[arg(long, short, value_parser = arguments::quality, allow_negative_numbers = true, value_name = "DB")]
    quality: Option<f64>,
    /// Search for the quality that gives each array this PSNR in dB, within 0.1 dB, against the model's peak.
    #[arg(long, value_parser = arguments::psnr, allow_negative_numbers = true, value_name = "DB")]
    psnr: Option<f64>,
    /// Search for the quality at which each array takes this many bits per valid sample, within 2 %, metadata left out.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "B")]
    bits: Option<f64>,
    /// Search for the quality that gives each array this compression ratio, within 2 %: raw bytes divided by all stored
    /// bytes, including the model in the metadata.
    #[arg(long, value_parser = arguments::positive, allow_negative_numbers = true, value_name = "R")]
    ratio: Option<f64>,
}

impl TargetArgs {
    /// The target that was given, if any.
    pub(crate) fn target(&self) -> Option<Target> {
        let quality = self.quality.map(Target::Quality);
        quality
            .or(self.psnr.map(Target::Psnr))
            .or(self.bits.map(Target::Bits))
            .or(self.ratio.map(Target::Ratio))
    }
}
