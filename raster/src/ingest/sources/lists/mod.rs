//! Lists of pixels: arrays that keep only some pixels of a grid, one after the other.
//!
//! `domains` says which pixels of which grid, `layers` which entry of the other axes is which band and date, `variable`
//! reads arrays of NetCDF and HDF5, and `samples` reads windows of the grid.

mod domains;
pub(crate) mod layers;
pub(crate) mod samples;
mod variable;
