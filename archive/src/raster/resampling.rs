//! How several samples are reduced to one.

/// How the samples of a cell are reduced to one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resampling {
    /// The sample in the middle, for classes.
    Nearest,
    /// The mean of the valid samples.
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
