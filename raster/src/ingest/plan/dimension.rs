//! The dimensions of planned arrays.

/// A dimension of an array.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Dimension {
    /// Dates.
    Time,
    /// Bands.
    Band,
    /// Rows.
    Y,
    /// Columns.
    X,
}

impl Dimension {
    /// Its name.
    pub fn name(self) -> &'static str {
        match self {
            Self::Time => "time",
            Self::Band => "band",
            Self::Y => "y",
            Self::X => "x",
        }
    }
}
