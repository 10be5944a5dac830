//! Training images.

/// One training image.
#[derive(Clone, Debug)]
pub struct Image {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `(band, y, x)` in C order, in data units; NaN where there is no data.
    pub samples: Vec<f32>,
}
