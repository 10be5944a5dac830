//! Fitting: a linear model from rasters.

mod copies;
mod inputs;
mod options;
mod run;
mod sampling;

pub use copies::copy_inputs;
pub use options::{FitOptions, Scaling};
pub use run::{FitSummary, fit, fit_rasters, refuse_model_output};
