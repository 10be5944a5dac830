//! The options for what an archive promises about each sample.

use crate::arguments;
use vqz_archive::Bound;

/// One of several bounds on errors.
#[derive(Clone, Debug, Default, clap::Args)]
pub(crate) struct BoundArgs {
    /// Promise that no valid sample is off by more than E, in the unit of the stored samples (before a scale factor), in any
    /// decoder: one number, or one for each band. Every chunk is decoded again and checked. A model may be left out, but
    /// helps where the bound is wide.
    #[arg(long, value_delimiter = ',', value_parser = arguments::at_least_zero, allow_negative_numbers = true, conflicts_with = "lossless", value_name = "E,…")]
    max_error: Vec<f64>,
    /// The same, with a bound given as a fraction of the range of each band's valid samples in the whole array, such as
    /// 0.001. The metadata state the resulting bound.
    #[arg(long, value_parser = arguments::part, conflicts_with_all = ["lossless", "max_error"], value_name = "PART")]
    max_error_of_range: Option<f64>,
    /// Promise that every sample comes back bit for bit.
    #[arg(long)]
    lossless: bool,
    /// Promise as well that decoding and encoding again with the same --max-error changes nothing. Takes more bits.
    #[arg(long, requires = "max_error", conflicts_with = "lossless")]
    stable: bool,
}

impl BoundArgs {
    /// The bound that was chosen.
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
