//! How a model is fitted.

use crate::options::options;
use crate::raster::bands::BandSelection;
use crate::write::existing::Existing;
use vqz_codec::axes::Axes;
use vqz_codec::config::NoData;

options! {
    /// How [`fit`](crate::fit()) fits a model.
    pub struct FitOptions {
        /// The model's name: by default that of the file, without its ending.
        pub name: Option<String> = None,
        /// The side of a patch, in pixels: 8, 16 or 32.
        pub patch: usize = 16,
        /// The value against which PSNR is stated: by default 255 for `uint8`, 10000 for 16 bits that look like reflectances
        /// (by their bands' names, or three bands or more that reach into the thousands), and otherwise the range of the
        /// samples.
        pub peak: Option<f64> = None,
        /// Bands to fit to. Names that the inputs do not have become the new names of their bands.
        pub bands: Option<BandSelection> = None,
        /// How bands are scaled before they are transformed.
        pub scaling: Scaling = Scaling::Common,
        /// Values that mean "no data", instead of those that the inputs declare.
        pub nodata: Vec<NoData> = Vec::new(),
        /// The roles of the dimensions in order, if their names do not show them.
        pub axes: Option<Axes> = None,
        /// The licence of the model; the licence of the data may determine it.
        pub licence: String = "not stated".to_owned(),
        /// What the data are and whom to credit.
        pub attribution: String = String::new(),
        /// The greatest number of samples to fit to. If there are more, blocks spread evenly over all inputs are
        /// used.
        pub max_samples: u64 = 64_000_000,
        /// What to do when the output already exists.
        pub existing: Existing = Existing::Refuse,
    }
}

/// How bands are scaled before they are transformed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Scaling {
    /// All bands by one common standard deviation.
    #[default]
    Common,
    /// Each band by its own: for bands in different units.
    EachBand,
}
