//! The options that say how good, or how small, an archive is to be.

use crate::arguments;
use vqz_archive::Target;

/// One of several ways to say how good, or how small.
#[derive(Clone, Debug, Default, clap::Args)]
#[group(multiple = false)]
pub(crate) struct TargetArgs {
    /// The nominal PSNR in dB, from 0 to 200: what data like the model's training data get; 40 to 55 is usual, and 42 is
    /// taken where nothing is said.
    #[arg(long, short, value_parser = arguments::quality, allow_negative_numbers = true, value_name = "DB")]
    quality: Option<f64>,
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

impl TargetArgs {
    /// The target that is asked for, if one is.
    pub(crate) fn target(&self) -> Option<Target> {
        let quality = self.quality.map(Target::Quality);
        quality
            .or(self.psnr.map(Target::Psnr))
            .or(self.bits.map(Target::Bits))
            .or(self.ratio.map(Target::Ratio))
    }
}
