//! How samples become fewer.

/// What becomes of the samples of a cell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// The one in the middle: for classes.
    Nearest,
    /// The mean of those that are valid.
    Average,
}

impl Resampling {
    /// Its name in the words of GDAL and of Zarr's convention `multiscales`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Nearest => "nearest",
            Self::Average => "average",
        }
    }
}
