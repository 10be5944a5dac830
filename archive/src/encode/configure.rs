//! The configuration of the codec for an array that another program writes: settled on samples of it, and nothing is written.

use crate::encode::options::EncodeOptions;
use crate::encode::plan::Planner;
use crate::encode::quality::first_quality;
use crate::encode::run::{check_options, settle_quality};
use crate::encode::{remarks, settling::Settling};
use crate::error::{Result, bail};
use crate::progress::Progress;
use crate::raster::source::Raster;
use crate::target::Target;
use std::sync::Arc;
use vqz_codec::config::Configuration;

/// The configuration with which [`encode`](crate::encode()) would encode an array that consists of samples like these: with the
/// bands in the model's order, the promise that suits them, and the quality that meets the target. The chunks of the `options`
/// are those that the search for a quality encodes.
///
/// # Errors
/// Those of [`encode`](crate::encode()) that concern the samples, the model and the options.
pub fn configure(
    sample: Arc<dyn Raster>,
    options: &EncodeOptions,
    progress: &dyn Progress,
) -> Result<Configuration> {
    check_options(options, false)?;
    let planner = Planner { options, model: options.model.as_ref(), progress };
    let mut array = planner.array(String::new(), sample, None)?;
    if let Some(model) = &options.model {
        settle_quality(&mut array, &Settling { options, model, progress }, None)?;
        if !options.bound.is_any() && !options.target.is_some_and(Target::is_searched) {
            remarks::quality_beyond(model, first_quality(options), progress);
        }
    }
    if let Some(watch) = &array.watch {
        watch.report("encoded as data: they come back changed", progress);
    }
    match array.metadata()?.encoded()? {
        Some(encoding) => Ok(encoding.configuration),
        None => bail!(Codec, "{} gets no codec of its own", array.raster.info().label),
    }
}
