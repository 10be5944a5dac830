//! Samples of one band and one date over a window, on which derived bands, masks and steps in time are computed.

/// A window of samples, `(y, x)` in C order, in data units or as they are stored.
///
/// `f64` holds every integer of up to 32 bits and every `f32` exactly.
#[derive(Clone, Debug, PartialEq)]
pub struct Plane {
    /// Rows.
    pub height: usize,
    /// Columns.
    pub width: usize,
    /// `height × width` samples. Samples that are not valid are finite, but have no meaning.
    pub values: Vec<f64>,
    /// Whether each sample is valid: no nodata, finite, not masked.
    pub valid: Vec<bool>,
}

impl Plane {
    /// A plane without a valid sample.
    pub fn empty(height: usize, width: usize) -> Self {
        Self { height, width, values: vec![0.0; height * width], valid: vec![false; height * width] }
    }

    /// The number of valid samples.
    pub fn valid_samples(&self) -> usize {
        self.valid.iter().filter(|valid| **valid).count()
    }
}
