//! How samples become fewer.

use clap::ValueEnum;

/// What becomes of the samples of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Resampling {
    /// The one in the middle: for classes.
    Nearest,
    /// The mean of those that are valid.
    Average,
}

#[cfg(feature = "gdal")]
impl Resampling {
    /// Its name in the words of GDAL and of Zarr's convention `multiscales`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Average => "average",
        }
    }
}
