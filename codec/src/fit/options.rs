//! The options of a fit.

/// What to fit, and what to write into the manifest.
#[derive(Clone, Debug)]
pub struct FitOptions {
    /// The model's name.
    pub name: String,
    /// Band names; their number is the number of bands of every image.
    pub band_names: Vec<String>,
    /// The side of a patch: 8, 16 or 32.
    pub patch: usize,
    /// The value against which PSNR is stated.
    pub peak: f64,
    /// Whether each band is divided by its own standard deviation, instead of all by a common one: for bands in
    /// different units.
    pub scale_each_band: bool,
    /// Licence of the model.
    pub licence: String,
    /// What it is fitted on, with attribution.
    pub training_data: String,
}
