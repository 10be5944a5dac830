//! The options that say what an archive promises of each sample.

use crate::arguments;
use vqz_archive::Bound;

/// One of several bounds on errors.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct BoundArgs {
    /// No valid sample is off by more, in units of the samples as they are stored (before a scale), on any decoder: one number, or one for each band. Every chunk is decoded
    /// again and held against it. A model is not needed, but helps where the bound is wide.
    #[arg(long, value_delimiter = ',', value_parser = arguments::at_least_zero, allow_negative_numbers = true, conflicts_with = "lossless", value_name = "E,…")]
    max_error: Vec<f64>,
    /// The same, as a part of the range of each band's valid samples over the whole array, such as 0.001; what that comes to
    /// stands in the metadata.
    #[arg(long, value_parser = arguments::part, conflicts_with_all = ["lossless", "max_error"], value_name = "PART")]
    max_error_of_range: Option<f64>,
    /// Every sample comes back bit for bit.
    #[arg(long)]
    lossless: bool,
    /// What was decoded can be encoded again with the same --max-error without any change; takes more bits.
    #[arg(long, requires = "max_error", conflicts_with = "lossless")]
    stable: bool,
}

impl BoundArgs {
    /// What is promised.
    pub(crate) fn bound(&self) -> Bound {
        if self.lossless {
            return Bound::Lossless;
        }
        match self.max_error_of_range {
            Some(part) => Bound::MaxErrorOfRange(part),
            None if self.max_error.is_empty() => Bound::None,
            None => Bound::MaxError { bound: self.max_error.clone(), stable: self.stable },
        }
    }
}
