//! Lists of pixels: arrays that keep only some pixels of a grid, one after the other.
//!
//! `domains` finds out which pixels of which grid they hold, `layers` which band and date each entry of the other axes is.
//! `variable` reads arrays of NetCDF and HDF5, and `samples` reads windows of the grid.

mod domains;
pub(crate) mod layers;
pub(crate) mod samples;
mod variable;
